"""The stack of two: LightGBM and the logistic regression, each sized by the same folds, weighed by what they say of
people they had not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.scoring import Weights
from riskstrat.training.folds import HeldOutFold
from riskstrat.training.learner import FoldedBooster, fit_on_folds
from riskstrat.training.linear import FoldedLinear, learn_linear
from riskstrat.training.rows import Array, TrainingRows

PATIENCE = 20
"""Trees in a row without help on the people held out, after which no more are grown."""

EVEN = 0.5
HELD_TO_EVEN = 20.0
"""One over the variance of the normal prior around even weights, which decides where events are few."""

Numbers = npt.NDArray[np.float64]


class LearnedStack(NamedTuple):
    """Both members, learned from every training row, and their weights."""

    booster: FoldedBooster
    linear: FoldedLinear
    weights: Weights

    @property
    def unseen(self) -> Numbers:
        """The stack's margin of each row of the folds' people, by members that had not seen them."""
        return self.weights.add(self.booster.unseen, self.linear.unseen)


def learn_stack(
    rows: TrainingRows,
    columns: Sequence[str],
    learner: LearnerRecipe,
    folds: Sequence[HeldOutFold],
    threads: int,
    age: str | None = None,
) -> LearnedStack:
    """Both members with their sizes and weights, all by the same people held out.

    `learner.rounds` are the most trees grown. age: the column of the age in years. Raises TrainingError where nothing
    separates the outcomes.
    """
    booster = fit_on_folds(rows, columns, learner, folds, threads, PATIENCE)
    linear = learn_linear(rows, columns, learner, folds, age)
    held = ~np.isnan(booster.unseen)
    return LearnedStack(booster, linear, weigh(booster.unseen[held], linear.unseen[held], rows.outcome[held]))


def weigh(booster: Numbers, linear: Numbers, outcome: Array) -> Weights:
    """The weights with the lowest log loss, neither below 0; even ones where both would be 0.

    booster, linear: the members' margins of rows that they had not seen. Beside them an intercept is fitted and left
    out: the calibrator finds its own.
    """
    margins = np.column_stack([booster, linear])

    def compute_loss(point: Numbers) -> tuple[float, Numbers]:
        apart, odds = point[:2] - EVEN, margins @ point[:2] + point[2]
        away = expit(odds) - outcome
        loss = np.sum(np.logaddexp(0, odds) - outcome * odds) + HELD_TO_EVEN * (apart @ apart) / 2
        return float(loss), np.append(margins.T @ away + HELD_TO_EVEN * apart, away.sum())

    start, bounds = np.array([EVEN, EVEN, 0.0]), [(0.0, None), (0.0, None), (None, None)]
    found = minimize(compute_loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12}).x
    return Weights(float(found[0]), float(found[1])) if found[:2].any() else Weights(EVEN, EVEN)
