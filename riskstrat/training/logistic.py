"""Logistic regression with an L2 penalty by Newton's method, in row blocks so that memory stays bounded.

A curvature is dear and changes little from step to step, from penalty to penalty and from fold to fold: the last one is
used until a step with it no longer helps as it promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Array = npt.NDArray[Any]
Index = npt.NDArray[np.int64]

BLOCK = 10_000
"""Rows summed at a time; fixed, so that the same rows give the same sums."""

FEW_BLOCKS = 4
"""Blocks that stay in memory while their weights are sought: to read them at every step takes longer than the step."""

ROUNDS = 200
CLOSE_ENOUGH = 1e-12
"""Newton stops with a step that promises less than this for each row, in nats."""

WORTH_REPEATING = 0.3
"""A curvature is worked out anew once a step with the old one leaves more than this of what was promised."""


class ReadByRows(Protocol):
    """Rows by columns, such as an array, of which some rows are read by their positions."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: Index, /) -> Array: ...


class Solved(NamedTuple):
    """Weights, one per column of the design and the intercept last, and the curvature of the loss near them."""

    weights: Array
    curvature: Array


def fit_logistic(
    design: ReadByRows, outcome: Array, penalty: float, start: Solved | None = None, rows: Index | None = None
) -> Solved:
    """The weights with the lowest penalised loss. The intercept is not penalised.

    design: one row per training row; outcome: 0 or 1. penalty: half of it times the squared weights is added to the
    summed log loss, so that it counts less the more rows there are. start: what was found for something near, which
    saves steps. rows: positions of the rows learned from, where not all are.
    """
    sought = _Sought(design, outcome, np.arange(len(outcome)) if rows is None else rows, penalty)
    weights, curvature = start or (sought.begin(), None)
    value, gradient = sought.compute_loss(weights)
    anew = curvature is None
    left = np.inf
    for _ in range(ROUNDS):
        if curvature is None:
            curvature, anew = sought.compute_curvature(weights), True
        step = np.linalg.solve(curvature + np.diag(sought.ridge + 1e-9), gradient)
        promised = float(gradient @ step)
        if promised < CLOSE_ENOUGH * len(sought.rows):
            return Solved(weights - step, curvature)
        if not anew and promised > WORTH_REPEATING * left:
            curvature = None
            continue
        tried, lower, after = _search_step(sought, weights, step, value)
        weights, value, gradient, left, anew = tried, lower, after, promised, False
    return Solved(weights, sought.compute_curvature(weights))


def log_odds(design: ReadByRows, weights: Array, rows: Index | None = None) -> npt.NDArray[np.float64]:
    """One margin for each row of the design, or for those at the positions asked for."""
    blocks = _walk(design, np.arange(design.shape[0]) if rows is None else rows)
    return np.concatenate([np.zeros(0), *(part @ weights[:-1] + weights[-1] for _, part in blocks)])


@dataclass(frozen=True)
class _Sought:
    """What the weights are sought for: rows of a design with their outcomes, and a penalty."""

    design: ReadByRows
    outcome: Array
    rows: Index
    penalty: float

    @property
    def ridge(self) -> Array:
        return np.append(np.full(self.design.shape[1], self.penalty), 0.0)

    def begin(self) -> Array:
        """No weight, and the log odds of the mean outcome."""
        events = float(self.outcome[self.rows].sum())
        odds = np.log((events + 0.5) / (len(self.rows) - events + 0.5))
        return np.append(np.zeros(self.design.shape[1]), odds)

    def compute_loss(self, weights: Array) -> tuple[float, Array]:
        """The penalised loss and its gradient."""
        value, gradient = float(self.ridge @ weights**2) / 2, self.ridge * weights
        for part, seen in self._walk():
            margin = part @ weights[:-1] + weights[-1]
            away = expit(margin) - seen
            value += float(np.sum(np.logaddexp(0, margin) - seen * margin))
            gradient[:-1] += part.T @ away
            gradient[-1] += away.sum()
        return value, gradient

    def compute_curvature(self, weights: Array) -> Array:
        """The curvature of the loss alone."""
        curvature = np.zeros((len(weights), len(weights)))
        for part, _ in self._walk():
            risk = expit(part @ weights[:-1] + weights[-1])
            rows = np.column_stack([part, np.ones(len(part))])
            rows *= np.sqrt(risk * (1 - risk))[:, None]
            curvature += rows.T @ rows  # one array with itself: half the work
        return curvature

    def _walk(self) -> Iterable[tuple[Array, Array]]:
        return self._read() if len(self.rows) > FEW_BLOCKS * BLOCK else self._held

    def _read(self) -> Iterator[tuple[Array, Array]]:
        """The design and the outcomes of some rows at a time."""
        return ((part, self.outcome[block]) for block, part in _walk(self.design, self.rows))

    @cached_property
    def _held(self) -> tuple[tuple[Array, Array], ...]:
        return tuple(self._read())


def _walk(design: ReadByRows, rows: Index) -> Iterator[tuple[Index, Array]]:
    """The positions of some rows at a time, and the design there."""
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        yield block, np.asarray(design[block], dtype=np.float64)


def _search_step(sought: _Sought, weights: Array, step: Array, value: float) -> tuple[Array, float, Array]:
    """The longest of the step, its half, its quarter ... that lowers the loss."""
    for halving in range(30):
        tried = weights - step / 2**halving
        lower, gradient = sought.compute_loss(tried)
        if lower <= value:
            break
    return tried, lower, gradient
