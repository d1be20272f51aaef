"""Where rows lie: a folder of files, a DuckDB file, or a database behind a driver of its own.

Each lists its tables by name in lower case and lands one as a relation, its rows numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa

from riskstrat.definitions.codelists import near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.databases import Database, open_database, read_connection
from riskstrat.sources.landing import Landed, land_batches, land_csv, land_parquet, land_relation, read_first_line
from riskstrat.sources.literal import quote_name, quote_text
from riskstrat.sources.mapping import SourceMapping
from riskstrat.sources.refusals import explain_unreadable, find_separator
from riskstrat.storage import describe_strange

_ENDINGS = (".csv.gz", ".csv", ".parquet")


class Place(Protocol):
    """Tables that can be landed, by name in lower case."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables, in alphabetical order."""
        ...

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        """A table as the relation `landed_<name>`. Raises SourceError if it is not there or cannot be read."""
        ...


@contextmanager
def open_place(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping) -> Iterator[Place]:
    """What the mapping reads, open while the block runs. Raises SourceError if it cannot be opened."""
    if mapping.storage == "folder" and mapping.location is not None:
        yield _FilesFolder.find(mapping.location, mapping)
    elif mapping.storage == "duckdb" and mapping.location is not None:
        yield _DuckDBFile.attach(connection, mapping.location, mapping.schema)
    else:
        address = None if mapping.connection is None else read_connection(mapping.connection, mapping.folder)
        found = open_database(mapping.storage, location=mapping.location, connection=address, schema=mapping.schema)
        with found as database:
            place = DatabasePlace(database, mapping.place)
            try:
                yield place
            except Exception:
                # DuckDB, which asks for the rows, hands on no more of an error than its words.
                if place.failures:
                    raise place.failures[0] from None
                raise


def find_folder_separator(folder: Path) -> str:
    """What parts the columns of a folder's CSV files, by the first of them. Raises SourceError if it cannot be read."""
    files = sorted(path for path in folder.iterdir() if path.name.lower().endswith((".csv", ".csv.gz")))
    return find_separator(read_first_line(files[0], ",")) if files else ","


def strip_ending(file: str) -> str:
    """The table that a file is named as, in lower case."""
    lower = file.lower()
    ending = next((ending for ending in _ENDINGS if lower.endswith(ending)), "")
    return lower.removesuffix(ending)


@dataclass(frozen=True)
class _FilesFolder:
    """`<table>.csv`, `<table>.csv.gz`, `<table>.parquet`, or a folder `<table>` of parquet parts."""

    folder: Path
    files: Mapping[str, Sequence[Path]]
    mapping: SourceMapping

    @classmethod
    def find(cls, folder: Path, mapping: SourceMapping) -> _FilesFolder:
        """The tables of a folder. Raises SourceError where two files claim one, or one is no file."""
        found: dict[str, list[Path]] = {}
        for path in sorted(folder.iterdir()):
            parts = _list_parts(path)
            if not parts:
                continue
            name = strip_ending(path.name)
            if name in found:
                raise SourceError(f"{folder} holds both {found[name][0].name} and {path.name}; keep one of them")
            found[name] = parts
        for name, declared in mapping.inputs.items():
            parts = next((files for pattern in declared.files if (files := sorted(folder.glob(pattern)))), [])
            if parts and name not in found:
                found[name] = parts
        return cls(folder, found, mapping)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(sorted(self.files))

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        _require_table(self, table, str(self.folder))
        first, *rest = self.files[table]
        if first.suffix.lower() == ".parquet":
            return land_parquet(connection, name, [first, *rest])
        return land_csv(connection, name, first, self.mapping.separator, self._list_orders(table))

    def _list_orders(self, table: str) -> tuple[tuple[str, ...], ...]:
        """How the columns of a file may follow each other that has no line of names; nothing where files have one."""
        if self.mapping.header:
            return ()
        inputs = self.mapping.inputs
        declared = next((item for name, item in inputs.items() if table in (name, *item.also)), None)
        if declared is None:
            raise SourceError(
                f"header = false, and nothing names the columns of {table}; write [source.inputs.{table}] with its "
                "columns in their order"
            )
        return declared.list_orders()


def _list_parts(path: Path) -> list[Path]:
    """The files of a table that lies at `path`, none where it is no table. Raises SourceError for what is no file."""
    if path.is_dir():
        # Of the names of folders within, such as year=2026, nothing is read.
        files = sorted(part for part in path.rglob("*") if part.is_file() and not part.name.startswith((".", "_")))
        parts = [part for part in files if part.suffix.lower() == ".parquet"]
        _refuse_hidden(path, parts)
        if parts and len(parts) < len(files):
            other = next(part for part in files if part not in parts)
            raise SourceError(f"{path} holds {other.name} beside parts in parquet, and it would not be read; move it")
        named = path.name.lower().endswith(_ENDINGS) or path.name.lower() in SCHEMAS
        if named and not parts:
            raise SourceError(
                f"{path} is a folder, not a file that can be read, and holds no parquet; land it as a file, or move it"
            )
        return parts
    if not path.name.lower().endswith(_ENDINGS):
        return []
    strange = describe_strange(path)
    if strange:
        raise SourceError(f"{path} is {strange}, not a file that can be read; land the table as a file, or move it")
    return [path]


