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

from riskstrat.definitions.deaths import DOUBTFUL_DEATH, is_contradicted
from riskstrat.definitions.durations import days
from riskstrat.definitions.expressions import rows_of
from riskstrat.definitions.recipes import LabelRecipe
from riskstrat.errors import IndexDateError
from riskstrat.labels import actions
from riskstrat.labels.registration import registered_until
from riskstrat.sources import tables
from riskstrat.sources.activity import find_last_activity
from riskstrat.sources.selection import day, find_event_column, known_rows
from riskstrat.sources.store import Store
from riskstrat.sources.streams import STREAMS_OF_STAYS

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
    event, notes = _find_event(store, cohort, outcome, recipe, as_at)
    acted, unknown = actions.first_actions(store, cohort, recipe)
    died = find_deaths(store, as_at)
    doubted = _mark_doubtful_deaths(store, person, died, as_at)
    left = registered_until(store, person, index, as_at)
    rows = _decide(index, recipe, event, (died[person], doubted), left)
    if recipe.exclude_periods:
        _exclude(rows, index, recipe)
    rows["action_on"] = acted.astype("datetime64[s]")
    if recipe.intervened in ("censor", "exclude"):
        actions.apply_mode(rows, recipe.intervened, died[person])
    rows.insert(0, "index_date", cohort["index_date"].to_numpy())
    rows.insert(0, "patient_id", cohort["patient_id"].to_numpy())
    counts = {str(reason): int(n) for reason, n in rows["reason"].value_counts().sort_index().items()}
    return Labels(rows, counts, notes + unknown)


def _exclude(rows: pd.DataFrame, index: npt.NDArray[np.datetime64], recipe: LabelRecipe) -> None:
    touched = {each: recipe.excludes(each.item()) for each in np.unique(index)}
    gone = np.array([touched[each] for each in index], bool)
    rows.loc[gone, "outcome"] = np.nan
    rows.loc[gone, "reason"] = "window in an excluded period"


def require_complete(index: npt.NDArray[np.datetime64], recipe: LabelRecipe, as_at: date) -> None:
    """Raises IndexDateError if a label window of `index` is not complete by `as_at`, naming the latest date that is."""
    latest = as_at - timedelta(days=recipe.complete_after)
    if len(index) and index.max() > day(latest):
        raise IndexDateError(
            f"index date {index.max()} has no complete label window: {recipe.last_day} days must pass and events may "
            f"arrive for {days(recipe.delay)} more; with data as at {as_at} the latest index date is {latest}"
        )


