"""Which cells of a source table may leave the identity install: by the type and the shape of their column.

A column leaves only if the schema of the table names it and it is no free text; a cell leaves only if it fits. Words
are those of a closed list, to which identity.toml can add; a number has at most nine digits; nothing else could be the
name or the NHS number of a person, but for a SNOMED CT identifier, which `leaks` looks at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from riskstrat.definitions.coded_columns import CODED_COLUMNS, MEANT, RECODED
from riskstrat.definitions.schemas import ICD9, ICD10, SCHEMAS
from riskstrat.definitions.snomed import is_concept
from riskstrat.definitions.table_schema import Column
from riskstrat.definitions.vocabulary import OUTCOMES, REGISTER

CELLS = (str, int, float, Decimal, date)
"""What a cell of a table can be; another, such as a list, fits no column."""

PATIENT, SPELL, BIRTH = "patient_id", "spell_id", "date_of_birth"
FREE_TEXT = ("reason", "decided_by", "owner")
"""Text columns that never leave: nobody can say what stands in them."""

DECIMALS = 4
_LARGEST = 100_000

_TRUTH = frozenset({"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}(?:[.,]0+)?")
_NUMBER = re.compile(r"(?P<sign>[<>]=?\s*)?(?P<digits>[+-]?(?:[0-9]+(?:[.,][0-9]+)?)(?:[eE][+-]?[0-9]{1,3})?)")
_YEAR, _MONTH, _DAY = "(?:(?:1[5-9]|2[0-9])[0-9]{2})", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_NAME_OF_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_TIME = (
    "(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,](?:[0-9]{1,7}|0+))?)?(?: ?[AP]M)?"
    "(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_DATE = re.compile(
    rf"(?:{_YEAR}-{_MONTH}(?:-{_DAY})?|9999-12-31|{_DAY}([/.-]){_MONTH}\1(?:{_YEAR}|[0-9]{{2}})"
    rf"|{_MONTH}([/.-]){_DAY}\2(?:{_YEAR}|[0-9]{{2}})|{_DAY}[ -]{_NAME_OF_MONTH}[ -](?:{_YEAR}|[0-9]{{2}})){_TIME}"
    rf"|{_YEAR}[0-9]{{4}}|[0-9]{{5}}(?:\.0+)?",
    re.IGNORECASE,
)
"""Dates as ingest reads them or says that it cannot; month/day too, so that a whole column of it is noticed there."""

_AFTER_POINT = re.compile(r"([0-9]+)\.0+")
_MARKS = r"[X \-]*[DA*†+]?"
_SYSTEMS: Mapping[str, str] = {
    "icd10": f"(?:{ICD10}){_MARKS}|[&-]",
    "icd10cm": f"(?:{ICD10}){_MARKS}|[&-]",
    "icd9": ICD9,
}
_PATTERNS: Mapping[str, str] = {
    "lsoa": "[EWSN][0-9]{8}|95[0-9A-Z]{6,7}",
    "provider": "[A-Z0-9]{3}|(?=[A-Z]*[0-9])[A-Z0-9]{4,8}",
    "team": "[A-Z]{3}",
}
"""Shapes of columns that the schema leaves open, or wide enough for a name."""

_REGISTERS = (
    "ALCOHOL_PROBLEMS ANAEMIA ANXIETY ASTHMA ATRIAL_FIBRILLATION CANCER CHRONIC_KIDNEY_DISEASE CHRONIC_LIVER_DISEASE "
    "COPD CORONARY_HEART_DISEASE DELIRIUM DEMENTIA DEPRESSION DIABETES EPILEPSY HEARING_LOSS HEART_FAILURE "
    "HEMIPLEGIA_OR_PARAPLEGIA HYPERTENSION INCONTINENCE INTERSTITIAL_AND_OTHER_CHRONIC_LUNG_DISEASE "
    "LEARNING_DISABILITY MALNUTRITION_OR_WEIGHT_LOSS METASTATIC_CANCER MULTIPLE_SCLEROSIS NO_LONGER_PALLIATIVE "
    "OBESITY OSTEOARTHRITIS OSTEOPOROSIS PALLIATIVE_CARE PARKINSONS_DISEASE PERIPHERAL_VASCULAR_DISEASE "
    "PRESSURE_ULCER_OR_CHRONIC_SKIN_ULCER RHEUMATOID_ARTHRITIS_OR_CONNECTIVE_TISSUE_DISEASE SEVERE_MENTAL_ILLNESS "
    "STROKE_OR_TIA SUBSTANCE_MISUSE THYROID_DISEASE VISUAL_IMPAIRMENT"
)
_COMPLAINTS = (
    "ASSAULT ASTHMA BREATHING BURN DENTAL DIARRHOEA EAR FAINT FALLEN FALLS FELL JOINT_PAIN NOSEBLEED SELF_HARM SEPSIS "
    "SLIPPED STROKE THROAT TRIPPED"
)
"""What the shipped codelists name beside `CODED_COLUMNS`; a test holds them against the codelists."""

_WORDS: Mapping[str, frozenset[str]] = {
    "status": frozenset(word.upper() for word in REGISTER),
    "outcome": frozenset(word.upper() for word in OUTCOMES),
    "complaint": frozenset(_COMPLAINTS.split()),
    "service": frozenset(word.upper() for word in MEANT),
    "measure": frozenset(word.upper() for word in MEANT),
}
_UNITS = (
    "kg g mg ug µg μg mcg ng pg l dl ml m cm mm ft in lb lbs st oz mol mmol umol µmol μmol nmol pmol iu u mu miu meq "
    "min mins h hr hrs s sec day days week weeks month year years mmhg kpa cmh2o bpm beats breaths ratio score status "
    "points units unit c f deg ratio percent per of x e cells fl"
)
_UNIT = re.compile(
    rf"(?:{'|'.join(sorted(_UNITS.split(), key=len, reverse=True))}|[0-9]{{1,4}}|[%/*^. ()²³°-])+",
    re.IGNORECASE,
)
_DIGITS_OF_UNIT = 4
_UNIT_PARTS = re.compile(r"[^\W\d_]+")

_CODED = {(coded.table, coded.column): coded for coded in CODED_COLUMNS}


def list_word_columns() -> list[tuple[str, str]]:
    """The columns, by table and name, whose list of words a site can add to."""
    open_columns = ("service", "measure", "status", "outcome", "team", "complaint", "unit", "code")
    return [
        (name, column.name)
        for name, schema in SCHEMAS.items()
        for column in schema.columns
        if PATIENT in schema.names and column.name in open_columns and not column.allowed
    ]


Fit = Callable[[Any, str], Any]
"""A cell and the system of codes of its row to the cell as it may leave, or None."""


def find_fit(table: str, column: Column, more: tuple[str, ...] = ()) -> Fit:
    """How the cells of one column are judged; `more`: further words that it may hold."""
    if column.type != "text":
        return {"date": _fit_date, "integer": _fit_integer, "number": _fit_number, "boolean": _fit_truth}[column.type]
    own = (*more, *RECODED.get((table, column.name), ()))
    words = _WORDS.get(column.name, frozenset()) | {_fold_word(word) for word in own}
    return lambda cell, system: cell if _is_known(table, column, write_cell(cell), system, words) else None


def write_cell(cell: object) -> str:
    """A cell as the text it is judged by; "" for an empty one, and for what no column of a schema holds."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return (str(int(cell)) if cell == int(cell) else repr(cell)) if isfinite(cell) else ""
    if isinstance(cell, Decimal):
        return format(cell, "f") if cell.is_finite() else ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip() if isinstance(cell, str | int) else ""


