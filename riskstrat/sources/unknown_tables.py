"""Tables of a source that are like none of ours, as lines of a source.toml to fill in: columns and short codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.cleaning import build_text_sql
from riskstrat.sources.landing import Landed
from riskstrat.sources.literal import quote_name
from riskstrat.sources.places import DatabasePlace, Place
from riskstrat.sources.refusals import list_columns, list_unknown_columns
from riskstrat.sources.unread import are_alike

ROWS = 10_000
"""Rows of a table in which codes are looked for."""

_MOST_CODES = 10
_FEWEST = 8
_LONGEST = 3
"""A column of at most so many values, each in so many rows and so short, holds codes and says nothing of anybody."""


_NAMES = ", ".join(SCHEMAS)


def describe_unknown(connection: duckdb.DuckDBPyConnection, place: Place, tables: Sequence[str]) -> Iterator[str]:
    """A block of lines that begin with # for each table; tables with the same columns have one."""
    columns = {table: place.name_columns(connection, table) for table in tables}
    # A database may hold many tables that are none of ours, and each look at rows is work for its server.
    rows = 0 if isinstance(place, DatabasePlace) else ROWS
    told: set[str] = set()
    if tables:
        yield "\n# What follows is like no table of ours: take out what is not needed, and for NAME write one of"
        yield f"# {_NAMES}"
    for number, table in enumerate(tables):
        if table not in told:
            alike = [other for other in tables if other != table and are_alike(columns[table], columns[other])]
            told |= {table, *alike}
            landed = place.land(connection, table, f"unknown_{number}")
            yield from _write_block(connection, landed, table, alike, rows)


def _write_block(
    connection: duckdb.DuckDBPyConnection, landed: Landed, table: str, alike: Sequence[str], rows: int
) -> Iterator[str]:
    connection.execute(f"CREATE TEMP TABLE sample_{landed.name} AS SELECT * FROM {landed.relation} LIMIT {rows}")
    values = {
        spelled: _count_values(connection, f"sample_{landed.name}", spelled, kind)
        for spelled, kind in landed.columns.values()
    }
    found = {spelled: [value for value, _ in counts] for spelled, counts in values.items()}
    shown = list_unknown_columns(found, landed.records)
    yield f"\n# not used: {table}, which has: {shown}"
    if alike:
        yield f"# with the same columns: {', '.join(alike)}; docs/sources/mapping.md (Parts) reads all as one table"
    yield "# [source.tables.NAME]"
    yield f'# from = "{table}"'
    yield "# [source.tables.NAME.columns]    # column of docs/data.md = column of yours"
    if shown == list_columns(list(values)):
        for spelled, counts in values.items():
            if _are_codes(counts):
                yield f"# codes of {spelled}: {', '.join(sorted(value for value, _ in counts))}"


def _count_values(
    connection: duckdb.DuckDBPyConnection, relation: str, spelled: str, kind: str
) -> list[tuple[str, int]]:
    """The commonest values of a column, one more than a column of codes may have."""
    value = build_text_sql(quote_name(spelled), kind)
    return connection.execute(
        f"SELECT {value} AS value, count(*) FROM {relation} WHERE value IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 "
        f"LIMIT {_MOST_CODES + 1}"
    ).fetchall()


def _are_codes(counts: Sequence[tuple[str, int]]) -> bool:
    return 0 < len(counts) <= _MOST_CODES and all(
        rows >= _FEWEST and re.fullmatch(rf"\w{{1,{_LONGEST}}}", value) for value, rows in counts
    )
