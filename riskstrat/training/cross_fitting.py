"""Margins of the newest training rows by learners that had not seen their people: what risks are calibrated on where
no index date is kept apart for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.training.folds import FOLDS, draw_folds
from riskstrat.training.rows import TrainingRows, take_rows

WORDS = f"the newest training rows, each by a model that had not seen the person ({FOLDS} folds)"

Score = Callable[[npt.NDArray[Any]], npt.NDArray[np.float64]]
"""From rows of the matrix to their margins."""


def cross_fit(
    rows: TrainingRows, asked: npt.NDArray[np.bool_], learn: Callable[[TrainingRows], Score], seed: int
) -> npt.NDArray[np.float64]:
    """One margin per row that is asked for, by what `learn` made of all rows of other people.

    Folds are of people, and hang on the seed. Raises whatever `learn` does, of a fold that nothing can be learned
    without.
    """
    margin = np.full(len(rows.outcome), np.nan)
    for kept, away in draw_folds(rows, seed):
        own = away[asked[away]]
        if len(own):
            margin[own] = learn(take_rows(rows, kept))(rows.values[own])
    return margin[asked]
