"""The rows of a matrix that are learned from: whose they are, what they hold and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.matrix import FeatureMatrix

Array = npt.NDArray[Any]
Index = npt.NDArray[np.int64]

FEWEST_EVENTS = 10
"""TrainingRows with the outcome, and rows without, that learning takes at least."""


class TrainingRows(NamedTuple):
    """One row per patient and index date: feature values, outcomes (0 or 1) and whose they are."""

    values: Array
    outcome: Array
    patient_ids: Array


def rows_at(matrix: FeatureMatrix, columns: Sequence[str], outcome: Array, places: Index) -> TrainingRows:
    """The rows at `places` (positions in the matrix), with the columns asked for in that order."""
    position = {name: number for number, name in enumerate(matrix.columns)}
    if tuple(columns) == matrix.columns:
        values = matrix.values[places]
    else:
        values = matrix.values[np.ix_(places, np.array([position[name] for name in columns]))]
    ids = matrix.keys["patient_id"].to_numpy()[places]
    return TrainingRows(np.ascontiguousarray(values), np.asarray(outcome, np.float64)[places], ids)


def take_rows(rows: TrainingRows, kept: npt.NDArray[np.bool_] | Index) -> TrainingRows:
    """Those of the rows that are marked, or that stand at the positions."""
    return TrainingRows(rows.values[kept], rows.outcome[kept], rows.patient_ids[kept])


def enough(outcome: Array) -> bool:
    """Whether there are events, and rows without, enough to learn from or to judge by."""
    events = int(np.asarray(outcome).sum())
    return min(events, len(outcome) - events) >= FEWEST_EVENTS
