"""Writing results whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from riskstrat.errors import StorageError

TABLE_ENDINGS = (".parquet", ".csv")


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turns what the file system refuses into one line that names the file. Raises StorageError."""
    try:
        yield
    except OSError as refused:
        raise StorageError(
            f"cannot write {path.name}: {refused.strerror or refused}; make room or choose another place"
        ) from None


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A path beside `target` to write to; it takes the place of `target` only when everything was written."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with storage(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to fill; it becomes `target`, which must not exist, once everything was written."""
    part = target.with_name(f".{target.name}.part")
    with storage(target):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            yield part
            os.replace(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def require_ending(target: Path, endings: Sequence[str]) -> None:
    """Raises StorageError unless `target` ends in one of `endings`; a verb asks before it begins to work."""
    if target.suffix not in endings:
        raise StorageError(f'cannot write "{target.name}": the ending must be {" or ".join(endings)}')


def write_table(frame: pd.DataFrame, target: Path) -> None:
    """A table as .parquet or .csv by the ending of `target`; dates as dates. Raises StorageError for another."""
    require_ending(target, TABLE_ENDINGS)
    table = pa.Table.from_pandas(_with_dates(frame), preserve_index=False).replace_schema_metadata(None)
    with whole(target) as part:
        if target.suffix == ".csv":
            pa_csv.write_csv(table, part)
        else:
            pq.write_table(table, part, compression="zstd")


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    dates = [name for name in frame if frame[name].dtype.kind == "M"]
    return frame.assign(**{str(name): frame[name].dt.date for name in dates})


def as_json(summary: Any) -> str:
    """JSON with a stable order of keys; dates as ISO text."""
    return json.dumps(summary, indent=2, sort_keys=True, default=str, ensure_ascii=False) + "\n"
