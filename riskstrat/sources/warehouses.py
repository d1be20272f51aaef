"""SQL Server, Databricks and Snowflake, each through its own driver, which is imported only when it is used.

They share the standard's INFORMATION_SCHEMA. What they send is tested on the documented interface of each driver, not
on a server.
"""

from __future__ import annotations

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.database_rows import find_columns, find_name, read_batches, select_columns, wrap_query
from riskstrat.sources.literal import quote_name, quote_text

ROWS = 50_000
"""Rows of one batch."""

Batches = tuple[pa.Schema, Iterator[pa.RecordBatch]]


class Warehouse(ABC):
    """One schema of a database whose tables and columns INFORMATION_SCHEMA lists."""

    product: ClassVar[str]
    extra: ClassVar[str]
    read_types: ClassVar[frozenset[str]]
    """Types, in capitals, of which something can be made."""
    current_schema: ClassVar[str]
    beginning: ClassVar[tuple[str, ...]] = ()
    """Statements by which all that follows is one transaction, where there is such a thing."""

    def __init__(self, address: str, schema: str | None) -> None:
        self._connection = self._connect(address)
        self._begin()
        if schema is None:
            self.schema = str(self._ask(self.current_schema)[0][0])
        else:
            names = [str(name) for (name,) in self._ask("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA")]
            self.schema = find_name(schema, names, "schema", "the database")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.close()
        except Exception:
            return  # the server has gone, and the transaction with it

    def list_tables(self) -> tuple[str, ...]:
        """The tables and views of the schema."""
        found = self._ask(
            f"SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = {self._quote_text(self.schema)}"
        )
        return tuple(sorted(str(name) for (name,) in found))

    def describe_columns(self, table: str) -> tuple[tuple[str, str], ...]:
        """Name and type of each column."""
        found = self._ask(
            f"SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = "
            f"{self._quote_text(self.schema)} AND TABLE_NAME = {self._quote_text(self._find(table))} "
            "ORDER BY ORDINAL_POSITION"
        )
        return tuple((str(name), str(kind)) for name, kind in found)

    def read_table(
        self, table: str, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> pa.RecordBatchReader:
        """The rows of a table or view as they come."""
        there, where = self.describe_columns(table), f"{self.schema}.{table}"
        types = dict(there)
        chosen = find_columns(columns, there, lambda kind: kind.upper() in self.read_types, where)
        select = ", ".join(self._cast_column(name, types[name]) for name in chosen)
        place = f"{self._quote(self.schema)}.{self._quote(self._find(table))}"
        return self._read(self._limit(select, place, rows), where)

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """The rows of a SELECT."""
        return self._read(wrap_query(sql, rows=rows), "the query")

    @abstractmethod
    def _connect(self, address: str) -> Any:
        """A connection of the driver."""

    def _begin(self) -> None:
        for statement in self.beginning:
            self._ask(statement)

    @abstractmethod
    def _fetch(self, cursor: object) -> Batches:
        """The Arrow schema and batches of what a cursor was asked."""

    def _limit(self, select: str, place: str, rows: int | None) -> str:
        return select_columns((select,), place, rows, quote=str)

    def _cast_column(self, name: str, kind: str) -> str:
        return self._quote(name)

    def _quote(self, name: str) -> str:
        return quote_name(name)

    def _quote_text(self, text: str) -> str:
        return quote_text(text)

    def _find(self, table: str) -> str:
        return find_name(table, self.list_tables(), "table", f"the schema {self.schema}")

    def _read(self, statement: str, where: str) -> pa.RecordBatchReader:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
            schema, batches = self._fetch(cursor)
        except Exception as error:
            raise self._explain(error, where) from None
        return read_batches(schema, batches, (Exception,), lambda error: self._explain(error, where), where)

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if statement.startswith("SELECT") else []
        except Exception as error:
            raise self._explain(error, "the catalogue of the database") from None
        finally:
            cursor.close()

    def _explain(self, error: Exception, where: str) -> SourceError:
        state = getattr(error, "sqlstate", None) or type(error).__name__
        return SourceError(
            f"{where} cannot be read: {self.product} refuses it ({state}); run the same SELECT in its own tools"
        )

    def _import_driver(self, module: str) -> ModuleType:
        """The driver. Raises SourceError where it is not installed. Its own log, which names hosts, is not shown."""
        try:
            driver = import_module(module)
        except ImportError as error:
            raise SourceError(
                f'{self.product} is read by a driver that is not installed; run: pip install "riskstrat[{self.extra}]"'
            ) from error
        logging.getLogger(module.split(".")[0]).setLevel(logging.CRITICAL + 1)
        return driver

    def _call(self, connect: Any, *arguments: Any, **settings: Any) -> Any:
        try:
            with warnings.catch_warnings(action="ignore"):
                return connect(*arguments, **settings)
        except Exception as error:
            raise SourceError(
                f"{self.product} cannot be reached ({type(error).__name__}): the address, the user or the network is "
                "wrong"
            ) from None


def read_address(address: str, scheme: str, form: str) -> tuple[str | None, str | None, str, str, dict[str, str]]:
    """User, password, host, path without its first stroke, and settings, of an address such as `scheme://u:p@h/d?k=v`.

    Raises SourceError where it has another form; the address is not in the message.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme != scheme or not parts.hostname:
            raise ValueError
        settings = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise SourceError(f"the connection is no address of {scheme}; write it as {form}") from None
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return user, password, parts.hostname, unquote(parts.path.lstrip("/")), settings
