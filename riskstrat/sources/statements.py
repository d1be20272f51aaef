"""Runs the SQL of a mapping in ingest's own database: one SELECT a file, over `source.<table>` and `step.<name>`.

What it reads is copied in first, each declared input with exactly its columns: text trimmed, dates read as everywhere
(riskstrat/sources/dates.py), what is absent null. No file of the machine can be read while it runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import TokenType, tokenize

from riskstrat.definitions.codelists import near
from riskstrat.definitions.source_mapping import Input
from riskstrat.errors import SourceError
from riskstrat.sources.cleaning import strip_marks
from riskstrat.sources.database_rows import refuse_twice
from riskstrat.sources.inputs import EMPTY_TYPES, judge_typed, select_typed
from riskstrat.sources.landing import ROW, Landed, describe_landed, require_every_record
from riskstrat.sources.literal import quote_name
from riskstrat.sources.mapping import SourceMapping, Statement
from riskstrat.sources.places import DatabasePlace, Place
from riskstrat.sources.refusals import find_below
from riskstrat.sources.shared_engine import connect_shared

SOURCE, STEP = "source", "step"
"""Schemas in which SQL finds what lies in the source, and what earlier steps made."""

_BARE = "replace(upper(trim(code)), '.', '')"
_ICD10 = f"""nullif({strip_marks(_BARE, "'icd10'")}, '')"""
"""SQL of the macro icd10(code): a code as everything else reads it, so that SQL can tell which are the same."""

_OF_THE_TEXT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.PermissionException)
"""Faults whose words are about the SQL and hold nothing of a row."""


@dataclass
class Runner:
    """Runs statements of one mapping; `outcomes` collects what was lost on the way in."""

    connection: duckdb.DuckDBPyConnection
    mapping: SourceMapping
    place: Place
    limit: float
    outcomes: list[tuple[str, str, int]] = field(default_factory=list)
    made: set[tuple[str, str]] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Copy in what the SQL reads, then shut the machine's files to it, and run the steps in their order."""
        connection, mapping = self.connection, self.mapping
        connection.execute(f"CREATE SCHEMA {SOURCE}")
        connection.execute(f"CREATE SCHEMA {STEP}")
        connection.execute(f"CREATE TEMP MACRO icd10(code) AS {_ICD10}")
        for name, rows in mapping.declared.items():
            self._copy_rows(f"declared_{name}", rows)
        for name in mapping.inputs:
            self._copy_input(name, mapping.inputs[name])
        for statement, steps in self._list_statements():
            for schema, name in sorted(find_tables_read(statement)):
                self._require_known(statement, steps, schema, name)
        connection.execute("SET enable_external_access = false")
        for name, answer in mapping.answers.items():
            kind = "::VARCHAR[]" if isinstance(answer, list) else ""
            connection.execute(f"SET VARIABLE {name} = ?{kind}", [answer])
        for name, statement in mapping.steps.items():
            self._run(statement, f"CREATE TABLE {STEP}.{name} AS {select_from(statement)}")
            self._refuse_twice(statement, f"{STEP}.{name}")
            self.made.add((STEP, name))

    def land(self, name: str, statement: Statement, required: Collection[str] = ()) -> Landed:
        """The rows of a statement as the relation `landed_<name>`, numbered in the order of their values.

        A column that is null in every row says nothing, and is not landed unless it is among `required`.
        """
        query = f"SELECT *, row_number() OVER () AS {ROW} FROM ({select_from(statement)} ORDER BY ALL)"
        self._run(statement, f"CREATE TABLE landed_{name} AS {query}")
        self._refuse_twice(statement, f"landed_{name}")
        landed = describe_landed(self.connection, name)
        filled = self._count_filled(landed)
        said = {key: kind for key, kind in landed.columns.items() if filled.get(key, True) or key in required}
        return replace(landed, columns=said, empty=tuple(key for key in landed.columns if key not in said))

    def _refuse_twice(self, statement: Statement, made: str) -> None:
        """Raise SourceError where a statement gives two columns of one name: DuckDB calls the second `<name>_1`."""
        names = [row[0] for row in self.connection.execute(f"DESCRIBE {made}").fetchall()]
        there = {name.lower() for name in names}
        if any(re.sub(r"_\d+$", "", name) in there - {name} for name in there):
            said = self._run(statement, f"DESCRIBE {_strip_end(statement.sql)}").fetchall()
            refuse_twice([row[0] for row in said], statement.file)

    def reads_anything(self, statement: Statement | None) -> bool:
        """Whether any table of the source that a statement rests on is there; so does one that reads none, or is none.

        What would be made of absent tables alone has no rows, and says as little as a table that was not landed.
        """
        if statement is None:
            return True
        read = self.list_sources(statement)
        return not read or bool(read - self.absent)

    def list_sources(self, statement: Statement) -> set[str]:
        """The tables of the source that a statement reads, itself or through steps."""
        found: set[str] = set()
        for schema, name in find_tables_read(statement):
            found |= {name} if schema == SOURCE else self.list_sources(self.mapping.steps[name])
        return found

    def count_rows(self, name: str) -> int:
        """The rows of an input."""
        (rows,) = self.connection.execute(f"SELECT count(*) FROM {SOURCE}.{quote_name(name)}").fetchone() or (0,)
        return int(rows)

    def _count_filled(self, landed: Landed) -> dict[str, int]:
        """By column the rows in which it is not null; nothing of a table without rows."""
        counts = ", ".join(f"count({quote_name(spelled)})" for spelled, _ in landed.columns.values())
        rows, *filled = self.connection.execute(f"SELECT count(*), {counts} FROM {landed.relation}").fetchone() or (0,)
        return dict(zip(landed.columns, filled, strict=True)) if rows else {}

    def count(self) -> tuple[tuple[str, str, int], ...]:
        """What was mapped, guessed and lost, as the mapping counts it, and what could not be read on the way in."""
        counted: list[tuple[str, str, int]] = []
        if self.mapping.counts is not None:
            query = f"SELECT kind, what, rows::BIGINT FROM ({select_from(self.mapping.counts)}) WHERE rows > 0"
            counted = self._run(self.mapping.counts, query).fetchall()
        return (*counted, *self.outcomes)

    def _list_statements(self) -> Iterator[tuple[Statement, tuple[str, ...]]]:
        """Each statement with the steps that are made before it."""
        steps = tuple(self.mapping.steps)
        yield from ((statement, steps[:number]) for number, statement in enumerate(self.mapping.steps.values()))
        yield from ((origin.statement, steps) for origin in self.mapping.tables.values() if origin.statement)
        if self.mapping.counts is not None:
            yield self.mapping.counts, steps

    def _require_known(self, statement: Statement, steps: tuple[str, ...], schema: str, name: str) -> None:
        """Copy in a table that no input declares, or raise SourceError for one that is not there, or not yet."""
        if schema == STEP:
            if name not in self.mapping.steps:
                raise SourceError(f"{statement.file} reads step.{name}, and no step is called so{near(name, steps)}")
            if name not in steps:
                raise SourceError(
                    f"{statement.file} reads step.{name}, which is made after it; put it further up in [source.steps]"
                )
        elif schema == SOURCE:
            if (SOURCE, name) not in self.made:
                landed = self.place.land(self.connection, name, f"input_{name}")
                # Its own columns alone: `SELECT *` would carry its row numbers into those of what is made of it.
                self._copy(name, landed, f"SELECT * EXCLUDE ({ROW}) FROM {landed.relation}")
        else:
            raise SourceError(f'{statement.file} reads "{name}"; write source.{name} for a table of the source')

    def _copy_rows(self, name: str, rows: pa.Table) -> None:
        self.connection.register("rows_given", rows)
        self.connection.execute(f"CREATE TABLE {SOURCE}.{name} AS SELECT * FROM rows_given")
        self.connection.unregister("rows_given")
        self.made.add((SOURCE, name))

    def _copy_input(self, name: str, declared: Input) -> None:
        found = find_input(name, declared, self.place)
        if found is None and declared.required:
            folder = self.mapping.location if self.mapping.storage == "folder" else None
            holds = f"it holds {', '.join(self.place.tables) or 'no table'}"
            below = find_below(folder, {name, *declared.also})
            raise SourceError(f"{self.mapping.place} has no table {name}; {below or holds}")
        if found is None:
            columns = ", ".join(f"{column} {EMPTY_TYPES[kind.type]}" for column, kind in declared.columns.items())
            self.connection.execute(f"CREATE TABLE {SOURCE}.{name} ({columns})")
            self.absent.add(name)
            self.made.add((SOURCE, name))
            return
        if isinstance(self.place, DatabasePlace):
            names = ((column, *kind.also) for column, kind in declared.columns.items())
            self.place.require_readable(found, {name for each in names for name in each})
        landed = self.place.land(self.connection, found, f"input_{name}")
        self._copy(name, landed, select_typed(found, declared, landed))
        self.outcomes += judge_typed(self.connection, f"{SOURCE}.{name}", name, declared, landed, self.limit)

    def _copy(self, name: str, landed: Landed, query: str) -> None:
        try:
            self.connection.execute(f"CREATE TABLE {SOURCE}.{name} AS {query}")
        except duckdb.Error as error:
            raise SourceError(
                f"{name} cannot be read ({type(error).__name__}); land it again, as parquet or CSV in UTF-8"
            ) from error
        self.made.add((SOURCE, name))
        rows = (self.connection.execute(f"SELECT count(*) FROM {SOURCE}.{name}").fetchone() or (0,))[0]
        require_every_record(landed, rows)
        self._count_unreadable(name, len(landed.unreadable), rows)

    def _count_unreadable(self, name: str, unreadable: int, rows: int) -> None:
        if unreadable > self.limit * (rows + unreadable):
            raise SourceError(
                f"{name}: {unreadable:,} of {rows + unreadable:,} rows have more or fewer fields than the header; mend "
                "the source: quote text that contains separators"
            )
        if unreadable:
            self.outcomes.append(("lost", f"rows of {name} that have more or fewer fields than the header", unreadable))

    def _run(self, statement: Statement, query: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(query)
        except _OF_THE_TEXT as error:
            raise SourceError(f"{statement.file}: {_shorten(error)}") from error
        except duckdb.Error as error:
            # Other faults are of the rows, and their words hold values.
            raise SourceError(
                f"{statement.file} fails on the rows ({type(error).__name__}); read what may be odd with try_cast"
            ) from error


def find_input(name: str, declared: Input, place: Place) -> str | None:
    """The table of the source that is an input, if it is there. Raises SourceError where two could be."""
    found = [given for given in (name, *declared.also) if given in place.tables]
    if len(found) > 1:
        raise SourceError(
            f"the source holds both {found[0]} and {found[1]}, which are read as one table; keep one of them"
        )
    return next(iter(found), None)


def select_from(statement: Statement) -> str:
    """SQL: the statement as it can stand within another."""
    return f"SELECT * FROM (\n{_strip_end(statement.sql)}\n)"


@cache
def _strip_end(sql: str) -> str:
    """The text of one statement without the semicolon at its end and what may follow it."""
    tokens = tokenize(sql, read="duckdb")
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    return sql[: tokens[-1].end + 1] if tokens else sql


@cache
def find_tables_read(statement: Statement) -> frozenset[tuple[str, str]]:
    """(schema, table) in lower case of every table that a statement reads, its own WITH aside.

    Raises SourceError unless it is one SELECT.
    """
    with connect_shared() as parser:
        row = parser.execute("SELECT json_serialize_sql(?)", [statement.sql]).fetchone()
    parsed = json.loads(row[0]) if row else {}
    if parsed["error"]:
        only = "write one SELECT; what changes or makes something is not run"
        told = only if parsed["error_type"] == "not implemented" else parsed["error_message"]
        raise SourceError(f"{statement.file}: {' '.join(told.split())}")
    if len(parsed["statements"]) != 1:
        raise SourceError(f"{statement.file} holds {len(parsed['statements'])} statements; write one SELECT a file")
    named = {str(name).lower() for name in _find_values(parsed, "cte_map")}
    read = {(part["schema_name"].lower(), part["table_name"].lower()) for part in _find_parts(parsed, "BASE_TABLE")}
    return frozenset((schema, name) for schema, name in read if schema or name not in named)


def _find_parts(parsed: object, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(parsed, dict):
        if parsed.get("type") == kind:
            yield parsed
        for value in parsed.values():
            yield from _find_parts(value, kind)
    elif isinstance(parsed, list):
        for value in parsed:
            yield from _find_parts(value, kind)


def _find_values(parsed: object, key: str) -> Iterator[str]:
    """The names of every WITH, wherever it stands."""
    if isinstance(parsed, dict):
        for entry in parsed.get(key, {}).get("map", ()) if isinstance(parsed.get(key), dict) else ():
            yield entry["key"]
        for value in parsed.values():
            yield from _find_values(value, key)
    elif isinstance(parsed, list):
        for value in parsed:
            yield from _find_values(value, key)


def _shorten(error: duckdb.Error) -> str:
    """The first line of what DuckDB says, without the name of its kind."""
    return re.sub(r"^\w+ Error: ", "", str(error).splitlines()[0])
