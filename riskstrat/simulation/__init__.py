"""A synthetic English borough whose true risk is known: tables as a site would land them, and the truth apart."""

from riskstrat.simulation.borough import MARK, SimulationSummary, simulate

__all__ = ["MARK", "SimulationSummary", "simulate"]
