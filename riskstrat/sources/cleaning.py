"""Turns landed values into the types of the schema, as DuckDB expressions.

Text is trimmed and empty text is null; codes are upper case without dots, ICD-10 codes without the HES pad; the words
of a closed vocabulary are lower case. Dates are read as 2026-03-04, 20260304, 04/03/2026 or 2026-03 (the first of
the month), with or without a time of day.
"""

from __future__ import annotations

from collections.abc import Mapping

from riskstrat.definitions.schemas import NULL_DATES, Column, TableSchema

OPEN_ENDED = "9999-12-31"
"""How many extracts write "no end date"; it is read as null and counted, like NULL_DATES."""

_WORDS = ("service", "measure", "status", "outcome")
"""Text columns that name one of a few things, though the schema does not close the list."""

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_BLANKS = " \t\r\n\u00a0"
_FLOATS = ("DOUBLE", "FLOAT")
_SQL_TYPE = {"text": "VARCHAR", "date": "DATE", "integer": "INTEGER", "number": "DOUBLE", "boolean": "BOOLEAN"}

_DATE_FORMS = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    (r"\d{8}", "%Y%m%d"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    (r"\d{4}-\d{2}", "%Y-%m"),
)


def cleaned(schema: TableSchema, landed: Mapping[str, tuple[str, str]], relation: str, row: str) -> str:
    """A query with one row per landed row: its number, the schema's columns, `unread_<column>` flags, and `nulled`.

    A flag is true where something was landed that cannot be read as the column's type. `nulled` counts the row's
    dates that mean "no date". A column that was not landed is null.
    """
    parts = [f"{row} AS landed_row"]
    for column in schema.columns:
        parts.extend(_read(column, landed.get(column.name)))
    read = f"SELECT {', '.join(parts)} FROM {relation}"
    dates = [c.name for c in schema.columns if c.type == "date" and c.name in landed]
    means_null = {name: f"coalesce({name} IN ({_list_null_dates()}), false)" for name in dates}
    replaced = [f"CASE WHEN {test} THEN NULL ELSE {name} END AS {name}" for name, test in means_null.items()]
    if {"system", "code"} <= set(schema.names):
        replaced.append(f"{without_pad('code', 'system')} AS code")
    counted = " + ".join(f"({test})::INTEGER" for test in means_null.values()) or "0"
    every = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    return f"SELECT {every}, {counted} AS nulled FROM ({read})"


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
    return [f"{typed} AS {column.name}", f"{text} IS NOT NULL AND {typed} IS NULL AS unread_{column.name}"]


def flagged(column: Column, landed: Mapping[str, tuple[str, str]]) -> bool:
    """Whether `cleaned` gives the column a flag."""
    return column.name in landed and any("AS unread_" in part for part in _read(column, landed[column.name]))


def _build_text_sql(raw: str, kind: str) -> str:
    """The value as trimmed text, null when empty; a whole number in a floating column loses its point."""
    if kind in _FLOATS:
        whole = f"{raw} = floor({raw}) AND abs({raw}) < 1e15"
        return f"CASE WHEN isnan({raw}) THEN NULL WHEN {whole} THEN {raw}::BIGINT::VARCHAR ELSE {raw}::VARCHAR END"
    value = raw if kind == "VARCHAR" else f"{raw}::VARCHAR"
    # Looking for a blank is five times as fast as trimming, and almost no value has one.
    blank = " OR ".join(f"contains({value}, '{character}')" for character in _BLANKS)
    return f"nullif(CASE WHEN {blank} THEN trim({value}, '{_BLANKS}') ELSE {value} END, '')"


def _word(column: Column, text: str) -> str:
    if column.code:
        return f"nullif(replace(upper({text}), '.', ''), '')"
    if column.allowed or column.name in _WORDS:
        return f"lower({text})"
    return text


def without_pad(code: str, system: str) -> str:
    """The code without the X and - that HES fills ICD-10 codes up with (`I10X` is I10); 7 characters have none."""
    stripped = rf"regexp_replace({code}, '^([A-Z]\d\w\w*?)[X-]+$', '\1')"
    padded = f"(ends_with({code}, 'X') OR ends_with({code}, '-')) AND length({code}) <= 6"
    return f"CASE WHEN {system} = 'icd10' AND {padded} THEN {stripped} ELSE {code} END"


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
