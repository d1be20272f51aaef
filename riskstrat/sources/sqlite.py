"""A SQLite file: opened to read only, in one transaction.

A column of SQLite holds any type in any row, whatever it was declared as. So each is asked first what lies in it: whole
numbers alone, or numbers alone, come as numbers; everything else comes as text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import find_columns, find_name, limit_rows, name_asked, read_batches, wrap_query
from riskstrat.sources.literal import quote_name, quote_text
from riskstrat.storage import describe_strange

_ROWS = 50_000
"""Rows of one batch."""

_MAIN = "main"
_BYTES = "bytes (BLOB)"
_SEEN = (
    "8 * max(typeof({column}) = 'blob') + 4 * max(typeof({column}) = 'text') + 2 * max(typeof({column}) = 'real') "
    "+ max(typeof({column}) = 'integer')"
)
"""SQL: which types lie in a column, as a sum; one value for each, since a statement gives 2,000 at most."""
_ARROW = {"integer": pa.int64(), "real": pa.float64(), "text": pa.string()}
_REASONS = {
    "SQLITE_NOTADB": "it is no SQLite database, or an encrypted one",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_BUSY": "another program is writing to it; read a copy, or try again",
    "SQLITE_LOCKED": "another program is writing to it; read a copy, or try again",
    "SQLITE_CANTOPEN": "it cannot be opened, or not without writing beside it; read a copy",
    "SQLITE_PERM": "it may not be read",
    "SQLITE_AUTH": "it may not be read",
    "SQLITE_IOERR": "the disk does not give it",
    "SQLITE_READONLY": "it would change the database, and it is only read",
}
_SAID = (
    (r"no such table: (?:main\.)?(.+)", "there is no table{name} that it names"),
    (r"no such column: (?:\w+\.)?(.+)", "there is no column{name} that it names"),
    (r"no such function: (.+)", "there is no function{name} that it names"),
    (r'(?:near|unrecognized token:) "(.*?)"', "it is no single SELECT that SQLite can read; the fault is near{name}"),
    (r"(incomplete input|one statement)", "it is no single SELECT that SQLite can read"),
)


class SqliteDatabase:
    """The tables of a SQLite file as they stood when the transaction began."""

    def __init__(self, file: Path, schema: str | None) -> None:
        if schema not in (None, _MAIN):
            raise SourceError(f'a SQLite file has no schema "{schema}"; take "schema" out')
        strange = describe_strange(file)
        if strange or not file.is_file():
            raise SourceError(f"{file} is {strange or 'not there'}; give the file of a SQLite database")
        self._file = file
        self._kinds: dict[str, list[str]] = {}
        try:
            # DuckDB scans from threads of its own, one at a time.
            address = f"file:{quote(str(file.resolve()))}?mode=ro"
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            self._connection.text_factory = bytes
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error as error:
            raise self._explain(error, str(file), "") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def list_tables(self) -> tuple[str, ...]:
        """The tables and views of the file."""
        found = self._ask(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
            "ORDER BY name",
            self._file.name,
        )
        return tuple(name.decode() for (name,) in found)

    def describe_columns(self, table: str) -> tuple[tuple[str, str], ...]:
        """Name and declared type of each column; `any` where none was declared."""
        listing = f"SELECT name, type FROM pragma_table_xinfo({quote_text(self._find(table))}) ORDER BY cid"
        found = self._ask(listing, f"{table} of {self._file.name}")
        return tuple((name.decode(), kind.decode() or "any") for name, kind in found)

    def read_table(
        self, table: str, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> pa.RecordBatchReader:
        """The rows of a table or view, in the order in which they are kept."""
        place, where = quote_name(self._find(table)), f"{table} of {self._file.name}"
        there = [(name, name) for name, _ in self.describe_columns(table)]
        chosen = find_columns(columns, there, lambda _: True, where)
        select = ", ".join(map(quote_name, chosen))
        return self._read(f"SELECT {select} FROM {place}", rows, chosen, columns is None, where, table)

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """The rows of a SELECT."""
        statement, where = wrap_query(sql), "the query"
        try:
            described = self._connection.execute(f"SELECT * FROM ({statement}) LIMIT 0").description
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explain(error, where, sql) from None
        return self._read(statement, rows, [column[0] for column in described], False, where, sql)

    def _find(self, table: str) -> str:
        return find_name(table, self.list_tables(), "table", self._file.name)

    def _read(
        self, statement: str, rows: int | None, columns: Sequence[str], may_leave_out: bool, where: str, asked: str
    ) -> pa.RecordBatchReader:
        """The rows of a statement; a column with bytes is left out where it may be, else refused."""
        try:
            kinds = self._find_kinds(statement, len(columns))
            kept = [number for number, kind in enumerate(kinds) if kind != _BYTES or not may_leave_out]
            find_columns([columns[n] for n in kept], list(zip(columns, kinds, strict=True)), _ARROW.__contains__, where)
            schema = pa.schema([(columns[number], _ARROW[kinds[number]]) for number in kept])
            select = ", ".join(_cast(f"c{number}", kinds[number]) for number in kept) or "NULL"
            numbered = _number_columns(statement, len(columns))
            cursor = self._connection.execute(f"{numbered} SELECT {select} FROM numbered{limit_rows(rows)}")
        except sqlite3.Error as error:
            raise self._explain(error, where, asked) from None
        batches = _build_batches(cursor, schema, where)
        return read_batches(schema, batches, (sqlite3.Error,), lambda error: self._explain(error, where, asked), where)

    def _find_kinds(self, statement: str, columns: int) -> list[str]:
        """What lies in each column: integer, real, bytes, or text for all else. It is one type however few are read."""
        if statement not in self._kinds:
            seen = ", ".join(_SEEN.format(column=f"c{number}") for number in range(columns))
            (found,) = self._connection.execute(f"{_number_columns(statement, columns)} SELECT {seen} FROM numbered")
            self._kinds[statement] = [_choose_kind(types or 0) for types in found]
        return self._kinds[statement]

    def _ask(self, statement: str, where: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise self._explain(error, where, "") from None

    def _explain(self, error: Exception, where: str, asked: str) -> SourceError:
        return SourceError(f"{where} cannot be read: {_say_reason(error, asked)}")


def _number_columns(statement: str, columns: int) -> str:
    """SQL: a statement's rows under names of ours, whatever its own are."""
    return f"WITH numbered({', '.join(f'c{n}' for n in range(columns))}) AS ({statement})"


