"""The search for learner settings inside the training slice, by a fixed budget and a fixed seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe
from riskstrat.training.held_out import HeldOut, held_out
from riskstrat.training.learner import stop_early
from riskstrat.training.losses import log_losses, mean_and_error
from riskstrat.training.rows import Index, TrainingRows, rows_at
from riskstrat.training.slices import CALIBRATION, TRAIN, Slices, find_places, shares

THREADS = 2
SEARCHED: dict[str, tuple[float, float, bool]] = {
    "learning_rate": (0.02, 0.15, True),
    "leaves": (4, 64, True),
    "min_rows_in_leaf": (20, 500, True),
    "feature_fraction": (0.1, 1.0, False),
    "row_fraction": (0.5, 1.0, False),
    "l2": (0.1, 300.0, True),
}
"""Each setting's lowest and highest value, and whether it is searched by its logarithm."""

WHOLE = ("leaves", "min_rows_in_leaf")
MOST_ROUNDS = 1500
PATIENCE = 50
"""Trees in a row without help after which a trial stops, where the recipe names no patience of its own."""

SPELLED = {"rounds": "trees", "min_rows_in_leaf": "rows in a leaf", "l2": "L2"}


@dataclass(frozen=True)
class Tuned:
    """The settings with the lowest log loss, if it is lower beyond noise, and how they were found.

    trials: one row per trial, that of the recipe's own settings first, with columns trial, log_loss (nats, mean over
    the rows judged on), rounds, each setting searched, and chosen. rows: training rows that a trial saw.
    """

    learner: LearnerRecipe
    trials: pd.DataFrame
    rows: int
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the record: trials, rows, best, sentence."""
        best = {name: getattr(self.learner, name) for name in (*SEARCHED, "rounds")}
        return {"trials": len(self.trials), "rows": self.rows, "best": best, "sentence": self.sentence}


def tune(
    matrix: FeatureMatrix,
    outcome: npt.NDArray[Any],
    slice_of: Slices,
    recipe: Recipe,
    threads: int = THREADS,
) -> Tuned:
    """`recipe.tuning.trials` settings tried on training rows alone, judged by log loss on the latest training date.

    Arguments as for `fit`. At most `recipe.tuning.rows` training rows take part, of the people with the lowest shares;
    no calibration or test row does. Each trial grows trees until they no longer help, so that rounds follow from the
    learning rate. The recipe's own settings stand unless others have a lower log loss by more than one standard error
    of the paired difference (people drawn), so that a search on few rows does no harm; they stand too where too few
    events train to compare settings by. Settings found hold the rounds of their trial or, where the recipe has a
    patience, leave room for `fit` to find its own.
    """
    seen = np.asarray(outcome, dtype=np.float64)
    columns = tuple(name for name in matrix.columns if name not in recipe.exclude_features)
    places = find_places(slice_of, seen)
    train, calibration = places[TRAIN], places[CALIBRATION]
    some = _cap_rows(recipe, matrix.keys["patient_id"].to_numpy(), train)
    parts = held_out(recipe, matrix.keys, seen, some, calibration)
    if parts is None:
        return Tuned(
            recipe.learner, _tabulate_trials([], None), 0, "no settings tried: too few events train to compare them by"
        )
    grown_on, judged_on = (rows_at(matrix, columns, seen, each) for each in (parts.grown_on, parts.judged_on))
    tried = _search(recipe, columns, grown_on, judged_on, threads)
    return _build_tuned(recipe, tried, parts, judged_on)


@dataclass(frozen=True)
class _Trial:
    """One set of settings, the trees it took, and the log loss of each row judged on."""

    learner: LearnerRecipe
    rounds: int
    losses: npt.NDArray[np.float64]

    @property
    def log_loss(self) -> float:
        return float(self.losses.mean())


def _search(
    recipe: Recipe, columns: tuple[str, ...], grown_on: TrainingRows, judged_on: TrainingRows, threads: int
) -> list[_Trial]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=recipe.learner.seed))
    allowed = {name: _build_distribution(name) for name in SEARCHED}

    def tried(learner: LearnerRecipe) -> _Trial:
        patience = recipe.learner.patience or PATIENCE
        stopped = stop_early(grown_on, judged_on, columns, learner, patience, threads)
        return _Trial(learner, stopped.rounds, log_losses(stopped.margin, judged_on.outcome))

    most = max(MOST_ROUNDS, recipe.learner.rounds)
    found = [tried(recipe.learner.model_copy(update={"rounds": most}))]
    own = {name: _bound_value(name, getattr(recipe.learner, name)) for name in SEARCHED}
    study.add_trial(optuna.trial.create_trial(params=own, distributions=allowed, value=found[0].log_loss))
    for _ in range(recipe.tuning.trials - 1):
        asked = study.ask(allowed)
        settings = {name: _round_value(value) for name, value in asked.params.items()}
        found.append(tried(recipe.learner.model_copy(update=settings | {"rounds": most})))
        study.tell(asked, found[-1].log_loss)
    return found


def _build_distribution(name: str) -> Any:
    from optuna.distributions import FloatDistribution, IntDistribution

    low, high, by_logarithm = SEARCHED[name]
    if name in WHOLE:
        return IntDistribution(int(low), int(high), log=by_logarithm)
    return FloatDistribution(low, high, log=by_logarithm)


def _bound_value(name: str, value: float) -> float:
    """The value, or the nearest that is searched: what the sampler is told of a recipe outside its bounds."""
    low, high, _ = SEARCHED[name]
    nearest = min(max(value, low), high)
    return int(nearest) if name in WHOLE else nearest


def _round_value(value: float) -> float:
    """Three significant digits of a fraction: enough to write into a recipe, and what was tried."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def _cap_rows(recipe: Recipe, patient_ids: npt.NDArray[Any], train: Index) -> Index:
    """The training rows of the people with the lowest shares, as many as the recipe allows."""
    if len(train) <= recipe.tuning.rows:
        return train
    share = shares(patient_ids[train], recipe.learner.seed + 5)
    last = np.sort(share)[recipe.tuning.rows]
    return train[share < last]


