"""What a recipe's learner makes of the training rows: LightGBM alone, or the stack that it is the main member of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.baselines import LIGHTGBM, LOGISTIC, STACK
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe
from riskstrat.scoring import RiskModel, Weights
from riskstrat.training.folds import FOLDS, HeldOutFold, draw_folds, spare_folds
from riskstrat.training.held_out import held_out
from riskstrat.training.learner import fit_booster, fit_on_folds, rows_in_leaf, stop_early
from riskstrat.training.linear import FoldedLinear, learn_linear
from riskstrat.training.rows import Index, TrainingRows, packed_rows_at, rows_at
from riskstrat.training.slices import CALIBRATION, TRAIN
from riskstrat.training.stacking import learn_stack

Numbers = npt.NDArray[np.float64]


class Task(NamedTuple):
    """What is learned from: the matrix with its model's columns, outcomes (missing where unknown) and slices, as `fit`
    takes them. places: positions of the train, calibration and test rows. with_rivals: whether a logistic regression is
    wanted in any case.
    """

    matrix: FeatureMatrix
    columns: tuple[str, ...]
    outcome: Numbers
    places: Mapping[str, Index]
    recipe: Recipe
    threads: int
    age: str | None
    with_rivals: bool

    @property
    def calibrates_apart(self) -> bool:
        """Whether rows are kept apart to calibrate on."""
        return len(self.places[CALIBRATION]) > 0

    @property
    def train(self) -> TrainingRows:
        """The training rows."""
        return packed_rows_at(self.matrix, self.columns, self.outcome, self.places[TRAIN])


class Learned(NamedTuple):
    """What was learned from every training row.

    linear: the member of a stack, or a rival; None where neither was asked for. learner: the settings with the trees
    grown. how: how sizes were found, in words. unseen: margins of the training rows by learners that had not seen the
    person (missing where no fold held them out), by the name of the model; empty where rows are kept apart.
    """

    booster_text: str
    linear: FoldedLinear | None
    weights: Weights | None
    learner: LearnerRecipe
    how: str
    unseen: Mapping[str, Numbers]

    @property
    def own(self) -> str:
        """What the model is called among its baselines."""
        return LIGHTGBM if self.weights is None else STACK

    def score(self, model: RiskModel, matrix: FeatureMatrix, rows: Index) -> dict[str, Numbers]:
        """One margin for each row of the matrix asked for by each that was learned, the model itself first."""
        booster = model.booster_alone.margin(matrix, rows)
        if self.linear is None:
            return {LIGHTGBM: booster}
        member, blocks = self.linear.linear, matrix.walk(model.columns, rows)
        linear = np.concatenate([np.zeros(0), *(member.margin(values, model.columns) for values in blocks)])
        own = {} if self.weights is None else {STACK: self.weights.add(booster, linear)}
        return own | {LIGHTGBM: booster, LOGISTIC: linear}

    def describe(self, rows: int) -> dict[str, Any]:
        """Plain values for the record: settings, sizes, and what each member of a stack counts."""
        settings = self.learner.model_dump(mode="json")
        given = self.weights
        counted = None if given is None else {LIGHTGBM: given.booster, LOGISTIC: given.linear}
        return {
            "learner": settings | {"rows_in_leaf": rows_in_leaf(self.learner, rows)},
            "rounds": self.how,
            "weights": counted,
        }


def learn_members(task: Task) -> Learned:
    """LightGBM with its trees, and the logistic regression where the recipe or a rival asks for it.

    Folds of people decide the sizes; with rows kept apart to calibrate on only as many folds as tell enough, without
    them all, so that every row has a margin to calibrate on. Raises TrainingError if no column separates the outcomes.
    """
    train, learner = task.train, task.recipe.learner
    folds = draw_folds(train, learner.seed)
    some = spare_folds(folds, train) if task.calibrates_apart else folds
    return _learn_stack(task, train, some) if learner.kind == "stack" else _learn_alone(task, train, some)


def _learn_stack(task: Task, train: TrainingRows, folds: Sequence[HeldOutFold]) -> Learned:
    events = int(train.outcome.sum())
    learner = task.recipe.learner.choose_size(events)
    found = learn_stack(train, task.columns, learner, folds, task.threads, task.age)
    unseen = {STACK: found.unseen, LIGHTGBM: found.booster.unseen, LOGISTIC: found.linear.unseen}
    rounds = found.booster.rounds
    larger = "" if learner is task.recipe.learner else f" of {learner.leaves} leaves, as {events:,} events train,"
    how = (
        f"{rounds} trees{larger} and an L2 penalty of {found.linear.penalty:g}, best on people held out in "
        f"{len(folds)} of {FOLDS} folds; in the stack LightGBM's log odds count {found.weights.booster:.2f} times and "
        f"those of logistic regression {found.weights.linear:.2f} times"
    )
    sized = learner.model_copy(update={"rounds": rounds})
    return Learned(found.booster.text, found.linear, found.weights, sized, how, {} if task.calibrates_apart else unseen)


def _learn_alone(task: Task, train: TrainingRows, folds: Sequence[HeldOutFold]) -> Learned:
    """LightGBM with as many trees as helped on training rows kept back, where asked, and logistic regression beside."""
    learner, how = task.recipe.learner, f"{task.recipe.learner.rounds} trees, as the recipe asks"
    if learner.patience:
        rounds, how = _choose_rounds(task)
        learner = learner.model_copy(update={"rounds": rounds})
    unseen = {}
    if task.calibrates_apart:
        text = fit_booster(train, task.columns, learner, task.threads)
    else:
        text, _, unseen[LIGHTGBM] = fit_on_folds(train, task.columns, learner, folds, task.threads)
    linear = learn_linear(train, task.columns, learner, folds, task.age) if task.with_rivals else None
    if linear is not None and not task.calibrates_apart:
        unseen[LOGISTIC] = linear.unseen
    return Learned(text, linear, None, learner, how, unseen)


def _choose_rounds(task: Task) -> tuple[int, str]:
    """How many trees to grow, and how that was found."""
    learner = task.recipe.learner
    parts = held_out(task.recipe, task.matrix.keys, task.outcome, task.places[TRAIN], task.places[CALIBRATION])
    if parts is None:
        return learner.rounds, f"{learner.rounds} trees: too few events train to find a better number"
    grown_on, judged_on = (
        rows_at(task.matrix, task.columns, task.outcome, each) for each in (parts.grown_on, parts.judged_on)
    )
    stopped = stop_early(grown_on, judged_on, task.columns, learner, learner.patience, task.threads)
    return stopped.rounds, f"{_word_rounds(stopped.rounds, learner)}: best on {parts.sentence}"


def _word_rounds(rounds: int, learner: LearnerRecipe) -> str:
    return f"{rounds} trees" + (", the most the recipe allows" if rounds == learner.rounds else "")
