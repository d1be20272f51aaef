"""Landed tables as relations of DuckDB whose rows are numbered: from CSV, parquet, Arrow batches and DuckDB itself.

Names of columns are read whichever case they are written in. Nothing is judged here.
"""

from __future__ import annotations

import csv
import gzip
import io
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.lines import count_records, open_packed
from riskstrat.sources.literal import read_literally
from riskstrat.sources.refusals import refuse_separator

ROW = "landed_row"
"""The 1-based number of a row in the file or table it was landed in."""

_BLOCK = 1 << 24
_TYPE_OF_ARROW = "VARCHAR"


@dataclass
class Landed:
    """One landed table: a relation of the connection that can be scanned once, with ROW and the landed columns.

    `columns` maps each name in lower case to the name and the type it was landed with. `unreadable` collects, while
    the relation is scanned, the rows of a CSV file that do not have the header's number of fields. `records` are those
    that a CSV file was seen to hold before it was parsed. `unmapped` names the columns whose codes a mapping reads: a
    flag `unmapped_<column>` of the relation is true where it names no code for the value. `made_of` has the name and
    the rows of what it was made of, where a row of it stands for several of those. `withheld` are rows of an earlier
    extract of which nothing was kept, as their patient_id was an NHS number.
    """

    name: str
    relation: str
    columns: Mapping[str, tuple[str, str]]
    unmapped: tuple[str, ...] = ()
    unreadable: list[int] = field(default_factory=list)
    records: int | None = None
    made_of: tuple[str, int] | None = None
    withheld: list[int] = field(default_factory=list)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Landed columns that the schema does not name, in alphabetical order."""
        return tuple(sorted(set(self.columns) - set(SCHEMAS[self.name].names)))


@dataclass(frozen=True)
class Extract:
    """One extract of those that a store keeps: `name` is a digest of its rows, `rows` how many each table has.

    What it holds that no schema names is ignored: columns by table, and tables.
    """

    name: str
    rows: dict[str, int]
    ignored_columns: dict[str, tuple[str, ...]]
    ignored_tables: tuple[str, ...]


@dataclass(frozen=True)
class Landing:
    """Everything a source holds: its canonical tables, the names of others, and what its mapping has to say.

    `outcomes` counts what became of the source's own rows: (mapped, guessed or lost; what; rows). `extracts` are those
    that were kept, if any, and `added` names the one that came now.
    """

    tables: Mapping[str, Landed]
    ignored: tuple[str, ...] = ()
    comparable_dates: bool = True
    notes: tuple[str, ...] = ()
    outcomes: tuple[tuple[str, str, int], ...] = ()
    extracts: tuple[Extract, ...] = ()
    added: str = ""


def land_batches(connection: duckdb.DuckDBPyConnection, name: str, batches: pa.RecordBatchReader) -> Landed:
    """Rows in their order as a relation that can be scanned once."""
    connection.register(f"landed_{name}", number_rows(batches))
    return describe_landed(connection, name)


def number_rows(batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows with their number in ROW, from 1."""
    schema = batches.schema.append(pa.field(ROW, pa.int64()))

    def number() -> Iterator[pa.RecordBatch]:
        last = 0
        for batch in batches:
            numbers = pa.array(np.arange(last + 1, last + batch.num_rows + 1))
            yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
            last += batch.num_rows

    return pa.RecordBatchReader.from_batches(schema, number())


def land_parquet(connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path]) -> Landed:
    """One parquet file, or the parts of one table in the order of their names, as a relation. Raises SourceError."""
    row = "file_row_number + 1" if len(files) == 1 else "row_number() OVER ()"
    try:
        connection.execute(
            f"CREATE VIEW landed_{name} AS SELECT * EXCLUDE (file_row_number), {row} AS {ROW} "
            f"FROM {read_literally(files, 'file_row_number = true, union_by_name = true')}"
        )
    except duckdb.Error as error:
        raise SourceError(f"{files[0]} cannot be read as parquet; land it again, or as {name}.csv") from error
    return describe_landed(connection, name)


