"""Writes a store so that it is there whole or not at all: same rows, same bytes, one folder swapped for another."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import StorageError

ROW_GROUP = 98_304
"""Rows of one parquet row group: small enough that a range of persons reads few."""

_OF_THE_DISK = (duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.TransactionException)
_REFUSALS = (errno.ENOSPC, errno.EFBIG, errno.EACCES, errno.EROFS)


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, file: Path) -> str:
    """Write the query's rows in their order as parquet of that schema; gives the sha256 of the file."""
    reader = connection.execute(query).to_arrow_reader(ROW_GROUP)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for table in _row_groups(reader):
            writer.write_table(table.cast(schema), row_group_size=ROW_GROUP)
    return sha256(file)


def _row_groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
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


def sha256(file: Path) -> str:
    """The sha256 of a file, read in pieces."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def incoming(store: Path) -> Iterator[Path]:
    """A new folder beside `store` that takes its place when the block ends well, and vanishes when it does not.

    Raises StorageError when the disk is full or does not allow it; the store that stood before is then untouched.
    """
    folder = beside(store, "incoming")
    try:
        clear_leftovers(store)
        folder.mkdir(parents=True)
        yield folder
        _swap(folder, store)
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        if isinstance(error, duckdb.Error) and not disk_refused(error):
            raise
        raise StorageError(
            f"{store} cannot be written ({_reason(error)}); free disk space or mend its permissions, then ingest "
            "again; what was there before is unchanged"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def disk_refused(error: Exception) -> bool:
    """Whether DuckDB failed because a file could not be written, rather than for what it read or was asked."""
    told = str(error)
    return isinstance(error, _OF_THE_DISK) or "No space left" in told or "write" in told


def _reason(error: Exception) -> str:
    """The system's own words for why it refused."""
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    known = [os.strerror(number) for number in _REFUSALS]
    return next((words for words in known if words in str(error)), type(error).__name__)


def beside(store: Path, role: str) -> Path:
    """The path beside a store that this process uses for `role`."""
    return store.with_name(f"{store.name}.{role}-{os.getpid()}")


def _swap(folder: Path, store: Path) -> None:
    """Put `folder` in the place of `store`."""
    if not store.exists():
        folder.rename(store)
        return
    previous = beside(store, "previous")
    store.rename(previous)
    try:
        folder.rename(store)
    except OSError:
        previous.rename(store)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def clear_leftovers(store: Path) -> None:
    """Remove what killed runs left beside the store; a run killed between the two renames gets its old store back."""
    for previous in _leftovers(store, "previous"):
        if store.exists():
            shutil.rmtree(previous, ignore_errors=True)
        else:
            previous.rename(store)
    for folder in (*_leftovers(store, "incoming"), *_leftovers(store, "spill")):
        shutil.rmtree(folder, ignore_errors=True)


def _leftovers(store: Path, role: str) -> list[Path]:
    found = sorted(store.parent.glob(f"{store.name}.{role}-*")) if store.parent.is_dir() else []
    return [folder for folder in found if not _running(folder.name.rpartition("-")[2])]


def _running(process: str) -> bool:
    """Whether another process of that number runs; where that cannot be asked, no."""
    if os.name == "nt" or not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
