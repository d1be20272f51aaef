"""The matrix of features: what the engine gives, what training learns from and what a model scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from riskstrat.storage import compute_digest

if TYPE_CHECKING:
    import pandas as pd

Numbers32 = npt.NDArray[np.float32]
Rows = npt.NDArray[np.bool_] | npt.NDArray[np.int64]
"""Some rows: marked, or by their positions."""


@dataclass(frozen=True)
class FeatureMatrix:
    """One row per patient and index date, one float32 column per feature (missing = NaN).

    `keys` is the cohort in the same order (`patient_id`, `index_date`, ...). `fingerprints` gives for each column
    the sha256 of the definition that made it; a model refuses columns whose definition differs from its own.
    """

    keys: pd.DataFrame
    values: Numbers32
    columns: tuple[str, ...]
    fingerprints: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.keys)

    def frame(self) -> pd.DataFrame:
        """`patient_id, index_date` and one column per feature."""
        import pandas as pd

        values = pd.DataFrame(self.values, columns=list(self.columns), index=self.keys.index)
        return pd.concat([self.keys[["patient_id", "index_date"]], values], axis=1)

    def take(self, rows: Rows) -> FeatureMatrix:
        """The same columns for some of the rows."""
        keys = self.keys.loc[rows] if rows.dtype == bool else self.keys.iloc[rows]
        return FeatureMatrix(keys.reset_index(drop=True), self.values[rows], self.columns, self.fingerprints)

    def keep(self, rows: npt.NDArray[np.bool_]) -> FeatureMatrix:
        """The same columns for the rows that are marked, held as these are."""
        return self.take(rows)

    def select(self, columns: Sequence[str]) -> Numbers32:
        """The values of `columns`, in that order."""
        if tuple(columns) == self.columns:
            return self.values
        return self.values[:, self._find_places(columns)]

    def pick(self, rows: Rows, columns: Sequence[str]) -> Numbers32:
        """The values of some rows in `columns`."""
        if tuple(columns) == self.columns:
            return self.values[rows]
        return self.values[np.ix_(rows, self._find_places(columns))]

    def walk(self, columns: Sequence[str], rows: npt.NDArray[np.int64] | None = None) -> Iterator[Numbers32]:
        """The values of `columns`, of all rows or of some, in blocks of rows if they are many."""
        if len(self):
            yield self.select(columns) if rows is None else self.pick(rows, columns)

    def _find_places(self, columns: Sequence[str]) -> npt.NDArray[np.int64]:
        place = {name: position for position, name in enumerate(self.columns)}
        return np.array([place[name] for name in columns], np.int64)

    @property
    def definitions_hash(self) -> str:
        """sha256 over the columns and their definitions."""
        return hash_of(self.fingerprints)


def hash_of(fingerprints: Mapping[str, str]) -> str:
    """sha256 over named fingerprints, whatever their order."""
    text = "\n".join(f"{name} {fingerprints[name]}" for name in sorted(fingerprints))
    return compute_digest(text)
