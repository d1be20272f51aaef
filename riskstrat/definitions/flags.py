"""training/flags.toml: what stands out about a listed person, by comparisons that a clinician can read and change."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from riskstrat.definitions.comparisons import FeatureComparison
from riskstrat.definitions.declared import Declared


class Flag(FeatureComparison):
    """One comparison of one feature and the flag that it raises.

    unknown: what cannot be told where the feature was not built. until_status_is_known: left out for whoever has a
    status of the list's own day, which says the same better. asks_newest_stay: for days since a discharge; where that
    of the newest emergency stay was not received, a status of the day or a later stay says whether the person has left.
    """

    unknown: str = Field(min_length=1)
    until_status_is_known: bool = False
    asks_newest_stay: bool = False

    @model_validator(mode="after")
    def _check_asked_stay(self) -> Self:
        if self.asks_newest_stay and self.at_most is None:
            raise ValueError(f"{self.feature}: asks_newest_stay is for days since a discharge, so it needs at_most")
        return self


class Flags(Declared):
    """Everything training/flags.toml may say: one [[flag]] for each, in the order of printing."""

    flag: tuple[Flag, ...] = ()
