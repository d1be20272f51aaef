"""What happened to a person in the 24 months before the index date, in plain words and without a specialty or provider.

Every function takes tables as they stood at the index date and gives one row per event: patient_id, start, end (missing
where there is none), lane and label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.coded_columns import mark_told
from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.table_rows import read_rows
from riskstrat.people.falls import ONE_FALL
from riskstrat.people.records import Records
from riskstrat.people.services import name_service
from riskstrat.people.told_reasons import ReasonRules, tell_stays, tell_visits
from riskstrat.people.untold_shares import RecentEvents, raise_for_stays, raise_for_visits
from riskstrat.publication import Lane, TimelineEvent
from riskstrat.sources.store import Store
from riskstrat.sources.streams import (
    ADMISSION_DETAILS,
    ADMISSION_METHODS,
    ATTENDANCE_DETAILS,
    ELECTIVE,
    EMERGENCY,
    PLANNED,
    codes_in,
)

DAYS = 731
"""Two years, a leap day among them."""

QUARTER, QUARTERS = 91, 8
SERVICES = {
    "home_care": "Home care",
    "reablement": "Reablement",
    "residential": "Residential care",
    "nursing": "Nursing care",
    "telecare": "Telecare",
    "day_care": "Day care",
    "equipment": "Equipment supplied",
    "carer_support": "Support for a carer",
    "assessment": "Social care assessment",
}
AT_ONCE = ("equipment", "assessment")
"""Services that are an event rather than a time."""


class HospitalCodes(NamedTuple):
    """What the workspace's codelists say of how stays begin and end, patient classes, and A&E visits.

    Where a codelist is not there, nothing has its codes.
    """

    emergency: tuple[str, ...]
    planned: tuple[str, ...]
    day_case: tuple[str, ...]
    regular: tuple[str, ...]
    follow_up: tuple[str, ...]
    same_day: tuple[str, ...]
    ambulance: tuple[str, ...]
    home: tuple[str, ...]
    care_home: tuple[str, ...]
    hospital: tuple[str, ...]
    died: tuple[str, ...]
    method_died: tuple[str, ...]


def hospital_codes(codelists: Mapping[str, Codelist]) -> HospitalCodes:
    """The groups of the codelists that stays and visits are told by. Raises DefinitionError if a group is lacking."""
    return HospitalCodes(
        emergency=codes_in(codelists, ADMISSION_METHODS, EMERGENCY),
        planned=codes_in(codelists, ADMISSION_METHODS, ELECTIVE),
        day_case=codes_in(codelists, ADMISSION_DETAILS, "day case"),
        regular=codes_in(codelists, ADMISSION_DETAILS, "regular attender"),
        follow_up=codes_in(codelists, ATTENDANCE_DETAILS, PLANNED),
        same_day=codes_in(codelists, ATTENDANCE_DETAILS, "same-day emergency care"),
        ambulance=codes_in(codelists, ATTENDANCE_DETAILS, "by ambulance"),
        home=codes_in(codelists, ADMISSION_DETAILS, "usual residence"),
        care_home=codes_in(codelists, ADMISSION_DETAILS, "care home destination"),
        hospital=codes_in(codelists, ADMISSION_DETAILS, "hospital destination"),
        died=codes_in(codelists, ADMISSION_DETAILS, "died (destination)"),
        method_died=codes_in(codelists, ADMISSION_DETAILS, "died (method)"),
    )


class EventRow(NamedTuple):
    """One event of a person, as every table of this module has it."""

    patient_id: str
    start: date
    end: date | None
    lane: Lane
    label: str


def timelines(records: Records) -> dict[str, tuple[TimelineEvent, ...]]:
    """The events of each person, oldest first; from the printable record, as known at the index date."""
    codes = hospital_codes(records.opened.workspace.codelists)
    stays, visits = _tell_reasons(records, codes)
    tables = [
        hospital_stays(stays, codes),
        emergency_visits(visits, codes),
        falls(records.known("all_falls")),
        social_care(records.known("social_care"), ends_told=tells_ends(records.opened.store)),
        contacts(records.known("contacts")),
    ]
    found = _inside(pd.concat(tables, ignore_index=True), records.index_date)
    found = found.sort_values(["patient_id", "start", "lane", "label", "end"], kind="stable")
    made: dict[str, list[TimelineEvent]] = {str(patient): [] for patient in records.rows["patient_id"]}
    for row in read_rows(found, EventRow):
        made[row.patient_id].append(TimelineEvent(row.start, row.end, row.lane, row.label, NO_END in row.label))
    return {patient: tuple(events) for patient, events in made.items()}


def _tell_reasons(records: Records, codes: HospitalCodes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stays and A&E visits, each with `reason`: in words, and missing where no source could tell it of anybody."""
    workspace, store = records.opened.workspace, records.store
    born = store.read("people").set_index("patient_id")["date_of_birth"]
    rules = ReasonRules(workspace.codelists, workspace.settings.sensitive, born)
    borough = RecentEvents(records.opened.store, records.day, DAYS)
    stays, visits = (records.known(name).assign(reason=None) for name in ("admissions", "attendances"))
    urgent = stays[stays["method"].isin(codes.emergency)]
    if "diagnoses" in store.landed:
        raised = raise_for_stays(rules, borough)
        urgent = urgent.assign(reason=tell_stays(urgent, records.known_whole("diagnoses"), raised))
        stays.loc[urgent.index, "reason"] = urgent["reason"]
    if "attendances" in store.landed and "complaint" not in store.absent_columns.get("attendances", ()):
        visits["reason"] = tell_visits(visits, urgent, raise_for_visits(rules, borough))
    return stays, visits


