"""A synthetic English borough whose true risk is known: tables as a site would land them, and the truth apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskstrat.on_demand import load_on_demand
from riskstrat.simulation.mark import MARK

if TYPE_CHECKING:
    from riskstrat.simulation.borough import SimulationSummary, simulate

__all__ = ["MARK", "SimulationSummary", "simulate"]

if not TYPE_CHECKING:
    # Who asks whether people are made up need not load what makes them up.
    __getattr__ = load_on_demand(__name__, {"simulation.borough": "SimulationSummary simulate"})
