"""LightGBM, fitted so that the same rows give the same trees on any number of cores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import lightgbm
from riskstrat.training.constraints import directions
from riskstrat.training.rows import TrainingRows

FEWEST_ROWS_IN_LEAF = 5
LEAVES_AT_LEAST = 20
"""In a small source a leaf may hold one row in this many, whatever the recipe asks."""

WORTH_SHARING = 20_000
"""Below this many rows threads wait for each other longer than they work."""


class Stopped(NamedTuple):
    """How many trees helped most on the rows judged on, and the margin of each of these rows with that many."""

    rounds: int
    margin: npt.NDArray[np.float64]


def rows_in_leaf(learner: LearnerRecipe, rows: int) -> int:
    """The recipe's `min_rows_in_leaf`, or less where so few rows train that no tree could split."""
    return min(learner.min_rows_in_leaf, max(FEWEST_ROWS_IN_LEAF, rows // LEAVES_AT_LEAST))


def fit_booster(
    values: npt.NDArray[np.float32],
    outcome: npt.NDArray[Any],
    columns: Sequence[str],
    learner: LearnerRecipe,
    threads: int,
) -> str:
    """The booster's text, of `learner.rounds` trees. Raises TrainingError if no column separates the outcomes."""
    lgb = lightgbm()
    settings = _build_settings(learner, columns, len(outcome), threads)
    rows = lgb.Dataset(values, label=outcome, feature_name=list(columns), params=settings)
    booster = lgb.train(settings, rows, num_boost_round=learner.rounds)
    if not booster.feature_importance("split").any():
        raise TrainingError(
            f"no feature separates those with the outcome from those without, among {len(outcome)} training rows; "
            "check the sources behind the features, or train on more index dates or people"
        )
    # The text records its settings; how many cores took part is not one of the model's.
    return re.sub(r"^\[num_threads: .*\]\n", "", booster.model_to_string(), flags=re.MULTILINE)


def predict_margin(booster_text: str, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """One margin (log odds) per row, by the booster of a text that `fit_booster` gave."""
    margin = lightgbm().Booster(model_str=booster_text).predict(values, raw_score=True, num_threads=1)
    return np.asarray(margin, dtype=np.float64)


def stop_early(
    grown_on: TrainingRows,
    judged_on: TrainingRows,
    columns: Sequence[str],
    learner: LearnerRecipe,
    patience: int,
    threads: int,
) -> Stopped:
    """Grow until `patience` trees in a row have not lowered the log loss of the rows judged on, or `learner.rounds`."""
    lgb = lightgbm()
    settings = _build_settings(learner, columns, len(grown_on), threads) | {"metric": "binary_logloss"}
    rows = lgb.Dataset(grown_on.values, label=grown_on.outcome, feature_name=list(columns), params=settings)
    booster = lgb.train(
        settings,
        rows,
        num_boost_round=learner.rounds,
        valid_sets=[rows.create_valid(judged_on.values, judged_on.outcome)],
        callbacks=[lgb.early_stopping(patience, verbose=False)],
    )
    rounds = max(1, booster.best_iteration)
    margin = booster.predict(judged_on.values, raw_score=True, num_iteration=rounds, num_threads=1)
    return Stopped(rounds, np.asarray(margin, dtype=np.float64))


def _build_settings(learner: LearnerRecipe, columns: Sequence[str], rows: int, threads: int) -> dict[str, Any]:
    # One thread sums each column (force_col_wise), so that sums do not depend on how many there are; for counts that
    # are mostly zero it is the faster way round too.
    settings = {
        "objective": "binary",
        "learning_rate": learner.learning_rate,
        "num_leaves": learner.leaves,
        "min_data_in_leaf": rows_in_leaf(learner, rows),
        "feature_fraction": learner.feature_fraction,
        "bagging_fraction": learner.row_fraction,
        "bagging_freq": 1 if learner.row_fraction < 1 else 0,
        "lambda_l2": learner.l2,
        "seed": learner.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": threads if rows >= WORTH_SHARING else 1,
        "verbosity": -1,
    }
    owed = directions(learner, columns)
    return settings | {"monotone_constraints": owed} if any(owed) else settings