def _choose_kind(seen: int) -> str:
    return _BYTES if seen >= 8 else {1: "integer", 2: "real"}.get(seen, "text")


def _cast(column: str, kind: str) -> str:
    return f"CAST({column} AS TEXT)" if kind == "text" else column


def _build_batches(cursor: sqlite3.Cursor, schema: pa.Schema, where: str) -> Iterator[pa.RecordBatch]:
    while rows := cursor.fetchmany(_ROWS):
        columns = [
            _build_column(values, field, where) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _build_column(values: Sequence[object], field: pa.Field, where: str) -> pa.Array:
    try:
        return pa.array(values, field.type)
    except pa.ArrowException:
        raise SourceError(
            f'the column "{field.name}" of {where} holds text that is not UTF-8; write it as UTF-8'
        ) from None


def _say_reason(error: Exception, asked: str) -> str:
    """Why a statement failed; a name that SQLite quotes is said only if it was asked for."""
    for shape, reason in _SAID:
        if found := re.search(shape, str(error), re.DOTALL):
            return reason.format(name=name_asked(found[1], asked)).removesuffix("; the fault is near")
    code = getattr(error, "sqlite_errorname", "")
    beginning = "_".join(code.split("_")[:2])
    return _REASONS.get(beginning, f"SQLite cannot work it out ({beginning or type(error).__name__})")
