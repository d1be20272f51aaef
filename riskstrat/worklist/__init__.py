"""The worklist: the web pages on which a team works through its list, and the database that keeps what it decides.

Django is imported inside functions, since a process may serve one workspace and the command line must start at once.
"""

from riskstrat.worklist.pointing import is_started, point_at

__all__ = ["is_started", "point_at"]
