"""Codes and identifiers that passed through a number format, as DuckDB expressions: mended where every digit is there.

A number has no leading zeros, a floating one has 15 or 7 digits, and a spreadsheet shows 1.06E+15. What such a value
stood for is read where it can be only one code; where digits are lost it is not read.
"""

from __future__ import annotations

from riskstrat.definitions.table_schema import Column

IDENTIFIERS = ("patient_id", "spell_id")
"""Text columns that are no codes and yet come as numbers."""

_LARGEST_EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
"""Whole numbers up to these are exact in a floating column; identifiers of ECDS have 16 digits."""

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_ZEROS_COUNT = ("bnf",)
"""Codes that begin with a zero as a rule: in a column of numbers none can be told."""

_WITH_POINT = ("code",)
"""Columns whose codes may hold a point between digits that says something (ICD-9 250.0); no code that has a point has
six digits before it."""

_SHORT = r"\d{2}\.\d+"
"""ICD-9 has three figures before the point; the first was a zero."""

_SCIENTIFIC = r"\d\.\d+[eE]\+?\d{1,2}|\d[eE]\+\d{1,2}"
_POINTED = r"^(\d+)\.0+$"
_POINTED_LONG = r"^(\d{6,})\.0+$"


def is_numbered(column: Column) -> bool:
    """Whether a column holds codes or identifiers, which a number format can spoil."""
    return column.code or column.name in IDENTIFIERS


def build_digits_sql(column: Column, raw: str, kind: str, text: str) -> str:
    """The code as text with all its digits; where they are lost, as it stands. `text` is the trimmed value."""
    if is_number_kind(kind):
        return f"CASE WHEN {_build_whole_sql(raw, kind)} THEN {raw}::HUGEINT::VARCHAR ELSE {text} END"
    written = f"try_cast({text} AS DECIMAL(38, 0))::VARCHAR"
    unpointed = text
    if column.name not in _ZEROS_COUNT:
        shape = _POINTED_LONG if column.name in _WITH_POINT else _POINTED
        unpointed = rf"regexp_replace({text}, '{shape}', '\1')"
    if column.name in _WITH_POINT:
        unpointed = f"CASE WHEN regexp_full_match({text}, '{_SHORT}') THEN '0' || {text} ELSE {unpointed} END"
    exact = f"regexp_full_match({text}, '{_SCIENTIFIC}') AND {_build_written_out_sql(text)}"
    mended = f"CASE WHEN {exact} THEN {written} ELSE {unpointed} END"
    return f"CASE WHEN {_build_suspect_sql(text)} THEN {mended} ELSE {text} END"


def build_lost_sql(column: Column, raw: str, kind: str, text: str) -> str:
    """Whether digits of a value are lost."""
    if is_number_kind(kind):
        lost = "true" if column.name in _ZEROS_COUNT else f"NOT ({_build_whole_sql(raw, kind)})"
        return f"{text} IS NOT NULL AND {lost}"
    scientific = f"regexp_full_match({text}, '{_SCIENTIFIC}') AND NOT {_build_written_out_sql(text)}"
    lost = f"({scientific} OR regexp_matches({text}, '{_POINTED}'))" if column.name in _ZEROS_COUNT else scientific
    return f"coalesce(CASE WHEN {_build_suspect_sql(text)} THEN {lost} END, false)"


def is_number_kind(kind: str) -> bool:
    """Whether a landed column is one of numbers."""
    return kind in _NUMBERS or kind in _LARGEST_EXACT or kind.startswith("DECIMAL")


def _build_whole_sql(raw: str, kind: str) -> str:
    if kind in _NUMBERS:
        return "true"
    whole = f"{raw} = floor({raw})"
    return f"{whole} AND abs({raw}) <= {_LARGEST_EXACT[kind]}" if kind in _LARGEST_EXACT else whole


def _build_suspect_sql(text: str) -> str:
    """Looking for a character is many times as fast as a shape, and almost no code has one."""
    return f"CASE WHEN {text} < ':' THEN contains({text}, '.') OR contains({text}, '+') ELSE false END"


def _build_written_out_sql(text: str) -> str:
    """Whether a number in scientific form has as many decimals as its exponent says."""
    decimals = rf"length(regexp_extract({text}, '^\d\.?(\d*)', 1))"
    exponent = rf"try_cast(regexp_extract({text}, '(\d+)$', 1) AS INTEGER)"
    return f"{decimals} = {exponent}"
