"""The columns of a regression in one byte a row where they hold few different numbers, whole only some rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.training.rows import Array, Index

Numbers = npt.NDArray[np.float64]


class DesignColumn(NamedTuple):
    """One column of a design: float32 numbers, or a place in `levels` for each row."""

    rows: Array
    levels: npt.NDArray[np.float32] | None = None

    def unpack(self) -> npt.NDArray[np.float32]:
        """One number per row."""
        return self.rows if self.levels is None else np.take(self.levels, self.rows)

    def varies(self) -> bool:
        """Whether two rows have different numbers."""
        held = self.rows if self.levels is None else self.levels[np.bincount(self.rows, minlength=len(self.levels)) > 0]
        return bool(np.ptp(held) > 0)

    def fill(self, rows: Index | slice, into: Numbers) -> None:
        """Write the numbers of some rows."""
        if self.levels is None:
            into[:] = self.rows[rows]
        else:
            # Places are all within the levels; unclipped, every one would be looked at first.
            np.take(self.levels.astype(np.float64), self.rows[rows], out=into, mode="clip")


class PackedDesign:
    """Rows by columns, read as an array by the positions of rows: float64, each column's numbers side by side."""

    def __init__(self, columns: Sequence[DesignColumn], height: int) -> None:
        self.columns = tuple(columns)
        self.shape = (height, len(self.columns))

    def __getitem__(self, rows: Index) -> Numbers:
        asked = _find_stretch(rows)
        whole = np.empty((len(rows), len(self.columns)), order="F")
        for number, column in enumerate(self.columns):
            column.fill(asked, whole[:, number])
        return whole

    def select(self, kept: npt.NDArray[np.bool_]) -> PackedDesign:
        """The columns that are marked."""
        columns = [column for column, keep in zip(self.columns, kept, strict=True) if keep]
        return PackedDesign(columns, self.shape[0])

    def iterate_means(self) -> Iterator[float]:
        """The mean of each column."""
        return (float(column.unpack().mean(dtype=np.float64)) for column in self.columns)


def _find_stretch(rows: Index) -> Index | slice:
    """The positions as a slice where they follow each other, which copies nothing."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows
