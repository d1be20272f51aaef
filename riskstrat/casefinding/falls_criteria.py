"""Whether a person meets the criteria of NICE NG249 for a comprehensive falls assessment, as far as records tell.

A rule over facts, no score: NG249 (April 2025) 1.1.1 says not to use tools that predict falls. The criteria are those
of its consultation text, with injury as remembered from the final text ("injured and needed medical treatment"): people
aged 65 or over, or 50 to 64 with a factor that raises the risk of falls, who fell in the last 12 months and have any of
frailty, an injury that needed treatment, loss of consciousness, not being able to get up, or two or more falls. Of the
factors, NICE names arthritis, learning disability, dementia and Parkinson's disease; the others are from recall.
Confirm against the final text before clinical use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

SOURCE = "NICE NG249 (2025), from its consultation text; confirm against the final text before clinical use."

FACTORS: Mapping[str, str] = {
    "has_osteoarthritis": "osteoarthritis",
    "has_rheumatoid_or_connective_tissue_disease": "rheumatoid arthritis or connective tissue disease",
    "has_learning_disability": "learning disability",
    "has_dementia": "dementia",
    "has_parkinsons_disease": "Parkinson's disease",
    "has_diabetes": "diabetes",
    "has_stroke_or_tia": "stroke or TIA",
    "has_incontinence": "incontinence",
    "has_visual_impairment": "visual impairment",
}
"""Features of the factors that bring people aged 50 to 64 into the guideline, and how each is printed."""

COLUMNS = (
    *("age", "falls_365d", "falls_1095d", "falls_treated_365d"),
    *("fell_and_lost_consciousness", "fell_and_could_not_get_up", "efi_latest", "hfrs_730d"),
    *FACTORS,
)
"""Features that decide; one that could not be built counts as not recorded."""

FIT, MODERATELY_FRAIL = 0.12, 0.24
"""Electronic frailty index up to which a person is fit, and above which frailty is moderate or severe (Clegg and
others, Age and Ageing 2016; valid at 65 and over). In between it is mild, which leaves the question to a clinician."""

HIGH_HFRS = 15
"""Hospital Frailty Risk Score above which the risk is high (Gilbert and others, Lancet 2018; valid at 75 and over)."""

Answer = Literal["met", "not met", "cannot tell"]
Recorded = bool | None
"""Recorded as so, recorded as not so, or not recorded."""

DETAILS: Mapping[str, tuple[str, str]] = {
    "treated": ("an injury needed treatment", "whether an injury needed treatment"),
    "loss_of_consciousness": ("lost consciousness", "whether consciousness was lost"),
    "unable_to_get_up": ("could not get up", "whether the person could get up"),
}
"""Columns of a fall's report, each as it is printed when so, and when it is not recorded."""


@dataclass(frozen=True)
class FallsCriteria:
    """The answer for one person and one sentence that says what it rests on."""

    answer: Answer
    why: str


def falls_criteria(values: pd.DataFrame, reports: pd.DataFrame | None = None) -> pd.Series:
    """One FallsCriteria per row of `values` (one row per patient, indexed by patient_id, `COLUMNS` as far as built).

    `reports`: one row per fall reported in the last 12 months: patient_id and `DETAILS`, true, false or not recorded.
    Without it a feature that is 0 counts as not recorded, since it cannot tell a no from a blank.
    """
    wanted = values.reindex(columns=list(COLUMNS)).astype(float)
    told = _told(reports)
    found = [_judge(dict(row._asdict()), told.get(row.Index, {})) for row in wanted.itertuples()]
    return pd.Series(found, index=values.index, dtype=object)


def _told(reports: pd.DataFrame | None) -> dict[object, dict[str, Recorded]]:
    """By patient what the reports of the year say together: so in any, not so in all, or not recorded."""
    told: dict[object, dict[str, Recorded]] = {}
    if reports is None:
        return told
    for patient, rows in reports.reindex(columns=["patient_id", *DETAILS]).groupby("patient_id"):
        told[patient] = {name: _together(rows[name]) for name in DETAILS}
    return told


def _together(said: pd.Series) -> Recorded:
    if said.dropna().astype(bool).any():
        return True
    return None if said.isna().any() else False


def _judge(row: Mapping[str, float], told: Mapping[str, Recorded]) -> FallsCriteria:
    falls = row["falls_365d"]
    if falls != falls:
        return FallsCriteria("cannot tell", "No record of falls is in the data.")
    if falls == 0:
        return FallsCriteria("not met", "No fall is recorded in the last 12 months; ask whether the person has fallen.")
    covered, group = _covered(row)
    if not covered:
        return FallsCriteria("not met" if covered is False else "cannot tell", group)
    number = f"{falls:.0f} recorded fall{'' if falls == 1 else 's'} in the last 12 months"
    recorded = _criteria(row, told)
    met = [so for so, (answer, _) in recorded.items() if answer]
    if falls >= 2 or met:
        return FallsCriteria("met", f"{group}: {'; '.join([number, *met])}.")
    unknown = [words for answer, words in recorded.values() if answer is None]
    if unknown:
        return FallsCriteria("cannot tell", f"{group}: {number}; not recorded: {', '.join(unknown)}.")
    return FallsCriteria("not met", f"{group}: {number}; none of the further criteria is recorded.")


def _covered(row: Mapping[str, float]) -> tuple[Recorded, str]:
    """Whether the guideline covers the person, and the words for it."""
    age = row["age"]
    if age != age:
        return None, "Age is not recorded."
    if age >= 65:
        return True, "Aged 65 or over"
    if age < 50:
        return (
            False,
            "Under 50: the criteria are for people aged 65 or over, or 50 to 64 with a factor such as dementia.",
        )
    present = [words for name, words in FACTORS.items() if row[name] > 0]
    if present:
        return True, f"Aged 50 to 64 with {' and '.join(present)}"
    if any(row[name] != row[name] for name in FACTORS):
        return None, "Aged 50 to 64, and not every factor that raises the risk of falls is in the data."
    return False, "Aged 50 to 64, and none of the factors that raise the risk of falls is recorded."


def _criteria(row: Mapping[str, float], told: Mapping[str, Recorded]) -> dict[str, tuple[Recorded, str]]:
    """Each criterion besides the number of falls: the words when so, the answer, the words when not recorded."""
    of_this_year = row["falls_1095d"] == row["falls_365d"]
    features = {
        "treated": row["falls_treated_365d"] > 0,
        "loss_of_consciousness": of_this_year and row["fell_and_lost_consciousness"] > 0,
        "unable_to_get_up": of_this_year and row["fell_and_could_not_get_up"] > 0,
    }
    frail, how = _frailty(row)
    criteria: dict[str, tuple[Recorded, str]] = {how: (frail, "frailty")}
    for name, (so, unknown) in DETAILS.items():
        criteria[so] = (True if features[name] else told.get(name), unknown)
    return criteria


def _frailty(row: Mapping[str, float]) -> tuple[Recorded, str]:
    if row["age"] >= 65 and row["efi_latest"] > MODERATELY_FRAIL:
        return True, "moderate or severe frailty by the electronic frailty index"
    if row["age"] >= 75 and row["hfrs_730d"] > HIGH_HFRS:
        return True, "high Hospital Frailty Risk Score"
    return (False if row["age"] >= 65 and row["efi_latest"] <= FIT else None), "frailty"
