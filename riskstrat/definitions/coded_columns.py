"""The coded columns of the source tables: by which words or shapes a value is understood where no codelist names it.

Words are those of the HES data dictionary and of ECDS (NHS Data Dictionary), from background knowledge where no list of
values is cited; what the engine and the simulated borough write is this project's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from riskstrat.definitions.measures import MEASURES
from riskstrat.definitions.snomed import is_concept

if TYPE_CHECKING:
    import pandas as pd

RECODED = {("admissions", "method"): {"66": "2A", "67": "2B", "68": "2C", "69": "2D"}}
"""Values by which public HES cleaning code replaces codes with a letter (HFAnalyticsLab/HES_pipeline); ADMIMETH has
none of them, so they are read back and counted."""


@dataclass(frozen=True)
class CodedColumn:
    """One coded column. `system` is that of its codes; None means that the row's column `system` says it.

    `words` are values whose meaning is known; `recognises` says so of a value by its shape.
    """

    table: str
    column: str
    system: str | None = None
    words: frozenset[str] = frozenset()
    recognises: Callable[[str], bool] | None = None

    def knows(self, value: str) -> bool:
        """Whether the value is understood without a codelist."""
        return value in self.words or (self.recognises is not None and self.recognises(value))

    def tells(self, value: str) -> bool:
        """Whether the value is understood and says more than that it is not known or does not apply."""
        return self.knows(value) and value not in SAY_NOTHING.get((self.table, self.column), ())


SAY_NOTHING = {
    ("admissions", "destination"): ("98", "99"),
    ("attendances", "arrival_mode"): ("9",),
}
"""Values of HES that stand for "not applicable" and "not known"; a sentence may not take them for one place or way."""


def _has_bnf_shape(code: str) -> bool:
    """A chapter, one of its sections, and further levels at their lengths; RxNorm, dm+d and 4.29E+10 have none of it.

    How many sections a chapter has is from background knowledge, and counted generously.
    """
    return _BNF.fullmatch(code) is not None


_BNF = re.compile(
    r"(0[1-9](0[1-9]|1[0-5])|1[0-24]0[1-9]|1[39](0[1-9]|1[0-5])|1[58]0[1-4])"
    r"(\d\d(\d([0-9A-Z]{2}([0-9A-Z]{2}([0-9A-Z]{2}([0-9A-Z]{2})?)?)?)?)?)?"
    r"|2[0-3]\d\d([0-9A-Z]{7,11})?"
)
_HES_DIAGNOSIS = re.compile(r"\d{2}[0-9A-Z]{0,4}|[A-Z]\d[0-9A-Z]{1,5}")
"""HES A&E diagnosis (condition, sub-analysis, area, side) or an ICD-10 code."""


def _is_diagnosis_of_attendance(code: str) -> bool:
    return is_concept(code) or _HES_DIAGNOSIS.fullmatch(code) is not None


def _is_complaint(value: str) -> bool:
    return is_concept(value) or re.sub(r"[^A-Z0-9]+", "_", value) in _COMPLAINTS.split()


def _is_specialty(code: str) -> bool:
    return re.fullmatch(r"[1-9]\d\d", code) is not None


_COMPLAINTS = (
    "ABDOMINAL_PAIN BACK_PAIN BLEEDING BREATHLESS BREATHLESSNESS CHEST_PAIN COLLAPSE CONFUSION COUGH DIZZINESS EYE "
    "FALL FEVER HEADACHE HEAD_INJURY INJURY INTOXICATED LIMB_PAIN MENTAL_HEALTH OTHER OVERDOSE PALPITATIONS RASH "
    "SEIZURE SHORTNESS_OF_BREATH SKIN STROKE_SYMPTOMS UNWELL URINARY VOMITING WEAKNESS WOUND"
)
_METHODS = "11 12 13 21 22 23 24 25 2A 2B 2C 2D 28 31 32 81 82 83 84 89"
"""98 and 99 are ADMIMETH too, and say that the method is not known: they tell nothing of emergencies."""
_SOURCES = (
    "19 29 30 37 38 39 40 41 42 48 49 50 51 52 53 54 55 56 65 66 69 79 82 83 84 85 86 87 88 89 90 91 92 93 94 98 99"
)
_SERVICES = (
    "gp mental_health outpatient community_nursing district_nursing community_matron practice_nurse physiotherapy "
    "occupational_therapy podiatry dietetics speech_and_language_therapy tissue_viability continence falls_service "
    "intermediate_care reablement rehabilitation health_visiting heart_failure_nurse respiratory_nurse diabetes_nurse "
    "parkinsons_nurse stroke_team palliative_care end_of_life_care hospital_at_home virtual_ward "
    "urgent_community_response social_prescribing pharmacist care_coordinator memory_clinic wheelchair_service "
    "equipment learning_disability out_of_hours walk_in ambulance nhs_111 audiology optometry dental"
)


def _make(table: str, column: str, words: str, recognises: Callable[[str], bool] | None = None) -> CodedColumn:
    return CodedColumn(table, column, column, frozenset(words.split()), recognises)


CODED_COLUMNS: tuple[CodedColumn, ...] = (
    _make("admissions", "method", _METHODS),
    _make("admissions", "source", _SOURCES),
    _make("admissions", "patient_class", "1 2 3 4 5"),
    _make("admissions", "discharge_method", "1 2 3 4 5 6 7 8 9"),
    _make("admissions", "destination", _SOURCES),
    _make("admissions", "specialty", "", _is_specialty),
    CodedColumn("diagnoses", "code"),
    CodedColumn("conditions", "code"),
    _make("falls", "source", "ambulance emergency_department falls_service gp care_home telecare"),
    _make("attendances", "department_type", "01 02 03 04 05 06 1 2 3 4 5 6 99", is_concept),
    _make("attendances", "arrival_mode", "1 2 9", is_concept),
    _make("attendances", "acuity", "1 2 3 4 5", is_concept),
    _make("attendances", "category", "1 2 3 4 9 91", is_concept),
    CodedColumn("attendances", "complaint", "complaint", recognises=_is_complaint),
    CodedColumn("attendances", "diagnosis", "complaint", recognises=_is_diagnosis_of_attendance),
    _make("attendances", "disposal", "01 02 03 04 05 06 07 10 11 12 13 14 99 1 2 3 4 5 6 7", is_concept),
    CodedColumn("prescriptions", "bnf", "bnf", recognises=_has_bnf_shape),
    _make("contacts", "service", _SERVICES),
    _make("measurements", "measure", " ".join(MEASURES)),
)


def mark_told(table: str, column: str, values: pd.Series) -> pd.Series:
    """Which values of a coded column are understood and say something; an empty one does not."""
    known = next(one for one in CODED_COLUMNS if (one.table, one.column) == (table, column))
    return values.map(lambda value: isinstance(value, str) and known.tells(value)).astype(bool)


MEANT = {
    "general_practice": "gp",
    "gp_practice": "gp",
    "primary_care": "gp",
    "psychiatry": "mental_health",
    "outpatients": "outpatient",
    "body_mass_index": "bmi",
    "electronic_frailty_index": "efi",
    "estimated_glomerular_filtration_rate": "egfr",
    "smoking_status": "smoking",
    "systolic_blood_pressure": "systolic",
    "diastolic_blood_pressure": "diastolic",
    "glycated_haemoglobin": "hba1c",
    "hemoglobin": "haemoglobin",
    "hb": "haemoglobin",
}
"""Words that others write, with the one that is likely meant: offered as a suggestion, never read as it."""


def suggest(value: str, words: Iterable[str]) -> str | None:
    """The word that is likely meant by a value that nobody knows, or None."""
    offered = tuple(words)
    if MEANT.get(value.lower()) in offered:
        return MEANT[value.lower()]
    if len(value) < 4 or not any(letter.isalpha() for letter in value):
        return None
    close = get_close_matches(value.upper(), [word.upper() for word in offered], n=1, cutoff=0.75)
    return next((word for word in offered if close and word.upper() == close[0]), None)