def is_empty(cell: object) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, float) and cell != cell) or (isinstance(cell, str) and not cell.strip())


def _fit_date(cell: object, system: str) -> Any:
    return cell if isinstance(cell, date) or _DATE.fullmatch(write_cell(cell)) else None


def _fit_truth(cell: object, system: str) -> Any:
    return cell if write_cell(cell).lower() in _TRUTH else None


def _fit_integer(cell: object, system: str) -> Any:
    return cell if _INTEGER.fullmatch(write_cell(cell)) else None


def _fit_number(cell: Any, system: str) -> Any:
    """The number to four places: more say nothing of a measurement, and ten digits could say who a person is."""
    read = _NUMBER.fullmatch(write_cell(cell))
    if read is None:
        return None
    value = Decimal(read["digits"].replace(",", "."))
    if abs(value) >= _LARGEST:
        return None
    rounded = round(value, DECIMALS)
    if isinstance(cell, str):
        return cell if value == rounded else f"{read['sign'] or ''}{rounded:f}"
    return type(cell)(rounded)


def _is_known(table: str, column: Column, text: str, system: str, words: frozenset[str]) -> bool:
    """Whether the text is a word or a code that the column may hold."""
    if _fold_word(text) in words:
        return True
    if column.name == "unit":
        return _is_unit(text)
    if column.allowed:
        return _fold_word(text) in {_fold_word(word) for word in column.allowed}
    code = _AFTER_POINT.sub(r"\1", text) if _AFTER_POINT.fullmatch(text) else text
    coded = _CODED.get((table, column.name))
    if coded is not None and coded.system is None:
        return _is_code_of(system, text)
    if coded is not None:
        return coded.knows(_clean_code(code)) or coded.knows(_fold_word(text).lower())
    pattern = _PATTERNS.get(column.name, column.pattern)
    return pattern is not None and re.fullmatch(pattern, _clean_code(code), re.ASCII) is not None


def _is_code_of(system: str, text: str) -> bool:
    system = system.strip().lower()
    if system == "snomed":
        return is_concept(_AFTER_POINT.sub(r"\1", text))
    if system == "register":
        return _fold_word(text) in _REGISTERS.split()
    pattern = _SYSTEMS.get(system)
    return pattern is not None and re.fullmatch(pattern, _clean_code(text), re.ASCII) is not None


def _clean_code(text: str) -> str:
    return text.upper().replace(".", "")


def _is_unit(text: str) -> bool:
    letters = _UNIT_PARTS.findall(text.lower())
    few = sum(map(str.isdigit, text)) <= _DIGITS_OF_UNIT and len(text) <= 20
    return few and set(letters) <= set(_UNITS.split()) and _UNIT.fullmatch(text) is not None


def _fold_word(text: str) -> str:
    """A word as it is compared: upper case, what is no letter or digit as one underscore."""
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") if text.isascii() else text
