"""Who of the people with a case, in reserve, or of whom a refresh says something, is kept off lists, and since when.

Decided by the rules of the lists themselves, on the store's tables with what came since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskstrat.casefinding import (
    DIED,
    IN_HOSPITAL,
    INPATIENT_DAYS,
    KNOWN,
    MOVED,
    NOT_DISCHARGED,
    PALLIATIVE,
    CaseFacts,
    CaseRegister,
    KeptOff,
    find_said_since,
    list_holders,
    name_state,
    reference,
    standings,
)
from riskstrat.cohort import find_absences
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.table_rows import read_rows
from riskstrat.reviews import Snapshot
from riskstrat.site.opening import Site
from riskstrat.sources.refreshed import DEATHS, DEPARTURES
from riskstrat.weekly.choosing import case_facts

GONE = "no longer in the records"
"""Of somebody whom the last whole ingest does not know any more."""

NOT_ELIGIBLE: Mapping[str, str] = {
    "opted out": "opted out",
    "dead": DIED,
    "not registered": "not registered with a practice",
    DOUBTFUL_DEATH: DOUBTFUL_DEATH,
}
"""Reasons of a cohort for which somebody is kept off, in words; an age that the model is not for takes nobody off."""

_SAID_BY = {
    DIED: "died",
    MOVED: "moved",
    PALLIATIVE: "palliative_register",
    **dict.fromkeys((IN_HOSPITAL, NOT_DISCHARGED), "inpatient"),
}
"""The column of a status behind each reason."""

_SAID_COLUMNS = ["person", "as_at", "inpatient_on"]


@dataclass(frozen=True)
class KeptOffReason:
    """Why a person is kept off: in words, since when, until when; holders are teams whose own case is not kept off."""

    what: str
    since: date | None = None
    until: date | None = None
    holders: frozenset[str] = frozenset()


class NumberedCase(NamedTuple):
    """A case or a place in reserve of one team."""

    team_code: str
    number: int
    patient_id: str


class PlacedPerson(NamedTuple):
    """Where a person stands, as `standings` has it; reason is None where they may be listed."""

    place: str
    reason: str | None


class DeathRow(NamedTuple):
    """The recorded day of a person's death."""

    person: int
    date_of_death: date


class OptOutRow(NamedTuple):
    """The day from which a person has opted out."""

    person: int
    from_on: date


def find_kept_off(
    opened: Site, day: date, register: CaseRegister, earlier: Sequence[KeptOff] = ()
) -> tuple[KeptOff, ...]:
    """The cases and places in reserve whose person is kept off on a day, by reference, then others by patient_id.

    A place in reserve of one team says so by itself, whatever case another team has of the person.

    earlier: what the refresh before found; what it knew already keeps the day on which it was known.
    """
    cases = register.rows[register.rows["patient_id"].ne("")].drop_duplicates(["team_code", "number"], keep="last")
    refreshed = opened.store.refreshed.list_patients() if opened.store.refreshed is not None else []
    kept = pd.concat([register.reserved[list(cases.columns)], cases]) if len(register.reserved) else cases
    kept = kept.drop_duplicates(["team_code", "number"], keep="last")
    reasons = _find_reasons(opened, day, [*kept["patient_id"], *refreshed])
    known = {(each.patient_id, name_state(each.what)): each.known_on for each in earlier}
    names = {team.code: team.name for team in opened.workspace.settings.teams}

    def make(patient: str, case: str | None, team: str | None) -> KeptOff:
        reason = reasons[patient]
        known_on = known.get((patient, name_state(reason.what)), day)
        return KeptOff(patient, case, team, reason.what, reason.since, known_on, reason.until)

    made = []
    for row in read_rows(kept, NumberedCase):
        team = names.get(row.team_code, row.team_code)
        if row.patient_id in reasons and team not in reasons[row.patient_id].holders:
            made.append(make(row.patient_id, reference(row.team_code, row.number), team))
    without = sorted(set(reasons) - set(kept["patient_id"]))
    return (*sorted(made, key=lambda each: each.reference or ""), *(make(patient, None, None) for patient in without))


