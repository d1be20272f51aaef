"""Tables as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from riskstrat.errors import StorageError
from riskstrat.storage import write_atomically

TABLE_ENDINGS = (".parquet", ".csv")


def require_ending(target: Path, endings: Sequence[str]) -> None:
    """Raises StorageError unless `target` ends in one of `endings`; a verb asks before it begins to work."""
    if target.suffix not in endings:
        raise StorageError(f'cannot write "{target.name}": the ending must be {" or ".join(endings)}')


def write_table(frame: pd.DataFrame, target: Path) -> None:
    """A table as .parquet or .csv by the ending of `target`; dates as dates. Raises StorageError for another."""
    table = pa.Table.from_pandas(_convert_to_dates(frame), preserve_index=False).replace_schema_metadata(None)
    write_arrow_table(table, target)


def write_arrow_table(table: pa.Table, target: Path) -> None:
    """An Arrow table as .parquet or .csv, as `write_table` does; nulls are empty in a CSV file."""
    require_ending(target, TABLE_ENDINGS)
    with write_atomically(target, parents=True) as part:
        if target.suffix == ".csv":
            pa_csv.write_csv(table, part)
        else:
            pq.write_table(table, part, compression="zstd")


def _convert_to_dates(frame: pd.DataFrame) -> pd.DataFrame:
    dates = [name for name in frame if frame[name].dtype.kind == "M"]
    return frame.assign(**{str(name): frame[name].dt.date for name in dates})
