"""Reads tables and views of a site's own database, all as they stood at one moment, and changes nothing there.

What a driver or a server says of an error can hold a host, a user or a patient's value, so none of it is repeated: the
reason is said in words of our own, with names only where they stand in what was asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from riskstrat.errors import SourceError
from riskstrat.sources.databricks import Databricks
from riskstrat.sources.postgres import PostgresDatabase
from riskstrat.sources.snowflake import Snowflake
from riskstrat.sources.sqlite import SqliteDatabase
from riskstrat.sources.sqlserver import SqlServer
from riskstrat.storage import describe_strange


class Database(Protocol):
    """One schema of a database in one transaction that only reads. Of its readers one is read to its end at a time.

    Every method raises SourceError, in one line, where the database cannot do what is asked; so does a reader while it
    is read.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def list_tables(self) -> tuple[str, ...]:
        """The tables and views of the schema in alphabetical order, as the server spells them."""

    def describe_columns(self, table: str) -> tuple[tuple[str, str], ...]:
        """Name and the server's own type of each column, in its order."""

    def read_table(
        self, table: str, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> pa.RecordBatchReader:
        """One row per row of the table: its named columns, or else all that can be read. `rows` ends it early."""

    def read_query(self, sql: str, rows: int | None = None) -> pa.RecordBatchReader:
        """One row per row of one SELECT in the server's own dialect. `rows` ends it early."""


_SERVERS: dict[str, Callable[[str, str | None], Database]] = {
    "postgres": PostgresDatabase,
    "sqlserver": SqlServer,
    "databricks": Databricks,
    "snowflake": Snowflake,
}


def open_database(kind: str, *, location: Path | None, connection: str | None, schema: str | None) -> Database:
    """A database that is read from now on as it stands now; it is a context manager.

    location: the file of a SQLite database. connection: of a server, as `read_connection` gives it. schema: None is
    the one that the server takes by itself. Raises SourceError where it cannot be opened.
    """
    if kind == "sqlite":
        if location is None:
            raise SourceError('kind = "sqlite" needs "location" under [source]: the file of the database')
        return SqliteDatabase(location, schema)
    if kind not in _SERVERS:
        raise SourceError(f'"{kind}" is not a kind of database; the kinds are sqlite, {", ".join(_SERVERS)}')
    if connection is None:
        raise SourceError(f'kind = "{kind}" needs "connection" under [source]')
    return _SERVERS[kind](connection, schema)


def read_connection(written: str, folder: Path) -> str:
    """How to reach a server, which source.toml only points to: "$NAME" of the environment, or "file:NAME" beside it.

    Raises SourceError where there is nothing of that name, or nothing in it; what it holds is in no message.
    """
    if written.startswith("$"):
        found = os.environ.get(written[1:], "").strip()
        if not found:
            raise SourceError(
                f"the environment variable {written[1:]} is not set; source.toml reads the connection there"
            )
        return found
    file = folder / written.removeprefix("file:")
    strange = describe_strange(file)
    if strange or not file.is_file():
        raise SourceError(f"{file} is {strange or 'not there'}; source.toml reads the connection in that file")
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read as text; it must hold the connection and nothing else") from error
    if not found:
        raise SourceError(f"{file} is empty; it must hold the connection and nothing else")
    return found
