"""One call from matrix, outcomes and slices to a calibrated RiskModel with its rivals' margins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Platt, RiskModel
from riskstrat.training.baselines import DeclaredRivals, LearnedBaseline, fit_baselines
from riskstrat.training.calibration import Calibrated, calibrate
from riskstrat.training.constraints import set_aside
from riskstrat.training.cross_fitting import WORDS, Score, cross_fit
from riskstrat.training.held_out import held_out, mark_newest
from riskstrat.training.intervals import ranges
from riskstrat.training.learner import fit_booster, predict_margin, rows_in_leaf, stop_early
from riskstrat.training.rows import FEWEST_EVENTS, Index, TrainingRows, enough, rows_at
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN, UNUSED

MODEL = "lightgbm"
"""Name of the model among its baselines."""

THREADS = 2
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A trained model and what it and each baseline say of the test rows.

    `margins` (log odds) and `risks` (0 to 1, calibrated) have one value per test row under "lightgbm" and each
    baseline's name; `test_rows` are their positions in the matrix. `facts` are plain values for the record;
    `facts["notes"]` are sentences for whoever trains, `facts["left_out"]` the reason for each baseline that could not
    be had. `calibrators`: one record per calibration method compared.
    """

    model: RiskModel
    margins: Mapping[str, Numbers]
    risks: Mapping[str, Numbers]
    test_rows: Index
    facts: Mapping[str, Any]
    calibrators: list[dict[str, Any]]


def fit(
    matrix: FeatureMatrix,
    outcome: npt.NDArray[Any],
    slice_of: npt.NDArray[Any],
    recipe: Recipe,
    *,
    threads: int = THREADS,
    tables: Mapping[str, str] | None = None,
    trained: Mapping[str, Any] | None = None,
    declared: Collection[str] = (),
    tested: bool = True,
    rivals: DeclaredRivals | None = None,
) -> Fitted:
    """Train, calibrate and predict the test rows. `threads` changes the time it takes and nothing else.

    outcome: 1, 0 or missing (censored, left out) per row of the matrix. slice_of: "train", "calibration", "test" or ""
    (unused) per row; without calibration rows the newest training rows calibrate, out of their folds. tables: the
    source table behind a column, which a later refusal names. trained: more facts for the model, such as `as_at`.
    declared: names of features that may be absent because their source was not landed. tested:
    whether there must be test rows; the model that lists will be made with has none. rivals: the baselines to fit
    beside the model. Raises TrainingError if there are too few events to learn from, if what was learned does not last,
    or if the recipe gives a direction to a feature that is none.
    """
    seen = np.asarray(outcome, dtype=np.float64)
    used = np.where(np.isnan(seen), UNUSED, slice_of)
    places = {name: np.flatnonzero(used == name) for name in (TRAIN, CALIBRATION, TEST)}
    _refuse_too_little(recipe, seen, places, tested)
    columns = tuple(name for name in matrix.columns if name not in recipe.exclude_features)
    aside = set_aside(recipe.learner, columns, {*matrix.columns, *(tables or {}), *declared})
    grown = _train_booster(matrix, columns, seen, places, recipe, threads)
    model = _build_uncalibrated_model(matrix, columns, grown.booster_text, recipe, tables or {})
    held = _score_unseen(model, grown, matrix, seen, places, recipe, threads)
    made = _calibrate(matrix, held, seen, recipe)
    baselines = fit_baselines(matrix, seen, places, recipe, rivals) if rivals else {}
    facts = {
        **_count_rows(seen, used, places),
        **_list_index_dates(recipe, matrix.keys, places),
        "learner": grown.learner.model_dump(mode="json") | {"rows_in_leaf": rows_in_leaf(grown.learner, grown.rows)},
        "rounds": grown.how,
        "calibration": made.note + held.how,
        "baselines": {name: one.note for name, one in baselines.items() if one.calibrator is not None},
        "left_out": {name: one.note for name, one in baselines.items() if one.calibrator is None},
    }
    spread = ranges(held.margin, seen[held.place], made.calibrator)
    model = replace(model, calibrator=made.calibrator, ranges=spread, trained={**facts, **(trained or {})})
    facts["notes"] = _format_notes(recipe, facts, aside)
    scores = [one.to_dict() for one in made.scores]
    margin = model.margin(matrix.take(places[TEST]))
    return Fitted(model, *_gather_risks(model, margin, baselines), places[TEST], facts, scores)


