"""training/falls_criteria.toml: the numbers, features and words of the NG249 criteria for a falls assessment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from riskstrat.definitions.declared import Declared

ReportColumn = Literal["treated", "loss_of_consciousness", "unable_to_get_up"]
"""Columns of a fall's report that may be a criterion."""


class FallsFactor(Declared):
    """A yes/no feature that brings younger people into the guideline, and how it is printed."""

    feature: str
    says: str = Field(min_length=1)


class FallsDetail(Declared):
    """What a fall led to: the column of its report, the feature that tells it too, and the words of both answers.

    falls_of_its_lookback: falls of the feature's own lookback, where that is longer than 12 months.
    """

    report: ReportColumn
    feature: str
    falls_of_its_lookback: str | None = None
    says: str = Field(min_length=1)
    not_recorded: str = Field(min_length=1)


class NotFrail(Declared):
    """Bands of a frailty score that mean no frailty."""

    score: str
    bands: tuple[str, ...] = Field(min_length=1)


class Frail(NotFrail):
    """Bands of a frailty score that mean frailty, and how that is printed."""

    says: str = Field(min_length=1)


class FallsRules(Declared):
    """Everything training/falls_criteria.toml may say. Ages in completed years.

    repeated: falls of 12 months that meet the criteria by themselves. example: a factor, as younger people are told it.
    """

    from_age: int = Field(ge=0, le=120)
    from_age_with_a_factor: int = Field(ge=0, le=120)
    example: str = Field(min_length=1)
    falls: str
    repeated: int = Field(ge=1)
    factor: tuple[FallsFactor, ...] = ()
    detail: tuple[FallsDetail, ...] = ()
    frail: tuple[Frail, ...] = ()
    not_frail: tuple[NotFrail, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature named, each once, in the order of the file."""
        factors = (part.feature for part in self.factor)
        details = (name for part in self.detail for name in (part.feature, part.falls_of_its_lookback))
        return tuple(dict.fromkeys(name for name in (self.falls, *factors, *details) if name is not None))
