"""Who is involved with a person now and what is in place: contacts, caseloads, social care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

import pandas as pd

from riskstrat.casefinding import Holding, list_holdings, tells_caseload_ends
from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.languages import LANGUAGES
from riskstrat.definitions.phrases import capitalise_first
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_rows import read_rows
from riskstrat.documents import long_date
from riskstrat.people.records import Records
from riskstrat.people.services import name_service
from riskstrat.people.timeline import AT_ONCE, NO_ENDS, NO_TIMES, SERVICES, tells_ends
from riskstrat.sources.sensitive import mark_rows, require_sensitive
from riskstrat.sources.store import Store

RECENT = 90
"""Days in which a service has to have seen somebody to be involved now."""
EQUIPMENT_DAYS = 731
"""Days for which equipment that was supplied is told: nobody knows of older things whether they are still there."""


def support_in_place(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """For each person the services in contact, the social care in place and the caseloads, each with its date."""
    seen = services_in_contact(records.known("contacts"))
    services = running_services(records.known("social_care"), ends_told=tells_ends(records.opened.store))
    held = _read_rows_until(records, "caseload", "from_on", list_date)
    named = select_named(held, records.opened.workspace.codelists)
    caseload = on_caseloads(named, list_date, ends_told=tells_holdings_end(records.store))
    plans = plans_on_record(_read_rows_until(records, "care_plans", "made_on", list_date), list_date)
    circumstances = recorded_circumstances(_read_rows_until(records, "circumstances", "recorded_on", list_date))
    unseen = _describe_untold(records, "contacts", "Contacts with services")
    unserved = _describe_untold(records, "social_care", "Social care services")
    return {
        str(patient): (
            *(seen.get(patient) or unseen[row]),
            *(services.get(patient) or unserved[row]),
            *caseload.get(patient, ()),
            *plans.get(patient, ()),
            *circumstances.get(patient, ()),
        )
        for row, patient in enumerate(records.rows["patient_id"])
    }


def _describe_untold(records: Records, source: str, what: str) -> list[tuple[str, ...]]:
    """For each person a sentence that a source cannot tell of the last 90 days; nothing where it can."""
    reasons = records.telling.find_source_reasons(source, RECENT)
    return [(f"{what} cannot be told: {why}",) if why else () for why in reasons]


class ContactRow(NamedTuple):
    """The last contact of a person with a service."""

    patient_id: str
    service: str
    contacted_on: date


def services_in_contact(contacts: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id: each service that saw the person in the last 90 days, the latest contact first."""
    kept = contacts[contacts["attended"].astype("boolean").fillna(True).to_numpy(bool)]
    kept = kept[((kept["index_date"] - kept["contacted_on"]).dt.days < RECENT).to_numpy()]
    kept = kept.sort_values(["contacted_on", "service"], ascending=[False, True], kind="stable")
    last = kept.drop_duplicates(["patient_id", "service"])
    return _gather_by_patient((row.patient_id, _describe_contact(row)) for row in read_rows(last, ContactRow))


def _describe_contact(row: ContactRow) -> str:
    return f"{capitalise_first(name_service(row.service))}, last contact {long_date(row.contacted_on)}"


class ServiceRow(NamedTuple):
    """A social care service of a person."""

    patient_id: str
    service: str
    started_on: date


def running_services(services: pd.DataFrame, *, ends_told: bool = True) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id from social care rows as they stood: what runs, and the latest equipment of two years.

    ends_told: whether the rows say when a service ended. If not, of what began in two years the latest beginning is
    told, and that nobody knows whether it goes on.
    """
    services = services if ends_told else services.sort_values("started_on", ascending=False, kind="stable")
    recent = (services["index_date"] - services["started_on"]).dt.days < EQUIPMENT_DAYS
    runs = services["ended_on"].isna() & ~services["service"].isin(AT_ONCE) & (ends_told | recent)
    equipment = services[(services["service"] == "equipment") & recent].sort_values("started_on", kind="stable")
    shown = pd.concat([services[runs], equipment.drop_duplicates("patient_id", keep="last")])
    shown = shown.drop_duplicates(["patient_id", "service"]).sort_values(["started_on", "service"], kind="stable")
    return _gather_by_patient(
        (row.patient_id, _describe_service(row, ends_told=ends_told)) for row in read_rows(shown, ServiceRow)
    )


def _gather_by_patient(said: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """The words said of each patient_id, in their order."""
    found: dict[str, list[str]] = {}
    for patient, words in said:
        found.setdefault(patient, []).append(words)
    return {patient: tuple(each) for patient, each in found.items()}


def _describe_service(row: ServiceRow, *, ends_told: bool) -> str:
    began = long_date(row.started_on)
    if row.service in AT_ONCE:
        return f"{SERVICES[row.service]} on {began}"
    return f"{SERVICES[row.service]} {f'since {began}' if ends_told else f'from {began}{NO_ENDS}'}"


def select_named(caseload: pd.DataFrame, codelists: Mapping[str, Codelist]) -> pd.DataFrame:
    """The rows of the teams whose name says nothing sensitive; clinicians are not shown the others either."""
    return caseload[~mark_rows("caseload", caseload, require_sensitive(codelists))]


def tells_holdings_end(store: Store) -> bool:
    """Whether the caseload that was landed says of anybody when a team let them go."""
    return "caseload" not in store.landed or tells_caseload_ends(store.read("caseload"))


class CaseloadPerson(NamedTuple):
    """A person of the caseload, by number and as the records name them."""

    person: int
    patient_id: str


def on_caseloads(caseload: pd.DataFrame, list_date: date, *, ends_told: bool = True) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id from the caseload as the lists read it: who holds or held the person, or was asked to.

    An end after the list date is not known yet. ends_told: as `tells_holdings_end` says. If not, nobody is said to be
    held since a day, nor until the day of a row that may be of a time that began on it.
    """
    if caseload.empty:
        return {}
    patients = {row.person: row.patient_id for row in read_rows(caseload, CaseloadPerson)}
    times = list_holdings(caseload, list_date)
    return _gather_by_patient((patients[one.person], _describe_holding(one, ends_told=ends_told)) for one in times)


