"""A synthetic English borough whose true risk is known: tables as a site would land them, and the truth apart."""

from riskstrat.simulation.borough import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
