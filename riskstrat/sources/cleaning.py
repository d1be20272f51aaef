"""Turns landed values into the types of the schema, as DuckDB expressions.

Text is trimmed and empty text is null; codes are upper case without dots, ICD-10 codes without what HES fills them up
and marks them with; the words of a vocabulary are lower case, their blanks and hyphens underscores. Dates, measured
numbers, and codes that came as numbers are read in files of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskstrat.definitions.coded_columns import RECODED
from riskstrat.definitions.source_mapping import InputType
from riskstrat.definitions.table_schema import Column, TableSchema
from riskstrat.sources.dates import (
    build_date_sql,
    build_moment_sql,
    build_month_first_sql,
    build_no_date_sql,
    build_slip_sql,
)
from riskstrat.sources.literal import quote_name
from riskstrat.sources.measured import build_number_sql, convert_units, is_bounded_sql, list_conversions
from riskstrat.sources.numbered_codes import build_digits_sql, build_lost_sql, is_number_kind, is_numbered

_WORDS = ("service", "measure", "status", "outcome")
"""Text columns that name one of a few things, though the schema does not close the list."""

_TRUE, _FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
_BLANKS = " \t\r\n\u00a0"
_FLOATS = ("DOUBLE", "FLOAT")

_SQL_TYPE = {"text": "VARCHAR", "date": "DATE", "integer": "INTEGER", "number": "DOUBLE", "boolean": "BOOLEAN"}


def cleaned(
    schema: TableSchema,
    landed: Mapping[str, tuple[str, str]],
    relation: str,
    row: str,
    unmapped: Sequence[str] = (),
) -> str:
    """A query with one row per landed row: its number, the schema's columns, flags, and `nulled`.

    A flag `unread_<column>` is true where something was landed that cannot be read as the column's type or whose digits
    are lost, a flag `month_first_<column>` where a date can only be month/day/year, a flag `recoded_<column>` where
    another code was read for it, a flag `converted_<way>` where another number was; flags `unmapped_<column>` and codes
    `unnamed_<column>` of the columns `unmapped` stay. `nulled` counts the row's dates that mean "no date". A column
    that was not landed is null.
    """
    kept = ["landed_row", *(f"{told}_{column}" for column in unmapped for told in ("unmapped", "unnamed"))]
    # Named once, here and below: DuckDB plans every copy of a part anew, which takes longer than reading a small table.
    values = [part for column in schema.columns for part in _name_value(column, landed.get(column.name))]
    given = f"SELECT {row} AS {', '.join(kept + values)} FROM {relation}"
    kinds = {column.name: landed[column.name][1] if column.name in landed else None for column in schema.columns}
    typed = [f"{_type(column, kinds[column.name])} AS {column.name}" for column in schema.columns]
    flagged_parts = [part for column in schema.columns for part in _flag(column, kinds[column.name])]
    read = f"SELECT *, {', '.join(typed)} FROM ({given})"
    read = f"SELECT {', '.join([*kept, *schema.names, *flagged_parts])} FROM ({read})"
    dates = [column for column in schema.columns if column.type == "date" and column.name in landed]
    no_date = {f"none_{column.name}": build_no_date_sql(schema, column) for column in dates}
    slips = {f"slip_{column.name}": build_slip_sql(column) for column in dates if not schema.hangs_on(column)}
    tests = no_date | slips
    if tests:
        read = f"SELECT *, {', '.join(f'{test} AS {name}' for name, test in tests.items())} FROM ({read})"
    replaced = []
    for column in dates:
        none, slip = f"none_{column.name}", f"slip_{column.name}"
        empty = f"{none} OR {slip}" if slip in slips else none
        replaced.append(f"CASE WHEN {empty} THEN NULL ELSE {column.name} END AS {column.name}")
        if slip in slips:
            replaced.append(f"(unread_{column.name} OR ({slip} AND NOT {none})) AS unread_{column.name}")
    if {"system", "code"} <= set(schema.names):
        replaced.append(f"{strip_marks('code', 'system')} AS code")
        if is_number_kind(landed["code"][1]):
            # ICD-9 codes begin with zeros, which numbers do not.
            replaced.append("(unread_code OR coalesce(system = 'icd9', false)) AS unread_code")
    flags = ""
    for name in list_recoded(schema, landed):
        codes = RECODED[schema.name, name]
        cases = " ".join(f"WHEN '{given}' THEN '{meant}'" for given, meant in codes.items())
        replaced.append(f"CASE {name} {cases} ELSE {name} END AS {name}")
        flags += f", coalesce({name} IN ({', '.join(repr(given) for given in codes)}), false) AS recoded_{name}"
    counted = " + ".join(f"{name}::INTEGER" for name in no_date) or "0"
    every = f"* EXCLUDE ({', '.join(tests)})" if tests else "*"
    every += f" REPLACE ({', '.join(replaced)})" if replaced else ""
    query = f"SELECT {every}, {counted} AS nulled{flags} FROM ({read})"
    return convert_units(query) if "unit" in list_converted(schema, landed) else query


def list_converted(schema: TableSchema, landed: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """In which ways a measured number may be read as another: each has a flag `converted_<way>`."""
    return list_conversions({name: kind for name, (_, kind) in landed.items()}) if "unit" in schema.names else ()


def list_recoded(schema: TableSchema, landed: Mapping[str, tuple[str, str]]) -> list[str]:
    """The landed columns in which some values are read as another code."""
    return [column for table, column in RECODED if table == schema.name and column in landed]


def _name_value(column: Column, landed: tuple[str, str] | None) -> list[str]:
    """The landed value as `given_<column>`, as text as `text_<column>`, and whether it is read as it stands."""
    if landed is None:
        return []
    raw, shape = quote_name(landed[0]), _find_plain_shape(column, landed[1])
    # Of a column with few different values DuckDB asks this once of each, and nothing else of nearly all.
    plain = [f"regexp_full_match({raw}, '{shape}') AS plain_{column.name}"] if shape else []
    return [f"{raw} AS given_{column.name}", f"{build_text_sql(raw, landed[1])} AS text_{column.name}", *plain]


def _type(column: Column, kind: str | None) -> str:
    """The column's typed expression of what `_name_value` names."""
    if kind is None:
        return f"NULL::{_SQL_TYPE[column.type]}"
    raw, text = f"given_{column.name}", f"text_{column.name}"
    if column.type != "text":
        return _build_typed_sql(column, raw, kind, text)
    return _build_unless_plain(column, kind, raw, _word(column, raw, kind, text))


