"""Long-term conditions, frailty and flags of each person: short facts beside the reasons, from the discreet record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.documents import long_date
from riskstrat.explanation import in_figures
from riskstrat.people.records import Records

CONDITIONS = "long_term_conditions"
MOST_CONDITIONS = 3
EFI, EFI_FROM = "efi_latest", 65
HFRS, HFRS_FROM = "hfrs_730d", 75
EFI_BANDS = ((0.12, "fit"), (0.24, "mild"), (0.36, "moderate"))
"""Upper ends of the electronic frailty index's bands; above the last it is severe (Clegg and others 2016)."""
HFRS_LOW, HFRS_HIGH = 5, 15
"""Points from which the Hospital Frailty Risk Score is intermediate, and above which it is high (Gilbert 2018)."""

NOT_RECORDED = "not recorded"


def top_conditions(records: Records) -> list[tuple[str, ...]]:
    """For each person up to three recorded long-term conditions, those first that raised this estimate most.

    Among conditions of the same weight the one recorded last comes first. Never a sensitive one.
    """
    groups = {name: group for name, group in _condition_features(records).items() if name in records.matrix.columns}
    moved = {name: place for place, name in enumerate(records.narrow.columns)}
    made = []
    for row in range(len(records)):
        found = []
        for name, group in groups.items():
            if records.matrix.values[row, records.matrix.columns.index(name)] == 1:
                weight = records.explained[row, moved[name]] if name in moved else 0.0
                found.append((-round(float(weight), 6), -_day(records.when(name)[row]), group))
        made.append(tuple(group for _, _, group in sorted(found)[:MOST_CONDITIONS]))
    return made


def _condition_features(records: Records) -> dict[str, str]:
    """The features that tell whether one condition is recorded, with the condition's name."""
    return {
        name: feature.codes.groups[0]
        for name, feature in records.features.items()
        if feature.verb == "exists" and feature.codes and feature.codes.name == CONDITIONS
        if len(feature.codes.groups) == 1 and not feature.wording.sensitive
    }


def _day(when: np.datetime64) -> int:
    return -(10**9) if np.isnat(when) else int(when.astype("datetime64[D]").astype(int))


def frailty(records: Records) -> list[str]:
    """For each person the scores that are valid at their age, each with its band, or that none is recorded."""
    columns = (records.value("age"), records.value(EFI), records.when(EFI), records.value(HFRS))
    return [frailty_in_words(*row) for row in zip(*columns, strict=True)]


def frailty_in_words(age: float, efi: float, measured: np.datetime64, hfrs: float) -> str:
    """The eFI from 65 on and the HFRS from 75 on, such as "eFI 0.28, moderate, 4 March 2026"."""
    if not age >= EFI_FROM:
        return f"not scored under {EFI_FROM}"
    parts = []
    if not np.isnan(efi) and not np.isnat(measured):
        parts.append(f"eFI {in_figures(efi)}, {_efi_band(efi)}, {long_date(_date(measured))}")
    if age >= HFRS_FROM and hfrs > 0:
        parts.append(f"HFRS {in_figures(hfrs)}, {_hfrs_band(hfrs)}, hospital records of 2 years")
    return "; ".join(parts) or NOT_RECORDED


def _efi_band(efi: float) -> str:
    return next((band for end, band in EFI_BANDS if round(efi, 4) <= end), "severe")


def _hfrs_band(hfrs: float) -> str:
    return "low" if hfrs < HFRS_LOW else "intermediate" if hfrs <= HFRS_HIGH else "high"


def _date(day: np.datetime64) -> date:
    made: date = day.astype("datetime64[D]").item()
    return made


FLAGS: tuple[tuple[str, str, float, str, str], ...] = (
    ("lives_in_care_home", "at least", 1, "Lives in a care home", "Care home"),
    ("emergency_stay_open", "at least", 1, "In hospital as an emergency, as far as is known", "Hospital stays"),
    ("days_since_emergency_discharge", "at most", 30, "Left hospital in the last 30 days", "Hospital discharges"),
    ("emergency_admissions_90d", "at least", 2, "2 or more emergency admissions in 90 days", "Emergency admissions"),
    ("ae_attendances_90d", "at least", 3, "3 or more A&E visits in 90 days", "A&E visits"),
    ("falls_365d", "at least", 2, "2 or more falls in 12 months", "Falls"),
    ("different_medicines_90d", "at least", 10, "10 or more medicines in 3 months", "Medicines"),
    ("missed_contacts_365d", "at least", 3, "3 or more missed appointments in 12 months", "Missed appointments"),
    ("gp_contacts_365d", "at most", 0, "No GP contact in 12 months, or may not be reaching services", "GP contacts"),
)
"""Feature, how it is compared, the number, the flag, and what is unknown where its source was not landed."""


def flags(records: Records, list_date: date) -> list[tuple[str, ...]]:
    """For each person what stands out, and what is unknown because its source was not landed."""
    status = same_day_status(records, list_date)
    return [
        (*status.get(patient, UNKNOWN_TODAY), *_of_features(records, row, seen_today=patient in status))
        for row, patient in enumerate(records.rows["patient_id"])
    ]


def _of_features(records: Records, row: int, *, seen_today: bool) -> Iterator[str]:
    for name, how, number, flag, source in FLAGS:
        if seen_today and name == "emergency_stay_open":
            continue
        if name not in records.matrix.columns:
            yield f"{source}: unknown"
            continue
        value = records.matrix.values[row, records.matrix.columns.index(name)]
        if (value >= number) if how == "at least" else (value <= number):
            yield flag


STATUS_WORDS = {"inpatient": "In hospital", "palliative_register": "On the palliative care register"}
UNKNOWN_TODAY = ("Status on the day of this list: unknown",)


def same_day_status(records: Records, list_date: date) -> dict[str, tuple[str, ...]]:
    """Flags by patient_id of everybody with a status of the list's own day; most people have none."""
    if "statuses" not in records.store.tables:
        return {}
    given = records.store.read("statuses")
    same_day = given[(given["as_at"] == pd.Timestamp(list_date)).to_numpy()]
    return {str(row["patient_id"]): _status(row, list_date) for row in same_day.to_dict("records")}


def _status(row: dict[Any, Any], list_date: date) -> tuple[str, ...]:
    told = [words for name, words in STATUS_WORDS.items() if row.get(name) is True]
    return tuple(f"{words} on {long_date(list_date)}" for words in told)
