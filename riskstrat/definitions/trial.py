"""What a silent trial must show before lists are used: registry/trial.toml. Nothing inherits."""

from __future__ import annotations

from pydantic import Field

from riskstrat.definitions.declared import Declared
from riskstrat.definitions.equity import AroundOne, AroundOneByDimension
from riskstrat.definitions.monitoring import Share


class EventsLimit(Declared):
    """observed_over_expected_within: people with the outcome by the end of the trial, over those expected by then."""

    observed_over_expected_within: AroundOne


class HighestLimit(EventsLimit):
    """The same of the `share` of people at highest risk."""

    share: float = Field(gt=0, le=0.5)


class KnownLimit(Declared):
    """most_known: share of the people at the top of lists whom a team knew already."""

    most_known: Share


class LateLimit(Declared):
    """most_late: share of lists made while a source was more than `oldest_source_days` old."""

    oldest_source_days: int = Field(ge=0, le=3660)
    most_late: Share


class RunsLimit(Declared):
    """most_missing_weeks: weeks of the trial without a list."""

    most_missing_weeks: int = Field(ge=0, le=52)


class WorkloadLimit(Declared):
    """most_hours_a_week: for one team to go through the people new to its list, at `minutes_a_person`."""

    minutes_a_person: float = Field(gt=0, le=480)
    most_hours_a_week: float = Field(gt=0, le=168)


class ChurnLimit(Declared):
    """most_new: share of a list that was not on the one before, where nobody acted on either."""

    most_new: Share


class RecordLimit(Declared):
    """least_right: share of at least `least_pages` pages that agreed with the GP record, checked blind to the score."""

    least_pages: int = Field(ge=1, le=10_000)
    least_right: Share


class SubgroupLimits(Declared):
    """list_over_need_within: by dimension, a group's share of those found over its share of those with the outcome."""

    list_over_need_within: AroundOneByDimension


class TrialLimits(Declared):
    """All limits of registry/trial.toml."""

    events: EventsLimit
    highest: HighestLimit
    known: KnownLimit
    late_data: LateLimit
    runs: RunsLimit
    workload: WorkloadLimit
    churn: ChurnLimit
    record_check: RecordLimit
    subgroups: SubgroupLimits
