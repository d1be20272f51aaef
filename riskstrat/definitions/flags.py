"""training/flags.toml: what stands out about a listed person, by comparisons that a clinician can read and change."""

from __future__ import annotations

from pydantic import Field

from riskstrat.definitions.comparisons import FeatureComparison
from riskstrat.definitions.declared import Declared


class Flag(FeatureComparison):
    """One comparison of one feature and the flag that it raises.

    unknown: what cannot be told where the feature was not built. until_status_is_known: left out for whoever has a
    status of the list's own day, which says the same better.
    """

    unknown: str = Field(min_length=1)
    until_status_is_known: bool = False


class Flags(Declared):
    """Everything training/flags.toml may say: one [[flag]] for each, in the order of printing."""

    flag: tuple[Flag, ...] = ()
