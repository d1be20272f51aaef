"""PostgreSQL through ADBC: Arrow batches by binary COPY, in one REPEATABLE READ READ ONLY transaction.

ADBC and not psycopg: rows arrive as Arrow without a Python object each, so memory and time are those of a file, and its
licence (Apache 2.0) is ours to pass on where psycopg's LGPL would need a notice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import (
    find_columns,
    find_name,
    limit_rows,
    name_asked,
    read_batches,
    refuse_type,
    wrap_query,
)
from riskstrat.sources.literal import quote_name, quote_text

if TYPE_CHECKING:
    from adbc_driver_manager import dbapi

_BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # The same rows in the same order: no scan begins where another reader is, and no two workers share one.
    "SET LOCAL synchronize_seqscans = off",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL application_name = 'riskstrat'",
)
_NATIVE = frozenset({"bool", "int2", "int4", "int8", "float4", "float8"})
_TEXT_CATEGORIES = "SEN"
"""What pg_type calls strings, enumerations and numbers."""
_TEXT = frozenset({"uuid", "bit", "varbit", "time", "timetz", "char"})
_OPEN_ENDS = {"date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}
"""Types with an infinity, which Arrow has not: it is read as the last or first day that dates are written with."""

_CONNECTING = (
    (r"password authentication failed|no password supplied|role \S+ does not exist", "it does not admit that user"),
    (r"no pg_hba\.conf entry|not permitted to log in", "it does not admit that user from this machine"),
    (r"database \S+ does not exist", "it has no database of that name"),
    (r"could not translate host name", "no machine of that name is known"),
    (r"refused|No such file|Is the server running", "no server answers there"),
    (r"timeout|timed out", "it does not answer in time"),
    (r"SSL|certificate|GSS", "an encrypted connection could not be agreed"),
    (r"too many|starting up|shutting down|recovery", "it takes no further connection now"),
    (
        r'missing "="|invalid connection option|invalid URI|invalid .* value|invalid integer|unterminated|cannot parse',
        "what is given is no address: write it as host=... dbname=... user=... or as postgresql://...",
    ),
)
_REASONS = {
    "42501": "the user has no right to read it",
    "42P01": "there is no table{name} that it names",
    "42703": "there is no column{name} that it names",
    "42883": "there is no function{name} that it names",
    "42702": "the column{name} could be one of several tables",
    "42601": "it is no single SELECT that PostgreSQL can read; the fault is near{name}",
    "0A000": "it is no single SELECT that only reads",
    "25006": "it would change the database, and it is only read",
    "22012": "it divides by zero",
    "22P02": "it meets a value that is not of the type it asks for",
    "22003": "it meets a number that is out of range",
    "57014": "it was cancelled, by the server's own time limit or by somebody",
    "40001": "the server needed what it was reading; read it again, or from the main server",
}
_ROW_STATES = (
    (r"ERROR:\s+division by zero", "22012"),
    (r"ERROR:\s+invalid input (syntax|value)", "22P02"),
    (r"ERROR:\s+\S+ out of range", "22003"),
    (r"ERROR:\s+cannot execute .* in a read-only transaction", "25006"),
    (r"ERROR:\s+canceling statement", "57014"),
    (r"ERROR:\s+permission denied", "42501"),
)
"""What a server says in English of a row, and its SQLSTATE."""
_GONE = "the server went away while it was read"
_FAILED = "25P02"
"""What a server says of each statement after one that failed."""
_CLASSES = {
    "08": _GONE,
    "22": "it meets a value that it cannot compute with",
    "53": "the server has too little memory, disk or connections for it",
    "57": _GONE,
}


class PostgresDatabase:
    """One schema of a PostgreSQL server as it stood when the transaction began."""

    def __init__(self, address: str, schema: str | None) -> None:
        self._connection, self._error = _connect(address)
        self._cursors: list[dbapi.Cursor] = []
        for statement in _BEGIN:
            self._ask(statement)
        self.schema = self._find_schema(schema)
        self._where = f"the schema {self.schema}"
        found = self._ask(
            "SELECT typname::text, typcategory::text FROM pg_type WHERE typcategory NOT IN ('A', 'C', 'P')"
        )
        self._categories: dict[str, str] = dict(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for close in (*(cursor.close for cursor in self._cursors), self._connection.close):
            try:
                close()
            except self._error:
                continue  # the server has gone, and the transaction with it

    def list_tables(self) -> tuple[str, ...]:
        """The tables, views, materialised and foreign ones; parts of a partitioned table are not named beside it."""
        found = self._ask(
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition "
            f'AND relnamespace = {quote_text(quote_name(self.schema))}::regnamespace ORDER BY relname COLLATE "C"'
        )
        return tuple(name for (name,) in found)

    def describe_columns(self, table: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column, such as numeric(10,2)."""
        place = quote_text(self._place(table))
        found = self._ask(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = {place}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return tuple((name, kind) for name, kind in found)

    def read_table(
        self, table: str, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> pa.RecordBatchReader:
        """The rows of a table or view as they come."""
        place, where = self._place(table), f"{self.schema}.{table}"
        types = self._find_types(f"SELECT * FROM {place}", where)
        chosen = find_columns(columns, types, self._is_read, where)
        select = self._cast_columns([(name, kind) for name, kind in types if name in chosen], where)
        return self._read(f"SELECT {select} FROM {place}{limit_rows(rows)}", where, table)

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """The rows of a SELECT, whose names are looked for in the schema first."""
        where = "the query"
        path = ", ".join(dict.fromkeys((quote_name(self.schema), "public")))
        self._ask(f"SET LOCAL search_path = {path}")
        types = self._find_types(wrap_query(sql), where, sql)
        return self._read(wrap_query(sql, self._cast_columns(types, where), rows), where, sql)

    def _find_schema(self, asked: str | None) -> str:
        if asked is None:
            ((current,),) = self._ask("SELECT current_schema()::text")
            if current is None:
                raise SourceError('no schema is searched for this user; name one as schema = "..." under [source]')
            return str(current)
        found = self._ask("SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'")
        name = find_name(asked, [name for (name,) in found], "schema", "the database")
        ((usable,),) = self._ask(f"SELECT has_schema_privilege({quote_text(name)}, 'USAGE')")
        if not usable:
            raise SourceError(f"the schema {name} cannot be read: the user has no right to use it")
        return name

    def _place(self, table: str) -> str:
        return f"{quote_name(self.schema)}.{quote_name(find_name(table, self.list_tables(), 'table', self._where))}"

    def _is_read(self, kind: str) -> bool:
        known = kind in _NATIVE or kind in _TEXT or kind in _OPEN_ENDS
        return known or self._categories.get(kind, "-") in _TEXT_CATEGORIES

    def _find_types(self, select: str, where: str, asked: str = "") -> list[tuple[str, str]]:
        """Name and type of each column of a SELECT; what a domain is of, for a domain."""
        cursor = self._open_cursor()
        try:
            schema = cursor.adbc_execute_schema(select)
        except self._error as error:
            raise self._explain(error, where, asked) from None
        return [(field.name, (field.metadata or {}).get(b"POSTGRESQL:type", b"unknown").decode()) for field in schema]

    def _cast_columns(self, types: Sequence[tuple[str, str]], where: str) -> str:
        return ", ".join(self._cast_column(name, kind, where) for name, kind in types) or "NULL AS nothing"

    def _cast_column(self, name: str, kind: str, where: str) -> str:
        """SQL: a column as Arrow can hold it without a loss; what pads a char(n) is no part of its value."""
        quoted = quote_name(name)
        if not self._is_read(kind):
            refuse_type(name, kind, where)
        if kind in _NATIVE:
            return quoted
        if kind in _OPEN_ENDS:
            of = _OPEN_ENDS[kind]
            ends = (
                f"WHEN {quoted} > {of} '2000-01-01' THEN {of} '9999-12-31' WHEN {quoted} < {of} '2000-01-01' THEN {of}"
            )
            return f"CASE WHEN isfinite({quoted}) THEN {quoted} {ends} '0001-01-01' END AS {quoted}"
        through = "::numeric" if kind == "money" else ""
        return f"{quoted}{through}::text AS {quoted}"

    def _read(self, select: str, where: str, asked: str) -> pa.RecordBatchReader:
        cursor = self._open_cursor()
        try:
            cursor.execute(select)
            reader = cursor.fetch_record_batch()
        except self._error as error:
            raise self._explain(error, where, asked) from None
        return read_batches(
            reader.schema, reader, (pa.ArrowException, OSError), lambda error: self._explain_row(error, where), where
        )

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement of our own."""
        cursor = self._open_cursor()
        try:
            cursor.execute(statement)
            return cursor.fetchall() if statement.startswith("SELECT") else []
        except self._error as error:
            raise self._explain(error, "the catalogue of the database", "") from None
        finally:
            self._cursors.remove(cursor)
            cursor.close()

    def _open_cursor(self) -> dbapi.Cursor:
        cursor = self._connection.cursor()
        self._cursors.append(cursor)
        return cursor

    def _explain_row(self, error: Exception, where: str) -> SourceError:
        """Why reading ended early. Here the driver hands on no SQLSTATE; a server that is there still answers."""
        state = next((state for said, state in _ROW_STATES if re.search(said, str(error))), None)
        if state is not None:
            return SourceError(f"{where} cannot be read: {_REASONS[state]}")
        try:
            self._connection.cursor().execute("SELECT 1")
        except self._error as answer:
            if getattr(answer, "sqlstate", None) == _FAILED:
                return SourceError(f"{where} cannot be read: the server cannot work out one of its rows")
        return SourceError(f"{where} cannot be read: {_GONE}")

    def _explain(self, error: Exception, where: str, asked: str) -> SourceError:
        return SourceError(f"{where} cannot be read: {_say_reason(error, asked)}")


def _connect(address: str) -> tuple[dbapi.Connection, type[Exception]]:
    """A connection, and what it raises. Raises SourceError with the reason alone: libpq names host and user."""
    try:
        import adbc_driver_manager
        from adbc_driver_postgresql import dbapi as driver
    except ImportError as error:
        raise SourceError(
            'PostgreSQL is read by a driver that is not installed; run: pip install "riskstrat[postgres]"'
        ) from error
    try:
        return driver.connect(address, autocommit=True), adbc_driver_manager.Error
    except adbc_driver_manager.Error as error:
        said = str(error)
        reasons = (reason for shape, reason in _CONNECTING if re.search(shape, said))
        reason = next(reasons, "it gives no reason that is known; try the same connection with psql")
        raise SourceError(f"the PostgreSQL server cannot be reached: {reason}") from None


def _say_reason(error: Exception, asked: str) -> str:
    """Why a statement failed, by its SQLSTATE; a name that the message quotes is said only if it was asked for."""
    state = getattr(error, "sqlstate", None)
    if not state:
        return _GONE
    named = re.search(r'(?:relation|reference|column(?! reference)|function|near) "?([^"\s(]+)', str(error))
    name = name_asked(named[1], asked) if named else ""
    if state in _REASONS:
        return _REASONS[state].format(name=name).removesuffix("; the fault is near")
    return _CLASSES.get(state[:2], f"the server says SQLSTATE {state}")
