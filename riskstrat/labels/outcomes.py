"""Labels: whether the outcome happened in the window after each index date, and who could not be followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import LabelRecipe
from riskstrat.errors import IndexDateError
from riskstrat.labels import actions
from riskstrat.labels.registration import registered_until
from riskstrat.sources import tables
from riskstrat.sources.selection import day, known_rows
from riskstrat.sources.store import Store

_PERSON = 10_000_000
"""More days than any date has, so that person and day make one sortable number."""

DEAD = "dead by the index date, not known then"

_NEVER = np.datetime64("NaT")


@dataclass(frozen=True)
class Labels:
    """`rows`: one row per patient and index date of the cohort, in its order, with columns `patient_id, index_date,
    outcome (1, 0, or NaN where it cannot be said), reason, event_on, censored_on, action_on`. `action_on` is the first
    action of an MDT in the label window.

    `counts` says how many rows have each reason; `notes` which filters of the outcome were left out, and which tables
    of the teams' actions were not landed.
    """

    rows: pd.DataFrame
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


def label(store: Store, cohort: pd.DataFrame, outcome: ir.Table, recipe: LabelRecipe, as_at: date) -> Labels:
    """The outcome of each row of `cohort` as known at `as_at`.

    Raises IndexDateError where a window has not closed, with time for late events, by `as_at`.
    """
    index = cohort["index_date"].to_numpy().astype("datetime64[D]")
    require_complete(index, recipe, as_at)
    person = cohort["person"].to_numpy()
    event, notes = _find_first_event(store, cohort, outcome, recipe, as_at)
    acted, unknown = actions.first_actions(store, cohort, recipe)
    died = _find_deaths(store, as_at)
    left = registered_until(store, person, index, as_at)
    rows = _decide(index, recipe, event, died[person], left)
    if recipe.exclude_periods:
        _exclude(rows, index, recipe)
    rows["action_on"] = acted.astype("datetime64[s]")
    if recipe.intervened != "treat":
        actions.apply_mode(rows, recipe.intervened, died[person])
    rows.insert(0, "index_date", cohort["index_date"].to_numpy())
    rows.insert(0, "patient_id", cohort["patient_id"].to_numpy())
    counts = {str(reason): int(n) for reason, n in rows["reason"].value_counts().sort_index().items()}
    return Labels(rows, counts, notes + unknown)


def _exclude(rows: pd.DataFrame, index: npt.NDArray[np.datetime64], recipe: LabelRecipe) -> None:
    touched = {each: recipe.excludes(each.item()) for each in np.unique(index)}
    gone = np.array([touched[each] for each in index], bool)
    rows.loc[gone, ["outcome", "reason"]] = [np.nan, "window in an excluded period"]


def require_complete(index: npt.NDArray[np.datetime64], recipe: LabelRecipe, as_at: date) -> None:
    """Raises IndexDateError if a label window of `index` is not complete by `as_at`, naming the latest date that is."""
    latest = as_at - timedelta(days=recipe.complete_after)
    if len(index) and index.max() > day(latest):
        raise IndexDateError(
            f"index date {index.max()} has no complete label window: {recipe.last_day} days must pass and events may "
            f"arrive for {days(recipe.delay)} more; with data as at {as_at} the latest index date is {latest}"
        )


def _find_first_event(
    store: Store, cohort: pd.DataFrame, outcome: ir.Table, recipe: LabelRecipe, as_at: date
) -> tuple[npt.NDArray[np.datetime64], tuple[str, ...]]:
    """The first outcome event in each window, or NaT. The index stay is never its own outcome."""
    found, notes = _find_events(store, outcome, recipe, as_at)
    key = found["person"].astype(np.int64) * _PERSON + found["admitted_on"].astype(np.int64)
    person = cohort["person"].to_numpy().astype(np.int64) * _PERSON
    index = cohort["index_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    at = np.searchsorted(key, person + index + recipe.first_day)
    last = person + index + recipe.last_day
    spell = cohort["spell"].to_numpy()
    padded_spell = np.append(found["last_spell"], -2)
    at += (padded_spell[at] == spell) & (spell >= 0)
    padded_key = np.append(key, np.iinfo(np.int64).max)
    event = np.append(found["admitted_on"], _NEVER)[at]
    return np.where(padded_key[at] <= last, event, _NEVER), notes


def _find_events(
    store: Store, outcome: ir.Table, recipe: LabelRecipe, as_at: date
) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Outcome events by person and day: stays that are over with fewer than `min_nights` nights are none."""
    found, notes = known_rows(store, outcome, ("person", "admitted_on", "last_spell", "discharged_on"), as_at)
    nights = found["discharged_on"] - found["admitted_on"]
    kept = np.isnat(nights) | (nights >= np.timedelta64(recipe.min_nights, "D"))
    return {name: column[kept] for name, column in found.items()}, notes