def _inside(events: pd.DataFrame, index_date: pd.Series) -> pd.DataFrame:
    """Events that touch the two years."""
    index = pd.Series(index_date.reindex(events["patient_id"]).to_numpy(), index=events.index)
    first = index - pd.Timedelta(days=DAYS - 1)
    touches = (events["start"] >= first) | (events["end"] >= first)
    return events[touches & (events["start"] <= index)]


NO_END = "; no end recorded"
"""What is said of a stay or a service that was still running as far as was known; it is drawn to the index date."""


def hospital_stays(admissions: pd.DataFrame, codes: HospitalCodes) -> pd.DataFrame:
    """One row per stay, and one per quarter of regular attendances. Emergency stays say what they were for and how they
    ended: "Emergency hospital stay: pneumonia or flu; 6 nights; went home".
    """
    regular = admissions["patient_class"].isin(codes.regular)
    stays = admissions[~regular]
    planned = stays["method"].isin(codes.planned)
    urgent = stays["method"].isin(codes.emergency)
    label = np.select([urgent, planned], ["Emergency hospital stay", "Planned hospital stay"], "Hospital stay")
    label = label.astype(object) + np.where(urgent, _name_reasons(stays) + _describe_ends(stays, codes), "")
    day_case = planned & stays["patient_class"].isin(codes.day_case)
    label = np.where(day_case, "Planned day in hospital", label)
    label = np.where(stays["discharged_on"].isna(), label + NO_END, label)
    attended = admissions[regular]
    kinds = pd.Series("regular hospital attendance", index=attended.index, dtype=object)
    made = _build_events(stays, "admitted_on", stays["ended_by"].fillna(stays["index_date"]), "Hospital", label)
    return pd.concat([made, _count_by_quarter(attended, "admitted_on", "Hospital", kinds)], ignore_index=True)