def _refuse_hidden(path: Path, parts: Sequence[Path]) -> None:
    """Raise SourceError for a part in a hidden folder: an unfinished write, or rows that were deleted since."""
    for part in parts:
        within = part.relative_to(path)
        if any(folder.startswith((".", "_")) for folder in within.parts[:-1]):
            raise SourceError(
                f"{path} holds {within.as_posix()}, in a folder that is hidden from readers, such as what a write left "
                "unfinished; move that folder, or land the table anew"
            )


@dataclass(frozen=True)
class _DuckDBFile:
    """The tables and views of a DuckDB file; a view may read the tables of that file and nothing else."""

    file: Path
    names: Mapping[str, str]

    @classmethod
    def attach(cls, connection: duckdb.DuckDBPyConnection, file: Path, schema: str | None) -> _DuckDBFile:
        """The file, attached as `site`. Raises SourceError if it is no such file, or two tables have one name."""
        try:
            connection.execute(f"ATTACH {quote_text(str(file))} AS site (TYPE DUCKDB, READ_ONLY)")
        except duckdb.Error as error:
            raise SourceError(explain_unreadable(file)) from error
        connection.execute("SET enable_external_access = false")
        found = connection.execute(
            "SELECT lower(table_name), table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'site' AND ($1 IS NULL OR lower(table_schema) = lower($1)) ORDER BY ALL",
            [schema],
        ).fetchall()
        names: dict[str, str] = {}
        for name, where, table in found:
            if name in names:
                raise SourceError(f'{file} holds two tables called "{name}"; keep one of them')
            names[name] = f"site.{quote_name(where)}.{quote_name(table)}"
        return cls(file, names)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(sorted(self.names))

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        _require_table(self, table, str(self.file))
        try:
            return land_relation(connection, name, self.names[table])
        except duckdb.Error as error:
            raise SourceError(
                f"{table} in {self.file} cannot be read ({type(error).__name__}): a view there may read the tables of "
                "that file and nothing else; land it as a table"
            ) from error


@dataclass(frozen=True)
class DatabasePlace:
    """The tables and views of a database that its own driver reads."""

    database: Database
    where: str
    failures: list[SourceError] = field(default_factory=list)
    """Why rows ended early, if they did."""

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(sorted(name.lower() for name in self.database.list_tables()))

    def require_readable(self, table: str, columns: Collection[str]) -> None:
        """Raise SourceError where one of these columns is there, but of a type of which nothing can be made."""
        spelled = self._spell(table)
        wanted = {column.lower() for column in columns}
        there = [name for name, _ in self.database.describe_columns(spelled) if name.lower() in wanted]
        self.database.read_table(spelled, there, rows=0).close()

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        spelled = self._spell(table)
        return self._land(connection, name, lambda rows: self.database.read_table(spelled, rows=rows))

    def land_query(self, connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> Landed:
        """The rows of a SELECT in the database's own dialect. Raises SourceError."""
        return self._land(connection, name, lambda rows: self.database.read_query(sql, rows=rows))

    def _land(
        self, connection: duckdb.DuckDBPyConnection, name: str, read: Callable[[int | None], pa.RecordBatchReader]
    ) -> Landed:
        """Rows that are asked for when the relation is scanned: a database gives those of one table at a time."""
        with read(0) as nothing:
            schema = nothing.schema

        def scan() -> Iterator[pa.RecordBatch]:
            try:
                with read(None) as batches:
                    yield from batches
            except SourceError as error:
                self.failures.append(error)
                raise

        return land_batches(connection, name, pa.RecordBatchReader.from_batches(schema, scan()))

    def _spell(self, table: str) -> str:
        """The one table of a name as the database spells it. Raises SourceError unless there is one."""
        _require_table(self, table, self.where)
        spelled = [given for given in self.database.list_tables() if given.lower() == table]
        if len(spelled) > 1:
            raise SourceError(
                f"{self.where} has {' and '.join(spelled)}, which differ in case alone; read a view of one"
            )
        return spelled[0]


def _require_table(place: Place, table: str, where: str) -> None:
    if table not in place.tables:
        holds = f"; it holds {', '.join(place.tables)}" if place.tables else ""
        raise SourceError(f'{where} has no table "{table}"{near(table, place.tables)}{holds}')