def _describe_holding(row: Holding, *, ends_told: bool) -> str:
    began, until = ("" if day is None else long_date(day) for day in (row.from_on, row.until))
    if row.status is not None:
        return _describe_waiting(row, began, until)
    if not began:
        return f"Was on the caseload of {row.team}{f' until {until}' if ends_told else NO_TIMES}"
    if not until:
        return f"On the caseload of {row.team} {f'since {began}' if ends_told else f'from {began}{NO_ENDS}'}"
    return f"Was on the caseload of {row.team} from {began} to {until}"


def _describe_waiting(row: Holding, began: str, until: str) -> str:
    """What came of somebody whom the team did not hold; that they were put forward only where a row says so."""
    if row.status == "declined":
        asked = f"Put forward to {row.team} on {began}, declined"
        return asked if row.put else f"Recorded by {row.team} as declined on {began}"
    if row.put:
        return f"Put forward to {row.team} on {began}, not taken on{'' if until else ' yet'}"
    return f"Looked at by {row.team} from {began} to {until}, not taken on"


PLANS = {"care_plan": "Care plan", "respect": "ReSPECT form", "advance_care_plan": "Advance care plan"}
CIRCUMSTANCES = {"housebound": "Recorded as housebound", "carer": "Recorded as a carer of somebody else"}


class PlanRow(NamedTuple):
    """The latest plan of a kind that a person has."""

    patient_id: str
    kind: str
    made_on: date


def plans_on_record(plans: pd.DataFrame, list_date: date) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id: the latest plan of each kind that had not ended by the list date, with its day."""
    ended = pd.to_datetime(plans["ended_on"]) <= pd.Timestamp(list_date)
    latest = plans[~ended].sort_values("made_on", kind="stable").drop_duplicates(["patient_id", "kind"], keep="last")
    ordered = latest.sort_values(["made_on", "kind"], ascending=[False, True], kind="stable")
    return _gather_by_patient(
        (row.patient_id, f"{PLANS[row.kind]} of {long_date(row.made_on)}") for row in read_rows(ordered, PlanRow)
    )


PLANNING = "personalised_care_support_plan"
"""The pathway that suggests what a care plan on record may already be."""


def find_care_plans(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """By patient_id the latest care plan that had not ended, as `plans_on_record` has it."""
    plans = _read_rows_until(records, "care_plans", "made_on", list_date)
    return plans_on_record(plans[plans["kind"] == "care_plan"], list_date)


def tell_plan(plans: Mapping[str, tuple[str, ...]], pathway: str, patient: str) -> tuple[str, ...]:
    """Beside the pathway that suggests a plan, the one that is there already: the team looks at it first."""
    return tuple(f"{words} is on record: look at it first." for words in plans.get(patient, ()) if pathway == PLANNING)


class CircumstanceRow(NamedTuple):
    """What was recorded of a person's circumstances on a day; language is None where the row does not say."""

    patient_id: str
    recorded_on: date
    language: str | None


def recorded_circumstances(rows: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Sentences by patient_id: of each circumstance the latest row that says anything of it, where it says yes."""
    ordered = rows.sort_values("recorded_on", kind="stable")
    said: list[tuple[str, str]] = []
    for name, words in CIRCUMSTANCES.items():
        latest = ordered[ordered[name].notna()].drop_duplicates("patient_id", keep="last")
        yes = latest[latest[name].astype(bool)]
        said += [
            (row.patient_id, f"{words} on {long_date(row.recorded_on)}") for row in read_rows(yes, CircumstanceRow)
        ]
    spoken = ordered[ordered["language"].notna()].drop_duplicates("patient_id", keep="last")
    languages = [(row.patient_id, row.language) for row in read_rows(spoken, CircumstanceRow)]
    said += [(patient, f"Main language: {LANGUAGES[language]}") for patient, language in languages if language]
    return _gather_by_patient(said)


def _read_rows_until(records: Records, table: str, day: str, until: date) -> pd.DataFrame:
    """The rows of a landed table that is dated by one column, up to a day; none where it was not landed."""
    if table not in records.store.tables:
        return pd.DataFrame(columns=list(SCHEMAS[table].names)).astype({day: "datetime64[s]"})
    rows = records.store.read(table)
    return rows[(pd.to_datetime(rows[day]) <= pd.Timestamp(until)).to_numpy()]
