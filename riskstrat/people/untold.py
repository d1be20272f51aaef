"""What cannot be told of each person, and why: by count of the list, lane of the timeline, or `conditions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from riskstrat.features.gaps import explain_wordless
from riskstrat.people.records import Records
from riskstrat.people.timeline import DAYS
from riskstrat.publication import TimelineEvent

LANE_SOURCES: Mapping[str, tuple[str, ...]] = {
    "Hospital": ("admissions",),
    "A&E": ("attendances",),
    "Falls": ("falls", "diagnoses", "attendances"),
    "Care": ("social_care",),
    "Contacts": ("contacts",),
}
"""The sources of each lane of the timeline: without an event it says that there was none only if all of them can."""

LANE_STREAMS = {"Falls": "all_falls"}
"""The merged stream that a lane shows."""

CONDITIONS = "conditions"
"""The part of a page that names every condition, and would say that there is none."""


def find_untold(
    records: Records, counts: Iterable[str], events: Mapping[str, tuple[TimelineEvent, ...]]
) -> list[dict[str, str]]:
    """For each person, by count, lane or `conditions`, why it cannot be told.

    events: those of the timeline, by patient_id.
    """
    found: list[dict[str, str]] = [{} for _ in range(len(records))]
    for name in counts:
        _note(found, name, records.untold(name))
    if records.roles.number_of_conditions:
        _note(found, CONDITIONS, records.untold(records.roles.number_of_conditions))
    for lane, why in _list_silent_lanes(records, events):
        _note(found, lane, why)
    return found


def _note(found: list[dict[str, str]], name: str, reasons: Iterable[str | None]) -> None:
    for told, why in zip(found, reasons, strict=True):
        if why is not None:
            told.setdefault(name, why)


def _list_silent_lanes(
    records: Records, events: Mapping[str, tuple[TimelineEvent, ...]]
) -> Iterator[tuple[str, list[str | None]]]:
    """Each lane and source, with the reason for those who have no event in the lane."""
    patients = [str(patient) for patient in records.rows["patient_id"]]
    for lane, sources in LANE_SOURCES.items():
        empty = [all(event.lane != lane for event in events[patient]) for patient in patients]
        for source in sources:
            reasons = records.telling.find_source_reasons(source, DAYS)
            yield lane, [why if bare else None for why, bare in zip(reasons, empty, strict=True)]
        wordless = explain_wordless(LANE_STREAMS.get(lane, ""), records.store.manifest)
        yield lane, [wordless if bare else None for bare in empty]
