"""What each person used in the time after an index date, and the date a year back whose time is over."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import DefinitionError, IndexDateError
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


def count_used(opened: Site, recipe: Recipe, people: pd.DataFrame, day: date) -> tuple[Counts, Counts]:
    """For each row of `people` (with `person`) how many of the outcome's stays began in the window after a day, and
    the nights of those stays up to its end."""
    columns = ("person", "admitted_on", "discharged_on")
    rows, _ = known_rows(opened.store, opened.rows_named(recipe.outcome), columns, opened.store.data_as_at)
    first, last = (np.datetime64(day + timedelta(days=ahead)) for ahead in _find_ends(recipe))
    inside = (rows["admitted_on"] >= first) & (rows["admitted_on"] <= last)
    person, began, ended = (rows[name][inside] for name in columns)
    until = np.where(np.isnat(ended), last + 1, np.minimum(ended, last + 1))
    nights = np.maximum((until - began).astype("timedelta64[D]").astype(float), 0)
    most = int(max(people["person"].max(), person.max(initial=0))) + 1
    every = people["person"].to_numpy()
    return (
        np.bincount(person, minlength=most).astype(float)[every],
        np.bincount(person, weights=nights, minlength=most)[every],
    )


def _find_ends(recipe: Recipe) -> tuple[int, int]:
    """Days from an index date to the first and to the last day of the window."""
    return recipe.label.first_day, recipe.label.last_day
