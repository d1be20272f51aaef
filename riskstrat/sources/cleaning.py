"""Turns landed values into the types of the schema, as DuckDB expressions.

Text is trimmed and empty text is null; codes are upper case without dots, ICD-10 codes without what HES fills them up
and marks them with; the words of a vocabulary are lower case, their blanks and hyphens underscores. Dates are read as
2026-03-04, 20260304, 04/03/2026 or 2026-03 (the first of the month), with or without a time of day.
"""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.definitions.coded_columns import RECODED
from riskstrat.definitions.schemas import NULL_DATES, Column, TableSchema

OPEN_ENDED = "9999-12-31"
"""How many extracts write "no end date"; it is read as null and counted, like NULL_DATES."""

_WORDS = ("service", "measure", "status", "outcome")
"""Text columns that name one of a few things, though the schema does not close the list."""

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_BLANKS = " \t\r\n\u00a0"
_FLOATS = ("DOUBLE", "FLOAT")
_LARGEST_EXACT = 2**53
"""Whole numbers up to this are exact in a floating column; identifiers of ECDS have 16 digits."""

_WITH_POINT = ("code", "bnf")
"""Columns whose codes may hold a point between digits that says something (ICD-9 250.0)."""

_SQL_TYPE = {"text": "VARCHAR", "date": "DATE", "integer": "INTEGER", "number": "DOUBLE", "boolean": "BOOLEAN"}

_MONTH_FIRST = r"^(0?[1-9]|1[0-2])/(1[3-9]|2\d|3[01])/\d{4}"

_DATE_FORMS = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    (r"\d{8}", "%Y%m%d"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    (r"\d{4}-\d{2}", "%Y-%m"),
)


def cleaned(schema: TableSchema, landed: Mapping[str, tuple[str, str]], relation: str, row: str) -> str:
    """A query with one row per landed row: its number, the schema's columns, flags, and `nulled`.

    A flag `unread_<column>` is true where something was landed that cannot be read as the column's type, a flag
    `month_first_<column>` where a date can only be month/day/year, a flag `recoded_<column>` where another code was
    read for it. `nulled` counts the row's dates that mean "no date". A column that was not landed is null.
    """
    parts = [f"{row} AS landed_row"]
    for column in schema.columns:
        parts.extend(_read(column, landed.get(column.name)))
    read = f"SELECT {', '.join(parts)} FROM {relation}"
    dates = [c.name for c in schema.columns if c.type == "date" and c.name in landed]
    means_null = {name: f"coalesce({name} IN ({_list_null_dates()}), false)" for name in dates}
    replaced = [f"CASE WHEN {test} THEN NULL ELSE {name} END AS {name}" for name, test in means_null.items()]
    if {"system", "code"} <= set(schema.names):
        replaced.append(f"{strip_marks('code', 'system')} AS code")
    flags = ""
    for name in list_recoded(schema, landed):
        codes = RECODED[schema.name, name]
        cases = " ".join(f"WHEN '{given}' THEN '{meant}'" for given, meant in codes.items())
        replaced.append(f"CASE {name} {cases} ELSE {name} END AS {name}")
        flags += f", coalesce({name} IN ({', '.join(repr(given) for given in codes)}), false) AS recoded_{name}"
    counted = " + ".join(f"({test})::INTEGER" for test in means_null.values()) or "0"
    every = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    return f"SELECT {every}, {counted} AS nulled{flags} FROM ({read})"


def list_recoded(schema: TableSchema, landed: Mapping[str, tuple[str, str]]) -> list[str]:
    """The landed columns in which some values are read as another code."""
    return [column for table, column in RECODED if table == schema.name and column in landed]


def _list_null_dates() -> str:
    return ", ".join(f"DATE '{day}'" for day in (*NULL_DATES, OPEN_ENDED))


