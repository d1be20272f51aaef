"""Who is eligible: alive, registered and of the right age at the index date as known then, and not opted out now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.deaths import DOUBTFUL_DEATH, is_contradicted
from riskstrat.definitions.durations import age_in_years, days
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.sources import tables
from riskstrat.sources.activity import find_last_activity
from riskstrat.sources.selection import day, known_rows
from riskstrat.sources.store import Store

Candidates = tuple[npt.NDArray[np.int32], npt.NDArray[np.datetime64], npt.NDArray[np.int32]]


COLUMNS = ("patient_id", "index_date", "person", "spell", "practice")
DEAD, DIED_SINCE = "dead", "died since"


def _make_no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=[*COLUMNS, "left_as"])


@dataclass(frozen=True)
class Cohort:
    """`rows`: one row per patient and index date, sorted by person and index date, with columns
    `patient_id, index_date, person, spell (the last of the index stay, -1 = none), practice (None = not known)`.

    `counts` says how many candidates left for which reason, first reason first; they add up to `candidates`. `dead`:
    the candidates that left because they are recorded dead, of an age that counts, with their last practice and
    `left_as`, the reason that they are counted under. `doubtful`: one row per person set apart as doubtful.
    """

    rows: pd.DataFrame
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()
    dead: pd.DataFrame = field(default_factory=_make_no_rows)
    doubtful: pd.DataFrame = field(default_factory=_make_no_rows)


def at_dates(store: Store, recipe: CohortRecipe, dates: Sequence[date], opt_outs: Sequence[str]) -> Cohort:
    """Everybody in `people` at each of `dates`, less those who are not eligible then."""
    chosen = sorted(set(dates))
    person = np.repeat(np.arange(store.people_count, dtype=np.int32), len(chosen))
    index = np.tile(np.array(chosen, "datetime64[D]"), store.people_count)
    return _select_eligible(store, recipe, (person, index, np.full(len(person), -1, np.int32)), opt_outs)


def why_not(store: Store, recipe: CohortRecipe, person: int, at: date, opt_outs: Sequence[str]) -> str | None:
    """The reason why one person is not eligible at `at`, in the words of a cohort's counts; None if they are."""
    return find_absences(store, recipe, [person], at, opt_outs).get(person)


def find_absences(
    store: Store, recipe: CohortRecipe, persons: Sequence[int], at: date, opt_outs: Sequence[str]
) -> dict[int, str]:
    """By person why they are not eligible at `at`, in the words of a cohort's counts; nobody who is."""
    asked = np.array(persons, np.int32)
    candidates = asked, np.full(len(asked), at, "datetime64[D]"), np.full(len(asked), -1, np.int32)
    doubtful = set_doubtful_apart(store, _select_eligible(store, recipe, candidates, opt_outs), at).doubtful["person"]
    reasons = _find_reasons(store, recipe, candidates, opt_outs)[2]
    told = {int(person): reason for reason in reversed(reasons) for person in asked[reasons[reason]]}
    return told | {int(person): DOUBTFUL_DEATH for person in doubtful}


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
    rows, dead = (_keep_latest(found, recipe, index_date) for found in (cohort.rows, cohort.dead))
    counts = dict(cohort.counts) | {"earlier discharge": len(cohort.rows) - len(rows), "eligible": len(rows)}
    return replace(cohort, rows=rows, counts=counts, dead=dead)


def _keep_latest(rows: pd.DataFrame, recipe: CohortRecipe, index_date: date | None) -> pd.DataFrame:
    if index_date is not None:
        since = pd.Timestamp(index_date - timedelta(days=days(recipe.recent)))
        rows = rows[pd.to_datetime(rows["index_date"]) > since]
    return rows.drop_duplicates("person", keep="last").reset_index(drop=True)


def still_here(store: Store, cohort: Cohort, at: date) -> Cohort:
    """The same rows without people who died or left after their index date, as known at `at`; they are counted.

    For scoring past discharges only: training keeps them, because nobody knew at the index date.
    """
    person = cohort.rows["person"].to_numpy()
    people, _ = known_rows(store, tables.people, ("died_known_on", "date_of_death"))
    dead = _find_known_death(people)[person] <= day(at)
    left = ~_find_registration(store, person, np.full(len(person), day(at)))[1] & ~dead
    rows = cohort.rows[~dead & ~left].reset_index(drop=True)
    counts = {DIED_SINCE: int(dead.sum()), "left since": int(left.sum()), "eligible": len(rows)}
    died = pd.concat([cohort.dead, cohort.rows[dead].assign(left_as=DIED_SINCE)], ignore_index=True)
    return replace(cohort, rows=rows, counts=dict(cohort.counts) | counts, dead=died)


