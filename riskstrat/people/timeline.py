"""What happened to a person in the 24 months before the index date, in plain words and without a diagnosis, a specialty
or a provider.

Every function takes tables as they stood at the index date and gives one row per event: patient_id, start, end (missing
where there is none), lane and label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.people.records import Records
from riskstrat.publication import TimelineEvent
from riskstrat.sources.streams import (
    ADMISSION_DETAILS,
    ADMISSION_METHODS,
    ELECTIVE,
    EMERGENCY,
    codes_in,
)

DAYS = 731
"""Two years, a leap day among them."""

ONE_FALL = 3
"""Days from the first report of a fall in which another is of the same fall."""

QUARTER, QUARTERS = 91, 8
KINDS = {"gp": "GP contact", "outpatient": "outpatient visit"}
OTHER_CONTACT = "other health contact"
"""What a contact is called; which other service it was is not said."""

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

ATTENDANCE_DETAILS = "attendance_details"


class HospitalCodes(NamedTuple):
    """What the workspace's codelists say of methods of admission, patient classes, and A&E categories and departments.

    Where a codelist is not there, nothing has its codes.
    """

    emergency: tuple[str, ...]
    planned: tuple[str, ...]
    day_case: tuple[str, ...]
    regular: tuple[str, ...]
    follow_up: tuple[str, ...]
    same_day: tuple[str, ...]


def hospital_codes(codelists: Mapping[str, Codelist]) -> HospitalCodes:
    """The groups of the codelists that stays and visits are told by. Raises DefinitionError if a group is lacking."""
    return HospitalCodes(
        emergency=codes_in(codelists, ADMISSION_METHODS, EMERGENCY),
        planned=codes_in(codelists, ADMISSION_METHODS, ELECTIVE),
        day_case=codes_in(codelists, ADMISSION_DETAILS, "day case"),
        regular=codes_in(codelists, ADMISSION_DETAILS, "regular attender"),
        follow_up=codes_in(codelists, ATTENDANCE_DETAILS, "planned"),
        same_day=codes_in(codelists, ATTENDANCE_DETAILS, "same-day emergency care"),
    )


COLUMNS = ["patient_id", "start", "end", "lane", "label"]


def timelines(records: Records) -> dict[str, tuple[TimelineEvent, ...]]:
    """The events of each person, oldest first; from the redacted record, as known at the index date."""
    codes = hospital_codes(records.opened.workspace.codelists)
    tables = [
        hospital_stays(records.known("admissions"), codes),
        emergency_visits(records.known("attendances"), codes),
        falls(records.known("all_falls")),
        social_care(records.known("social_care")),
        contacts(records.known("contacts")),
    ]
    found = _inside(pd.concat(tables, ignore_index=True), records.index_date)
    found = found.sort_values(["patient_id", "start", "lane", "label", "end"], kind="stable")
    made: dict[str, list[TimelineEvent]] = {str(patient): [] for patient in records.rows["patient_id"]}
    for row in found.itertuples(index=False):
        end = None if pd.isna(row.end) else row.end.date()
        made[row.patient_id].append(TimelineEvent(row.start.date(), end, row.lane, row.label))
    return {patient: tuple(events) for patient, events in made.items()}


def _inside(events: pd.DataFrame, index_date: pd.Series) -> pd.DataFrame:
    """Events that touch the two years; what began earlier begins with them."""
    index = pd.Series(index_date.reindex(events["patient_id"]).to_numpy(), index=events.index)
    first = index - pd.Timedelta(days=DAYS - 1)
    touches = (events["start"] >= first) | (events["end"] >= first)
    start = events["start"].where(events["start"] >= first, first)
    return events.assign(start=start)[touches & (events["start"] <= index)]


NO_END = ", no end recorded"
"""What is said of a stay or a service that was still running as far as was known; it is drawn to the index date."""


def hospital_stays(admissions: pd.DataFrame, codes: HospitalCodes) -> pd.DataFrame:
    """One row per stay, and one per quarter of regular attendances."""
    regular = admissions["patient_class"].isin(codes.regular)
    stays = admissions[~regular]
    planned = stays["method"].isin(codes.planned)
    label = np.select(
        [stays["method"].isin(codes.emergency), planned],
        ["Emergency hospital stay", "Planned hospital stay"],
        "Hospital stay",
    ).astype(object)
    day_case = planned & stays["patient_class"].isin(codes.day_case)
    label = np.where(day_case, "Planned day in hospital", label)
    label = np.where(stays["discharged_on"].isna(), label + NO_END, label)
    attended = admissions[regular]
    kinds = pd.Series("regular hospital attendance", index=attended.index, dtype=object)
    made = _build_events(stays, "admitted_on", stays["discharged_on"].fillna(stays["index_date"]), "Hospital", label)
    return pd.concat([made, _count_by_quarter(attended, "admitted_on", "Hospital", kinds)], ignore_index=True)


def emergency_visits(attendances: pd.DataFrame, codes: HospitalCodes) -> pd.DataFrame:
    """One row per visit to A&E or same-day emergency care; planned follow-up is neither."""
    seen = attendances[~attendances["category"].isin(codes.follow_up)]
    same_day = seen["department_type"].isin(codes.same_day)
    label = np.where(same_day, "Same-day emergency care visit", "A&E visit").astype(object)
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


def social_care(services: pd.DataFrame) -> pd.DataFrame:
    """One row per spell of a service; equipment and assessments are of one day."""
    at_once = services["service"].isin(AT_ONCE)
    runs = services["ended_on"].isna() & ~at_once
    label = services["service"].map(SERVICES) + np.where(runs, NO_END, "")
    ended = services["ended_on"].where(~runs, services["index_date"]).where(~at_once, pd.NaT)
    return _build_events(services, "started_on", ended, "Care and contacts", label)


def contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per quarter before the index date with contacts that were not missed, counted by kind."""
    kept = rows[rows["attended"].astype("boolean").fillna(True).to_numpy(bool)]
    kinds = kept["service"].map(KINDS).fillna(OTHER_CONTACT)
    return _count_by_quarter(kept, "contacted_on", "Care and contacts", kinds)


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
