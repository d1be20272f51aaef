"""The rows of a matrix that are learned from: whose they are, what they hold and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.packed_matrix import pick_packed

Array = npt.NDArray[Any]
Index = npt.NDArray[np.int64]

FEWEST_EVENTS = 10
"""Rows with the outcome, and rows without, that learning takes at least."""


@dataclass(frozen=True)
class TrainingRows:
    """One row per patient and index date: feature values (an array or, of many rows, `PackedValues`), outcomes (0 or 1)
    and whose they are.
    """

    values: Any
    outcome: Array
    patient_ids: Array


def rows_at(matrix: FeatureMatrix, columns: Sequence[str], outcome: Array, places: Index) -> TrainingRows:
    """The rows at `places` (positions in the matrix), with the columns asked for in that order."""
    ids = matrix.keys["patient_id"].iloc[places].to_numpy()
    values, filled = np.empty((len(places), len(columns)), np.float32), 0
    for block in matrix.walk(columns, places):
        values[filled : filled + len(block)] = block
        filled += len(block)
    return TrainingRows(values, np.asarray(outcome, np.float64)[places], ids)


def packed_rows_at(matrix: FeatureMatrix, columns: Sequence[str], outcome: Array, places: Index) -> TrainingRows:
    """The same, packed: for all the rows that a model learns from."""
    ids = matrix.keys["patient_id"].iloc[places].to_numpy()
    return TrainingRows(pick_packed(matrix, places, columns), np.asarray(outcome, np.float64)[places], ids)


def take_rows(rows: TrainingRows, kept: npt.NDArray[np.bool_] | Index) -> TrainingRows:
    """Those of the rows that are marked, or that stand at the positions."""
    return TrainingRows(rows.values[kept], rows.outcome[kept], rows.patient_ids[kept])


def enough(outcome: Array) -> bool:
    """Whether there are events, and rows without, enough to learn from or to judge by."""
    events = int(np.asarray(outcome).sum())
    return min(events, len(outcome) - events) >= FEWEST_EVENTS
