"""Reads landed dates, as DuckDB expressions: which day a value is in England, and which days are no days."""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.definitions.placeholders import OPTIONAL, POSSIBLE, list_placeholders
from riskstrat.definitions.table_schema import Column, TableSchema

_FORMS = (
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    (r"\d{8}", "%Y%m%d"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
    (r"\d{4}-\d{2}", "%Y-%m"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
)
_COMMONEST = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
"""How nearly every date is written, as GLOB has it: of such a value alone no time and no other form is looked for."""

_MONTH_FIRST = r"^(0?[1-9]|1[0-2])/(1[3-9]|2\d|3[01])/\d{4}"
_CLOCK = r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
_ZONE = r" ?(Z|z|UTC|GMT|BST|[+-]\d{2}(:?\d{2})?)"
_TIME = r"[T ](\d{1,2})(:\d{2})((?::\d{2}(?:[.,]\d+)?)?) ?([AaPp][Mm])?"
_OFFSET = r"([+-])(\d{2}):?(\d{2})?$"
_USUAL = ("1902-01-01", "2048-12-31")
_SHORTEST_WITH_TIME = 11
"""Characters of the shortest date with a time of day."""


def build_date_sql(raw: str, kind: str, text: str) -> str:
    """The day of a landed value of the DuckDB type `kind`, null if it cannot be read; `text` is the value as text.

    A moment with a time zone is the day that it was in London; one without is the day that is written.
    """
    if kind == "DATE":
        return raw
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('Europe/London', {raw})::DATE"
    if kind.startswith("TIMESTAMP"):
        return f"try_cast({raw} AS DATE)"
    day, zoned = _build_written_day_sql(text), _build_zoned_sql(text)
    plain = f"WHEN {text} GLOB '{_COMMONEST}' THEN try_cast({text} AS DATE)"
    return f"CASE {plain} WHEN {zoned} THEN {_build_london_sql(day, text)}::DATE ELSE {day} END"


def _build_written_day_sql(text: str) -> str:
    """The day as it is written, whatever time and zone stand after it."""
    written = f"regexp_replace({text}, '({_CLOCK}( ?[AaPp][Mm])?|{_CLOCK}{_ZONE}|\\.0+)$', '')"
    return _build_day_sql(f"CASE WHEN {_build_timed_sql(text)} OR contains({text}, '.') THEN {written} ELSE {text} END")


def _build_timed_sql(text: str) -> str:
    return f"length({text}) >= {_SHORTEST_WITH_TIME}"


def _build_zoned_sql(text: str) -> str:
    return f"{_build_timed_sql(text)} AND regexp_matches({text}, '{_CLOCK}{_ZONE}$')"


def _build_day_sql(day: str) -> str:
    forms = " ".join(
        f"WHEN regexp_full_match(day, '{shape}') THEN try_strptime(day, '{form}')::DATE" for shape, form in _FORMS
    )
    # DuckDB works the text out once for all forms.
    return f"list_transform([{day}], lambda day: CASE {forms} END)[1]"


def _build_london_sql(day: str, text: str) -> str:
    """The moment in London of one whose zone is written: Z, UTC, GMT, BST or an offset."""
    part = f"coalesce(try_cast(regexp_extract({text}, '{_OFFSET}', %d) AS INTEGER), 0)"
    minutes = (
        f"({part % 2} * 60 + {part % 3}) * CASE regexp_extract({text}, '{_OFFSET}', 1) WHEN '-' THEN -1 ELSE 1 END"
    )
    ahead = f"CASE WHEN ends_with({text}, 'BST') THEN 60 ELSE {minutes} END"
    moment = f"{day} + {_build_time_sql(text)} - to_minutes({ahead})"
    return f"timezone('Europe/London', timezone('UTC', {moment}))"


def _build_time_sql(text: str) -> str:
    """The time that is written after a day, null if there is no such time; 12 AM is midnight."""
    clock = f"regexp_extract({text}, '{_TIME}', %d)"
    hour = f"try_cast({clock % 1} AS INTEGER)"
    half = f"CASE upper({clock % 4}) WHEN 'AM' THEN 0 WHEN 'PM' THEN 12 END"
    as_said = f"{clock % 4} = '' OR {hour} BETWEEN 13 AND 23"
    of_day = f"CASE WHEN {as_said} THEN {hour} ELSE {hour} % 12 + {half} END"
    return f"try_cast(({of_day}) || {clock % 2} || replace({clock % 3}, ',', '.') AS TIME)"


def build_month_first_sql(text: str) -> str:
    """Whether a value can only be month/day/year."""
    # Of AND, DuckDB works out both sides for every row.
    return f"CASE WHEN contains({text}, '/') THEN regexp_matches({text}, '{_MONTH_FIRST}') ELSE false END"


def build_no_date_sql(schema: TableSchema, column: Column) -> str:
    """Whether the day in a column means that there is no date.

    So do the declared placeholders and, where the column may be empty, the first and last day of a year in which no
    record lies.
    """
    return _build_no_date_sql(column, list_placeholders(schema, column))


def build_day_or_null_sql(day: str) -> str:
    """The day in a column of dates, null where it means that there is no date."""
    return f"CASE WHEN {_build_no_date_sql(Column(day, 'date'), OPTIONAL)} THEN NULL ELSE {day} END"


def build_moment_sql(raw: str, kind: str, text: str) -> str:
    """The moment of a landed value in London, null if day or time cannot be read; a day alone is its first minute.

    Day, time and zone may be written as `build_date_sql` reads them.
    """
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('Europe/London', {raw})"
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return f"try_cast({raw} AS TIMESTAMP)"
    day, zoned = _build_written_day_sql(text), _build_zoned_sql(text)
    local = (
        f"CASE WHEN regexp_matches({text}, '{_TIME}') THEN {day} + {_build_time_sql(text)} ELSE {day}::TIMESTAMP END"
    )
    return f"CASE WHEN {zoned} THEN {_build_london_sql(day, text)} ELSE {local} END"


def _build_no_date_sql(column: Column, listed: Sequence[str]) -> str:
    test = _build_in_sql(column.name, listed)
    if not column.required:
        ends = f"(day({column.name}), month({column.name})) IN ((1, 1), (31, 12))"
        test += f" OR ({build_slip_sql(column)} AND (isinf({column.name}) OR {ends}))"
    # Nearly every date lies in these years, and a short list is looked through sooner than a long one.
    usual = f"{column.name} BETWEEN DATE '{_USUAL[0]}' AND DATE '{_USUAL[1]}'"
    short = _build_in_sql(column.name, [day for day in listed if _USUAL[0] <= day <= _USUAL[1]])
    return f"coalesce(CASE WHEN {usual} THEN {short} ELSE {test} END, false)"


def _build_in_sql(column: str, days: Sequence[str]) -> str:
    # As one constant: a list of 29 expressions takes DuckDB a hundred times as long to plan.
    return f"{column} IN CAST([{', '.join(map(repr, days))}] AS DATE[])" if days else "false"


def build_slip_sql(column: Column) -> str:
    """Whether the day in a column is one of which there are no records."""
    first, last = POSSIBLE
    return f"coalesce({column.name} NOT BETWEEN DATE '{first}' AND DATE '{last}', false)"
