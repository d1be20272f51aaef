"""What is watched in use, from when it is an alert, who is told and what is done: registry/monitoring.toml.

It is the plan for watching the product after it has gone live. Nothing inherits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.equity import AroundOne, AroundOneByDimension
from riskstrat.definitions.schemas import SCHEMAS

Share = Annotated[float, Field(ge=0, le=1)]


def _require_words(text: str) -> str:
    if not text.strip():
        raise ValueError('write a sentence; where nobody is named yet, "for the site to name"')
    return " ".join(text.split())


Words = Annotated[str, AfterValidator(_require_words)]


class Watch(Declared):
    """One thing that is watched.

    title: its name. alert: what an alert says. tells: who is told. does: what is done. delay: how long after something
    goes wrong an alert comes, at the latest.
    """

    title: Words
    alert: Words
    tells: Words
    does: Words
    delay: Words


class FreshnessWatch(Watch):
    """oldest_list_days: age of the newest list. most_missing_weeks: weeks without a list among the last
    `weeks_looked_back`. oldest_source_days: age of a source's latest row, for single tables `oldest_days_of`."""

    oldest_list_days: int = Field(ge=0, le=3660)
    weeks_looked_back: int = Field(ge=1, le=52)
    most_missing_weeks: int = Field(ge=0, le=52)
    oldest_source_days: int = Field(ge=0, le=3660)
    oldest_days_of: dict[str, int] = Field(default_factory=dict)

    @field_validator("oldest_days_of")
    @classmethod
    def _check_tables(cls, given: dict[str, int]) -> dict[str, int]:
        for table in given:
            if table not in SCHEMAS:
                raise ValueError(f'"{table}" is not a table{near(table, tuple(SCHEMAS))}')
        return given

    @model_validator(mode="after")
    def _check_weeks(self) -> Self:
        if self.most_missing_weeks >= self.weeks_looked_back:
            raise ValueError(
                f"most_missing_weeks {self.most_missing_weeks} of weeks_looked_back {self.weeks_looked_back} would "
                "never alert; give fewer weeks that may be missing"
            )
        return self


class DriftWatch(Watch):
    """largest_psi: the population stability index up to which a distribution counts as the same; 0 allows no change
    but chance. least_people: people on each of the two dates, below which nothing is compared."""

    largest_psi: float = Field(ge=0, le=5)
    least_people: int = Field(ge=50)


class CalibrationWatch(Watch):
    """observed_over_expected_within: of one month's list. highest_share: the people at highest risk looked at apart."""

    observed_over_expected_within: AroundOne
    highest_share: float = Field(gt=0, le=0.5)


class LiftWatch(Watch):
    """least_lift: the rate of the outcome among the listed, over that among everybody."""

    least_lift: float = Field(gt=0)


class WorkWatch(Watch):
    """What teams do with their lists, over the last `weeks` of them.

    most_new: share of a list's people who were not on the one before. least_reviewed: share of the listed for whom a
    decision came back, of lists at least `review_weeks` old. most_waiting: share of the newest list that has waited
    too long for a decision. least_capacity_used: people listed in place of those whom the capacity allows.
    """

    weeks: int = Field(ge=2, le=52)
    review_weeks: int = Field(ge=1, le=26)
    most_new: Share
    least_reviewed: Share
    most_waiting: Share
    least_capacity_used: Share


class EquityWatch(Watch):
    """list_over_need_within: by dimension, a group's share of the listed over its share of those with the outcome."""

    list_over_need_within: AroundOneByDimension


class MonitoringPlan(Declared):
    """The plan of registry/monitoring.toml.

    months_per_false_alarm: in how many months in which nothing is wrong chance may raise one alert of any kind, where
    `monitor` is run once a month.
    """

    months_per_false_alarm: int = Field(ge=20, le=1200)
    freshness: FreshnessWatch
    sources: Watch
    risk_drift: DriftWatch
    feature_drift: DriftWatch
    calibration: CalibrationWatch
    lift: LiftWatch
    work: WorkWatch
    equity: EquityWatch

    def list_watches(self) -> Iterator[tuple[str, Watch]]:
        """Every watch by its key, in the order of the page."""
        for name in type(self).model_fields:
            watch = getattr(self, name)
            if isinstance(watch, Watch):
                yield name, watch

    @property
    def chance_of_alarm(self) -> float:
        """The chance of an alert of any kind in a month in which nothing is wrong, at most."""
        return 1 / self.months_per_false_alarm
