"""Who is eligible: alive, registered and of the right age at the index date as known then, and not opted out now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import age_in_years, days
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.sources import tables
from riskstrat.sources.selection import day, known_rows
from riskstrat.sources.store import Store

Candidates = tuple[npt.NDArray[np.int32], npt.NDArray[np.datetime64], npt.NDArray[np.int32]]


@dataclass(frozen=True)
class Cohort:
    """`rows`: one row per patient and index date, sorted by person and index date, with columns
    `patient_id, index_date, person, spell (the last of the index stay, -1 = none), practice (None = not known)`.

    `counts` says how many candidates left for which reason, first reason first; they add up to `candidates`.
    """

    rows: pd.DataFrame
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


def at_dates(store: Store, recipe: CohortRecipe, dates: Sequence[date], opt_outs: Sequence[str]) -> Cohort:
    """Everybody in `people` at each of `dates`, less those who are not eligible then."""
    chosen = sorted(set(dates))
    person = np.repeat(np.arange(store.people_count, dtype=np.int32), len(chosen))
    index = np.tile(np.array(chosen, "datetime64[D]"), store.people_count)
    return _select_eligible(store, recipe, (person, index, np.full(len(person), -1, np.int32)), opt_outs)


def why_not(store: Store, recipe: CohortRecipe, person: int, at: date, opt_outs: Sequence[str]) -> str | None:
    """The reason why one person is not eligible at `at`, in the words of a cohort's counts; None if they are."""
    candidate = np.array([person], np.int32), np.array([at], "datetime64[D]"), np.array([-1], np.int32)
    counts = _select_eligible(store, recipe, candidate, opt_outs).counts
    return next(
        (reason for reason, number in counts.items() if number and reason not in ("candidates", "eligible")), None
    )


def registration_known_on(store: Store, person: int, at: date) -> date | None:
    """The day on which it became known that a person was registered at `at`, where that was later; None otherwise."""
    if "registrations" not in store.landed:
        return None
    spells, _ = known_rows(store, tables.registrations, ("person", "registered_from", "registered_to", "valid_from"))
    open_then = (
        (spells["person"] == person) & (spells["registered_from"] <= day(at)) & ~(spells["registered_to"] <= day(at))
    )
    late = spells["valid_from"][open_then & (spells["valid_from"] > day(at))]
    return None if len(late) == 0 else late.min().item()


def at_discharges(
    store: Store, recipe: CohortRecipe, discharges: ir.Table, as_at: date, opt_outs: Sequence[str]
) -> Cohort:
    """One row for each stay among `discharges` known at `as_at`; the index date is the day of its discharge."""
    found, notes = known_rows(store, discharges, ("person", "discharged_on", "last_spell"), as_at)
    live = ~np.isnat(found["discharged_on"])
    person, index, spell = (found[name][live] for name in ("person", "discharged_on", "last_spell"))
    order = np.lexsort((spell, index, person))
    return _select_eligible(store, recipe, (person[order], index[order], spell[order]), opt_outs, notes)


def latest_discharge(cohort: Cohort, recipe: CohortRecipe, index_date: date | None) -> Cohort:
    """Each person's latest discharge only; with `index_date`, only those so shortly before it that they still count."""
    rows = cohort.rows
    if index_date is not None:
        since = pd.Timestamp(index_date - timedelta(days=days(recipe.recent)))
        rows = rows[rows["index_date"] > since]
    rows = rows.drop_duplicates("person", keep="last").reset_index(drop=True)
    counts = dict(cohort.counts) | {"earlier discharge": len(cohort.rows) - len(rows), "eligible": len(rows)}
    return Cohort(rows, counts, cohort.notes)