class _Grown(NamedTuple):
    """The booster's text, the settings it was grown with, how many rows it saw and how its size was found."""

    booster_text: str
    learner: LearnerRecipe
    rows: int
    how: str


def _train_booster(
    matrix: FeatureMatrix,
    columns: tuple[str, ...],
    outcome: Numbers,
    places: Mapping[str, Index],
    recipe: Recipe,
    threads: int,
) -> _Grown:
    """The booster on every training row, with as many trees as helped on training rows kept back, where asked."""
    learner, how = recipe.learner, f"{recipe.learner.rounds} trees, as the recipe asks"
    if learner.patience:
        rounds, how = _choose_rounds(matrix, columns, outcome, places, recipe, threads)
        learner = learner.model_copy(update={"rounds": rounds})
    train = rows_at(matrix, columns, outcome, places[TRAIN])
    text = fit_booster(train.values, train.outcome, columns, learner, threads)
    return _Grown(text, learner, len(train.outcome), how)


def _choose_rounds(
    matrix: FeatureMatrix,
    columns: tuple[str, ...],
    outcome: Numbers,
    places: Mapping[str, Index],
    recipe: Recipe,
    threads: int,
) -> tuple[int, str]:
    """How many trees to grow, and how that was found."""
    learner = recipe.learner
    parts = held_out(recipe, matrix.keys, outcome, places[TRAIN], places[CALIBRATION])
    if parts is None:
        return learner.rounds, f"{learner.rounds} trees: too few events train to find a better number"
    grown_on, judged_on = (rows_at(matrix, columns, outcome, each) for each in (parts.grown_on, parts.judged_on))
    stopped = stop_early(grown_on, judged_on, columns, learner, learner.patience, threads)
    most = ", the most the recipe allows" if stopped.rounds == learner.rounds else ""
    return stopped.rounds, f"{stopped.rounds} trees{most}: best on {parts.sentence}"


def _build_uncalibrated_model(
    matrix: FeatureMatrix, columns: tuple[str, ...], booster_text: str, recipe: Recipe, tables: Mapping[str, str]
) -> RiskModel:
    return RiskModel(
        booster_text=booster_text,
        columns=columns,
        fingerprints={name: matrix.fingerprints[name] for name in columns},
        calibrator=Platt(1.0, 0.0),
        recipe=_describe_recipe(recipe),
        trained={},
        tables={name: tables[name] for name in columns if name in tables},
    )


class _Unseen(NamedTuple):
    """Positions of the rows to calibrate on, their margins by learners that had not seen them, and how in words."""

    place: Index
    margin: Numbers
    how: str


def _score_unseen(
    model: RiskModel,
    grown: _Grown,
    matrix: FeatureMatrix,
    outcome: Numbers,
    places: Mapping[str, Index],
    recipe: Recipe,
    threads: int,
) -> _Unseen:
    """The calibration slice by the model or, without one, the newest training rows out of their folds."""
    if len(places[CALIBRATION]):
        return _Unseen(places[CALIBRATION], model.margin(matrix.take(places[CALIBRATION])), "")

    def learn(rows: TrainingRows) -> Score:
        return partial(predict_margin, fit_booster(rows.values, rows.outcome, model.columns, grown.learner, threads))

    train = rows_at(matrix, model.columns, outcome, places[TRAIN])
    asked = mark_newest(recipe, matrix.keys, places[TRAIN])
    return _Unseen(places[TRAIN][asked], cross_fit(train, asked, learn, grown.learner.seed), f"; on {WORDS}")