def set_doubtful_apart(store: Store, cohort: Cohort, at: date) -> Cohort:
    """The same cohort with the people recorded dead who have later activity, as known at `at`, set apart and counted.

    For lists, which name them to be checked; training leaves them out as dead. They are among `rows` no longer.
    """
    dead = cohort.dead.drop_duplicates("person", keep="last")
    person = dead["person"].to_numpy(np.int32)
    people, _ = known_rows(store, tables.people, ("date_of_death", "died_known_on"))
    dead_on = np.where(np.isnat(people["date_of_death"]), people["died_known_on"], people["date_of_death"])[person]
    active = find_last_activity(store, person, at).reindex(person).to_numpy()
    doubtful = dead[is_contradicted(dead_on, active)].reset_index(drop=True)
    rows = cohort.rows[~cohort.rows["person"].isin(doubtful["person"])].reset_index(drop=True)
    left_as = doubtful["left_as"].value_counts()
    counts = {name: number - int(left_as.get(name, 0)) for name, number in cohort.counts.items()}
    apart = len(doubtful) + len(cohort.rows) - len(rows)
    return replace(cohort, rows=rows, counts=counts | {DOUBTFUL_DEATH: apart, "eligible": len(rows)}, doubtful=doubtful)


def _select_eligible(
    store: Store, recipe: CohortRecipe, candidates: Candidates, opt_outs: Sequence[str], notes: tuple[str, ...] = ()
) -> Cohort:
    person, index, spell = candidates
    people, practice, reasons = _find_reasons(store, recipe, candidates, opt_outs)
    left = np.zeros(len(person), bool)
    counts = {"candidates": len(person)}
    for reason, gone in reasons.items():
        counts[reason] = int((gone & ~left).sum())
        left |= gone
    every = {
        "patient_id": people["patient_id"][person],
        "index_date": index.astype("datetime64[s]"),
        "person": person,
        "spell": spell,
        "practice": practice,
    }
    rows = pd.DataFrame({name: column[~left] for name, column in every.items()})
    gone = reasons[DEAD] & ~(reasons["opted out"] | reasons["too young"] | reasons["too old"])
    dead = pd.DataFrame({name: column[gone] for name, column in every.items()}).assign(left_as=DEAD)
    dead["practice"], _ = _find_registration(store, person[gone], index[gone], ended=True)
    return Cohort(rows, counts | {"eligible": len(rows)}, notes, dead)


def _find_reasons(
    store: Store, recipe: CohortRecipe, candidates: Candidates, opt_outs: Sequence[str]
) -> tuple[Mapping[str, npt.NDArray[Any]], npt.NDArray[np.object_], dict[str, npt.NDArray[np.bool_]]]:
    """The columns of people, then for each candidate the practice, and by reason whether it keeps them out."""
    person, index, _ = candidates
    people, _ = known_rows(store, tables.people, ("patient_id", "date_of_birth", "died_known_on", "date_of_death"))
    age = age_in_years(people["date_of_birth"][person], index)
    practice, registered = _find_registration(store, person, index)
    reasons = {
        "opted out": mark_opted_out(store, opt_outs)[person],
        DEAD: _find_known_death(people)[person] <= index,
        "not registered": ~registered,
        "too young": ~(age >= recipe.min_age),
        "too old": age > recipe.max_age,
    }
    return people, practice, reasons


def _find_known_death(people: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.datetime64]:
    """The day from which a death, dated or not, is past and known; NaT (which no date reaches) for the living."""
    return np.fmax(people["died_known_on"], people["date_of_death"])


def mark_opted_out(store: Store, kinds: Sequence[str]) -> npt.NDArray[np.bool_]:
    """By person: whether an opt-out of one of `kinds` stands on the day the data are as at.

    One that begins later stands too: opt-outs are landed more freshly than the activity that dates the data. So does
    one whose kind could not be read, and one without an end that can be: none, or one before its beginning.
    """
    out = np.zeros(store.people_count, bool)
    if "opt_outs" in store.landed:
        rows = store.read("opt_outs")
        begins, ends = pd.to_datetime(rows["from_on"]), pd.to_datetime(rows["to_on"])
        ended = (ends <= pd.Timestamp(store.data_as_at)) & ~(ends < begins)
        out[rows.loc[(rows["kind"].isin(list(kinds)) | rows["kind"].isna()) & ~ended, "person"].to_numpy()] = True
    return out


def _find_registration(
    store: Store, person: npt.NDArray[np.int32], index: npt.NDArray[np.datetime64], *, ended: bool = False
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.bool_]]:
    """For each candidate the practice at the index date as known then, and whether registered at all.

    Of several open registrations the latest to begin counts; with `ended`, of all that had begun. Without a
    registrations table everybody is registered.
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
        stands = (start + step < end) & _is_registered(spells, at, index, ended)
        practice[stands] = spells["practice"][at[stands]]
        registered |= stands
    return practice, registered


def _is_registered(
    spells: Mapping[str, npt.NDArray[Any]],
    at: npt.NDArray[np.int64],
    index: npt.NDArray[np.datetime64],
    ended: bool,
) -> npt.NDArray[np.bool_]:
    begun = (spells["registered_from"][at] <= index) & (spells["valid_from"][at] <= index)
    stands: npt.NDArray[np.bool_] = begun & (spells["valid_to"][at] > index)
    return stands if ended else stands & ~(spells["registered_to"][at] <= index)