def _name_reasons(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    """ ": pneumonia or flu" for each row, and nothing where no source tells what anything was for."""
    return np.array(["" if pd.isna(reason) else f": {reason}" for reason in rows["reason"]], dtype=object)


def _describe_ends(stays: pd.DataFrame, codes: HospitalCodes) -> npt.NDArray[np.object_]:
    """ "; 6 nights; went home" for each row: where somebody went is said in these few words alone, or not at all.

    A destination that says nothing, such as "not known", is not said to be elsewhere.
    """
    nights = (stays["discharged_on"] - stays["admitted_on"]).dt.days
    stayed = ["" if pd.isna(one) else f"; {_count_nights(int(one))}" for one in nights]
    to = stays["destination"]
    died = stays["discharge_method"].isin(codes.method_died) | to.isin(codes.died)
    silent = ~mark_told("admissions", "destination", to)
    places = [stays["discharged_on"].isna(), died, silent, to.isin(codes.home), to.isin(codes.care_home)]
    words = ["", "; died", "", "; went home", "; went to a care home"]
    went = np.select([*places, to.isin(codes.hospital)], [*words, "; went to another hospital"], "; went elsewhere")
    return np.array(stayed, dtype=object) + went.astype(object)


def _count_nights(nights: int) -> str:
    return "no night" if nights == 0 else f"{nights} night{'' if nights == 1 else 's'}"


def emergency_visits(attendances: pd.DataFrame, codes: HospitalCodes) -> pd.DataFrame:
    """One row per visit to A&E or same-day emergency care; planned follow-up is neither."""
    seen = attendances[~attendances["category"].isin(codes.follow_up)]
    same_day = seen["department_type"].isin(codes.same_day)
    label = np.where(same_day, "Same-day emergency care visit", "A&E visit").astype(object)
    arrived = seen["arrival_mode"]
    silent = ~mark_told("attendances", "arrival_mode", arrived)
    came = np.select([silent, arrived.isin(codes.ambulance)], ["", "; came by ambulance"], "; came another way")
    label = label + _name_reasons(seen) + came
    return _build_events(seen, "attended_on", None, "A&E", label)


def falls(reports: pd.DataFrame) -> pd.DataFrame:
    """One row per fall: reports within 3 days of the first are of the same fall."""
    rows = []
    ordered = sorted(read_rows(reports, FallReport), key=lambda report: (report.patient_id, report.fell_on))
    for patient, own in groupby(ordered, key=lambda report: report.patient_id):
        for first, injury in _merge_fall_reports(own):
            rows.append(EventRow(patient, first, None, "Falls", "Fall with an injury" if injury else "Fall"))
    return _build_table(rows)


class FallReport(NamedTuple):
    """One report of a fall; injury is None where it does not say."""

    patient_id: str
    fell_on: date
    injury: bool | None


def _merge_fall_reports(reports: Iterable[FallReport]) -> Iterator[tuple[date, bool]]:
    """The first day of each fall of one person, and whether any report of it tells of an injury."""
    first, injured = None, False
    for report in reports:
        hurt = bool(report.injury)
        if first is not None and (report.fell_on - first).days <= ONE_FALL:
            injured |= hurt
            continue
        if first is not None:
            yield first, injured
        first, injured = report.fell_on, hurt
    if first is not None:
        yield first, injured


NO_ENDS = "; these data do not say whether it has ended"
NO_TIMES = "; these data do not say from when to when"


def tells_ends(store: Store) -> bool:
    """Whether the social care that was landed ever says when a service ended; without that, none is said to run."""
    return store.tells("social_care", "ended_on")


def social_care(services: pd.DataFrame, *, ends_told: bool = True) -> pd.DataFrame:
    """One row per spell of a service; equipment and assessments are of one day, and so is what has no ends at all."""
    at_once = services["service"].isin(AT_ONCE)
    runs = services["ended_on"].isna() & ~at_once
    label = services["service"].map(SERVICES) + np.where(runs, NO_END if ends_told else NO_ENDS, "")
    ended = services["ended_on"].where(~runs, services["index_date"]).where(~at_once & ends_told, pd.NaT)
    return _build_events(services, "started_on", ended, "Care", label)


def contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per quarter before the index date with contacts that were not missed, counted by kind."""
    kept = rows[rows["attended"].astype("boolean").fillna(True).to_numpy(bool)]
    kinds = kept["service"].map(name_service) + " contact"
    return _count_by_quarter(kept, "contacted_on", "Contacts", kinds)


def _count_by_quarter(rows: pd.DataFrame, day: str, lane: Lane, kinds: pd.Series) -> pd.DataFrame:
    """One row per person and 91 days counted back from the index date that hold rows; the label counts each kind."""
    back = (rows["index_date"] - rows[day]).dt.days // QUARTER
    counted = rows.assign(back=back, kind=kinds)[(back < QUARTERS).to_numpy()]
    kinds_counted = counted.groupby(["patient_id", "index_date", "back", "kind"], sort=True).size()
    labels: dict[tuple[str, date, int], list[str]] = {}
    for row in read_rows(kinds_counted.rename("times").reset_index(), QuarterCount):
        said = f"{row.times} {row.kind}{'' if row.times == 1 else 's'}"
        labels.setdefault((row.patient_id, row.index_date, row.back), []).append(said)
    made = []
    for (patient, index, number), said_of_kinds in labels.items():
        last = index - timedelta(days=number * QUARTER)
        made.append(EventRow(patient, last - timedelta(days=QUARTER - 1), last, lane, ", ".join(said_of_kinds)))
    return _build_table(made)


class QuarterCount(NamedTuple):
    """How often a person had one kind of event in 91 days, so many quarters back from the index date."""

    patient_id: str
    index_date: date
    back: int
    kind: str
    times: int


def _build_events(
    rows: pd.DataFrame, start: str, end: pd.Series | None, lane: Lane, label: pd.Series | npt.NDArray[np.object_]
) -> pd.DataFrame:
    return _cast_columns(
        pd.DataFrame(
            {"patient_id": rows["patient_id"], "start": rows[start], "end": pd.NaT if end is None else end}
        ).assign(lane=lane, label=label)
    )


def _build_table(rows: list[EventRow]) -> pd.DataFrame:
    return _cast_columns(pd.DataFrame(rows, columns=list(EventRow._fields)))


def _cast_columns(events: pd.DataFrame) -> pd.DataFrame:
    return events.astype({"start": "datetime64[s]", "end": "datetime64[s]", "label": object, "patient_id": object})
