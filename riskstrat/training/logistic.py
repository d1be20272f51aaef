"""Logistic regression with an L2 penalty by Newton's method, in row blocks so that memory stays bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

Array = npt.NDArray[Any]

BLOCK = 10_000
"""Rows summed at a time; fixed, so that the same rows give the same sums."""

ROUNDS = 60
CLOSE_ENOUGH = 1e-9
"""Newton stops when a step promises less than this share of a row's mean loss."""


def fit_logistic(design: Array, outcome: Array, penalty: float, start: Array | None = None) -> Array:
    """Weights, one per column of the design and the intercept last. The intercept is not penalised.

    design: one row per training row; outcome: 0 or 1. penalty: half of it times the squared weights is added to the
    summed log loss, so that it counts less the more rows there are. start: weights thought to be near, which saves
    steps.
    """
    ridge = np.append(np.full(design.shape[1], penalty), 0.0)
    weights = np.append(np.zeros(design.shape[1]), _log_odds(outcome)) if start is None else start
    value, gradient, curvature = _compute_loss(design, outcome, weights, ridge)
    for _ in range(ROUNDS):
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(weights)), gradient)
        if gradient @ step < CLOSE_ENOUGH * len(outcome):
            break
        weights, value, gradient, curvature = _search_step(design, outcome, weights, step, value, ridge)
    return weights


def log_odds(design: Array, weights: Array) -> npt.NDArray[np.float64]:
    """One margin per row of the design."""
    return np.asarray(design, dtype=np.float64) @ weights[:-1] + weights[-1]


def _search_step(
    design: Array, outcome: Array, weights: Array, step: Array, value: float, ridge: Array
) -> tuple[Array, float, Array, Array]:
    """The longest of the step, its half, its quarter ... that lowers the loss."""
    for halving in range(30):
        tried = weights - step / 2**halving
        lower, gradient, curvature = _compute_loss(design, outcome, tried, ridge)
        if lower <= value:
            break
    return tried, lower, gradient, curvature


def _compute_loss(design: Array, outcome: Array, weights: Array, ridge: Array) -> tuple[float, Array, Array]:
    """The penalised loss with its gradient and curvature."""
    value, gradient = float(ridge @ weights**2) / 2, ridge * weights
    curvature = np.diag(ridge)
    for first in range(0, len(outcome), BLOCK):
        part = np.asarray(design[first : first + BLOCK], dtype=np.float64)
        rows = np.column_stack([part, np.ones(len(part))])
        margin, seen = rows @ weights, outcome[first : first + BLOCK]
        risk = expit(margin)
        value += float(np.sum(np.logaddexp(0, margin) - seen * margin))
        gradient += rows.T @ (risk - seen)
        rows *= np.sqrt(risk * (1 - risk))[:, None]
        curvature += rows.T @ rows  # one array with itself: half the work
    return value, gradient, curvature


def _log_odds(outcome: Array) -> float:
    events = float(outcome.sum())
    return float(np.log((events + 0.5) / (len(outcome) - events + 0.5)))
