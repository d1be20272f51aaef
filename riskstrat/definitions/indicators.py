"""training/indicators.toml: what a board reads each month, each with its definition, source and standing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared, refuse_repeated_names

Measure = Literal[
    "stays",
    "bed_days",
    "readmissions",
    "usual_place",
    "register",
    "register_attendances",
    "care_home_moves",
    "helped_at_home",
    "inequality_ratio",
]
"""How an indicator is counted, month by month."""

NEEDED_TABLES: dict[Measure, tuple[str, ...]] = {
    "stays": ("admissions",),
    "bed_days": ("admissions",),
    "readmissions": ("admissions",),
    "usual_place": ("admissions",),
    "register": ("caseload",),
    "register_attendances": ("attendances", "caseload"),
    "care_home_moves": ("social_care",),
    "helped_at_home": ("social_care",),
    "inequality_ratio": ("admissions",),
}
NEEDED_COLUMNS: dict[Measure, tuple[tuple[str, str], ...]] = {
    "bed_days": (("admissions", "discharged_on"),),
    "readmissions": (("admissions", "discharged_on"), ("admissions", "destination")),
    "usual_place": (("admissions", "discharged_on"), ("admissions", "destination"), ("admissions", "discharge_method")),
    "inequality_ratio": (("people", "imd_decile"),),
}
"""Columns without which a measure cannot be told, by table."""


class Indicator(Declared):
    """One indicator: what it counts, of whom, by whose definition, and how sure that definition is.

    per: the people or events that the rate is of. measure: how the tables give it; `untold`: why they cannot. rows and
    discharges: names in training/outcomes.py. codelist: that of the first diagnosis (its primary_groups, or all), and
    of any other diagnosis (its other_groups). Ages in completed years on the first day of the month. `here`: how what
    is counted differs from the standard. baseline with its caution: a figure that somebody published before.
    """

    name: str = Field(pattern=r"^[A-Z]+\d{2}$")
    title: str = Field(min_length=1)
    numerator: str = Field(min_length=1)
    denominator: str = Field(min_length=1)
    per: Literal[1, 100, 1000, 100000] = 100
    period: str = Field(min_length=1)
    direction: Literal["lower", "higher", "context"]
    standard: str = Field(min_length=1)
    area: str = Field(min_length=1)
    status: str = Field(min_length=1)
    source: str = Field(min_length=1)
    here: str = ""
    baseline: str = ""
    caution: str = ""
    measure: Measure | None = None
    untold: str = ""
    rows: str = ""
    discharges: str = ""
    codelist: str = ""
    primary_groups: tuple[str, ...] = ()
    other_groups: tuple[str, ...] = ()
    min_age: int = Field(0, ge=0, le=120)
    max_age: int = Field(120, ge=0, le=120)
    codes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check_measure(self) -> Self:
        if bool(self.measure) == bool(self.untold):
            raise ValueError(f"{self.name}: give measure, or untold with the reason; never both")
        if bool(self.baseline) != bool(self.caution):
            raise ValueError(f"{self.name}: baseline and caution belong together; give both or neither")
        if self.measure in ("stays", "bed_days", "readmissions", "inequality_ratio") and not self.rows:
            raise ValueError(f"{self.name}: {self.measure} needs rows, a name in training/outcomes.py")
        if self.min_age > self.max_age:
            raise ValueError(f"{self.name}: min_age {self.min_age} is above max_age {self.max_age}")
        return self

    @property
    def unit(self) -> str:
        """What the value is out of: "per 1,000", "%"."""
        return "%" if self.per == 100 and self.measure in ("readmissions", "usual_place") else f"per {self.per:,}"

    @property
    def is_moment(self) -> bool:
        """Whether it counts people at one moment, so that a month's figure is mostly that of the month before."""
        return self.measure in ("register", "helped_at_home")


class Rebase(Declared):
    """From which month on a chart has new limits, and the known change that is the reason."""

    indicator: str
    month: date
    reason: str = Field(min_length=1)

    @field_validator("month")
    @classmethod
    def _check_month(cls, month: date) -> date:
        if month.day != 1:
            raise ValueError(f"month {month} is not the first day of a month; write {month.replace(day=1)}")
        return month


class Indicators(Declared):
    """Everything training/indicators.toml may say: what is printed, in which order, over how many months."""

    chosen: tuple[str, ...] = ()
    months: int = Field(24, ge=1, le=60)
    indicator: Annotated[tuple[Indicator, ...], AfterValidator(refuse_repeated_names)] = ()
    rebase: tuple[Rebase, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        known = tuple(one.name for one in self.indicator)
        for name in (*self.chosen, *(one.indicator for one in self.rebase)):
            if name not in known:
                raise ValueError(f'no indicator "{name}"{near(name, known)} (indicators: {", ".join(known)})')
        for name in self.chosen:
            if self.chosen.count(name) > 1:
                raise ValueError(f'"{name}" is chosen {self.chosen.count(name)} times; take one out')
        return self

    @property
    def shown(self) -> tuple[Indicator, ...]:
        """The chosen indicators in the site's order; all of them where none was chosen."""
        by_name = {one.name: one for one in self.indicator}
        return tuple(by_name[name] for name in self.chosen) or self.indicator
