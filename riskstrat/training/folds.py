"""Folds of people within the training rows: what is learned of some is judged on the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskstrat.errors import TrainingError
from riskstrat.training.rows import Index, TrainingRows
from riskstrat.training.slices import shares

FOLDS = 5
ENOUGH_EVENTS = 700
"""Held-out events that tell the size of a learner as well as more would; folds beyond them are spared."""

MANY_ROWS = 40_000
"""Rows of a fold above which half of them size a learner in half the time."""


class HeldOutFold(NamedTuple):
    """Positions of the training rows learned from, and of those of the people held out."""

    kept: Index
    away: Index


def draw_folds(rows: TrainingRows, seed: int) -> tuple[HeldOutFold, ...]:
    """Five folds, each with a fifth of the people held out; they hang on the seed. A fold without people is none.

    Raises TrainingError where so few people train that all are of one fold.
    """
    fold = (shares(rows.patient_ids, seed + 5) * FOLDS).astype(np.int64)
    if len(np.unique(fold)) < 2:
        raise TrainingError(
            f"the training rows are of too few people ({len(np.unique(rows.patient_ids))}) to hold some of them out; "
            "land more people"
        )
    return tuple(HeldOutFold(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in np.unique(fold))


def spare_folds(folds: tuple[HeldOutFold, ...], rows: TrainingRows) -> tuple[HeldOutFold, ...]:
    """The first of the folds that hold enough events together, or all of them; of many rows every other is kept."""
    events = np.cumsum([rows.outcome[fold.away].sum() for fold in folds])
    taken = folds[: int(np.searchsorted(events, ENOUGH_EVENTS)) + 1]
    return tuple(HeldOutFold(_spare_rows(fold.kept), fold.away) for fold in taken)


def _spare_rows(kept: Index) -> Index:
    return kept[::2] if len(kept) > MANY_ROWS else kept