def _read(column: Column, landed: tuple[str, str] | None) -> list[str]:
    """The column's typed expression and, unless it is text, its flag."""
    if landed is None:
        return [f"NULL::{_SQL_TYPE[column.type]} AS {column.name}"]
    name, kind = landed
    raw = '"' + name.replace('"', '""') + '"'
    text = _build_text_sql(raw, kind)
    if column.type == "text":
        return [f"{_word(column, text)} AS {column.name}"]
    typed = _build_typed_sql(column, raw, kind, text)
    if typed == raw:
        return [f"{raw} AS {column.name}"]
    read = [f"{typed} AS {column.name}", f"{text} IS NOT NULL AND {typed} IS NULL AS unread_{column.name}"]
    if is_text_date(column, kind):
        shape = f"contains({text}, '/') AND regexp_matches({text}, '{_MONTH_FIRST}')"
        read.append(f"coalesce({shape}, false) AS month_first_{column.name}")
    return read


def is_text_date(column: Column, kind: str) -> bool:
    """Whether the column holds dates as text, so that it has a flag `month_first_<column>`."""
    return column.type == "date" and kind == "VARCHAR"


def flagged(column: Column, landed: Mapping[str, tuple[str, str]]) -> bool:
    """Whether `cleaned` gives the column a flag."""
    return column.name in landed and any("AS unread_" in part for part in _read(column, landed[column.name]))


def _build_text_sql(raw: str, kind: str) -> str:
    """The value as trimmed text, null when empty; a whole number in a floating column loses its point."""
    if kind in _FLOATS:
        whole = f"{raw} = floor({raw}) AND abs({raw}) <= {_LARGEST_EXACT}"
        return f"CASE WHEN isnan({raw}) THEN NULL WHEN {whole} THEN {raw}::BIGINT::VARCHAR ELSE {raw}::VARCHAR END"
    value = raw if kind == "VARCHAR" else f"{raw}::VARCHAR"
    # Looking for a blank is five times as fast as trimming, and almost no value has one.
    blank = " OR ".join(f"contains({value}, '{character}')" for character in _BLANKS)
    return f"nullif(CASE WHEN {blank} THEN trim({value}, '{_BLANKS}') ELSE {value} END, '')"


def _word(column: Column, text: str) -> str:
    if column.code:
        whole = text if column.name in _WITH_POINT else rf"regexp_replace({text}, '^(\d+)\.0+$', '\1')"
        return f"nullif(replace(upper({whole}), '.', ''), '')"
    if column.allowed or column.name in _WORDS:
        return f"replace(replace(lower({text}), ' ', '_'), '-', '_')"
    return text


def strip_marks(code: str, system: str) -> str:
    """The ICD-10 code without filler and mark: `I10X` is I10, `E103-D`, `E103 D`, `F001*` and `F001†` lose their ends.

    HES fills up with X, - or a blank and marks dagger and asterisk codes with D and A in the sixth place. Codes of 7
    characters are American and have neither.
    """
    stripped = rf"regexp_replace({code}, '^([A-Z]\d\w\w*?)[X \-]*[DA*†+]?$', '\1')"
    ended = rf"regexp_matches({code}, '[X\-DA*†+]$') AND length({code}) <= 6"
    return f"CASE WHEN {system} = 'icd10' AND {ended} THEN {stripped} ELSE {code} END"


def _build_typed_sql(column: Column, raw: str, kind: str, text: str) -> str:
    if column.type == "date":
        return _date(raw, kind, text)
    if column.type == "boolean":
        return raw if kind == "BOOLEAN" else _build_boolean_sql(text)
    if column.type == "number":
        return f"CASE WHEN isfinite(try_cast({text} AS DOUBLE)) THEN try_cast({text} AS DOUBLE) END"
    return rf"CASE WHEN regexp_full_match({text}, '[+-]?\d+(\.0*)?') THEN try_cast({text} AS INTEGER) END"


def _date(raw: str, kind: str, text: str) -> str:
    if kind == "DATE":
        return raw
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('Europe/London', {raw})::DATE"
    if kind.startswith("TIMESTAMP"):
        return f"try_cast({raw} AS DATE)"
    day = rf"regexp_replace({text}, '[T ]\d{{1,2}}:\d{{2}}.*$', '')"
    forms = " ".join(
        f"WHEN regexp_full_match({day}, '{shape}') THEN try_strptime({day}, '{form}')::DATE"
        for shape, form in _DATE_FORMS
    )
    return f"CASE {forms} END"


def _build_boolean_sql(text: str) -> str:
    true, false = (", ".join(f"'{word}'" for word in words) for words in (_TRUE, _FALSE))
    return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
