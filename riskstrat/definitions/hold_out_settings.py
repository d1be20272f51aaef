"""[lists.hold_out] of riskstrat.toml: whom a lot may leave off a list, with whose approval and in which words."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from riskstrat.definitions.declared import Declared

MOST_DAYS = 366
"""From the first day of a hold-out to the last: nobody is left off for longer."""

FEWEST_WORDS = 20
"""Fewer cannot say what is done, to whom, why, who agreed and whom to ask."""


_NEARLY = 1e-6


class HoldOutSettings(Declared):
    """A random hold-out at the line of the lists: research on patients, and off unless all of this is given."""

    share: Annotated[float, Field(gt=0, le=0.25)]
    """Of those who would come onto a list for the first time near its line, how many a lot leaves off."""
    within: Annotated[float, Field(gt=0, le=1)]
    """How far above the line, in log-odds, the lot reaches."""
    never_above: Annotated[float, Field(gt=0, lt=1)]
    """The risk above which nobody is left off."""
    begins: date
    ends: date
    """The last day of a list with a lot; after it everybody is listed as if there had been none."""
    approval: str
    """The reference of the research ethics committee's approval."""
    ethics: str
    """What stands on every list: what is done, to whom, why, who agreed and whom to ask."""

    @field_validator("approval")
    @classmethod
    def _check_approval(cls, given: str) -> str:
        if not given.strip():
            raise ValueError("a hold-out needs the reference of the research ethics committee's approval")
        return given

    @field_validator("ethics")
    @classmethod
    def _check_ethics(cls, given: str) -> str:
        words = len(given.split())
        if words < FEWEST_WORDS:
            raise ValueError(
                f"{words} words are too few; say in {FEWEST_WORDS} or more what is done, to whom, why, who agreed and "
                "whom to ask: they stand on every list"
            )
        return given

    @field_validator("share")
    @classmethod
    def _check_share(cls, given: float) -> float:
        if abs(1 / given - round(1 / given)) > _NEARLY:
            raise ValueError("give one in a whole number, such as 0.25, 0.2, 0.1 or 0.05: training counts it")
        return given

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        lasts = (self.ends - self.begins).days + 1
        if not 1 <= lasts <= MOST_DAYS:
            raise ValueError(
                f"begins {self.begins} and ends {self.ends}; give an end that is not before the beginning and at most "
                f"{MOST_DAYS} days of hold-out"
            )
        return self

    def holds_on(self, day: date) -> bool:
        """Whether a list of that day has a lot."""
        return self.begins <= day <= self.ends
