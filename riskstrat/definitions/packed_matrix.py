"""A matrix of features in the narrowest numbers that hold each column exactly: most features are small counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.matrix import FeatureMatrix, Numbers32, Rows

if TYPE_CHECKING:
    import pandas as pd

Packed = npt.NDArray[Any]
"""One column as `pack_column` gives it: bytes, short whole numbers, or float32 where neither holds it."""

NO_BYTE, NO_SHORT = 255, -(2**15)
"""What stands for a missing value."""

BLOCK = 50_000
"""Rows made whole at a time."""

_AS_NUMBER = np.append(np.arange(NO_BYTE, dtype=np.float32), np.float32(np.nan))
_KINDS: tuple[tuple[type[np.integer[Any]], int], ...] = ((np.uint8, NO_BYTE), (np.int16, NO_SHORT))


class PackedValues:
    """Rows by columns, read as an array by the positions of rows: what is read is float32, each column side by side."""

    def __init__(self, columns: Sequence[Packed], height: int) -> None:
        self.columns = tuple(columns)
        self.shape = (height, len(self.columns))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows | slice) -> Numbers32:
        height = len(np.empty(len(self), np.bool_)[rows])
        values = np.empty((height, len(self.columns)), np.float32, order="F")
        for number, column in enumerate(self.columns):
            values[:, number] = unpack_column(column[rows])
        return values

    def keep(self, rows: Rows) -> PackedValues:
        """Some of the rows, still packed."""
        columns = [column[rows] for column in self.columns]
        return PackedValues(columns, len(np.empty(len(self), np.bool_)[rows]))


class PackedMatrix(FeatureMatrix):
    """The same as any FeatureMatrix at about a quarter of its size; `values` makes it whole, once."""

    packed: PackedValues

    def __init__(
        self, keys: pd.DataFrame, packed: Sequence[Packed], columns: tuple[str, ...], fingerprints: Mapping[str, str]
    ) -> None:
        # The fields of a frozen dataclass; the values are no field here, they are unpacked.
        self.__dict__.update(
            keys=keys, packed=PackedValues(packed, len(keys)), columns=columns, fingerprints=fingerprints
        )

    @cached_property
    def values(self) -> Numbers32:
        """Every column, unpacked once."""
        return np.ascontiguousarray(self.select(self.columns))

    def select(self, columns: Sequence[str]) -> Numbers32:
        """The values of `columns`, in that order."""
        return self.pick(slice(None), columns)

    def pick(self, rows: Rows | slice, columns: Sequence[str]) -> Numbers32:
        """The values of some rows in `columns`, each column's side by side."""
        return self._select_packed(columns)[rows]

    def walk(self, columns: Sequence[str], rows: npt.NDArray[np.int64] | None = None) -> Iterator[Numbers32]:
        """The values of `columns`, of all rows or of some, a block of rows at a time."""
        height = len(self) if rows is None else len(rows)
        for first in range(0, height, BLOCK):
            block = slice(first, first + BLOCK)
            yield np.ascontiguousarray(self.pick(block if rows is None else rows[block], columns))

    def take(self, rows: Rows) -> FeatureMatrix:
        """The same columns for some of the rows, unpacked."""
        keys = self.keys.loc[rows] if rows.dtype == bool else self.keys.iloc[rows]
        values = np.ascontiguousarray(self.pick(rows, self.columns))
        return FeatureMatrix(keys.reset_index(drop=True), values, self.columns, self.fingerprints)

    def keep(self, rows: npt.NDArray[np.bool_]) -> PackedMatrix:
        """The same columns for the rows that are marked, still packed."""
        keys = self.keys.loc[rows].reset_index(drop=True)
        return PackedMatrix(keys, self.packed.keep(rows).columns, self.columns, self.fingerprints)

    def pick_packed(self, rows: Rows, columns: Sequence[str]) -> PackedValues:
        """The values of some rows in `columns`, still packed."""
        return self._select_packed(columns).keep(rows)

    def _select_packed(self, columns: Sequence[str]) -> PackedValues:
        return PackedValues([self.packed.columns[place] for place in self._find_places(columns)], len(self))


def pick_packed(matrix: FeatureMatrix, rows: Rows, columns: Sequence[str]) -> PackedValues:
    """The values of some rows in `columns` of any matrix, packed."""
    return (
        matrix.pick_packed(rows, columns)
        if isinstance(matrix, PackedMatrix)
        else pack_values(matrix.pick(rows, columns))
    )


def pack_values(values: Numbers32 | PackedValues) -> PackedValues:
    """Rows by columns packed, if they are not yet."""
    if isinstance(values, PackedValues):
        return values
    return PackedValues([pack_column(column) for column in np.ascontiguousarray(values.T)], len(values))


def pack_column(column: Numbers32) -> Packed:
    """The column as whole numbers of one or two bytes, or as it is where these would change a value."""
    missing = np.isnan(column)
    gaps = np.count_nonzero(missing)
    for kind, nothing in _KINDS:
        with np.errstate(invalid="ignore"):
            filled = np.where(missing, np.float32(nothing), column)
            packed = filled.astype(kind)
        # A value that is no such whole number comes back as another; one that means missing here is counted as a gap.
        if (packed == filled).all() and np.count_nonzero(packed == nothing) == gaps and not _has_minus_zero(filled):
            return packed
    return column.copy()


def _has_minus_zero(values: Numbers32) -> bool:
    return bool((np.signbit(values) & (values == 0)).any())


def unpack_column(packed: Packed) -> Numbers32:
    """What `pack_column` was given."""
    if packed.dtype == np.uint8:
        return np.take(_AS_NUMBER, packed)
    if packed.dtype != np.int16:
        return packed
    column = packed.astype(np.float32)
    column[packed == NO_SHORT] = np.nan
    return column


def join_packed(parts: Sequence[Packed]) -> Packed:
    """Parts of one column, one below the other: in the kind of the widest."""
    if len(parts) == 1:
        return parts[0]
    if len({part.dtype for part in parts}) == 1:
        return np.concatenate(parts)
    return pack_column(np.concatenate([unpack_column(part) for part in parts]))
