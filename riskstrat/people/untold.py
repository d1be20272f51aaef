"""What cannot be told of each person, and why: by count, lane of the timeline, `conditions` or `pathways`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.rules import ComparisonRule
from riskstrat.features.gaps import explain_wordless
from riskstrat.features.telling import HELD_BY_NOBODY, Reasons
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

    Of a count that has a value it is why there may be more: the number is then the least that there was. events: those
    of the timeline, by patient_id.
    """
    found: list[dict[str, str]] = [{} for _ in range(len(records))]
    for name in counts:
        _note(found, name, records.untold(name))
        _note(found, name, records.find_least(name))
    if records.roles.number_of_conditions:
        _note(found, CONDITIONS, records.untold(records.roles.number_of_conditions))
    for lane, why in _list_silent_lanes(records, events):
        _note(found, lane, why)
    return found


def find_undecided(records: Records, rules: Sequence[ComparisonRule]) -> list[str | None]:
    """For each person why one of the rules might hold of them and cannot be told to; None where none might.

    Of what a source that came holds of nobody at all, a page says that for everybody. Where it is what a rule must not
    find, the rule would hold without it, so that it is said of the rule as well.
    """
    matrix = records.bound_discharges(records.told)
    values = pd.DataFrame(matrix.values, columns=list(matrix.columns))
    asked = {condition.feature for rule in rules for condition in rule.conditions}
    least = {name: records.find_least(name) for name in sorted(asked)}
    untold = {name: records.untold(name) for name in least}
    # Where a number is the least that there was, a rule that it does not meet might hold of the whole.
    lacking = {name: _mark_lacking(values, name, untold[name]) | (least[name] != np.array(None)) for name in least}
    reasons = {name: np.where(untold[name] == np.array(None), least[name], untold[name]) for name in least}
    found: list[str | None] = [None] * len(records)
    for rule in rules:
        barred = {one.feature: untold[one.feature] == np.array(HELD_BY_NOBODY) for one in rule.none}
        open_ = lacking | {name: lacking[name] | of_nobody for name, of_nobody in barred.items()}
        words = {one.feature: f"not recorded of anybody: {one.words}" for one in rule.none}
        for row in np.flatnonzero(rule.may_hold(values, open_)):
            why = (reasons[one.feature][row] for one in rule.conditions if lacking[one.feature][row])
            found[row] = found[row] or next(why, None) or next((words[one] for one in barred if barred[one][row]), None)
    return found


def _mark_lacking(values: pd.DataFrame, name: str, why: Reasons) -> npt.NDArray[np.bool_]:
    """Of whom a value is not given because its rows did not come."""
    given = values[name].notna().to_numpy() if name in values else np.zeros(len(why), np.bool_)
    return (why != np.array(None)) & (why != np.array(HELD_BY_NOBODY)) & ~given


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
