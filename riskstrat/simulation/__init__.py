"""A synthetic English borough whose true risk is known: tables as a site would land them, and the truth apart."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from riskstrat.simulation.mark import MARK

if TYPE_CHECKING:
    from riskstrat.simulation.borough import SimulationSummary, simulate

__all__ = ["MARK", "SimulationSummary", "simulate"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """What simulates, loaded now: who asks whether people are made up need not load it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module("riskstrat.simulation.borough"), name)
        return found
