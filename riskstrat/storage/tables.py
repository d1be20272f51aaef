"""Tables as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from riskstrat.errors import StorageError
from riskstrat.storage import write_atomically


def write_table(frame: pd.DataFrame, target: Path) -> None:
    """A table as .parquet or .csv by the ending of `target`; dates as dates. Raises StorageError for another."""
    if target.suffix not in (".parquet", ".csv"):
        raise StorageError(f'cannot write "{target.name}": the ending must be .parquet or .csv')
    table = pa.Table.from_pandas(_with_dates(frame), preserve_index=False).replace_schema_metadata(None)
    with write_atomically(target, parents=True) as part:
        if target.suffix == ".csv":
            pa_csv.write_csv(table, part)
        else:
            pq.write_table(table, part, compression="zstd")


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    dates = [name for name in frame if frame[name].dtype.kind == "M"]
    return frame.assign(**{str(name): frame[name].dt.date for name in dates})
