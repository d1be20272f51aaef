"""What came of people on replayed lists: only within a window that was complete for them when the data end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from riskstrat.cohort import groups
from riskstrat.definitions.durations import days
from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.recipes import Recipe
from riskstrat.documents import ReplayGroup
from riskstrat.site.opening import Site
from riskstrat.sources.selection import find_event_column, known_rows

REPLAYED = ("imd_quintile", "ethnicity", "age_band")
"""The dimensions of equity of which a replay tells, in the order in which it does."""


@dataclass(frozen=True)
class Window:
    """`length` days after a list in which outcomes count; `last` is the last list date for which it is complete."""

    length: int
    last: date


def choose_window(list_dates: Sequence[date], recipe: Recipe, as_at: date) -> Window | None:
    """The recipe's horizon where half the lists were followed for it, else the most whole weeks that half of them were.

    None where that is less than a week. A list is followed until the day by which late events have arrived.
    """
    until = as_at - timedelta(days=days(recipe.label.delay))
    followed = sorted(((until - day).days for day in list_dates), reverse=True)
    half = followed[(len(followed) - 1) // 2]
    horizon = days(recipe.label.horizon)
    length = horizon if half >= horizon else half // 7 * 7
    return Window(length, until - timedelta(days=length)) if length >= 7 else None


def follow(opened: Site, recipe: Recipe, firsts: pd.DataFrame, window: Window | None) -> pd.DataFrame:
    """`firsts` (one row per person with day, person and risk) with what came of each.

    followed: whether the window is complete for them. weeks: until the outcome has
    happened in it, missing if it has not.
    expected: the chance of one in it by the estimate, as if it were spread evenly over the horizon.
    """
    if window is None:
        return firsts.assign(followed=False, weeks=np.nan, expected=0.0)
    outcome, least = opened.rows_named(recipe.outcome), recipe.label.least_events
    day_of = find_event_column(outcome)
    events, _ = known_rows(opened.store, outcome, ("person", day_of), opened.store.data_as_at)
    joined = firsts[["patient_id", "person", "day"]].merge(pd.DataFrame(events), on="person", how="left")
    away = (pd.to_datetime(joined[day_of]) - joined["day"]).dt.days
    joined["weeks"] = away.where((away > 0) & (away <= window.length)) / 7
    place = joined.groupby("patient_id")["weeks"].rank(method="first")
    counted = joined[place == least].set_index("patient_id")["weeks"]
    first = counted.reindex(firsts["patient_id"]).to_numpy()
    followed = firsts["day"] <= pd.Timestamp(window.last)
    expected = 1 - (1 - firsts["risk"]) ** (window.length / days(recipe.label.horizon))
    return firsts.assign(
        followed=followed, weeks=np.where(followed, first, np.nan), expected=expected.where(followed, 0)
    )


def count_groups(opened: Site, everybody: pd.DataFrame, found: pd.DataFrame) -> tuple[ReplayGroup, ...]:
    """Each group of people with how many were eligible, found by a list, and admitted in the window of those found.

    everybody: the cohort of the first list. found: as `follow` gives them, with `spell` and `index_date`.
    """
    of_all, of_found = groups(opened.store, everybody), groups(opened.store, found)
    had = found["weeks"].notna().to_numpy()
    counted = []
    for name in (name for name in REPLAYED if name in of_all):
        for group in of_all[name].cat.categories:
            inside = (
                (of_found[name].astype(object) == group).to_numpy() if name in of_found else np.zeros(len(found), bool)
            )
            eligible = int((of_all[name] == group).sum())
            counted.append(
                ReplayGroup(DIMENSIONS[name], str(group), eligible, int(inside.sum()), int((inside & had).sum()))
            )
    return tuple(counted)