def _build_tuned(recipe: Recipe, tried: list[_Trial], parts: HeldOut, judged_on: TrainingRows) -> Tuned:
    best = _choose_best(tried, judged_on)
    rounds = max(recipe.learner.rounds, 2 * best.rounds) if recipe.learner.finds_its_size else best.rounds
    # What was found here is not to give way to trees of another size.
    searched = best.learner.model_copy(update={"rounds": rounds, "larger": None})
    learner = recipe.learner if best is tried[0] else searched
    rows = len(parts.grown_on) + len(parts.judged_on)
    return Tuned(learner, _tabulate_trials(tried, best), rows, _describe_search(tried, best, parts, judged_on))


def _choose_best(tried: list[_Trial], judged_on: TrainingRows) -> _Trial:
    """The lowest log loss among those better than the recipe's own beyond one standard error; else the recipe's own."""
    differences = [mean_and_error(one.losses - tried[0].losses, judged_on.patient_ids) for one in tried]
    better = [one for one, (apart, error) in zip(tried, differences, strict=True) if apart < -error]
    return min(better, key=lambda one: one.log_loss, default=tried[0])


def _tabulate_trials(tried: list[_Trial], best: _Trial | None) -> pd.DataFrame:
    rows = [
        (number, one.log_loss, one.rounds, *(getattr(one.learner, name) for name in SEARCHED), one is best)
        for number, one in enumerate(tried)
    ]
    return pd.DataFrame(rows, columns=["trial", "log_loss", "rounds", *SEARCHED, "chosen"])


def _describe_search(tried: list[_Trial], best: _Trial, parts: HeldOut, judged_on: TrainingRows) -> str:
    how = f"{len(tried)} settings tried on {parts.sentence}"
    if best is tried[0]:
        return f"{how}: none beats the recipe's own (log loss {best.log_loss:.5f}) beyond one standard error"
    apart, error = mean_and_error(best.losses - tried[0].losses, judged_on.patient_ids)
    settings = ((SPELLED.get(name, name.replace("_", " ")), getattr(best.learner, name)) for name in SEARCHED)
    changed = ", ".join(f"{name} {value:g}" for name, value in settings)
    return (
        f"{how}: log loss {best.log_loss:.5f} against {tried[0].log_loss:.5f} of the recipe's own, difference "
        f"{apart:+.5f} (standard error {error:.5f}), with {changed} and {best.rounds} trees"
    )
