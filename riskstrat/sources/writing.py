"""Writes a version of a store so that it is there whole or not at all: same rows, same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import StorageError
from riskstrat.sources.store_versions import VERSIONS, clear_spills, is_whole, name_version, point_to
from riskstrat.storage import compute_file_digest, find_reason, make_private, write_folder_by_content

ROW_GROUP = 98_304
"""Rows of one parquet row group: small enough that a range of persons reads few."""

ARROW_TYPES = {
    "text": pa.string(),
    "date": pa.date32(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
"""The stored type of each type of column."""

_OF_THE_DISK = (duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.TransactionException)


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, file: Path) -> str:
    """Write the query's rows in their order as parquet of that schema; gives the sha256 of the file."""
    reader = connection.execute(query).to_arrow_reader(ROW_GROUP)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for table in _split_row_groups(reader):
            writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)
    return compute_file_digest(file)


def _split_row_groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of exactly ROW_GROUP rows, the last one shorter; an empty result is one empty table."""
    waiting: list[pa.RecordBatch] = []
    schema = batches.schema  # type: ignore[attr-defined]
    for batch in batches:
        waiting.append(batch)
        while sum(len(part) for part in waiting) >= ROW_GROUP:
            whole = pa.Table.from_batches(waiting, schema)
            yield whole.slice(0, ROW_GROUP)
            waiting = whole.slice(ROW_GROUP).to_batches()
    yield pa.Table.from_batches(waiting, schema)


@contextmanager
def incoming(store: Path, keep: int) -> Iterator[Path]:
    """A folder for a new version of `store`, sealed when the block ends well, which then is the one that is read.

    It vanishes when the block does not end well. keep: how many versions stay. Raises StorageError when the disk is
    full or does not allow it; the version that was read before then still is.
    """
    clear_spills(store)
    names: list[str] = []

    def name(folder: Path) -> str:
        names.append(name_version(folder))
        return names[0]

    try:
        with write_folder_by_content(
            store / VERSIONS, name, is_whole, refusal=lambda _, reason: _explain_write_failure(store, reason)
        ) as folder:
            yield folder
        make_private(store)
        point_to(store, names[0], keep)
    except (pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, duckdb.Error) and not disk_refused(error):
            raise
        raise StorageError(_explain_write_failure(store, find_reason(error))) from error


def _explain_write_failure(store: Path, reason: str) -> str:
    return (
        f"{store} cannot be written ({reason}); free disk space or mend its permissions, then ingest again; what was "
        "there before is unchanged"
    )


def disk_refused(error: Exception) -> bool:
    """Whether DuckDB failed because a file could not be written, rather than for what it read or was asked."""
    told = str(error)
    return isinstance(error, _OF_THE_DISK) or "No space left" in told or "write" in told