def _build_unless_plain(column: Column, kind: str, plain: str, other: str) -> str:
    """SQL: `plain` of a value that is read as it stands, `other` of any other."""
    return f"CASE WHEN plain_{column.name} THEN {plain} ELSE {other} END" if _find_plain_shape(column, kind) else other


def _flag(column: Column, kind: str | None) -> list[str]:
    """The flags of a column whose values may not be readable."""
    if kind is None:
        return []
    raw, text = f"given_{column.name}", f"text_{column.name}"
    if column.type == "text":
        lost = build_lost_sql(column, raw, kind, text) if is_numbered(column) else ""
        return [f"{_build_unless_plain(column, kind, 'false', lost)} AS unread_{column.name}"] if lost else []
    if _build_typed_sql(column, raw, kind, text) == raw:
        return [f"false AS unread_{column.name}"]
    flags = [f"{text} IS NOT NULL AND {column.name} IS NULL AS unread_{column.name}"]
    if is_text_date(column, kind):
        flags.append(f"coalesce({build_month_first_sql(text)}, false) AS month_first_{column.name}")
    if column.type == "number" and kind == "VARCHAR":
        flags.append(f"{is_bounded_sql(text)} AS converted_bound")
    return flags


def build_input_sql(given: InputType, kind: str, raw: str, text: str) -> str:
    """A value of the DuckDB type `kind` as the SQL of a mapping reads it; `text` is the value as text."""
    if given == "text":
        return text
    if given == "date":
        return build_date_sql(raw, kind, text)
    if given == "moment":
        return build_moment_sql(raw, kind, text)
    return build_number_sql(text) if given == "number" else _build_integer_sql(text, "BIGINT")


def is_text_date(column: Column, kind: str) -> bool:
    """Whether the column holds dates as text, so that it has a flag `month_first_<column>`."""
    return column.type == "date" and kind == "VARCHAR"


def flagged(column: Column, landed: Mapping[str, tuple[str, str]]) -> bool:
    """Whether `cleaned` gives the column a flag."""
    return column.name in landed and any("AS unread_" in part for part in _flag(column, landed[column.name][1]))


def build_text_sql(raw: str, kind: str) -> str:
    """The value as trimmed text, null when empty; a whole number in a floating column loses its point."""
    if kind in _FLOATS:
        whole = f"{raw} = floor({raw}) AND abs({raw}) < {2**63}"
        return f"CASE WHEN isnan({raw}) THEN NULL WHEN {whole} THEN {raw}::BIGINT::VARCHAR ELSE {raw}::VARCHAR END"
    value = raw if kind == "VARCHAR" else f"{raw}::VARCHAR"
    # Looking at both ends is many times as fast as trimming, and almost no value has a blank there.
    ends = " OR ".join(f"ends_with({value}, '{character}')" for character in _BLANKS)
    blank = f"{value} < '!' OR {value} >= '\u00a0' OR {ends}"
    return f"CASE WHEN {blank} THEN nullif(trim({value}, '{_BLANKS}'), '') ELSE {value} END"


def _find_plain_shape(column: Column, kind: str) -> str | None:
    """The shape of a value of the column that is read as it stands; None where no one shape says so."""
    if column.type != "text" or kind != "VARCHAR":
        return None
    if column.code:
        return "[0-9A-Z]+"
    return "[0-9a-z_]+" if _is_word(column) else None


def _is_word(column: Column) -> bool:
    return bool(column.allowed) or column.name in _WORDS


def _word(column: Column, raw: str, kind: str, text: str) -> str:
    digits = build_digits_sql(column, raw, kind, text) if is_numbered(column) else text
    if column.code:
        return f"nullif(replace(upper({digits}), '.', ''), '')"
    if _is_word(column):
        return f"replace(replace(lower({text}), ' ', '_'), '-', '_')"
    return digits


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
        return build_date_sql(raw, kind, text)
    if column.type == "boolean":
        return raw if kind == "BOOLEAN" else _build_boolean_sql(text)
    if column.type == "number":
        return build_number_sql(text)
    return _build_integer_sql(text)


def _build_integer_sql(text: str, kind: str = "INTEGER") -> str:
    return rf"CASE WHEN regexp_full_match({text}, '[+-]?\d+(\.0*)?') THEN try_cast({text} AS {kind}) END"


def _build_boolean_sql(text: str) -> str:
    true, false = (", ".join(f"'{word}'" for word in words) for words in (_TRUE, _FALSE))
    return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
