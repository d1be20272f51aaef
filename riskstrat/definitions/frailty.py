"""training/frailty.toml: frailty scores with the ages they are valid from and their bands."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Self

import numpy as np
from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.declared import Declared, refuse_repeated_names
from riskstrat.definitions.durations import days
from riskstrat.errors import DefinitionError

PLACES = 4
"""Decimals in which a value is held against a band, so that the 32-bit number nearest to 0.36 is 0.36."""

PLACEHOLDERS = ("n", "band", "date")


def _check_days(given: str) -> str:
    try:
        days(given)
    except DefinitionError as error:
        raise ValueError(str(error)) from None
    return given


class FrailtyBand(Declared):
    """One band: `up_to` its number, or `below` it; the last band of a score has neither."""

    name: str = Field(min_length=1)
    up_to: float | None = None
    below: float | None = None

    @property
    def end(self) -> float | None:
        """The number that the band ends at, None for the last."""
        return self.up_to if self.below is None else self.below

    def reaches(self, value: float) -> bool:
        """Whether `value` lies below the band's end."""
        if self.end is None:
            return True
        return value < self.end if self.up_to is None else value <= self.end


class FrailtyScore(Declared):
    """One score: its feature, the age in completed years it is valid from, its words, its bands from low to high.

    zero_is_none: 0 means that nothing is recorded. current_for: days, such as "365d", after which a record of the
    score is none of today: it is told with its date and decides nothing. Without it the latest is always one of today.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    feature: str
    from_age: int = Field(ge=0, le=120)
    says: str
    bands: tuple[FrailtyBand, ...] = Field(min_length=1)
    zero_is_none: bool = False
    current_for: Annotated[str, AfterValidator(_check_days)] | None = None

    @field_validator("says")
    @classmethod
    def _check_placeholders(cls, given: str) -> str:
        for _, field, _, _ in Formatter().parse(given):
            if field is not None and field not in PLACEHOLDERS:
                allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise ValueError(f'"{given}" has {{{field}}}; the placeholders are {allowed}')
        return given

    @model_validator(mode="after")
    def _check_band_order(self) -> Self:
        *ended, last = self.bands
        ends = [band.end for band in ended if band.end is not None]
        if (
            last.end is not None
            or len(ends) < len(ended)
            or any(band.up_to is not None and band.below is not None for band in ended)
        ):
            raise ValueError(f"{self.name}: every band but the last needs one of up_to and below, and the last neither")
        if sorted(set(ends)) != ends:
            raise ValueError(f"{self.name}: the bands must stand from low to high, each end once")
        return self

    def is_valid(self, age: float, value: float) -> bool:
        """Whether the score says something of a person of that age; never of an unknown age or value."""
        recorded = not np.isnan(value) and not (self.zero_is_none and value <= 0)
        return age >= self.from_age and recorded

    def is_current(self, recorded: np.datetime64, at: np.datetime64) -> bool:
        """Whether a score recorded on one day is one of the day `at`; never where the day is not known."""
        return self.current_for is None or bool(at - recorded <= np.timedelta64(days(self.current_for), "D"))

    def band_of(self, value: float) -> str:
        """The name of the band that `value` lies in."""
        return next(band.name for band in self.bands if band.reaches(round(float(value), PLACES)))

    def words(self, value: str, band: str, day: str) -> str:
        """`says` filled in."""
        return self.says.format(n=value, band=band, date=day)

    @property
    def needs_a_date(self) -> bool:
        """Whether the words hold the day of the latest record."""
        return "{date}" in self.says


class FrailtyScores(Declared):
    """Everything training/frailty.toml may say: one [[score]] for each, in the order of printing."""

    score: Annotated[tuple[FrailtyScore, ...], AfterValidator(refuse_repeated_names)] = ()
