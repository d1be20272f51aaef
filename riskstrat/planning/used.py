"""What each person used in the time after an index date, and the date a year back whose time is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import DefinitionError, IndexDateError
from riskstrat.labels import find_deaths, registered_until
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import Site, require_not_future
from riskstrat.site.stays import require_stays
from riskstrat.sources.selection import known_rows

Counts = npt.NDArray[np.float64]


def choose_past_date(opened: Site, recipe: Recipe, given: date | None) -> date:
    """The date given, or the latest Monday, for which all that came after is known.

    Raises IndexDateError for a later one, and DefinitionError for a recipe whose index dates are discharges, or whose
    outcome is no stay.
    """
    if recipe.cohort.index != "calendar":
        raise DefinitionError(
            f'the index dates of "{recipe.name}" are discharges, which are no list; name a recipe of calendar dates'
        )
    require_stays(opened.workspace, recipe)
    latest = opened.store.data_as_at - timedelta(days=recipe.label.complete_after)
    if given is None:
        return find_latest_monday(latest)
    require_not_future(given, opened.store)
    if given > latest:
        raise IndexDateError(
            f"index date {given} is too late: {days(recipe.label.horizon)} days must be over and late events have "
            f"come; with data as at {opened.store.data_as_at} give {latest} or earlier"
        )
    return given


class Used(NamedTuple):
    """For each of some people: stays that began in the window, their nights up to its end, and 1 for whoever died or
    left before it, who could use no more."""

    admissions: Counts
    bed_days: Counts
    ended: Counts


def count_used(opened: Site, recipe: Recipe, people: pd.DataFrame, day: date) -> Used:
    """What each row of `people` (with `person`) used of the outcome's stays in the window after a day.

    A stay that begins after the person left is not counted. One without a discharge ends with the window, the death or
    the leaving, whichever is first; a death before the stay is an error of the records, and ends nothing.
    """
    store, first, last = opened.store, *(np.datetime64(day + timedelta(days=one)) for one in _find_ends(recipe))
    columns = ("person", "admitted_on", "discharged_on")
    rows, _ = known_rows(store, opened.rows_named(recipe.outcome), columns, store.data_as_at)
    every = people["person"].to_numpy()
    died, left = find_deaths(store, store.data_as_at), np.full(store.people_count, np.datetime64("NaT", "D"))
    left[every] = registered_until(store, every, np.full(len(every), np.datetime64(day)), store.data_as_at)
    inside = (rows["admitted_on"] >= first) & (rows["admitted_on"] <= last)
    inside &= ~(rows["admitted_on"] > left[rows["person"]])
    person, began, ended = (rows[name][inside] for name in columns)
    gone = np.fmin(np.where(died[person] >= began, died[person], np.datetime64("NaT")), left[person])
    over = np.where(np.isnat(ended), np.fmin(gone, last + 1), np.minimum(ended, last + 1))
    nights = np.maximum((over - began).astype("timedelta64[D]").astype(float), 0)
    return Used(
        np.bincount(person, minlength=store.people_count).astype(float)[every],
        np.bincount(person, weights=nights, minlength=store.people_count)[every],
        (np.fmin(died, left) <= last)[every].astype(float),
    )


def _find_ends(recipe: Recipe) -> tuple[int, int]:
    """Days from an index date to the first and to the last day of the window."""
    return recipe.label.first_day, recipe.label.last_day