def still_here(store: Store, cohort: Cohort, at: date) -> Cohort:
    """The same rows without people who died or left after their index date, as known at `at`; they are counted.

    For scoring past discharges only: training keeps them, because nobody knew at the index date.
    """
    person = cohort.rows["person"].to_numpy()
    people, _ = known_rows(store, tables.people, ("died_known_on", "date_of_death"))
    dead = _find_known_death(people)[person] <= day(at)
    left = ~_find_registration(store, person, np.full(len(person), day(at)))[1] & ~dead
    rows = cohort.rows[~dead & ~left].reset_index(drop=True)
    counts = {"died since": int(dead.sum()), "left since": int(left.sum()), "eligible": len(rows)}
    return Cohort(rows, dict(cohort.counts) | counts, cohort.notes)


def _select_eligible(
    store: Store, recipe: CohortRecipe, candidates: Candidates, opt_outs: Sequence[str], notes: tuple[str, ...] = ()
) -> Cohort:
    person, index, spell = candidates
    people, _ = known_rows(store, tables.people, ("patient_id", "date_of_birth", "died_known_on", "date_of_death"))
    age = age_in_years(people["date_of_birth"][person], index)
    died = _find_known_death(people)[person]
    practice, registered = _find_registration(store, person, index)
    reasons = {
        "opted out": mark_opted_out(store, opt_outs)[person],
        "dead": died <= index,
        "not registered": ~registered,
        "too young": ~(age >= recipe.min_age),
        "too old": age > recipe.max_age,
    }
    left = np.zeros(len(person), bool)
    counts = {"candidates": len(person)}
    for reason, gone in reasons.items():
        counts[reason] = int((gone & ~left).sum())
        left |= gone
    kept = ~left
    rows = pd.DataFrame(
        {
            "patient_id": people["patient_id"][person[kept]],
            "index_date": index[kept].astype("datetime64[s]"),
            "person": person[kept],
            "spell": spell[kept],
            "practice": practice[kept],
        }
    )
    return Cohort(rows, counts | {"eligible": len(rows)}, notes)


def _find_known_death(people: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.datetime64]:
    """The day from which a death, dated or not, is past and known; NaT (which no date reaches) for the living."""
    return np.fmax(people["died_known_on"], people["date_of_death"])


def mark_opted_out(store: Store, kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """By person: whether an opt-out of one of `kinds` stands on the day the data are as at.

    One that begins later stands too: opt-outs are landed more freshly than the activity that dates the data.
    """
    out = np.zeros(store.people_count, bool)
    if "opt_outs" in store.landed:
        rows = store.read("opt_outs")
        ended = pd.to_datetime(rows["to_on"]) <= pd.Timestamp(store.data_as_at)
        out[rows.loc[rows["kind"].isin(list(kinds)) & ~ended, "person"].to_numpy()] = True
    return out


def _find_registration(
    store: Store, person: npt.NDArray[np.int32], index: npt.NDArray[np.datetime64]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """For each candidate the practice at the index date as known then, and whether registered at all.

    Of several open registrations the latest to begin counts. Without a registrations table everybody is registered.
    """
    practice = np.full(len(person), None, object)
    if "registrations" not in store.landed:
        return practice, np.ones(len(person), bool)
    columns = ("person", "registered_from", "registered_to", "practice", "valid_from", "valid_to")
    spells, _ = known_rows(store, tables.registrations, columns)
    registered = np.zeros(len(person), bool)
    start = np.searchsorted(spells["person"], person, "left")
    end = np.searchsorted(spells["person"], person, "right")
    for step in range(int((end - start).max(initial=0))):
        at = np.minimum(start + step, len(spells["person"]) - 1)
        stands = (start + step < end) & _is_registered(spells, at, index)
        practice[stands] = spells["practice"][at[stands]]
        registered |= stands
    return practice, registered


def _is_registered(
    spells: Mapping[str, npt.NDArray[Any]], at: npt.NDArray[np.int64], index: npt.NDArray[np.datetime64]
) -> npt.NDArray[np.bool_]:
    begun = (spells["registered_from"][at] <= index) & (spells["valid_from"][at] <= index)
    ended = spells["registered_to"][at] <= index
    return begun & (spells["valid_to"][at] > index) & ~ended
