"""Plain rivals beside the model, each trained and calibrated on the same rows: what the booster must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.baselines import AGE_AND_SEX, LOGISTIC, Baseline
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Calibrator
from riskstrat.training.calibration import Calibrated, calibrate
from riskstrat.training.cross_fitting import Score, cross_fit
from riskstrat.training.designs import Design, age_and_sex, as_it_stands, every_feature, logged
from riskstrat.training.held_out import mark_newest
from riskstrat.training.logistic import fit_logistic, log_odds
from riskstrat.training.losses import log_loss
from riskstrat.training.rows import Array, Index, TrainingRows, rows_at, take_rows
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN, shares

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
FEW_COLUMNS = 20
TUNING_ROWS = 20_000
"""Training rows on which the penalty is chosen; one person in four of them is held out."""

Chosen = tuple[str, ...] | str
"""The columns that a rival sees, or why it cannot be had."""


class LearnedBaseline(NamedTuple):
    """A baseline: one margin per test row and its calibrator, or the reason why it was left out."""

    margin: npt.NDArray[np.float64]
    calibrator: Calibrator | None
    note: str


class DeclaredRivals(NamedTuple):
    """What a workspace says of baselines: the features of age and of sex, and the baselines of one feature."""

    age: str | None
    sex: tuple[str, ...]
    baselines: tuple[Baseline, ...] = ()


class Rival(NamedTuple):
    """What a baseline sees of the matrix, and how that is made ready.

    A score of one number keeps its own order of people, even where few training rows happen to say otherwise.
    """

    chooses: Callable[[FeatureMatrix, Recipe], Chosen]
    design: Callable[[Sequence[str], Array], Design]
    is_a_score: bool = True


def fit_baselines(
    matrix: FeatureMatrix, outcome: Array, places: dict[str, Index], recipe: Recipe, declared: DeclaredRivals
) -> dict[str, LearnedBaseline]:
    """Every baseline by its name; one that cannot be fitted has no calibrator and says why.

    Logistic regression sees the columns of the model; a published score is read from the whole matrix, so that a recipe
    may keep it out of the model. places: positions of the train, calibration and test rows.
    """
    return {
        name: _fit_baseline(rival, matrix, outcome, places, recipe) for name, rival in _build_rivals(declared).items()
    }


def _fit_baseline(
    rival: Rival, matrix: FeatureMatrix, outcome: Array, places: dict[str, Index], recipe: Recipe
) -> LearnedBaseline:
    columns = rival.chooses(matrix, recipe)
    if isinstance(columns, str):
        return _leave_out(columns)
    train = rows_at(matrix, columns, outcome, places[TRAIN])
    design = rival.design(columns, train.values)
    penalty, near = _choose_penalty(design(train.values), train, recipe.learner.seed)
    if penalty is None:
        return _leave_out(f"{columns[0]} is the same for everybody who trains")
    learn = partial(_learn, rival, design, penalty, near)
    score = learn(train)
    apart = rows_at(matrix, columns, outcome, places[CALIBRATION])
    try:
        if len(apart.outcome):
            made = _calibrate(score(apart.values), apart, recipe)
        else:
            asked = mark_newest(recipe, matrix.keys, places[TRAIN])
            margin = cross_fit(train, asked, learn, recipe.learner.seed)
            made = _calibrate(margin, take_rows(train, asked), recipe)
    except TrainingError as refused:
        return _leave_out(str(refused))
    test = rows_at(matrix, columns, outcome, places[TEST])
    return LearnedBaseline(score(test.values), made.calibrator, f"L2 penalty {penalty:g}; {made.note}")


def _learn(rival: Rival, design: Design, penalty: float, near: Array | None, rows: TrainingRows) -> Score:
    """What gives a margin for each row of values, learned from some rows."""
    weights = fit_logistic(design(rows.values), rows.outcome, penalty, near)
    if rival.is_a_score and weights[0] <= 0:
        weights = np.array([1.0, 0.0])
    return lambda values: log_odds(design(values), weights)


def _calibrate(margin: npt.NDArray[np.float64], rows: TrainingRows, recipe: Recipe) -> Calibrated:
    ids, method, seed = rows.patient_ids, recipe.calibration.method, recipe.learner.seed
    return calibrate(margin, rows.outcome, ids, method, seed=seed, compare=False)


def _leave_out(why: str) -> LearnedBaseline:
    return LearnedBaseline(np.zeros(0), None, why)


def _choose_penalty(ready: Array, train: TrainingRows, seed: int) -> tuple[float | None, Array | None]:
    """The penalty with the lowest log loss on people held out of a part of the training rows, and weights near it.

    A few columns among many rows need none to speak of, so nothing is searched for them; None where all rows are alike.
    """
    if (ready == ready[0]).all():
        return None, None
    if ready.shape[1] < FEW_COLUMNS:
        return PENALTIES[0], None
    share = shares(train.patient_ids, seed + 1)
    part = np.argsort(share, kind="stable")[:TUNING_ROWS]
    held_out = part[: len(part) // 4]
    kept = part[~np.isin(share[part], share[held_out])]
    if not train.outcome[held_out].any() or not 0 < train.outcome[kept].sum() < len(kept):
        return PENALTIES[-2], None
    seen, known, away = ready[kept], train.outcome[kept], ready[held_out]
    found: list[tuple[float, float, Array]] = []
    for penalty in reversed(PENALTIES):  # the strongest first: each begins where the one before it ended
        weights = fit_logistic(seen, known, penalty, found[-1][2] if found else None)
        found.append((log_loss(log_odds(away, weights), train.outcome[held_out]), penalty, weights))
    _, penalty, weights = min(found, key=lambda one: one[:2])
    return penalty, weights


def _choose_model_features(matrix: FeatureMatrix, recipe: Recipe) -> Chosen:
    return tuple(name for name in matrix.columns if name not in recipe.exclude_features)


def _choose_age_and_sex(declared: DeclaredRivals, matrix: FeatureMatrix, recipe: Recipe) -> Chosen:
    sexes = tuple(name for name in declared.sex if name in matrix.columns)
    if declared.age is None or not declared.sex:
        return "training/roles.toml does not say which features are age and sex"
    if declared.age not in matrix.columns or not sexes:
        lacking = declared.age if declared.age not in matrix.columns else " or ".join(declared.sex)
        return f"the matrix has no {lacking} column"
    return (declared.age, *sexes)


def _choose_one_score(baseline: Baseline, matrix: FeatureMatrix, recipe: Recipe) -> Chosen:
    """A score of one column, and of the part of it that is never printed where that stands apart."""
    if baseline.index not in (None, recipe.cohort.index):
        return baseline.otherwise
    if baseline.feature not in matrix.columns:
        return f"the matrix has no {baseline.feature} column"
    return (baseline.feature, *(name for name in baseline.added if name in matrix.columns))


DESIGNS = {"count": logged, "log odds": as_it_stands}


def _build_rivals(declared: DeclaredRivals) -> dict[str, Rival]:
    """By the name each has in the evidence: logistic regression, age and sex, then the declared ones in their order."""
    every = partial(every_feature, age=declared.age)
    return {
        LOGISTIC: Rival(_choose_model_features, every, is_a_score=False),
        AGE_AND_SEX: Rival(partial(_choose_age_and_sex, declared), age_and_sex, is_a_score=False),
    } | {one.name: Rival(partial(_choose_one_score, one), DESIGNS[one.scale]) for one in declared.baselines}