def _find_event(
    store: Store, cohort: pd.DataFrame, outcome: ir.Table, recipe: LabelRecipe, as_at: date
) -> tuple[npt.NDArray[np.datetime64], tuple[str, ...]]:
    """The day of the event that makes `least_events` in each window, or NaT. The index stay is never its own event.

    It may stand anywhere among the events of its day: nothing tells in which order stays of one day were.
    """
    found, notes = _find_events(store, outcome, recipe, as_at)
    key = found["person"].astype(np.int64) * _PERSON + found["day"].astype(np.int64)
    person = cohort["person"].to_numpy().astype(np.int64) * _PERSON
    index = cohort["index_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    at = np.searchsorted(key, person + index + recipe.first_day)
    last = person + index + recipe.last_day
    own = _find_own_events(cohort["spell"].to_numpy(), found["last_spell"])
    begins, at = at, at + recipe.least_events - 1
    at = np.minimum(at + ((own >= begins) & (own <= at)), len(key))
    padded_key = np.append(key, np.iinfo(np.int64).max)
    event = np.append(found["day"], _NEVER)[at]
    return np.where(padded_key[at] <= last, event, _NEVER), notes


def _find_own_events(spell: npt.NDArray[np.int32], last_spell: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """For each row the place of its index stay among the events, or -1."""
    order = np.argsort(last_spell, kind="stable")
    at = np.searchsorted(last_spell, spell, sorter=order)
    padded_place, padded_spell = np.append(order, -1), np.append(last_spell, -2)
    place = padded_place[at]
    return np.where((spell >= 0) & (padded_spell[place] == spell), place, -1)


def _find_events(
    store: Store, outcome: ir.Table, recipe: LabelRecipe, as_at: date
) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Outcome events by person and day: `person, day, last_spell` (-1 of what is no stay).

    Stays that are over with fewer than `min_nights` nights are none.
    """
    day_of = find_event_column(outcome)
    if rows_of(outcome).stream not in STREAMS_OF_STAYS:
        found, notes = known_rows(store, outcome, ("person", day_of), as_at)
        none = np.full(len(found["person"]), -1, np.int32)
        return {"person": found["person"], "day": found[day_of], "last_spell": none}, notes
    found, notes = known_rows(store, outcome, ("person", day_of, "last_spell", "discharged_on"), as_at)
    nights = found["discharged_on"] - found[day_of]
    kept = np.isnat(nights) | (nights >= np.timedelta64(recipe.min_nights, "D"))
    told = {"person": found["person"], "day": found[day_of], "last_spell": found["last_spell"]}
    return {name: column[kept] for name, column in told.items()}, notes


def events_by_provider(store: Store, outcome: ir.Table, as_at: date) -> pd.DataFrame:
    """One row per provider and month of admission: `provider, month, events`, as known at `as_at`.

    A provider that stops or starts recording short stays as admissions shows here as a step. No rows where the source
    of the outcome does not say the provider.
    """
    day_of = find_event_column(outcome)
    if "provider" not in outcome.columns:
        return pd.DataFrame({"provider": [], "month": [], "events": []}).astype({"events": np.int64})
    found, _ = known_rows(store, outcome, ("provider", day_of), as_at)
    rows = pd.DataFrame({"provider": found["provider"], "month": found[day_of].astype("datetime64[M]").astype(str)})
    rows["provider"] = rows["provider"].fillna("not recorded")
    return rows.groupby(["provider", "month"]).size().rename("events").reset_index()


def find_deaths(store: Store, as_at: date) -> npt.NDArray[np.datetime64]:
    """By person the date of a death known at `as_at` (of one without a date, the day it was known), or NaT."""
    people, _ = known_rows(store, tables.people, ("date_of_death", "died_known_on"))
    died, known = people["date_of_death"], people["died_known_on"]
    died, known = np.where(np.isnat(died), known, died), np.where(np.isnat(known), died, known)
    return np.where(known <= day(as_at), died, _NEVER)


def _mark_doubtful_deaths(
    store: Store, person: npt.NDArray[np.int32], died: npt.NDArray[np.datetime64], as_at: date
) -> npt.NDArray[np.bool_]:
    """For each row whether activity known at `as_at` contradicts the person's death."""
    dead = np.unique(person[~np.isnat(died[person])])
    active = find_last_activity(store, dead, as_at).reindex(dead).to_numpy()
    doubtful = dead[is_contradicted(died[dead], active)]
    return np.isin(person, doubtful)


def _decide(
    index: npt.NDArray[np.datetime64],
    recipe: LabelRecipe,
    event: npt.NDArray[np.datetime64],
    deaths: tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]],
    left: npt.NDArray[np.datetime64],
) -> pd.DataFrame:
    """Outcome and reason from the first event, the death and the end of registration, whichever is first.

    deaths: the day of each, and whether it is doubtful. An event counts up to and including the day of leaving, and of
    death; leaving on or after the day of death is the death. A window that reaches a doubtful death without an event
    before it cannot be told. A window that takes in its index day begins with somebody alive on it; any other after it.
    """
    died, doubted = deaths
    opens, end = (index + np.timedelta64(ahead, "D") for ahead in (recipe.first_day, recipe.last_day))
    gone = died < np.minimum(opens, index + 1)
    happens = ~np.isnat(event) & ~(event > left) & ~(event > died) & ~gone
    leaves = (left <= end) & ~(died <= left)
    tests = [gone & doubted, gone, happens, leaves, (died <= end) & doubted, died <= end]
    reason = np.select(tests, [DOUBTFUL_DEATH, DEAD, "event", "deregistered", DOUBTFUL_DEATH, "died"], "no event")
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