def _calibrate(matrix: FeatureMatrix, held: _Unseen, outcome: Numbers, recipe: Recipe) -> Calibrated:
    people = matrix.keys["patient_id"].to_numpy()[held.place]
    return calibrate(held.margin, outcome[held.place], people, recipe.calibration.method, seed=recipe.learner.seed)


def _refuse_too_little(recipe: Recipe, seen: Numbers, places: Mapping[str, Index], tested: bool) -> None:
    train, name = seen[places[TRAIN]], recipe.name or recipe.title
    if not np.isin(seen[~np.isnan(seen)], (0.0, 1.0)).all():
        raise TrainingError(f"the outcomes of {name} hold values other than 0, 1 and missing; give 1 for an event")
    if not enough(train):
        raise TrainingError(
            f"{name} has {len(train)} training rows, {int(train.sum())} of them with the outcome; at least "
            f"{FEWEST_EVENTS} with and {FEWEST_EVENTS} without are needed: land more people or earlier records, or "
            "train over more dates"
        )
    if tested and len(places[TEST]) == 0:
        raise TrainingError(f"{name} has no row to test on; land later records, or change the dates under [split]")


def _describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """What a list or a page needs to say what the risk is of."""
    label = recipe.label
    return {
        "name": recipe.name,
        "title": recipe.title,
        "sentence": recipe.sentence,
        "outcome": recipe.outcome,
        "index": recipe.cohort.index,
        "min_age": recipe.cohort.min_age,
        "max_age": recipe.cohort.max_age,
        "horizon_days": days(label.horizon),
        "first_day": label.first_day,
        "last_day": label.last_day,
        "death": label.death,
    }


def _count_rows(seen: npt.NDArray[np.float64], used: npt.NDArray[Any], places: Mapping[str, Index]) -> dict[str, Any]:
    return {
        "rows": {name: len(place) for name, place in places.items()},
        "events": {name: int(seen[place].sum()) for name, place in places.items()},
        "rows_without_outcome": int(np.isnan(seen).sum()),
        "rows_unused": int((used == UNUSED).sum()),
    }


def _list_index_dates(recipe: Recipe, keys: pd.DataFrame, places: Mapping[str, Index]) -> dict[str, Any]:
    """The index dates of each slice. Discharge dates are people's own, so they are not kept."""
    if recipe.cohort.index != "calendar":
        return {}
    when = pd.to_datetime(keys["index_date"]).to_numpy("datetime64[D]")
    return {"index_dates": {name: [str(day) for day in np.unique(when[place])] for name, place in places.items()}}


def _format_notes(recipe: Recipe, facts: Mapping[str, Any], aside: tuple[str, ...]) -> list[str]:
    said = [f"calibration: {facts['calibration']}"]
    if recipe.learner.patience:
        said.append(f"size: {facts['rounds']}")
    if facts["learner"]["rows_in_leaf"] < recipe.learner.min_rows_in_leaf:
        said.append(
            f"so few rows train that a leaf may hold {facts['learner']['rows_in_leaf']} of them, not "
            f"{recipe.learner.min_rows_in_leaf} as the recipe asks"
        )
    if aside:
        said.append(f"directions of features that are not in the model were set aside: {', '.join(aside)}")
    return said + [f"baseline {name.replace('_', ' ')} left out: {why}" for name, why in facts["left_out"].items()]


def _gather_risks(
    model: RiskModel, margin: Numbers, baselines: Mapping[str, LearnedBaseline]
) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    margins, risks = {MODEL: margin}, {MODEL: model.risk_of(margin)}
    for name, one in baselines.items():
        if one.calibrator is not None:
            margins[name], risks[name] = one.margin, one.calibrator.risk(one.margin)
    return margins, risks