def events_by_provider(store: Store, outcome: ir.Table, as_at: date) -> pd.DataFrame:
    """One row per provider and month of admission: `provider, month, events`, as known at `as_at`.

    A provider that stops or starts recording short stays as admissions shows here as a step.
    """
    found, _ = known_rows(store, outcome, ("provider", "admitted_on"), as_at)
    rows = pd.DataFrame(
        {"provider": found["provider"], "month": found["admitted_on"].astype("datetime64[M]").astype(str)}
    )
    rows["provider"] = rows["provider"].fillna("not recorded")
    return rows.groupby(["provider", "month"]).size().rename("events").reset_index()


def _find_deaths(store: Store, as_at: date) -> npt.NDArray[np.datetime64]:
    """By person the date of a death known at `as_at` (of one without a date, the day it was known), or NaT."""
    people, _ = known_rows(store, tables.people, ("date_of_death", "died_known_on"))
    died, known = people["date_of_death"], people["died_known_on"]
    died, known = np.where(np.isnat(died), known, died), np.where(np.isnat(known), died, known)
    return np.where(known <= day(as_at), died, _NEVER)


def _decide(
    index: npt.NDArray[np.datetime64],
    recipe: LabelRecipe,
    event: npt.NDArray[np.datetime64],
    died: npt.NDArray[np.datetime64],
    left: npt.NDArray[np.datetime64],
) -> pd.DataFrame:
    """Outcome and reason from the first event, the death and the end of registration, whichever is first.

    An event counts up to and including the day of leaving; leaving on or after the day of death is the death. A
    window that takes in its index day begins with somebody alive on it; any other begins after it.
    """
    opens, end = (index + np.timedelta64(ahead, "D") for ahead in (recipe.first_day, recipe.last_day))
    gone = died < np.minimum(opens, index + 1)
    happens = ~np.isnat(event) & ~(event > left) & ~gone
    leaves = (left <= end) & ~(died <= left)
    reason = np.select([gone, happens, leaves, died <= end], [DEAD, "event", "deregistered", "died"], "no event")
    dies = reason == "died"
    outcome = np.select([happens, reason == "no event", dies], [1.0, 0.0, _label_deaths(recipe, died >= opens)], np.nan)
    event_on = np.where(happens, event, np.where(dies & (outcome == 1), died, _NEVER))
    censored_on = np.where(reason == "deregistered", left, _NEVER)
    columns: dict[str, Any] = {"outcome": outcome, "reason": reason.astype(object)}
    dates = {"event_on": event_on, "censored_on": censored_on}
    return pd.DataFrame(columns | {name: dated.astype("datetime64[s]") for name, dated in dates.items()})


def _label_deaths(recipe: LabelRecipe, in_window: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """What a death without an event counts as; one in the gap, before the window opens, is no death in the window."""
    if recipe.death == "composite":
        return np.where(in_window, 1.0, np.nan)
    return np.full(len(in_window), 0.0 if recipe.death == "negative" else np.nan)
