"""Reads what a site landed: a folder of `<table>.parquet`, `.csv` or `.csv.gz`, a DuckDB file, or a MEDS extract.

Names of files, tables and columns are read whichever case they are written in. Nothing is judged here.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv

from riskstrat.definitions.codelists import near
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.lines import count_records, open_packed
from riskstrat.sources.literal import quote_name, quote_text, read_literally
from riskstrat.sources.refusals import (
    explain_absence,
    explain_missing_columns,
    explain_missing_table,
    explain_unreadable,
    refuse_separator,
)
from riskstrat.storage import describe_strange

FORMATS = ("canonical", "meds")
ROW = "landed_row"
"""The 1-based number of a row in the file or table it was landed in."""

_ENDINGS = (".parquet", ".csv", ".csv.gz")
_BLOCK = 1 << 24
_TYPE_OF_ARROW = "VARCHAR"


@dataclass
class Landed:
    """One landed table: a relation of the connection that can be scanned once, with ROW and the landed columns.

    `columns` maps each name in lower case to the name and the type it was landed with. `unreadable` collects, while
    the relation is scanned, the rows of a CSV file that do not have the header's number of fields. `records` are those
    that a CSV file was seen to hold before it was parsed.
    """

    name: str
    relation: str
    columns: Mapping[str, tuple[str, str]]
    unreadable: list[int] = field(default_factory=list)
    records: int | None = None

    @property
    def ignored(self) -> tuple[str, ...]:
        """Landed columns that the schema does not name, in alphabetical order."""
        return tuple(sorted(set(self.columns) - set(SCHEMAS[self.name].names)))


@dataclass(frozen=True)
class Landing:
    """Everything a source holds: its canonical tables, the names of others, and what the adapter has to say."""

    tables: Mapping[str, Landed]
    ignored: tuple[str, ...] = ()
    comparable_dates: bool = True
    notes: tuple[str, ...] = ()


def land(connection: duckdb.DuckDBPyConnection, source: Path, format: str = "canonical") -> Landing:
    """The tables of `source`, as relations of `connection`.

    Raises SourceError for a source that is not there or not readable, and for a required table or column it lacks.
    """
    if format not in FORMATS:
        raise SourceError(f'"{format}" is not a format; the formats are {" and ".join(FORMATS)}{near(format, FORMATS)}')
    strange = describe_strange(source)
    if not source.is_dir() and strange:
        raise SourceError(f"{source} is {strange}; give a folder of tables, or a DuckDB file")
    if not source.exists():
        raise SourceError(explain_absence(source))
    landing = _land_meds(connection, source) if format == "meds" else _land_canonical(connection, source)
    _require_tables_and_columns(landing, source)
    return landing


def _land_canonical(connection: duckdb.DuckDBPyConnection, source: Path) -> Landing:
    return _land_folder(connection, source) if source.is_dir() else _land_database(connection, source)


def _land_meds(connection: duckdb.DuckDBPyConnection, source: Path) -> Landing:
    from riskstrat.sources.meds import COMPARABLE_DATES, read_meds

    extract = read_meds(source)
    tables = {name: _land_arrow(connection, name, table) for name, table in extract.tables.items()}
    return Landing(tables, comparable_dates=COMPARABLE_DATES, notes=extract.notes)


def _land_arrow(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Landed:
    numbered = table.append_column(ROW, pa.array(range(1, table.num_rows + 1), pa.int64()))
    connection.register(f"landed_{name}", numbered)
    return _describe_table(connection, name)


def _land_folder(connection: duckdb.DuckDBPyConnection, folder: Path) -> Landing:
    files = _find_table_files(folder)
    tables = {name: _land_file(connection, name, files[name]) for name in SCHEMAS if name in files}
    return Landing(tables, ignored=tuple(sorted(set(files) - set(SCHEMAS))))


def _find_table_files(folder: Path) -> dict[str, Path]:
    """The file of each table by its name in lower case. Raises SourceError where two claim one, or one is no file."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if not file.name.lower().endswith(_ENDINGS):
            continue
        strange = describe_strange(file)
        if strange:
            raise SourceError(f"{file} is {strange}, not a file that can be read; land the table as a file, or move it")
        name = file.name.lower().removesuffix(".gz").removesuffix(".csv").removesuffix(".parquet")
        if name in found:
            raise SourceError(f"{folder} holds both {found[name].name} and {file.name}; keep one of them")
        found[name] = file
    return found