def _find_reasons(opened: Site, day: date, patients: Sequence[str]) -> dict[str, KeptOffReason]:
    """By patient why they are kept off; nobody who is not."""
    people = opened.store.people()[["person", "patient_id", "date_of_death"]]
    people = people[people["patient_id"].isin(patients)].assign(team=None).reset_index(drop=True)
    found = {patient: KeptOffReason(GONE) for patient in patients if patient not in set(people["patient_id"])}
    # What the teams decided themselves takes no case off: it is their own work.
    facts = replace(case_facts(opened, day, Snapshot(())), reviews=None)
    placed = standings(people, (), facts, day, opened.workspace.settings.casefinding)
    tell_since, holders = _make_teller(opened, people, facts, day), list_holders(facts.caseload, day)
    persons = [int(person) for person in people["person"]]
    absent = find_absences(opened.store, opened.recipe().cohort, persons, day, opened.opt_outs)
    for place, person, patient in zip(read_rows(placed, PlacedPerson), persons, people["patient_id"], strict=True):
        reason = place.reason if place.place == "excluded" else KNOWN if place.place == "known" else None
        what = NOT_ELIGIBLE.get(absent.get(person, "")) or reason
        if what is not None:
            since, until = tell_since(what, person)
            held_by = holders.get(person, frozenset()) if what == KNOWN else frozenset()
            found[str(patient)] = KeptOffReason(what, since, until, held_by)
    return found


def _make_teller(
    opened: Site, people: pd.DataFrame, facts: CaseFacts, day: date
) -> Callable[[str, int], tuple[date | None, date | None]]:
    """Since when a reason holds of a person, and until when, as far as that is recorded."""
    said = {what: find_said_since(facts.statuses, column, day) for what, column in _SAID_BY.items()}
    said_last = _find_last_said(facts.statuses, day)
    dated = dict(_list_dates(opened, people))

    def tell(what: str, person: int) -> tuple[date | None, date | None]:
        left_dead = facts.died_in_hospital.get(person) if what == DIED else None
        said_since = said[what].get(person) if what in said else None
        told = (dated.get((what, person)), *(day.date() for day in (said_since, left_dead) if day is not None))
        since = min(filter(None, told), default=None)
        # An open stay has no end that is known.
        last = None if what != IN_HOSPITAL or person in (facts.in_hospital or ()) else said_last.get(person)
        return since, None if last is None else last.date() + timedelta(days=INPATIENT_DAYS)

    return tell


def _find_last_said(statuses: pd.DataFrame | None, day: date) -> Mapping[int, pd.Timestamp]:
    """By person the latest day on which a status said that they are in hospital."""
    if statuses is None or statuses.empty:
        return {}
    said = statuses[statuses["inpatient"].eq(True).fillna(False).astype(bool)].reindex(columns=_SAID_COLUMNS)
    days = pd.to_datetime(said["inpatient_on"]).fillna(pd.to_datetime(said["as_at"]))
    return dict(days[days <= pd.Timestamp(day)].groupby(said["person"]).max())


def _list_dates(opened: Site, people: pd.DataFrame) -> Iterator[tuple[tuple[str, int], date]]:
    """The recorded day of each death, departure and opt-out, by reason and person."""
    persons = dict(zip(people["patient_id"], people["person"], strict=True))
    for death in read_rows(people[people["date_of_death"].notna()], DeathRow):
        yield (DIED, death.person), death.date_of_death
    refreshed = opened.store.refreshed.rows if opened.store.refreshed is not None else {}
    for table, what in ((DEPARTURES, MOVED), (DEATHS, DIED)):
        for told in refreshed.get(table, ()):
            if told["since"] and told["patient_id"] in persons:
                yield (what, int(persons[told["patient_id"]])), pd.Timestamp(told["since"]).date()
    if "opt_outs" in opened.store.landed:
        rows = opened.store.read("opt_outs").dropna(subset="from_on").sort_values("from_on", ascending=False)
        for row in read_rows(rows[np.isin(rows["person"], list(persons.values()))], OptOutRow):
            yield (NOT_ELIGIBLE["opted out"], row.person), row.from_on
