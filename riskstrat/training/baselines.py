"""Plain rivals beside the model, each trained and calibrated on the same rows: what the booster must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.baselines import AGE_AND_SEX, Baseline
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Calibrator
from riskstrat.training.calibration import calibrate
from riskstrat.training.cross_fitting import Score, cross_fit
from riskstrat.training.designs import Design, age_and_sex, as_it_stands, logged
from riskstrat.training.held_out import mark_newest
from riskstrat.training.logistic import fit_logistic, log_odds
from riskstrat.training.rows import Array, Index, TrainingRows, rows_at, take_rows
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN

PENALTY = 1.0
"""Of a few columns among many rows, which need none to speak of."""

Numbers = npt.NDArray[np.float64]

Chosen = tuple[str, ...] | str
"""The columns that a rival sees, or why it cannot be had."""


class LearnedBaseline(NamedTuple):
    """A baseline: one margin per test row and its calibrator, or the reason why it was left out."""

    margin: Numbers
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
    """Every baseline of a few columns by its name; one that cannot be fitted has no calibrator and says why.

    A published score is read from the whole matrix, so that a recipe may keep it out of the model. places: positions of
    the train, calibration and test rows.
    """
    return {
        name: _fit_baseline(rival, matrix, outcome, places, recipe) for name, rival in _build_rivals(declared).items()
    }


def _fit_baseline(
    rival: Rival, matrix: FeatureMatrix, outcome: Array, places: dict[str, Index], recipe: Recipe
) -> LearnedBaseline:
    columns = rival.chooses(matrix, recipe)
    if isinstance(columns, str):
        return leave_out(columns)
    train = rows_at(matrix, columns, outcome, places[TRAIN])
    design = rival.design(columns, train.values)
    ready = design(train.values)
    if (ready == ready[0]).all():
        return leave_out(f"{columns[0]} is the same for everybody who trains")
    learn = partial(_learn, rival, design)
    score = learn(train)
    apart = rows_at(matrix, columns, outcome, places[CALIBRATION])
    if len(apart.outcome):
        margin, seen = score(apart.values), apart
    else:
        asked = mark_newest(recipe, matrix.keys, places[TRAIN])
        margin, seen = cross_fit(train, asked, learn, recipe.learner.seed), take_rows(train, asked)
    test = rows_at(matrix, columns, outcome, places[TEST])
    return calibrate_baseline(margin, seen, score(test.values), recipe, PENALTY)


def calibrate_baseline(
    margin: Numbers, seen: TrainingRows, tested: Numbers, recipe: Recipe, penalty: float | None = None
) -> LearnedBaseline:
    """What calibrates `tested`, the margins of the test rows: `margin` of the rows seen, with the model's own method.

    penalty: that of a regression, for the record. One whose higher margins do not go with more events is left out.
    """
    method, seed = recipe.calibration.method, recipe.learner.seed
    try:
        made = calibrate(margin, seen.outcome, seen.patient_ids, method, seed=seed, compare=False)
    except TrainingError as refused:
        return leave_out(str(refused))
    how = made.note if penalty is None else f"L2 penalty {penalty:g}; {made.note}"
    return LearnedBaseline(tested, made.calibrator, how)


def leave_out(why: str) -> LearnedBaseline:
    """A baseline that cannot be had, with the reason."""
    return LearnedBaseline(np.zeros(0), None, why)


def _learn(rival: Rival, design: Design, rows: TrainingRows) -> Score:
    """What gives a margin for each row of values, learned from some rows."""
    weights = fit_logistic(design(rows.values), rows.outcome, PENALTY).weights
    if rival.is_a_score and weights[0] <= 0:
        weights = np.array([1.0, 0.0])
    return lambda values: log_odds(design(values), weights)


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
    if baseline.index not in (None, recipe.cohort.index) or baseline.outcome not in (None, recipe.outcome):
        return baseline.otherwise
    if baseline.feature not in matrix.columns:
        return f"the matrix has no {baseline.feature} column"
    return (baseline.feature, *(name for name in baseline.added if name in matrix.columns))


DESIGNS = {"count": logged, "log odds": as_it_stands}


def _build_rivals(declared: DeclaredRivals) -> dict[str, Rival]:
    """By the name each has in the evidence: age and sex, then the declared ones in their order."""
    return {
        AGE_AND_SEX: Rival(partial(_choose_age_and_sex, declared), age_and_sex, is_a_score=False),
    } | {one.name: Rival(partial(_choose_one_score, one), DESIGNS[one.scale]) for one in declared.baselines}
