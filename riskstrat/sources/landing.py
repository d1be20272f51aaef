"""Landed tables as relations of DuckDB whose rows are numbered: from CSV, parquet, Arrow batches and DuckDB itself.

Names of columns are read whichever case they are written in. Nothing is judged here.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.source_mapping import CsvForm
from riskstrat.errors import SourceError
from riskstrat.sources.encodings import DAMAGED, find_form, open_as_utf8, require_mark
from riskstrat.sources.lines import count_records
from riskstrat.sources.literal import read_literally
from riskstrat.sources.refusals import name_form, refuse_separator

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
    extract of which nothing was kept, as their patient_id was an NHS number. `empty` are columns that SQL gave and that
    count as not landed, as no row has a value.
    """

    name: str
    relation: str
    columns: Mapping[str, tuple[str, str]]
    unmapped: tuple[str, ...] = ()
    unreadable: list[int] = field(default_factory=list)
    records: int | None = None
    made_of: tuple[str, int] | None = None
    withheld: list[int] = field(default_factory=list)
    empty: tuple[str, ...] = ()

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

    `unread_parts` names tables that are not read, each with one that is and has the same columns.
    `outcomes` counts what became of the source's own rows: (mapped, guessed or lost; what; rows). `extracts` are those
    that were kept, if any, and `added` names the one that came now.
    """

    tables: Mapping[str, Landed]
    ignored: tuple[str, ...] = ()
    unread_parts: tuple[tuple[str, str], ...] = ()
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
        for file in files:
            # DuckDB would call the second of two columns of one name otherwise, and read the first.
            _index_columns(file.name, [(column, "") for column in pq.read_schema(file).names])
        connection.execute(
            f"CREATE VIEW landed_{name} AS SELECT * EXCLUDE (file_row_number), {row} AS {ROW} "
            f"FROM {read_literally(files, 'file_row_number = true, union_by_name = true')}"
        )
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise SourceError(f"{files[0]} cannot be read as parquet; land it again, or as {name}.csv") from error
    return describe_landed(connection, name)


def land_relation(connection: duckdb.DuckDBPyConnection, name: str, relation: str) -> Landed:
    """A table or view that DuckDB knows, as a relation with numbered rows. Raises duckdb.Error as DuckDB does."""
    connection.execute(f"CREATE VIEW landed_{name} AS SELECT *, row_number() OVER () AS {ROW} FROM {relation}")
    return describe_landed(connection, name)


def describe_landed(connection: duckdb.DuckDBPyConnection, name: str) -> Landed:
    """The relation `landed_<name>` with the columns that it has."""
    rows = connection.execute(f"DESCRIBE landed_{name}").fetchall()
    # The number of the row was put behind the columns, and is not called ROW where the source has a column so called.
    return Landed(name, f"landed_{name}", _index_columns(name, [(row[0], row[1]) for row in rows[:-1]]))


def _index_columns(table: str, columns: list[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for number, (column, kind) in enumerate(columns, start=1):
        # What nobody sees in a name, such as a second mark for bytes, is no part of it.
        lower = "".join(sign for sign in column if unicodedata.category(sign) != "Cf").strip().lower()
        if lower == ROW:
            raise SourceError(
                f"{table} has a column {ROW}, by which its rows are numbered here; rename it or take it out"
            )
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
    files: Sequence[Path],
    form: CsvForm = CsvForm(),  # noqa: B008
    orders: Sequence[Sequence[str]] = (),
) -> Landed:
    """A CSV file, or the parts of one table in the order of their names, as a relation that can be scanned once.

    orders: how columns may follow each other in a file without a line that names them.
    Raises SourceError where records cannot be told apart, and for a part that does not name the columns of the first.
    """
    headers = [_name_columns(file, form, orders) for file in files]
    columns = _index_columns(files[0].name, [(column, _TYPE_OF_ARROW) for column in headers[0]])
    for file, header in zip(files[1:], headers[1:], strict=True):
        if set(_index_columns(file.name, [(column, _TYPE_OF_ARROW) for column in header])) != set(columns):
            # Its columns are not repeated: without a header the first line would be what a row says of somebody.
            raise SourceError(
                f"{file} does not begin with the columns of {files[0].name}; parts of one table need the same line of "
                "names in each: mend it, or move what is another table"
            )
    records = [count_records(file, form, header=not orders) for file in files]
    landed = Landed(name, f"landed_{name}", columns, records=sum(records))
    schema = pa.schema([*((spelled, pa.string()) for spelled, _ in columns.values()), (ROW, pa.int64())])
    batches = _read_parts(files, headers, records, schema, landed, form, skipped=0 if orders else 1)
    connection.register(landed.relation, pa.RecordBatchReader.from_batches(schema, batches))
    return landed


def _name_columns(file: Path, form: CsvForm, orders: Sequence[Sequence[str]]) -> list[str]:
    """The names of a file's columns in its own order. Raises SourceError as `land_csv` does."""
    header = read_first_line(file, form)
    if orders:
        header = _choose_order(file, orders, len(header))
    else:
        refuse_separator(file, header, form, find_form(file) if len(header) == 1 else form)
    # A spreadsheet may save columns without a name; they are ignored as any other column that no schema names.
    return [column.strip() or f"column {number}" for number, column in enumerate(header, start=1)]


