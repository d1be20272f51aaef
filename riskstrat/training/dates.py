"""Rolling origins: the days on which a model is made as it would have been, and the index dates it learns from.

Counted back from the day a model is made on. Every group's label windows close, and their labels are final, before the
next group begins, so no training label window reaches into the calibration or test dates. Where no date is kept apart
to calibrate on, training goes up to the newest final date.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import IndexDateError


class Period(NamedTuple):
    """Index dates from `first` to `last`, both included; a calendar index date is a period of one day."""

    first: date
    last: date


Periods = tuple[Period, ...]


class Origin(NamedTuple):
    """A model made on `made_on` from labels that were final by then, and the index dates it is tested on.

    Within a group the latest comes first. The model that lists will be made with has no test dates yet.
    """

    made_on: date
    train: Periods
    calibration: Periods
    test: Periods

    @property
    def name(self) -> str:
        """The day it was made on, as 2025-08-31."""
        return self.made_on.isoformat()

    @property
    def learned_from(self) -> Periods:
        return self.train + self.calibration


def origins(recipe: Recipe, as_at: date, *, records_from: date | None = None) -> tuple[Origin, ...]:
    """The origin made on `as_at`, without test dates, then one for each test date or test period, the latest first.

    With `records_from`, dates before the first record are left out, and test dates that then have nothing to learn
    from. Raises IndexDateError when not even one test date can be had.
    """
    tested, newest = _plan_tested(recipe, as_at, records_from), _plan_origin(recipe, as_at, records_from, ())
    if not tested or newest is None:
        raise _build_shortage_error(recipe, as_at, records_from)
    return (newest, *tested)


def _plan_tested(recipe: Recipe, as_at: date, records_from: date | None) -> list[Origin]:
    """The origins with test dates, the latest first."""
    latest = as_at.toordinal() - recipe.label.complete_after
    tests = _count_back(recipe, latest, recipe.split.test_dates, _find_earliest_day(records_from))
    planned = (_plan_origin(recipe, test.first, records_from, (test,)) for test in tests)
    return [one for one in planned if one is not None]


def spare_calibration_dates(recipe: Recipe, as_at: date, records_from: date | None) -> Recipe:
    """The recipe, without dates kept apart to calibrate on where records are too short to keep any."""
    if not recipe.split.calibration_dates or _plan_tested(recipe, as_at, records_from):
        return recipe
    return recipe.model_copy(update={"split": recipe.split.model_copy(update={"calibration_dates": 0})})


def earlier(recipe: Recipe, tested: Origin, age: int, *, records_from: date | None = None) -> Origin | None:
    """The origin made `age` days before `tested` and tested on the same dates; None where records are too short."""
    return _plan_origin(recipe, tested.made_on - timedelta(days=age), records_from, tested.test)


def every_date(chosen: Iterable[Origin]) -> tuple[date, ...]:
    """Each first day of a period once, the oldest first: for calendar index dates, all there are."""
    periods = (period for one in chosen for period in one.train + one.calibration + one.test)
    return tuple(sorted({period.first for period in periods}))


def _plan_origin(recipe: Recipe, made_on: date, records_from: date | None, test: Periods) -> Origin | None:
    split, earliest = recipe.split, _find_earliest_day(records_from)
    latest = made_on.toordinal() - recipe.label.complete_after
    calibration = _count_back(recipe, latest, split.calibration_dates, earliest)
    if _count_dates(recipe, calibration) < split.calibration_dates:
        return None
    if calibration:
        latest = calibration[-1].first.toordinal() - recipe.label.complete_after
    train = _count_back(recipe, latest, split.train_dates, earliest)
    return Origin(made_on, train, calibration, test) if train else None


def _count_dates(recipe: Recipe, group: Periods) -> int:
    """How many dates, or stretches as long as the spacing of dates, there are."""
    if recipe.cohort.index == "calendar":
        return len(group)
    return sum((last - first).days + 1 for first, last in group) // days(recipe.split.every)


def _count_back(recipe: Recipe, latest: int, number: int, earliest: int) -> Periods:
    """Up to `number` dates counted back from `latest`, without those whose window touches an excluded period.

    Where index dates are events, stretches of time in their place: all of the calibration or training time is one
    after the other, cut at the earliest day.
    """
    every = days(recipe.split.every)
    if recipe.cohort.index != "calendar":
        ends = [last for last in range(latest, latest - number * every, -every) if last >= earliest]
        starts = [max(last - every + 1, earliest) for last in ends]
        return tuple(Period(date.fromordinal(a), date.fromordinal(z)) for a, z in zip(starts, ends, strict=True))
    counted = (date.fromordinal(day) for day in range(latest, earliest - 1, -every))
    allowed = (day for day in counted if not recipe.label.excludes(day))
    return tuple(Period(day, day) for day in islice(allowed, number))


def _find_earliest_day(records_from: date | None) -> int:
    return records_from.toordinal() if records_from else 1


def _build_shortage_error(recipe: Recipe, as_at: date, records_from: date | None) -> IndexDateError:
    split = recipe.split
    start = f"records from {records_from} to {as_at}" if records_from else f"data as at {as_at}"
    closed = 2 + bool(split.calibration_dates)
    needed = closed * recipe.label.complete_after + max(split.calibration_dates - 1, 0) * days(split.every)
    return IndexDateError(
        f"{start} give no complete index dates to train, calibrate and test {recipe.name or recipe.title}: that takes "
        f"at least {needed} days; land earlier records, give a later --as-at, or "
        f"{_suggest_less(recipe, as_at, records_from)}"
    )


def _suggest_less(recipe: Recipe, as_at: date, records_from: date | None) -> str:
    """What to ask for under [label] or [split] that the records would allow."""
    label, split = recipe.label, recipe.split
    if split.calibration_dates or records_from is None:
        return "ask for fewer dates under [split]"
    longest = days(label.horizon) - label.complete_after + (as_at - records_from).days // 2
    return f"ask for a horizon of at most {max(longest, 1)} days under [label]"