def _land_file(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> Landed:
    parquet = file.suffix.lower() == ".parquet"
    return _land_parquet(connection, name, file) if parquet else land_csv(connection, name, file)


def _land_parquet(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> Landed:
    try:
        connection.execute(
            f"CREATE VIEW landed_{name} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {ROW} "
            f"FROM {read_literally(file, 'file_row_number = true')}"
        )
    except duckdb.Error as error:
        raise SourceError(f"{file} cannot be read as parquet; land it again, or as {name}.csv") from error
    return _describe_table(connection, name)


def _describe_table(connection: duckdb.DuckDBPyConnection, name: str) -> Landed:
    rows = connection.execute(f"DESCRIBE landed_{name}").fetchall()
    return Landed(name, f"landed_{name}", _index_columns(name, [(row[0], row[1]) for row in rows if row[0] != ROW]))


def _index_columns(table: str, columns: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for column, kind in columns:
        lower = column.strip().lower()
        if lower in found:
            raise SourceError(f'{table} has two columns called "{lower}"; keep one of them')
        found[lower] = (column, kind)
    return found


def land_csv(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> Landed:
    """A CSV file as a relation that can be scanned once. Raises SourceError where its records cannot be told apart."""
    header = _read_header(file)
    columns = _index_columns(name, [(column, _TYPE_OF_ARROW) for column in header])
    landed = Landed(name, f"landed_{name}", columns, records=count_records(file))
    schema = pa.schema([*((column, pa.string()) for column in header), (ROW, pa.int64())])
    batches = _read_csv_batches(file, schema, landed.unreadable) if landed.records else iter(())
    connection.register(landed.relation, pa.RecordBatchReader.from_batches(schema, batches))
    return landed


def _read_header(file: Path) -> list[str]:
    try:
        with io.TextIOWrapper(open_packed(file), encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), [])
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{file} is not comma-separated UTF-8; save it as CSV UTF-8") from error
    if not header:
        raise SourceError(f"{file} is empty; its first line must name the columns")
    refuse_separator(file, header)
    # A spreadsheet may save columns without a name; they are ignored as any other column that no schema names.
    return [column.strip() or f"column {number}" for number, column in enumerate(header, start=1)]


def _read_csv_batches(file: Path, schema: pa.Schema, unreadable: list[int]) -> Iterator[pa.RecordBatch]:
    """The readable rows as text, numbered by their place in the file, in its order; an empty line is an empty row."""

    def skip(row: pa_csv.InvalidRow) -> str:
        unreadable.append(row.number - 1)  # the header is row 1 of the file
        return "skip"

    text = pa.schema([field for field in schema if field.name != ROW])
    rows = pa_csv.open_csv(
        open_packed(file),
        pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=text.names, skip_rows=1),
        pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip),
        pa_csv.ConvertOptions(column_types=text, null_values=["", "NULL"], strings_can_be_null=True),
    )
    last, taken = 0, 0
    for batch in rows:
        numbers, last, taken = _number_rows(batch.num_rows, last, unreadable, taken)
        yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(numbers, pa.int64())], schema=schema)


def require_every_record(landed: Landed, rows: int) -> None:
    """Raise SourceError where the rows that were read and those left out are not the records that the file holds."""
    if landed.records is not None and rows + len(landed.unreadable) != landed.records:
        raise SourceError(
            f"{landed.name}: {rows + len(landed.unreadable)} rows were read of a file with {landed.records} records; "
            "it changed while it was read, or its quotes cannot be told apart: land it again, or as parquet"
        )


def _number_rows(rows: int, last: int, unreadable: list[int], taken: int) -> tuple[list[int], int, int]:
    """Numbers of the next readable rows after `last`, passing over the unreadable ones from place `taken` on."""
    if taken == len(unreadable):
        return list(range(last + 1, last + rows + 1)), last + rows, taken
    numbers: list[int] = []
    while len(numbers) < rows:
        last += 1
        if taken < len(unreadable) and unreadable[taken] == last:
            taken += 1
        else:
            numbers.append(last)
    return numbers, last, taken


def _land_database(connection: duckdb.DuckDBPyConnection, file: Path) -> Landing:
    try:
        connection.execute(f"ATTACH {quote_text(str(file))} AS site (TYPE DUCKDB, READ_ONLY)")
    except duckdb.Error as error:
        raise SourceError(explain_unreadable(file)) from error
    # A view of the source may read its tables, and nothing else of this machine.
    connection.execute("SET enable_external_access = false")
    found = connection.execute(
        "SELECT lower(table_name), table_schema, table_name FROM information_schema.tables "
        "WHERE table_catalog = 'site' ORDER BY ALL"
    ).fetchall()
    places: dict[str, str] = {}
    for name, schema, table in found:
        if name in places:
            raise SourceError(f'{file} holds two tables called "{name}"; keep one of them')
        places[name] = f"site.{quote_name(schema)}.{quote_name(table)}"
    tables = {name: _land_table(connection, name, places[name], file) for name in SCHEMAS if name in places}
    return Landing(tables, ignored=tuple(sorted(set(places) - set(SCHEMAS))))


def _land_table(connection: duckdb.DuckDBPyConnection, name: str, place: str, file: Path) -> Landed:
    try:
        connection.execute(f"CREATE VIEW landed_{name} AS SELECT *, row_number() OVER () AS {ROW} FROM {place}")
        return _describe_table(connection, name)
    except duckdb.Error as error:
        raise SourceError(
            f"{name} in {file} cannot be read ({type(error).__name__}): a view there may read the tables of that file "
            "and nothing else; land it as a table"
        ) from error


def _require_tables_and_columns(landing: Landing, source: Path) -> None:
    for schema in SCHEMAS.values():
        if schema.required and schema.name not in landing.tables:
            raise SourceError(explain_missing_table(source, schema.name, landing.ignored))
    for landed in landing.tables.values():
        schema = SCHEMAS[landed.name]
        absent = [column.name for column in schema.columns if column.required and column.name not in landed.columns]
        if absent:
            raise SourceError(explain_missing_columns(schema, absent, tuple(landed.columns)))
