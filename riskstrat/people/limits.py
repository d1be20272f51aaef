"""What a page about a person must admit: thin records, what is missing, and what no record can tell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskstrat.definitions.features import Feature
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_rows import read_rows
from riskstrat.documents import joined, long_date
from riskstrat.explanation import render
from riskstrat.people.records import Records
from riskstrat.people.timeline import AT_ONCE
from riskstrat.sources.store import Store

NEW_HERE, RECENT, SILENCE = 365, 365, 730
"""Days: of a registration that is new, of a stay that ought to be coded, without any record."""

REGISTRATION_GAP = 28
GAP_WITHIN = 1095
"""Days without a practice that are a gap, and how long ago it still matters."""

OTHER_RECORD = {"falls": "fell_on", "social_care": "started_on"}
"""Neither GP nor hospital, and yet something on record."""

GP_RECORD = {
    "conditions": "recorded_on",
    "prescriptions": "issued_on",
    "measurements": "measured_on",
    "contacts": "contacted_on",
}
BY_GP = ("gp", "practice_nurse")
"""Services of contacts that are of general practice; the table holds those of others too."""

HOSPITAL_RECORD = {"admissions": "admitted_on", "attendances": "attended_on"}

NOT_AVAILABLE = {
    "attendances": "A&E visits",
    "diagnoses": "Hospital diagnoses",
    "conditions": "Conditions from the GP record",
    "prescriptions": "GP prescriptions",
    "contacts": "GP, community and outpatient contacts",
    "measurements": "Measurements such as blood pressure and weight",
    "falls": "Reported falls",
    "social_care": "Social care services",
    "caseload": "Who is on which team's caseload",
}
"""Tables that may be left out, as a reader knows them."""

MOST_MISSING = 4

CANNOT_SEE = (
    "What matters to this person and what they want.",
    "Who lives with them, how a carer is coping, money, housing and loneliness.",
    "How well they manage day to day, and how they are today.",
    "Care in other areas' hospitals that was not sent here, and private care.",
    "Medicines given in hospital, bought in a shop, or not taken.",
)
"""Holds for everybody, whatever was landed."""

WITHOUT_SOCIAL_CARE = "What social care is in place or was asked for."


def cannot_see(landed: frozenset[str]) -> tuple[str, ...]:
    """Sentences on what no record here can tell of anybody."""
    return CANNOT_SEE if "social_care" in landed else (*CANNOT_SEE, WITHOUT_SOCIAL_CARE)


def missing(records: Records) -> dict[str, tuple[str, ...]]:
    """For each person what the source does not hold of anybody, then up to four measurements that it lacks of them."""
    landed = records.store.landed
    sources = tuple(f"{words}: not available here." for name, words in NOT_AVAILABLE.items() if name not in landed)
    latest = [name for name, one in records.features.items() if one.verb == "latest" and not one.wording.sensitive]
    held = [name for name in latest if records.telling.is_held(name)]
    not_held = [_name_measure(records.features[name]) for name in latest if name not in held]
    unheld = (f"Not held in the records sent here, of anybody: {joined(not_held)}.",) if not_held else ()
    measures = _describe_missing_measures(records, held)
    return {str(patient): (*sources, *unheld, *measures[row]) for row, patient in enumerate(records.rows["patient_id"])}


def _name_measure(feature: Feature) -> str:
    return feature.wording.called or feature.name.replace("_", " ")


def _describe_missing_measures(records: Records, latest: list[str]) -> list[tuple[str, ...]]:
    """For each person the words for what was not measured, of features that give the latest measurement."""
    age = records.value(records.roles.age)
    made: list[list[str]] = [[] for _ in range(len(records))]
    for name in latest:
        feature, values = records.features[name], records.value(name)
        for row in np.flatnonzero(np.isnan(values) & (records.untold(name) == np.array(None))):
            if said := render(feature, float(values[row]), None, age[row]):
                made[row].append(said)
    return [tuple(said[:MOST_MISSING]) for said in made]


def find_day_of_statuses(store: Store, list_date: date) -> date | None:
    """The latest day of a same-day status by the date of a list; None where there is none."""
    if "statuses" not in store.landed:
        return None
    days = pd.to_datetime(select_telling_statuses(store.read("statuses"))["as_at"])
    days = days[days <= pd.Timestamp(list_date)]
    return None if days.empty else days.max().date()


def select_telling_statuses(statuses: pd.DataFrame) -> pd.DataFrame:
    """The rows that say yes or no of anything: a row of a person and a day alone is no check."""
    asked = [column.name for column in SCHEMAS["statuses"].columns if column.decides and column.name in statuses]
    return statuses[statuses[asked].notna().any(axis=1).to_numpy()]


def cautions(records: Records) -> dict[str, str]:
    """For each person what makes the record thin, in one or two sentences, or nothing."""
    found = [
        nothing_recorded(records),
        no_gp_record(records),
        new_registrations(records.known("registrations")),
        registration_gaps(records.known("registrations")),
        stays_without_diagnoses(records.known("admissions"), records.known_whole("diagnoses"))
        if "diagnoses" in records.store.landed
        else {},
    ]
    return {
        str(patient): " ".join([part[patient] for part in found if patient in part][:2])
        for patient in records.rows["patient_id"]
    }


def nothing_recorded(records: Records) -> dict[str, str]:
    """Who has no record of any kind in the last 2 years."""
    seen: set[str] = set()
    for table, day in (GP_RECORD | HOSPITAL_RECORD | OTHER_RECORD).items():
        rows = records.known_whole(table)
        seen |= set(rows["patient_id"][((rows["index_date"] - rows[day]).dt.days < SILENCE) | _mark_running(rows)])
    silent = "Nothing is recorded in the last 2 years, or the person may not be reaching services."
    return {str(patient): silent for patient in records.rows["patient_id"] if patient not in seen}


def _mark_running(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of a service that has not ended; what is of one day, such as an assessment, never runs."""
    if "started_on" not in rows:
        return pd.Series(False, index=rows.index)
    return rows["ended_on"].isna() & ~rows["service"].isin(AT_ONCE)


