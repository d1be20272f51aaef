"""Long-term conditions, frailty and flags of each person: short facts beside the reasons, from the redacted record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.definitions.frailty import FrailtyScore
from riskstrat.documents import long_date
from riskstrat.explanation import in_figures
from riskstrat.people.records import Records

MOST_CONDITIONS = 3

NOT_RECORDED = "not recorded"


def top_conditions(records: Records) -> list[tuple[str, ...]]:
    """For each person up to three recorded long-term conditions, those first that raised this estimate most.

    Among conditions of the same weight the one recorded last comes first. Never a sensitive one.
    """
    groups = {
        name: group for name, group in _select_condition_features(records).items() if name in records.matrix.columns
    }
    moved = {name: place for place, name in enumerate(records.narrow.columns)}
    made = []
    for row in range(len(records)):
        found = []
        for name, group in groups.items():
            if records.matrix.values[row, records.matrix.columns.index(name)] == 1:
                weight = records.explained[row, moved[name]] if name in moved else 0.0
                found.append((-round(float(weight), 6), -_convert_to_day_number(records.when(name)[row]), group))
        made.append(tuple(group for _, _, group in sorted(found)[:MOST_CONDITIONS]))
    return made


def _select_condition_features(records: Records) -> dict[str, str]:
    """The features that tell whether one condition is recorded, with the condition's name."""
    return {
        name: feature.codes.groups[0]
        for name, feature in records.features.items()
        if feature.verb == "exists" and feature.codes and feature.codes.name == records.roles.conditions
        if len(feature.codes.groups) == 1 and not feature.wording.sensitive
    }


def _convert_to_day_number(when: np.datetime64) -> int:
    return -(10**9) if np.isnat(when) else int(when.astype("datetime64[D]").astype(int))


def frailty(records: Records) -> list[str]:
    """For each person the scores that are valid at their age, each with its band, or that none is recorded."""
    scores = records.opened.workspace.frailty
    found = {score.feature: (records.value(score.feature), records.when(score.feature)) for score in scores}
    return [
        frailty_in_words(scores, age, {name: (float(value[row]), when[row]) for name, (value, when) in found.items()})
        for row, age in enumerate(records.value(records.roles.age))
    ]


def frailty_in_words(
    scores: Sequence[FrailtyScore], age: float, found: Mapping[str, tuple[float, np.datetime64]]
) -> str:
    """The scores that are valid at an age, such as "eFI 0.28, moderate, 4 March 2026".

    found: by feature the value and the day of the latest record behind it.
    """
    youngest = min((score.from_age for score in scores), default=0)
    if not age >= youngest:
        return f"not scored under {youngest}"
    parts = []
    for score in scores:
        value, day = found[score.feature]
        if score.is_valid(age, value) and not (score.needs_a_date and np.isnat(day)):
            when = "" if np.isnat(day) else long_date(_date(day))
            parts.append(score.words(in_figures(value), score.band_of(value), when))
    return "; ".join(parts) or NOT_RECORDED


def _date(day: np.datetime64) -> date:
    made: date = day.astype("datetime64[D]").item()
    return made


def flags(records: Records, list_date: date) -> list[tuple[str, ...]]:
    """For each person what stands out, and what is unknown because its source was not landed."""
    status = same_day_status(records, list_date)
    return [
        (*status.get(patient, UNKNOWN_TODAY), *_list_feature_flags(records, row, seen_today=patient in status))
        for row, patient in enumerate(records.rows["patient_id"])
    ]


def _list_feature_flags(records: Records, row: int, *, seen_today: bool) -> Iterator[str]:
    for flag in records.opened.workspace.flags:
        if seen_today and flag.until_status_is_known:
            continue
        if flag.feature not in records.matrix.columns:
            yield f"{flag.unknown}: unknown"
        elif flag.holds(records.matrix.values[row : row + 1, records.matrix.columns.index(flag.feature)])[0]:
            yield flag.words


STATUS_WORDS = {"inpatient": "In hospital", "palliative_register": "On the palliative care register"}
UNKNOWN_TODAY = ("Status on the day of this list: unknown",)


def same_day_status(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """Flags by patient_id of everybody with a status of the list's own day; most people have none."""
    if "statuses" not in records.store.tables:
        return {}
    given = records.store.read("statuses")
    same_day = given[(given["as_at"] == pd.Timestamp(list_date)).to_numpy()]
    return {str(row["patient_id"]): _describe_status(row, list_date) for row in same_day.to_dict("records")}


def _describe_status(row: dict[Any, Any], list_date: date) -> tuple[str, ...]:
    told = [words for name, words in STATUS_WORDS.items() if row.get(name) is True]
    return tuple(f"{words} on {long_date(list_date)}" for words in told)
