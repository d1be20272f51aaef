"""What happened to a person in the 24 months before the index date, in plain words and without a specialty or provider.

Every function takes tables as they stood at the index date and gives one row per event: patient_id, start, end (missing
where there is none), lane and label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.coded_columns import mark_told
from riskstrat.definitions.codelists import Codelist
from riskstrat.people.falls import ONE_FALL
from riskstrat.people.records import Records
from riskstrat.people.services import name_service
from riskstrat.people.told_reasons import ReasonRules, tell_stays, tell_visits
from riskstrat.people.untold_shares import RecentEvents, raise_for_stays, raise_for_visits
from riskstrat.publication import TimelineEvent
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


COLUMNS = ["patient_id", "start", "end", "lane", "label"]


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
    for row in found.itertuples(index=False):
        end = None if pd.isna(row.end) else row.end.date()
        made[row.patient_id].append(TimelineEvent(row.start.date(), end, row.lane, row.label, NO_END in row.label))
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


def _name_reasons(rows: pd.DataFrame) -> npt.NDArray[Any]:
    """ ": pneumonia or flu" for each row, and nothing where no source tells what anything was for."""
    return np.array(["" if pd.isna(reason) else f": {reason}" for reason in rows["reason"]], dtype=object)


def _describe_ends(stays: pd.DataFrame, codes: HospitalCodes) -> npt.NDArray[Any]:
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
    for patient, days in reports.sort_values("fell_on", kind="stable").groupby("patient_id", sort=True):
        for first, injury in _merge_fall_reports(zip(days["fell_on"], days["injury"], strict=True)):
            rows.append((patient, first, pd.NaT, "Falls", "Fall with an injury" if injury else "Fall"))
    return _build_table(rows)


def _merge_fall_reports(reports: Iterable[tuple[pd.Timestamp, Any]]) -> Iterator[tuple[pd.Timestamp, bool]]:
    """The first day of each fall, and whether any report of it tells of an injury."""
    first, injured = None, False
    for day, injury in reports:
        hurt = bool(injury) if not pd.isna(injury) else False
        if first is not None and (day - first).days <= ONE_FALL:
            injured |= hurt
            continue
        if first is not None:
            yield first, injured
        first, injured = day, hurt
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


def _count_by_quarter(rows: pd.DataFrame, day: str, lane: str, kinds: pd.Series) -> pd.DataFrame:
    """One row per person and 91 days counted back from the index date that hold rows; the label counts each kind."""
    back = (rows["index_date"] - rows[day]).dt.days // QUARTER
    counted = rows.assign(back=back, kind=kinds)[(back < QUARTERS).to_numpy()]
    counted = counted.groupby(["patient_id", "index_date", "back", "kind"], sort=True).size()
    labels: dict[tuple[Any, Any, int], list[str]] = {}
    for (patient, index, number, kind), times in counted.items():
        said = f"{times} {kind}{'' if times == 1 else 's'}"
        labels.setdefault((patient, index, number), []).append(said)
    made = []
    for (patient, index, number), said_of_kinds in labels.items():
        last = index - pd.Timedelta(days=int(number) * QUARTER)
        first = last - pd.Timedelta(days=QUARTER - 1)
        made.append((patient, first, last, lane, ", ".join(said_of_kinds)))
    return _build_table(made)


def _build_events(rows: pd.DataFrame, start: str, end: pd.Series | None, lane: str, label: Any) -> pd.DataFrame:
    return _cast_columns(
        pd.DataFrame(
            {"patient_id": rows["patient_id"], "start": rows[start], "end": pd.NaT if end is None else end}
        ).assign(lane=lane, label=label)
    )


def _build_table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return _cast_columns(pd.DataFrame(rows, columns=COLUMNS))


def _cast_columns(events: pd.DataFrame) -> pd.DataFrame:
    return events.astype({"start": "datetime64[s]", "end": "datetime64[s]", "label": object, "patient_id": object})
