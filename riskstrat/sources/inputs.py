"""The declared inputs of a mapping's SQL: columns of stated types, and what of them could not be read.

Beside a column of a type but text stands its flag `unread_<column>`: something is there that is no such value. SQL
passes it on where nothing may be made of it, as of a death: an unread day is not "none".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from riskstrat.definitions.source_mapping import Input, InputColumn, InputType
from riskstrat.errors import SourceError
from riskstrat.sources.cleaning import build_input_sql, build_text_sql
from riskstrat.sources.dates import build_day_or_null_sql, build_month_first_sql
from riskstrat.sources.landing import ROW, Landed
from riskstrat.sources.literal import quote_name
from riskstrat.sources.refusals import list_columns

EMPTY_TYPES = {"text": "VARCHAR", "date": "DATE", "moment": "TIMESTAMP", "integer": "BIGINT", "number": "DOUBLE"}

FEWEST = 10
"""Values that must be unreadable before they stop a run: a file may hold its header as its only row."""

Outcome = tuple[str, str, int]


def select_typed(table: str, declared: Input, landed: Landed) -> str:
    """SQL: the declared columns of a landed table, a query. Raises SourceError where a required one is not there."""
    missing = [name for name, kind in declared.columns.items() if kind.required and not _find(name, kind, landed)]
    if missing and not any(_find(name, kind, landed) for name, kind in declared.columns.items()):
        # What such a file has in place of names may be a row about somebody.
        raise SourceError(
            f"the first line of {table} names none of {', '.join(declared.columns)}; if it names no columns, write "
            "header = false under [source] of source.toml"
        )
    if missing:
        has = list_columns(list(landed.columns))
        raise SourceError(f"{table} lacks the column {', '.join(missing)}; it has {has}")
    found = {name: _find(name, kind, landed) for name, kind in declared.columns.items()}
    values = [part for name in found for part in _name_values(name, found[name])]
    reads = [part for name, kind in declared.columns.items() for part in _read(name, kind, found[name])]
    parts = [part for name, kind in declared.columns.items() for part in _build_typed(name, kind, found[name])]
    # Each in a query of its own: DuckDB plans every copy of a part anew.
    read = f"SELECT {', '.join(['*', *reads])} FROM (SELECT {', '.join([ROW, *values])} FROM {landed.relation})"
    return f"SELECT {', '.join(parts)} FROM ({read})"


def judge_typed(
    connection: duckdb.DuckDBPyConnection, relation: str, name: str, declared: Input, landed: Landed, limit: float
) -> list[Outcome]:
    """What was lost on the way into a typed table, and its columns that only tell of it are taken away.

    Raises SourceError for dates that can only be month/day/year, and where more than `limit` of a column is unreadable,
    and no fewer than FEWEST values.
    """
    outcomes: list[Outcome] = []
    for column, kind in declared.columns.items():
        found = _find(column, kind, landed)
        flags = [flag for flag, _ in _build_checks(column, kind, found)]
        if kind.type != "text" and found:
            flags.append(f"unread_{column}")
        if not flags:
            continue
        counts = ", ".join(f"count(*) FILTER (WHERE {flag})" for flag in flags)
        row = connection.execute(f"SELECT count({column}), {counts} FROM {relation}").fetchone() or ()
        counted = dict(zip(flags, row[1:], strict=True))
        outcomes += _judge_column(f"{name}.{column}", column, kind.type, row[0], counted, limit)
        for flag in flags:
            if not flag.startswith("unread_"):
                connection.execute(f"ALTER TABLE {relation} DROP COLUMN {flag}")
    return outcomes


def _judge_column(
    where: str, column: str, kind: InputType, read: int, counted: dict[str, int], limit: float
) -> Iterator[Outcome]:
    unread, elsewhere = counted.get(f"unread_{column}", 0), counted.get(f"elsewhere_{column}", 0)
    if first := counted.get(f"month_first_{column}", 0):
        raise SourceError(
            f"{where}: {first:,} dates can only be month/day/year, and others may be so too, unseen, as dates with "
            "strokes are read day first; write them all as 2026-03-04"
        )
    if unread >= FEWEST and unread > limit * (unread + read):
        raise SourceError(
            f"{where}: {unread:,} of {unread + read:,} values cannot be read as a {kind}; mend the source, or declare "
            'the column as "text"'
        )
    if unread:
        yield "lost", f"values of {where} that cannot be read as a {kind}", unread
    if elsewhere:
        yield "lost", f"rows without {where} whose value stands in another column that could be it", elsewhere


def _find(column: str, declared: InputColumn, landed: Landed) -> list[tuple[str, str]]:
    """The names and types that a declared column has in the source; the first is read."""
    return [landed.columns[name] for name in (column, *declared.also) if name in landed.columns]


def _name_values(column: str, found: Sequence[tuple[str, str]]) -> Iterator[str]:
    """SQL: the value that is read as `given_<column>`, and as text each that could be it, as `_name_text` says."""
    for number, (spelled, kind) in enumerate(found, start=1):
        raw = quote_name(spelled)
        if number == 1:
            yield f"{raw} AS given_{column}"
        yield f"{build_text_sql(raw, kind)} AS {_name_text(column, number)}"


def _name_text(column: str, number: int) -> str:
    return f"text_{column}" if number == 1 else f"text{number}_{column}"


def _read(column: str, declared: InputColumn, found: Sequence[tuple[str, str]]) -> Iterator[str]:
    """SQL: the value as it is read as `read_<column>`."""
    if found:
        value = build_input_sql(declared.type, found[0][1], f"given_{column}", f"text_{column}")
        yield f"{value} AS read_{column}"


def _build_typed(column: str, declared: InputColumn, found: Sequence[tuple[str, str]]) -> list[str]:
    """SQL: the column as it is read and its flags, from `text_<column>` and `read_<column>`."""
    if not found:
        return [f"NULL::{EMPTY_TYPES[declared.type]} AS {column}"]
    checks = (f"{test} AS {flag}" for flag, test in _build_checks(column, declared, found))
    if declared.type == "text":
        return [f"read_{column} AS {column}", *checks]
    value = build_day_or_null_sql(f"read_{column}") if declared.type == "date" else f"read_{column}"
    unread = f"text_{column} IS NOT NULL AND read_{column} IS NULL"
    return [f"{value} AS {column}", f"{unread} AS unread_{column}", *checks]


def _build_checks(column: str, declared: InputColumn, found: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """SQL tests that only tell what is lost, each with the name of its flag."""
    texts = [_name_text(column, number) for number in range(1, len(found) + 1)]
    if found and declared.type in ("date", "moment") and found[0][1] == "VARCHAR":
        yield f"month_first_{column}", f"coalesce({build_month_first_sql(texts[0])}, false)"
    if len(found) > 1:
        others = " OR ".join(f"{text} IS NOT NULL" for text in texts[1:])
        yield f"elsewhere_{column}", f"({texts[0]} IS NULL AND ({others}))"
