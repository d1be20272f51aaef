"""From an Arrow scan to the arrays that the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.features import kernel, kinds
from riskstrat.features.links import build_links
from riskstrat.features.plan import ScanPlan


def facts_of(
    scan: ScanPlan, rows: pa.Table, first: int, last: int
) -> tuple[kernel.Facts, npt.NDArray[np.void], kernel.Links, int]:
    """Facts of persons `first` to `last` by person, the measures and links that read them, and the number of keys."""
    person = _convert_column(rows["person"])
    order = _order(scan, person, rows)
    names, codes = _number_codes(scan, rows, order)
    word = _convert_column(rows["word"]).astype(np.int64, copy=False)
    alike, words = pd.factorize(word)
    links, measures, keys = build_links(scan, words, names)
    facts = kernel.Facts(
        start=np.searchsorted(person if order is None else person[order], np.arange(first, last + 2)).astype(np.int64),
        valid_from=_take_in_order(_convert_days(rows["valid_from"]), order),
        valid_to=_take_in_order(_convert_days(rows["valid_to"]), order),
        spell=_take_in_order(_convert_column(rows["spell"]).astype(np.int32, copy=False), order),
        word=_take_in_order(word, order),
        alike=_take_in_order(alike.astype(np.int32), order),
        days=_stack_arrays(
            [_take_in_order(_convert_days(rows[f"d{n}"]), order) for n in range(len(scan.days))], len(person), np.int32
        ),
        values=_stack_arrays(
            [_take_in_order(_convert_values(rows[f"v{n}"]), order) for n in range(len(scan.values))],
            len(person),
            np.int64,
        ),
        untils=_stack_arrays(
            [_take_in_order(_convert_days(rows[f"u{n}"]), order) for n in range(len(scan.untils))],
            len(person),
            np.int32,
        ),
        codes=codes,
    )
    return facts, measures, links, keys


def _order(scan: ScanPlan, person: npt.NDArray[np.int32], rows: pa.Table) -> npt.NDArray[np.int64] | None:
    """The order by person, and by day where episodes or periods need it; None if the rows stand in it already."""
    ordered = [m.day for m in scan.measures if m.kind in kinds.IN_ORDER]
    if ordered:
        day = _convert_days(rows[f"d{ordered[0]}"])
        in_order = (person[1:] > person[:-1]) | ((person[1:] == person[:-1]) & (day[1:] >= day[:-1]))
        return None if in_order.all() else np.lexsort((day, person))
    if len(person) and np.any(person[1:] < person[:-1]):
        return np.argsort(person, kind="stable")
    return None


def _take_in_order(array: npt.NDArray[Any], order: npt.NDArray[np.int64] | None) -> npt.NDArray[Any]:
    """In order, and for reading alone, as Arrow's views are: to the compiler a writable array is of another type."""
    return _lock(array if order is None else array[order])


def _lock(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A view of an array that nobody can write through."""
    view = array.view()
    view.flags.writeable = False
    return view


def _stack_arrays(arrays: Sequence[npt.NDArray[Any]], n: int, dtype: Any) -> npt.NDArray[Any]:
    """Columns below each other; one alone is not copied."""
    if len(arrays) == 1:
        return _lock(arrays[0][None, :])
    return _lock(np.stack(arrays) if arrays else np.empty((0, n), dtype))


def _convert_column(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    return column.combine_chunks().to_numpy(zero_copy_only=False)


def _convert_days(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    days = column.combine_chunks().cast(pa.int32())
    return (days.fill_null(kernel.NO_DAY) if days.null_count else days).to_numpy(zero_copy_only=False)


def _convert_values(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    values = column.combine_chunks()
    return (values.fill_null(kernel.NO_VALUE) if values.null_count else values).to_numpy(zero_copy_only=False)


def _number_codes(
    scan: ScanPlan, rows: pa.Table, order: npt.NDArray[np.int64] | None
) -> tuple[list[list[str]], npt.NDArray[np.int32]]:
    """The different codes of each code column, and for every row their numbers, counted on from column to column."""
    names: list[list[str]] = []
    numbers: list[npt.NDArray[np.int32]] = []
    before = 0
    for column in range(len(scan.codes)):
        encoded = rows[f"c{column}"].combine_chunks()
        encoded = encoded if isinstance(encoded, pa.DictionaryArray) else pc.dictionary_encode(encoded)
        indices = encoded.indices.fill_null(-1 - before).cast(pa.int32()).to_numpy(zero_copy_only=False) + before
        names.append(encoded.dictionary.to_pylist())
        numbers.append(_take_in_order(indices.astype(np.int32, copy=False), order))
        before += len(encoded.dictionary)
    return names, _stack_arrays(numbers, rows.num_rows, np.int32)
