"""Rows of the store as numpy columns: what cohort and labels read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.expressions import rows_of
from riskstrat.errors import DefinitionError
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS, conditions_of


def known_rows(
    store: Store, rows: ir.Table, columns: tuple[str, ...], as_at: date | None = None
) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Columns of the stream's rows that meet the conditions of `rows`, sorted by person, event date and these columns.

    With `as_at` only the versions of rows that stood on that day; without it every version, with its period.
    Dates come as datetime64[D]. The sentences say which conditions were left out for want of a column.
    """
    selected = rows_of(rows)
    conditions = conditions_of(selected, store.absent_columns)
    stream = STREAMS[selected.stream]
    table = stream.table.filter(*conditions.kept) if conditions.kept else stream.table
    if as_at is not None:
        table = select_standing(table, as_at)
    first = ("person", stream.event) if stream.event else ("person",)
    order = list(dict.fromkeys([*first, *columns]))
    with store.connect() as backend:
        read = backend.to_pyarrow(table.order_by(order).select(*columns))
    return {name: as_numpy(read[name]) for name in columns}, conditions.notes


def find_event_column(rows: ir.Table) -> str:
    """The column with the day of each row's event. Raises DefinitionError for rows that are no events."""
    stream = rows_of(rows).stream
    event = STREAMS[stream].event
    if event is None:
        raise DefinitionError(f"rows of {stream} have no day of an event; take those of another table")
    return event


def select_standing(table: ir.Table, day: date) -> ir.Table:
    """The versions of rows that stood at the end of a day, of any table with valid_from and valid_to."""
    return table.filter(table.valid_from <= day, table.valid_to > day)


def find_first_days(
    store: Store, rows: ir.Table, persons: npt.NDArray[np.int32], as_at: date
) -> npt.NDArray[np.datetime64]:
    """For each of `persons` the first event day among the rows of `rows`, as known on `as_at`; NaT without any."""
    return _find_days(store, [(rows, find_event_column(rows))], persons, as_at, "min")


def find_latest_days(
    store: Store, dated: Iterable[tuple[ir.Table, str]], persons: npt.NDArray[np.int32], as_at: date
) -> npt.NDArray[np.datetime64]:
    """For each of `persons` the latest day among rows, as known on `as_at`; NaT without any.

    `dated` has rows, each with the column of their day. Those whose tables were not landed count for nothing.
    """
    return _find_days(store, dated, persons, as_at, "max")


def _find_days(
    store: Store,
    dated: Iterable[tuple[ir.Table, str]],
    persons: npt.NDArray[np.int32],
    as_at: date,
    which: Literal["min", "max"],
) -> npt.NDArray[np.datetime64]:
    held = [one for one in dated if STREAMS[rows_of(one[0]).stream].available(store.landed)]
    if not held:
        return np.full(len(persons), np.datetime64("NaT", "D"))
    # One query for all: opening the store takes longer than reading the rows of a few people.
    days = ibis.union(*(_select_days(store, rows, column, as_at) for rows, column in held))
    with store.connect() as backend:
        asked = ibis.memtable(pa.table({"person": pa.array(persons, pa.int32())}))
        found = days.semi_join(asked, "person").group_by("person").aggregate(found=getattr(days["day"], which)())
        read = backend.to_pyarrow(found)
    made = pd.Series(as_numpy(read["found"]), index=read["person"].to_numpy())
    return made.reindex(persons).to_numpy().astype("datetime64[D]")


def _select_days(store: Store, rows: ir.Table, column: str, as_at: date) -> ir.Table:
    """Person and `day` of the rows that stood on `as_at`."""
    selected = rows_of(rows)
    table = STREAMS[selected.stream].table
    kept = conditions_of(selected, store.absent_columns).kept
    table = select_standing(table.filter(*kept) if kept else table, as_at)
    return table.select("person", day=table[column])


def as_numpy(column: Any) -> npt.NDArray[Any]:
    """An Arrow column as numpy; dates as datetime64[D], with NaT for null."""
    array = column.combine_chunks().to_numpy(zero_copy_only=False)
    return array.astype("datetime64[D]") if array.dtype.kind == "M" else array


def day(given: date) -> np.datetime64:
    """A date as numpy counts days."""
    return np.datetime64(given, "D")


def read_coded_rows(store: Store, table: str, codelist: Codelist) -> pd.DataFrame:
    """One row per stored row of `table` (with its period) and group of the codelist that its code belongs to.

    Columns as stored, and `group`. Raises SourceError if the table was not landed.
    """
    file = store.file(table)
    pairs = pq.read_table(file, columns=["system", "code"]).group_by(["system", "code"]).aggregate([]).to_pylist()
    found = [
        (pair["system"], pair["code"], group)
        for pair in pairs
        for group in sorted({codelist.entries[number].group for number in codelist.find(pair["code"], pair["system"])})
    ]
    groups = pd.DataFrame(found, columns=["system", "code", "group"], dtype=object)
    codes = sorted({code for _, code, _ in found})
    rows = pq.read_table(file, filters=pc.field("code").isin(pa.array(codes, pa.string()))).to_pandas(
        date_as_object=False
    )
    return rows.merge(groups, on=["system", "code"], how="inner")