def no_gp_record(records: Records) -> dict[str, str]:
    """Who has no record from general practice, where such records were landed."""
    landed = [table for table in GP_RECORD if table in records.store.landed]
    if "contacts" in landed and not records.opened.store.holds("contacts", "service", BY_GP):
        landed.remove("contacts")
    if not landed:
        return {}
    tables = [records.known_whole(table) for table in landed]
    seen = {patient for rows in tables for patient in rows.loc[_mark_by_gp(rows), "patient_id"]}
    absent = "No GP record was found, so the estimate rests on what others recorded."
    return {str(patient): absent for patient in records.rows["patient_id"] if patient not in seen}


def _mark_by_gp(rows: pd.DataFrame) -> pd.Series:
    """Which rows are of general practice: of contacts those with its own staff alone."""
    return rows["service"].isin(BY_GP) if "contacted_on" in rows else pd.Series(True, index=rows.index)


def new_registrations(registrations: pd.DataFrame) -> dict[str, str]:
    """Whose registration of today, the latest begun that has not ended, began in the last 12 months."""
    standing = registrations[registrations["registered_to"].isna()]
    last = standing.sort_values("registered_from", kind="stable").drop_duplicates("patient_id", keep="last")
    new = last[((last["index_date"] - last["registered_from"]).dt.days < NEW_HERE).to_numpy()]
    return {
        str(patient): "Registered with this practice less than 12 months ago, so the record may be short."
        for patient in new["patient_id"]
    }


def registration_gaps(registrations: pd.DataFrame) -> dict[str, str]:
    """Who had no practice here for more than 4 weeks in the last 3 years, whichever registrations overlapped."""
    found = {str(patient): _measure_gaps(rows) for patient, rows in registrations.groupby("patient_id", sort=True)}
    return {
        patient: f"There is a gap in the record: about {_word_weeks(gap)} without a practice here in the last 3 years."
        for patient, gap in found.items()
        if gap
    }


class RegistrationRow(NamedTuple):
    """A time of a person with a practice, as known on the index date; registered_to is None while it lasts."""

    index_date: date
    registered_from: date
    registered_to: date | None


def _measure_gaps(rows: pd.DataFrame) -> timedelta:
    """How much of the last 3 years lies between one person's registrations, in gaps of more than 4 weeks."""
    covered: date | None = None
    gaps = timedelta(0)
    if len(rows) == 1:
        return gaps
    for row in read_rows(rows.sort_values("registered_from", kind="stable"), RegistrationRow):
        begins = row.index_date - timedelta(days=GAP_WITHIN)
        if covered is not None and (gap := row.registered_from - max(covered, begins)).days > REGISTRATION_GAP:
            gaps += gap
        ended = row.registered_to or row.index_date
        covered = ended if covered is None else max(covered, ended)
    return gaps


def _word_weeks(gap: timedelta) -> str:
    """A length of time that gives no date away: in weeks, from 12 of them in months."""
    weeks = round(gap.days / 7)
    return f"{weeks} weeks" if weeks < 12 else f"{round(gap.days / 30.44)} months"


class BareStay(NamedTuple):
    """A hospital stay of which no spell was coded yet."""

    patient_id: str
    admitted_on: date


def stays_without_diagnoses(admissions: pd.DataFrame, diagnoses: pd.DataFrame) -> dict[str, str]:
    """Who has a hospital stay of the last 12 months of which no spell was coded yet at the index date."""
    recent = admissions[((admissions["index_date"] - admissions["admitted_on"]).dt.days < RECENT).to_numpy()]
    bare = recent[~recent["spell"].isin(set(diagnoses["stay"]))].sort_values("admitted_on", kind="stable")
    last = bare.drop_duplicates("patient_id", keep="last")
    return {
        row.patient_id: f"The hospital stay from {long_date(row.admitted_on)} has no diagnoses yet, "
        "so the estimate does not know what it was for."
        for row in read_rows(last, BareStay)
    }
