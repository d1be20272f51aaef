"""What changed since the last list: who entered, left and moved, and what moved each person's estimate."""

from riskstrat.weekly.changes.causes import KINDS, MODEL, Before, causes
from riskstrat.weekly.changes.moving import MOVES, data_moved, moves, refresh_moved

__all__ = ["KINDS", "MODEL", "MOVES", "Before", "causes", "data_moved", "moves", "refresh_moved"]