def _choose_order(file: Path, orders: Sequence[Sequence[str]], fields: int) -> list[str]:
    """The order with as many columns as the file has fields. Raises SourceError if there is none."""
    for order in orders:
        if len(order) == fields:
            return list(order)
    allowed = " or ".join(str(len(order)) for order in orders)
    raise SourceError(
        f"{file} has {fields} fields in its first line, and without a line of names {allowed} are read; add the names"
    )


def read_first_line(file: Path, form: CsvForm) -> list[str]:
    """The fields of the first record of a CSV file. Raises SourceError for a file that is none, or is empty."""
    try:
        with io.TextIOWrapper(open_as_utf8(file, form.encoding), encoding="utf-8-sig", newline="") as lines:
            first = next(csv.reader(lines, delimiter=form.separator), [])
    except UnicodeError:
        raise SourceError(_explain_form(file, form)) from None
    except (csv.Error, *DAMAGED) as error:
        raise SourceError(f"{file} is not comma-separated UTF-8, or is damaged; write it again") from error
    if not first:
        raise SourceError(f"{file} is empty; its first line must name the columns")
    if any("\0" in name for name in first):
        require_mark(file)
    return first


def _explain_form(file: Path, form: CsvForm) -> str:
    require_mark(file)
    likely = find_form(file)
    if likely.encoding == form.encoding:
        return f"{file} is not text in {form.encoding}; write it again"
    parted = f", and parted by {likely.separator!r}" if likely.separator not in (",", form.separator) else ""
    return f"{file} is not {form.encoding}, likely {likely.encoding}{parted}; {name_form(file, likely, form)}"


def _read_parts(
    files: Sequence[Path],
    headers: Sequence[list[str]],
    records: Sequence[int],
    schema: pa.Schema,
    landed: Landed,
    form: CsvForm,
    skipped: int,
) -> Iterator[pa.RecordBatch]:
    """The readable rows of one part after the other, each with the columns in the order of the first."""
    before = 0
    for file, header, count in zip(files, headers, records, strict=True):
        if count:
            names = list(_index_columns(file.name, [(column, _TYPE_OF_ARROW) for column in header]))
            places = [names.index(name) for name in landed.columns]
            text = pa.schema([(column, pa.string()) for column in header])
            for batch, numbers in _read_csv_batches(file, text, landed.unreadable, form, skipped, before):
                ordered = [batch.column(place) for place in places]
                yield pa.RecordBatch.from_arrays([*ordered, pa.array(numbers, pa.int64())], schema=schema)
        before += count


def _read_csv_batches(
    file: Path, text: pa.Schema, unreadable: list[int], form: CsvForm, skipped: int, before: int
) -> Iterator[tuple[pa.RecordBatch, npt.NDArray[np.int64]]]:
    """The readable rows as text with their numbers, in the order of the file; an empty line is an empty row.

    skipped: lines before the first row. before: rows of the parts that were read before, so that numbers go on.
    """

    def skip(row: pa_csv.InvalidRow) -> str:
        unreadable.append(before + row.number - skipped)  # the header is row 1 of the file
        return "skip"

    last, taken = before, len(unreadable)
    rows = pa_csv.open_csv(
        open_as_utf8(file, form.encoding),
        pa_csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=text.names, skip_rows=skipped),
        pa_csv.ParseOptions(
            delimiter=form.separator, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        pa_csv.ConvertOptions(column_types=text, null_values=["", "NULL"], strings_can_be_null=True),
    )
    for batch in rows:
        numbers, last, taken = _number_rows(batch.num_rows, last, unreadable, taken)
        yield batch, numbers


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
