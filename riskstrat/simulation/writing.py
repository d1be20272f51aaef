"""Parquet files of the simulated borough: one per table, in the schemas of the definitions room, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.simulation.calendar import NEVER

_TYPES = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "date": pa.date32(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}


class Coded:
    """A text column as numbers into a list of values; a negative number is null."""

    def __init__(self, numbers: np.ndarray, values: np.ndarray | tuple[str, ...]) -> None:
        self.numbers, self.values = numbers, values

    def taken(self, rows: np.ndarray) -> Coded:
        """The same column with only `rows`."""
        return Coded(self.numbers[rows], self.values)


class Writer:
    """Appends row groups to `<folder>/<table>.parquet`; use as a context manager."""

    def __init__(self, folder: Path, soil: Callable[[str, pa.Table, int], pa.Table] | None = None) -> None:
        """`soil(table, rows, number of the first row)` may change rows on their way to the files."""
        self._folder, self._soil = folder, soil
        self._open: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Writer:
        for name in SCHEMAS:
            self._open[name] = pq.ParquetWriter(
                self._folder / f"{name}.parquet", _build_schema(name), compression="zstd", store_schema=False
            )
            self.rows[name] = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def add(self, table: str, columns: dict[str, Any]) -> None:
        """Append rows. A column that is not given is null; dates are days since 1970-01-01, NEVER meaning null."""
        schema = _build_schema(table)
        count = _count_values(next(iter(columns.values())))
        arrays = [_convert_column(columns.get(column.name), column.type, count) for column in schema]
        rows = pa.Table.from_arrays(arrays, schema=schema)
        if self._soil is not None:
            rows = self._soil(table, rows, self.rows[table] + 1)
        if rows.num_rows:
            self._open[table].write_table(rows)
        self.rows[table] += rows.num_rows


def _build_schema(table: str) -> pa.Schema:
    return pa.schema([pa.field(column.name, _TYPES[column.type]) for column in SCHEMAS[table].columns if column.stored])


def _count_values(column: Any) -> int:
    return len(column.numbers) if isinstance(column, Coded) else len(column)


def _convert_column(column: object, kind: pa.DataType, count: int) -> pa.Array:
    if column is None:
        return pa.nulls(count, kind)
    if isinstance(column, Coded):
        # A dictionary that names a value twice makes Parquet write a page with stray bytes: name each once.
        once = pa.array(column.values, pa.string()).dictionary_encode()
        places = np.asarray(once.indices)[np.maximum(column.numbers, 0)]
        numbers = pa.array(places.astype(np.int32), mask=column.numbers < 0)
        return pa.DictionaryArray.from_arrays(numbers, once.dictionary)
    if pa.types.is_dictionary(kind):
        return pa.array(column, pa.string(), mask=np.asarray(column) == "").dictionary_encode()
    if pa.types.is_date32(kind):
        days = np.asarray(column, dtype=np.int32)
        return pa.array(days, pa.int32(), mask=days >= NEVER).cast(kind)
    return pa.array(column, kind)
