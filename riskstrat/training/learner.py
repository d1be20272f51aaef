"""LightGBM, fitted so that the same rows give the same trees on any number of cores."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import lightgbm
from riskstrat.training.constraints import directions
from riskstrat.training.folds import HeldOutFold
from riskstrat.training.rows import TrainingRows

if TYPE_CHECKING:
    from lightgbm import Dataset
    from lightgbm.callback import CallbackEnv

FEWEST_ROWS_IN_LEAF = 5
LEAVES_AT_LEAST = 20
"""In a small source a leaf may hold one row in this many, whatever the recipe asks."""

LONGER = 0.5
"""Trees without help that are grown at least, for each tree that helped: the flatter the loss of people held out, the
longer chance alone keeps it from falling.
"""

FEWEST_TREES = 10
"""Trees that are grown where none of them helps people held out: of the first few, each sees few columns."""

WORTH_SHARING = 20_000
"""Below this many rows threads wait for each other longer than they work."""


_UNPACKED = Lock()
"""Held while rows stand unpacked, so that fits side by side never have all of theirs so at once."""


class Stopped(NamedTuple):
    """How many trees helped most on the rows judged on, and the margin of each of these rows with that many."""

    rounds: int
    margin: npt.NDArray[np.float64]


class FoldedBooster(NamedTuple):
    """The booster's text, its trees, and the margin of each row of the folds' people by a booster that had not seen
    them (missing for other rows).
    """

    text: str
    rounds: int
    unseen: npt.NDArray[np.float64]


def rows_in_leaf(learner: LearnerRecipe, rows: int) -> int:
    """The recipe's `min_rows_in_leaf`, or less where so few rows train that no tree could split."""
    return min(learner.min_rows_in_leaf, max(FEWEST_ROWS_IN_LEAF, rows // LEAVES_AT_LEAST))


def fit_booster(rows: TrainingRows, columns: Sequence[str], learner: LearnerRecipe, threads: int) -> str:
    """The booster's text, of `learner.rounds` trees. Raises TrainingError if no column separates the outcomes."""
    settings = _build_settings(learner, columns, len(rows.outcome), threads)
    return _grow(_bin(rows, columns, settings), settings, learner.rounds)


def fit_on_folds(
    rows: TrainingRows,
    columns: Sequence[str],
    learner: LearnerRecipe,
    folds: Sequence[HeldOutFold],
    threads: int,
    patience: int = 0,
) -> FoldedBooster:
    """The booster on every row, and one for each fold, with as many trees as had the lowest mean log loss held out.

    Growing stops after `patience` trees in a row without help and half as many as helped, and at `learner.rounds`; with
    no patience all of these are grown. At least `FEWEST_TREES` stay. Rows are binned once for all. Raises TrainingError
    as `fit_booster` does.
    """
    lgb = lightgbm()
    settings = _build_settings(learner, columns, len(rows.outcome), threads)
    binned = _bin(rows, columns, settings)
    grown = lgb.cv(
        settings | {"metric": "binary_logloss"},
        binned,
        num_boost_round=learner.rounds,
        folds=[(fold.kept, fold.away) for fold in folds],
        callbacks=[stop_without_help(patience)] if patience else [],
        return_cvbooster=True,
    )["cvbooster"]
    rounds = min(learner.rounds, max(grown.best_iteration, FEWEST_TREES)) if patience else learner.rounds
    margin = np.full(len(rows.outcome), np.nan)
    for fold, booster in zip(folds, grown.boosters, strict=True):
        margin[fold.away] = booster.predict(rows.values[fold.away], raw_score=True, num_iteration=rounds, num_threads=1)
    return FoldedBooster(_grow(binned, settings, rounds), rounds, margin)


def stop_without_help(patience: int) -> Callable[[CallbackEnv], None]:
    """Ends the growing of trees as `fit_on_folds` says, with the number that helped most."""
    best, least = 0, np.inf

    def stop(grown: CallbackEnv) -> None:
        nonlocal best, least
        told = grown.evaluation_result_list or []
        loss = told[0][2]
        if loss < least:
            best, least = grown.iteration, loss
        waited = grown.iteration - best
        if waited >= max(patience, LONGER * (best + 1)) or grown.iteration + 1 == grown.end_iteration:
            raise lightgbm().callback.EarlyStopException(best, told)

    return stop


def _bin(rows: TrainingRows, columns: Sequence[str], settings: dict[str, Any]) -> Dataset:
    with _UNPACKED:
        made = lightgbm().Dataset(rows.values[:], label=rows.outcome, feature_name=list(columns), params=settings)
        return made.construct()


def _grow(rows: Dataset, settings: dict[str, Any], rounds: int) -> str:
    """The text of a booster of so many trees. Raises TrainingError if no column separates the outcomes."""
    booster = lightgbm().train(settings, rows, num_boost_round=rounds)
    if not booster.feature_importance("split").any():
        raise TrainingError(
            f"no feature separates those with the outcome from those without, among {rows.num_data()} training rows; "
            "check the sources behind the features, or train on more index dates or people"
        )
    # The text records its settings; how many cores took part is not one of the model's.
    return re.sub(r"^\[num_threads: .*\]\n", "", booster.model_to_string(), flags=re.MULTILINE)


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
    settings = _build_settings(learner, columns, len(grown_on.outcome), threads) | {"metric": "binary_logloss"}
    rows = _bin(grown_on, columns, settings)
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
