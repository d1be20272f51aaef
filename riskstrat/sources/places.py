"""Where rows lie: a folder of files, a DuckDB file, or a database behind a driver of its own.

Each lists its tables by name in lower case and lands one as a relation, its rows numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.codelists import near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.source_mapping import CsvForm, GivenFile
from riskstrat.errors import SourceError, StorageError
from riskstrat.sources.databases import Database, open_database, read_connection
from riskstrat.sources.encodings import find_form
from riskstrat.sources.landing import Landed, land_batches, land_csv, land_parquet, land_relation, read_first_line
from riskstrat.sources.literal import quote_name, quote_text
from riskstrat.sources.mapping import SourceMapping, has_ending, strip_ending
from riskstrat.sources.refusals import explain_unreadable
from riskstrat.storage import describe_strange, list_below, list_files, list_folder


class Place(Protocol):
    """Tables that can be landed, by name in lower case."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables, in alphabetical order."""
        ...

    def name_columns(self, connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
        """The columns of a table in lower case; none where it has no line of names. Raises SourceError."""
        ...

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        """A table as the relation `landed_<name>`. Raises SourceError if it is not there or cannot be read."""
        ...


@contextmanager
def open_place(connection: duckdb.DuckDBPyConnection, mapping: SourceMapping) -> Iterator[Place]:
    """What the mapping reads, open while the block runs. Raises SourceError if it cannot be opened."""
    if mapping.files and mapping.storage != "folder":
        raise SourceError(f"{mapping.where}: [source.files] is for the CSV files of a folder; take it out")
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


def find_forms(mapping: SourceMapping) -> SourceMapping:
    """The mapping with how each CSV file of its folder is likely written. Raises SourceError as `open_place` does."""
    if mapping.storage != "folder" or mapping.location is None:
        return mapping
    files = _FilesFolder.find(mapping.location, mapping).files
    forms = {name: find_form(parts[0]) for name, parts in files.items() if not _is_parquet(parts[0])}
    if len(set(forms.values())) == 1:
        return replace(mapping, form=next(iter(forms.values())))
    return replace(mapping, files={name: _give_form(form) for name, form in forms.items() if form != CsvForm()})


def _give_form(form: CsvForm) -> GivenFile:
    return GivenFile(
        separator=None if form.separator == "," else form.separator,
        encoding=None if form.encoding == "utf-8" else form.encoding,
    )


def _name_parquet_columns(file: Path) -> frozenset[str]:
    try:
        return frozenset(name.lower() for name in pq.read_schema(file).names)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{file} cannot be read as parquet; land it again, or as CSV") from error


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() == ".parquet"


@dataclass(frozen=True)
class _FilesFolder:
    """`<table>.csv`, `<table>.csv.gz`, `<table>.parquet`, or a folder `<table>` of parts in CSV or parquet."""

    folder: Path
    files: Mapping[str, Sequence[Path]]
    mapping: SourceMapping

    @classmethod
    def find(cls, folder: Path, mapping: SourceMapping) -> _FilesFolder:
        """The tables of a folder. Raises SourceError where two files claim one, or one is no file."""
        found: dict[str, list[Path]] = {}
        listed = [(path, parts) for path in list_folder(folder) if (parts := _list_parts(path))]
        claimed = {*SCHEMAS, *(name for key, declared in mapping.inputs.items() for name in (key, *declared.also))}
        # A folder may hold CSV files for any reason: unless something of its name is read, what else has it wins.
        for gives_way, path, parts in sorted((_gives_way(path, parts, claimed), path, parts) for path, parts in listed):
            name = strip_ending(path.name)
            if name in found and gives_way:
                continue
            if name in found:
                raise SourceError(f"{folder} holds both {found[name][0].name} and {path.name}; keep one of them")
            found[name] = parts
        for name, declared in mapping.inputs.items():
            parts = next((files for pattern in declared.files if (files := sorted(folder.glob(pattern)))), [])
            if parts and name not in found:
                found[name] = parts
        for name in mapping.files:
            if name not in found:
                raise SourceError(
                    f"{mapping.where}: [source.files.{name}] is of no file of {folder}{near(name, tuple(found))}; it "
                    f"holds {', '.join(sorted(found))}"
                )
        return cls(folder, found, mapping)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(sorted(self.files))

    @property
    def csv_folders(self) -> frozenset[str]:
        """The tables that are folders of CSV files."""
        return frozenset(
            name for name, parts in self.files.items() if parts[0].parent != self.folder and not _is_parquet(parts[0])
        )

    def land(self, connection: duckdb.DuckDBPyConnection, table: str, name: str) -> Landed:
        _require_table(self, table, str(self.folder))
        files = self.files[table]
        if _is_parquet(files[0]):
            return land_parquet(connection, name, files)
        if files[0].parent != self.folder:
            _refuse_others(next(path for path in files[0].parents if path.parent == self.folder), files)
        return land_csv(connection, name, files, self.mapping.get_form(table), self._list_orders(table))

    def name_columns(self, connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
        first = self.files[table][0]
        if _is_parquet(first):
            return _name_parquet_columns(first)
        if not self.mapping.header:
            return frozenset()
        return frozenset(name.strip().lower() for name in read_first_line(first, self.mapping.get_form(table)))

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
        files = _list_files_within(path)
        parts = [part for part in files if _is_parquet(part)]
        if parts:
            _refuse_others(path, parts)
            return parts
        if path.name.startswith((".", "_")):
            return []
        # Any folder may hold CSV files: whether these are parts of one table is asked when they are read as one.
        parts = [part for part in files if has_ending(part.name)]
        if not parts and (has_ending(path.name) or path.name.lower() in SCHEMAS):
            raise SourceError(
                f"{path} is a folder, not a file that can be read, and holds neither parquet nor CSV; land it as a "
                "file, or move it"
            )
        return parts
    if not has_ending(path.name):
        return []
    strange = describe_strange(path)
    if strange:
        raise SourceError(f"{path} is {strange}, not a file that can be read; land the table as a file, or move it")
    return [path]


def _gives_way(path: Path, parts: Sequence[Path], claimed: Collection[str]) -> bool:
    """Whether what lies at `path` is a folder of CSV files of whose name nothing need be read."""
    folder_of_csv = path.is_dir() and not _is_parquet(parts[0])
    return folder_of_csv and not has_ending(path.name) and path.name.lower() not in claimed


def list_csv_folders(place: Place) -> frozenset[str]:
    """The tables of a place that are folders of CSV files, which may lie there for any reason."""
    return place.csv_folders if isinstance(place, _FilesFolder) else frozenset()


def _list_files_within(folder: Path) -> list[Path]:
    """The files of a folder that are not hidden. Raises StorageError for a folder there that cannot be read."""
    try:
        within = list_files(folder)
    except StorageError:
        # What a disk keeps for itself is nobody's table, and nobody may read it.
        if folder.name != "lost+found" and not folder.name.startswith("."):
            raise
        return []
    return [part for part in within if not part.name.startswith((".", "_"))]


def _refuse_others(path: Path, parts: Sequence[Path]) -> None:
    """Raise SourceError for what lies beside the parts of a table and would not be read, or would and should not."""
    _refuse_hidden(path, parts)
    _refuse_links(path)
    other = next((part for part in _list_files_within(path) if part not in parts), None)
    if other is not None:
        kind = "parquet" if _is_parquet(parts[0]) else "CSV"
        raise SourceError(f"{path} holds {other.name} beside parts in {kind}, and it would not be read; move it")


def _refuse_links(path: Path) -> None:
    """Raise SourceError for what is neither a file nor a folder of its own among the parts of a table."""
    for part in list_below(path):
        if not part.is_file() and (part.is_symlink() or not part.is_dir()):
            what = "a link to a folder" if part.is_dir() else describe_strange(part)
            raise SourceError(
                f"{path} holds {part.name}, {what}, which would not be read; land it as files, or move it"
            )


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

    def name_columns(self, connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
        try:
            rows = connection.execute(f"DESCRIBE {self.names[table]}").fetchall()
        except duckdb.Error as error:
            raise SourceError(f"{table} in {self.file} cannot be read ({type(error).__name__})") from error
        return frozenset(row[0].lower() for row in rows)

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

    def name_columns(self, connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
        return frozenset(name.lower() for name, _ in self.database.describe_columns(self._spell(table)))

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
