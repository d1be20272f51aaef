"""What is already in place for a person, and when a team last looked: services, caseload history, the last review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pandas as pd

from riskstrat.definitions.vocabulary import NEVER_PRINTED, OUTCOME_WORDS
from riskstrat.documents import long_date
from riskstrat.people.records import Records
from riskstrat.people.timeline import AT_ONCE, SERVICES

UNKNOWN = "Social care services: unknown"


def support_in_place(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """For each person what is in place with its date: running social care services, equipment, earlier caseloads."""
    landed = "social_care" in records.store.landed
    services = running_services(records.known("social_care"))
    caseload = on_caseloads(_read_rows_until(records, "caseload", "from_on", list_date), list_date)
    return {
        str(patient): (
            *(services.get(patient, ()) if landed else (UNKNOWN,)),
            *caseload.get(patient, ()),
        )
        for patient in records.rows["patient_id"]
    }


def running_services(services: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id from social care rows as they stood: what runs, and the latest equipment."""
    runs = services["ended_on"].isna() & ~services["service"].isin(AT_ONCE)
    equipment = services[services["service"] == "equipment"].sort_values("started_on", kind="stable")
    shown = pd.concat([services[runs], equipment.drop_duplicates("patient_id", keep="last")])
    shown = shown.drop_duplicates(["patient_id", "service"]).sort_values(["started_on", "service"], kind="stable")
    return _gather_by_patient((row.patient_id, _describe_service(row)) for row in shown.itertuples(index=False))


def _gather_by_patient(said: Iterable[tuple[Any, str]]) -> dict[str, tuple[str, ...]]:
    """The words said of each patient_id, in their order."""
    found: dict[str, list[str]] = {}
    for patient, words in said:
        found.setdefault(str(patient), []).append(words)
    return {patient: tuple(each) for patient, each in found.items()}


def _describe_service(row: Any) -> str:
    if row.service in AT_ONCE:
        return f"{SERVICES[row.service]} on {long_date(row.started_on.date())}"
    return f"{SERVICES[row.service]} since {long_date(row.started_on.date())}"


def on_caseloads(caseload: pd.DataFrame, list_date: date) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id from caseload rows that began by the list date; an end after it is not known yet."""
    ended = pd.to_datetime(caseload["to_on"])
    caseload = caseload.assign(to_on=ended.where(ended <= pd.Timestamp(list_date)))
    ordered = caseload.sort_values(["from_on", "team"], kind="stable")
    return _gather_by_patient((row.patient_id, _describe_caseload(row)) for row in ordered.itertuples(index=False))


def _describe_caseload(row: Any) -> str:
    began = long_date(row.from_on.date())
    if pd.isna(row.to_on):
        return f"On the caseload of {row.team} since {began}"
    return f"Was on the caseload of {row.team} from {began} to {long_date(row.to_on.date())}"


def last_reviews(records: Records, list_date: date, reviews: pd.DataFrame | None = None) -> dict[str, str]:
    """For each person the last review by the list date, such as "12 November 2026: falls service", or nothing.

    reviews: one row per decision with patient_id, list_date, outcome and decided_on; those of the store if not given.
    """
    given = _read_rows_until(records, "reviews", "list_date", list_date) if reviews is None else reviews
    return said_of_reviews(given, list_date)


def said_of_reviews(reviews: pd.DataFrame, list_date: date) -> dict[str, str]:
    """The latest decision of each patient_id by the list date, its outcomes in plain words."""
    decided = pd.to_datetime(reviews["decided_on"]).fillna(pd.to_datetime(reviews["list_date"]))
    rows = reviews.assign(decided=decided)[(decided <= pd.Timestamp(list_date)).to_numpy()]
    last = rows[rows["decided"] == rows.groupby("patient_id")["decided"].transform("max")]
    return {
        str(patient): f"{long_date(found['decided'].iloc[0].date())}: {', '.join(_list_outcomes(found['outcome']))}"
        for patient, found in last.groupby("patient_id", sort=True)
    }


def _list_outcomes(outcomes: pd.Series) -> list[str]:
    return list(_word_outcomes(sorted(set(outcomes)))) or ["reviewed"]


def _word_outcomes(outcomes: list[str]) -> Iterator[str]:
    for outcome in outcomes:
        if outcome not in NEVER_PRINTED:
            words = OUTCOME_WORDS.get(outcome, outcome.replace("_", " "))
            yield words[:1].lower() + words[1:]


def _read_rows_until(records: Records, table: str, day: str, until: date) -> pd.DataFrame:
    """The rows of a landed table that is dated by one column, up to a day; none where it was not landed."""
    if table not in records.store.tables:
        return pd.DataFrame(columns=["patient_id", "team", "from_on", "to_on", "list_date", "outcome", "decided_on"])
    rows = records.store.read(table)
    return rows[(pd.to_datetime(rows[day]) <= pd.Timestamp(until)).to_numpy()]
