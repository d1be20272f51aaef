"""How few people made a part of a model: what decides whether it may leave for another site."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.scoring import FEWEST_PEOPLE, Linear, RiskModel, Term, count_rows_in_leaves
from riskstrat.training.rows import Array, TrainingRows

TREES_AT_ONCE = 20
"""Trees whose leaves are looked up together, so that memory stays small."""


def count_few_people(model: RiskModel, rows: TrainingRows) -> dict[str, Any]:
    """Plain values for the record: `leaf`, the people in the smallest leaf, and `features`, those of the linear member
    in which fewer than `FEWEST_PEOPLE` people differ from all others.

    rows: the training rows, with the columns of the model. Of a leaf the rows that LightGBM drew for it count too,
    where they are fewer than its people.
    """
    _, person = np.unique(rows.patient_ids.astype(str), return_inverse=True)
    rare = [] if model.linear is None else _list_rare(model.linear, model.columns, rows.values, person)
    return {"leaf": _count_smallest_leaf(model, rows.values, person), "features": rare}


def _count_smallest_leaf(model: RiskModel, values: Array, person: npt.NDArray[np.int64]) -> int:
    counts = count_rows_in_leaves(model.booster_text)
    most = int(np.bincount(person).max())
    smallest = min((int(each.min()) for each in counts if len(each)), default=len(values))
    for first in range(0, len(counts), TREES_AT_ONCE):
        some = counts[first : first + TREES_AT_ONCE]
        # With so many rows, each from at most `most` of one person, a leaf has people enough.
        doubtful = [place for place, each in enumerate(some) if len(each) and each.min() < FEWEST_PEOPLE * most]
        if doubtful:
            reached = model.find_leaves(values, first, len(some))
            smallest = min([smallest, *(_count_people(reached[:, place], person) for place in doubtful)])
    return smallest


def _count_people(leaf: Array, person: npt.NDArray[np.int64]) -> int:
    """The people of the leaf that the fewest reach."""
    pairs = np.unique(leaf.astype(np.int64) * (int(person.max()) + 1) + person)
    return int(np.unique(pairs // (int(person.max()) + 1), return_counts=True)[1].min())


def _list_rare(linear: Linear, columns: tuple[str, ...], values: Array, person: npt.NDArray[np.int64]) -> list[str]:
    place = {name: number for number, name in enumerate(columns)}
    return [term.column for term in linear.terms if _is_rare(term, values[:, place[term.column]], person)]


def _is_rare(term: Term, column: Array, person: npt.NDArray[np.int64]) -> bool:
    """Whether few people have another value than the usual one, no value, or a value above a knot that counts."""
    known = np.isfinite(column)
    found, times = np.unique(column[known], return_counts=True)
    parts = [known & (column != found[times.argmax()])] if len(found) and term.weight else []
    if term.missing:
        parts += [~known, known]
    parts += [column > knot for knot, steeper in zip(term.knots, term.steeper, strict=True) if steeper]
    return any(len(np.unique(person[part])) < FEWEST_PEOPLE for part in parts)
