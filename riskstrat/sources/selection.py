"""Rows of the store as numpy columns: what cohort and labels read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.expr.operations import Node

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.expressions import rows_of
from riskstrat.errors import DefinitionError
from riskstrat.sources.scan import compile_scan
from riskstrat.sources.store import Store
from riskstrat.sources.tables import STREAMS, conditions_of


def known_rows(
    store: Store, rows: ir.Table, columns: tuple[str, ...], as_at: date | None = None
) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Columns of the stream's rows that meet the conditions of `rows`, sorted by person, event date and these columns.

    With `as_at` only the versions of rows that stood on that day; without it every version, with its period.
    Dates come as datetime64[D]. The sentences say which conditions were left out for want of a column.
    """
    sql, notes = _compile_rows(rows.op(), _list_absent(store))
    event = STREAMS[rows_of(rows).stream].event
    order = dict.fromkeys(["person", *([event] if event else []), *columns])
    standing = f" WHERE {_write_standing(as_at)}" if as_at is not None else ""
    with store.connect() as connection:
        query = f"SELECT {_list_names(columns)} FROM ({sql}){standing} ORDER BY {_list_names(order)}"
        read = connection.execute(query).to_arrow_table()
    return {name: as_numpy(read[name]) for name in columns}, notes


Absent = tuple[tuple[str, tuple[str, ...]], ...]


def _list_absent(store: Store) -> Absent:
    return tuple(store.absent_columns.items())


# A run asks for the same rows of many dates and stores, and putting them into SQL takes longer than reading few.
@lru_cache(maxsize=256)
def _compile_rows(rows: Node, absent: Absent) -> tuple[str, tuple[str, ...]]:
    """SQL of the rows of a stream as far as columns were landed, and which conditions were left out, in sentences."""
    selected = rows_of(rows.to_expr())
    conditions = conditions_of(selected, dict(absent))
    table = STREAMS[selected.stream].table
    return compile_scan(table.filter(*conditions.kept) if conditions.kept else table).sql, conditions.notes


def _write_standing(day: date) -> str:
    """What `select_standing` keeps, as SQL."""
    return f"valid_from <= DATE '{day}' AND valid_to > DATE '{day}'"


def _list_names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


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
    days = " UNION ALL ".join(_select_days(store, rows, column, as_at) for rows, column in held)
    chosen = "person IN (SELECT person FROM asked_persons)"
    with store.connect() as connection:
        connection.register("asked_persons", pa.table({"person": pa.array(persons, pa.int32())}))
        query = f"SELECT person, {which}(day) AS found FROM ({days}) WHERE {chosen} GROUP BY person"
        read = connection.execute(query).to_arrow_table()
        connection.unregister("asked_persons")
    made = pd.Series(as_numpy(read["found"]), index=read["person"].to_numpy())
    return made.reindex(persons).to_numpy().astype("datetime64[D]")


def _select_days(store: Store, rows: ir.Table, column: str, as_at: date) -> str:
    """SQL of the person and the `day` of the rows that stood on `as_at`."""
    sql, _ = _compile_rows(rows.op(), _list_absent(store))
    return f'SELECT person, "{column}" AS day FROM ({sql}) WHERE {_write_standing(as_at)}'


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
