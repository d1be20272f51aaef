"""Which index dates, or which periods of index dates, train, calibrate and test.

Counted back from the latest date whose outcomes are complete. Every group's label windows close, and their labels
are final, before the next group begins, so no training label window reaches into the calibration or test period.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import IndexDateError


class Dates(NamedTuple):
    """The index dates of each slice; within a slice the latest comes first and the oldest last."""

    train: tuple[date, ...]
    calibration: tuple[date, ...]
    test: tuple[date, ...]

    @property
    def all(self) -> tuple[date, ...]:
        """Every index date once, the oldest first."""
        return tuple(sorted({*self.train, *self.calibration, *self.test}))

    def history_from(self, recipe: Recipe) -> date:
        """The day from which records should stand for every lookback of the oldest index date to be whole."""
        return self.all[0] - timedelta(days=days(recipe.split.history))


class Period(NamedTuple):
    """Index dates from `first` to `last`, both included."""

    first: date
    last: date


class Periods(NamedTuple):
    """The period of index dates of each slice, for cohorts whose index dates are events."""

    train: Period
    calibration: Period
    test: Period


def index_dates(recipe: Recipe, as_at: date, *, records_from: date | None = None) -> Dates:
    """The calendar index dates of `recipe`, from data as at `as_at`.

    With `records_from`, training dates before the first record are left out. Raises IndexDateError when the records
    are too short for one complete training, calibration and test date.
    """
    split = recipe.split
    latest = as_at.toordinal() - recipe.label.complete_after
    earliest = records_from.toordinal() if records_from else 1
    slices: list[list[int]] = []
    for wanted in (split.test_dates, split.calibration_dates, split.train_dates):
        slices.append(_back(recipe, latest, wanted, earliest))
        if not slices[-1] or (len(slices) < 3 and len(slices[-1]) < wanted):
            raise _too_short(recipe, as_at, records_from)
        latest = slices[-1][-1] - recipe.label.complete_after
    test, calibration, train = slices
    return Dates(_dates(train), _dates(calibration), _dates(test))


def periods(recipe: Recipe, as_at: date) -> Periods:
    """The periods of index dates of `recipe` where each index date is an event, such as a discharge.

    Each is as long as the recipe's dates times their spacing. Raises IndexDateError when none is complete.
    """
    split = recipe.split
    test = _period(as_at.toordinal() - recipe.label.complete_after, split.test_dates, split.every)
    calibration = _period(test[0] - recipe.label.complete_after, split.calibration_dates, split.every)
    train = _period(calibration[0] - recipe.label.complete_after, split.train_dates, split.every)
    if train[1] < 1:
        raise _too_short(recipe, as_at, None)
    train = (max(train[0], 1), train[1])
    return Periods(*(Period(*_dates(list(each))) for each in (train, calibration, test)))


def _back(recipe: Recipe, latest: int, number: int, earliest: int) -> list[int]:
    """Up to `number` days counted back from `latest`, without those whose window touches an excluded period."""
    every = days(recipe.split.every)
    counted = range(latest, earliest - 1, -every)
    allowed = (day for day in counted if not recipe.label.excludes(date.fromordinal(day)))
    return list(islice(allowed, number))


def _period(last: int, number: int, every: str) -> tuple[int, int]:
    return last - number * days(every) + 1, last


def _dates(ordinals: list[int]) -> tuple[date, ...]:
    return tuple(date.fromordinal(day) for day in ordinals)


def _too_short(recipe: Recipe, as_at: date, records_from: date | None) -> IndexDateError:
    split = recipe.split
    start = f"records from {records_from} to {as_at}" if records_from else f"data as at {as_at}"
    needed = 3 * recipe.label.complete_after
    needed += (split.calibration_dates + split.test_dates - 2) * days(split.every)
    return IndexDateError(
        f"{start} give no complete index dates to train, calibrate and test {recipe.name or recipe.title}: that takes "
        f"at least {needed} days; land earlier records, give a later --as-at, or ask for fewer dates under [split]"
    )
