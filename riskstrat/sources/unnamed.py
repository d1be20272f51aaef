"""The codes of a source that its mapping does not name, by column, as far as a message may have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.table_schema import Column
from riskstrat.sources.landing import Landed

_MOST = 5
_FEWEST = 8
_LONGEST = 20
_SHORT = 3
"""So many codes are told, of so many people and so long, or so short: what few have may be text about somebody."""

_DATE = re.compile(r"\d{4}|\d[\W_]?(\d{1,2}|[^\W\d_]{3,9})[\W_]\d|\d[^\W\d_]{3,9}\d")
"""What a date may be part of, and any number as long as those that name somebody."""


def find_unnamed(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Landed]) -> list[tuple[str, str, int]]:
    """For the outcomes of an ingest: each code that the mapping does not name, with its rows, by staged table."""
    return [
        ("lost", said, rows)
        for landed in tables.values()
        for column in landed.unmapped
        for said, rows in _name_codes(connection, landed.name, SCHEMAS[landed.name].names[column])
    ]


def describe_unnamed(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The codes of a staged table that the mapping does not name, in a bracket; empty where there are none."""
    rows = connection.execute(f"DESCRIBE clean_{table}").fetchall()
    columns = [row[0].removeprefix("unnamed_") for row in rows if row[0].startswith("unnamed_")]
    said = [
        text
        for column in columns
        for text, count in _name_codes(connection, table, SCHEMAS[table].names[column], counted=True)
        if count
    ]
    return f" ({'; '.join(said)})" if said else ""


def _name_codes(
    connection: duckdb.DuckDBPyConnection, table: str, column: Column, *, counted: bool = False
) -> Iterator[tuple[str, int]]:
    unnamed = f"unnamed_{column.name}"
    # Where no row names a person nobody can be counted, and no more is told than short codes and words of ours.
    there = {row[0] for row in connection.execute(f"DESCRIBE clean_{table}").fetchall()}
    person = next((name for name in ("person_row", "patient_id") if name in there), None)
    people = f"count(DISTINCT {person})" if person is not None else "0"
    counted_codes = connection.execute(
        f"SELECT {unnamed}, count(*), {people} FROM clean_{table} WHERE {unnamed} IS NOT NULL GROUP BY 1 "
        "ORDER BY 2 DESC, 1"
    ).fetchall()
    found: list[tuple[str, int]] = [(code, rows) for code, rows, _ in counted_codes]
    told = [(code, rows) for code, rows, having in counted_codes if _may_be_told(code, rows, having, column)][:_MOST]
    for code, rows in told:
        yield f'{table}.{column.name} has "{code}"{f" in {rows:,}" if counted else ", not named in source.toml"}', rows
    if len(told) < len(found):
        others = len(found) - len(told)
        rows = sum(count for _, count in found) - sum(count for _, count in told)
        what = f"{others} {'other ' if told else ''}code{'s' * (others != 1)}"
        yield f"{table}.{column.name} has {what}{f' in {rows:,}' if counted else ', not named in source.toml'}", rows


def _may_be_told(code: str, rows: int, people: int, column: Column) -> bool:
    """Whether a code can be no text about somebody: many people have it, it is very short, or a word of ours.

    Figures alone may be an age, however short, and words between blanks a name.
    """
    if code in column.allowed:
        return True
    if not re.fullmatch(r"\w[\w.&/-]*", code) or _DATE.search(code):
        return False
    if len(code) <= _SHORT:
        return rows >= _FEWEST or any(sign.isalpha() for sign in code)
    return people >= _FEWEST and len(code) <= _LONGEST