def land_relation(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> Landed:
    """A table or view that DuckDB knows, as a relation with numbered rows. Raises duckdb.Error as DuckDB does."""
    connection.execute(f"CREATE VIEW landed_{name} AS SELECT *, row_number() OVER () AS {ROW} FROM {relation}")
    return describe_landed(connection, name)


def describe_landed(connection: duckdb.DuckDBPyConnection, name: str) -> Landed:
    """The relation `landed_<name>` with the columns that it has."""
    rows = connection.execute(f"DESCRIBE landed_{name}").fetchall()
    return Landed(name, f"landed_{name}", _index_columns(name, [(row[0], row[1]) for row in rows if row[0] != ROW]))


def _index_columns(table: str, columns: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for number, (column, kind) in enumerate(columns, start=1):
        # What nobody sees in a name, such as a second mark for bytes, is no part of it.
        lower = "".join(sign for sign in column if unicodedata.category(sign) != "Cf").strip().lower()
        if lower in found:
            # The name is not repeated: without a header it would be what a row says of somebody.
            raise SourceError(
                f"{table} has two columns of one name, number {list(found).index(lower) + 1} and number {number}; keep "
                "one of them"
            )
        found[lower] = (column, kind)
    return found


def land_csv(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    file: Path,
    separator: str = ",",
    orders: Sequence[Sequence[str]] = (),
) -> Landed:
    """A CSV file as a relation that can be scanned once. Raises SourceError where its records cannot be told apart.

    orders: how columns may follow each other in a file without a line that names them.
    """
    header = read_first_line(file, separator)
    if orders:
        header = _choose_order(file, orders, len(header))
    else:
        refuse_separator(file, header, separator)
    # A spreadsheet may save columns without a name; they are ignored as any other column that no schema names.
    header = [column.strip() or f"column {number}" for number, column in enumerate(header, start=1)]
    columns = _index_columns(file.name, [(column, _TYPE_OF_ARROW) for column in header])
    records = count_records(file, separator, header=not orders)
    landed = Landed(name, f"landed_{name}", columns, records=records)
    schema = pa.schema([*((column, pa.string()) for column in header), (ROW, pa.int64())])
    skipped = 0 if orders else 1
    batches = _read_csv_batches(file, schema, landed.unreadable, separator, skipped) if landed.records else iter(())
    connection.register(landed.relation, pa.RecordBatchReader.from_batches(schema, batches))
    return landed


def _choose_order(file: Path, orders: Sequence[Sequence[str]], fields: int) -> list[str]:
    """The order with as many columns as the file has fields. Raises SourceError if there is none."""
    for order in orders:
        if len(order) == fields:
            return list(order)
    allowed = " or ".join(str(len(order)) for order in orders)
    raise SourceError(
        f"{file} has {fields} fields in its first line, and without a line of names {allowed} are read; add the names"
    )


def read_first_line(file: Path, separator: str) -> list[str]:
    """The fields of the first record of a CSV file. Raises SourceError for a file that is none, or is empty."""
    try:
        with io.TextIOWrapper(open_packed(file), encoding="utf-8-sig", newline="") as lines:
            first = next(csv.reader(lines, delimiter=separator), [])
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{file} is not comma-separated UTF-8; save it as CSV UTF-8") from error
    if not first:
        raise SourceError(f"{file} is empty; its first line must name the columns")
    return first


def _read_csv_batches(
    file: Path, schema: pa.Schema, unreadable: list[int], separator: str, skipped: int
) -> Iterator[pa.RecordBatch]:
    """The readable rows as text, numbered by their place in the file, in its order; an empty line is an empty row.

    skipped: lines before the first row.
    """

    def skip(row: pa_csv.InvalidRow) -> str:
        unreadable.append(row.number - skipped)  # the header is row 1 of the file
        return "skip"

    text = pa.schema([field for field in schema if field.name != ROW])
    rows = pa_csv.open_csv(
        open_packed(file),
        pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=text.names, skip_rows=skipped),
        pa_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
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


def _number_rows(rows: int, last: int, unreadable: list[int], taken: int) -> tuple[npt.NDArray[np.int64], int, int]:
    """Numbers of the next readable rows after `last`, passing over the unreadable ones from place `taken` on."""
    if taken == len(unreadable):
        return np.arange(last + 1, last + rows + 1), last + rows, taken
    numbers: list[int] = []
    while len(numbers) < rows:
        last += 1
        if taken < len(unreadable) and unreadable[taken] == last:
            taken += 1
        else:
            numbers.append(last)
    return np.array(numbers, np.int64), last, taken
