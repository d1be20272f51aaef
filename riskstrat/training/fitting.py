"""One call from matrix, outcomes and slices to a calibrated RiskModel with its rivals' margins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.baselines import LIGHTGBM, LOGISTIC, find_own
from riskstrat.definitions.durations import days
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Platt, RiskModel, Weights
from riskstrat.training.baselines import DeclaredRivals, LearnedBaseline, calibrate_baseline, fit_baselines
from riskstrat.training.calibration import calibrate
from riskstrat.training.constraints import set_aside
from riskstrat.training.cross_fitting import WORDS
from riskstrat.training.held_out import mark_newest
from riskstrat.training.intervals import ranges
from riskstrat.training.learned import Learned, Task, learn_members
from riskstrat.training.rows import FEWEST_EVENTS, Index, TrainingRows, enough, rows_at, take_rows
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN, Slices, find_places, mark_once, repeat_places

THREADS = 2
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A trained model and what it and each baseline say of the test rows.

    `margins` (log odds) and `risks` (0 to 1, calibrated) have one value per test row under the model's own name,
    "stack" or "lightgbm", and each baseline's; `test_rows` are their positions in the matrix. `facts` are plain values
    for the record; `facts["notes"]` are sentences for whoever trains, `facts["left_out"]` the reason for each baseline
    that could not be had. `calibrators`: one record per calibration method compared.
    """

    model: RiskModel
    margins: Mapping[str, Numbers]
    risks: Mapping[str, Numbers]
    test_rows: Index
    facts: Mapping[str, Any]
    calibrators: list[dict[str, Any]]

    @property
    def own(self) -> str:
        """What the model itself is called."""
        return find_own(self.risks)

    @property
    def own_risk(self) -> Numbers:
        """The risk of each test row by the model itself."""
        return self.risks[self.own]


def fit(
    matrix: FeatureMatrix,
    outcome: npt.NDArray[Any],
    slice_of: Slices,
    recipe: Recipe,
    *,
    threads: int = THREADS,
    tables: Mapping[str, str] | None = None,
    trained: Mapping[str, object] | None = None,
    declared: Collection[str] = (),
    tested: bool = True,
    rivals: DeclaredRivals | None = None,
    age: str | None = None,
    times: Index | None = None,
) -> Fitted:
    """Train, calibrate and predict the test rows. `threads` changes the time it takes and nothing else.

    outcome: 1, 0 or missing (censored, left out) per row of the matrix. slice_of: "train", "calibration", "test" or ""
    (unused) per row; without calibration rows the newest training rows calibrate, out of their folds. tables: the
    source table behind a column, which a later refusal names. trained: more facts for the model, such as `as_at`.
    declared: names of features that may be absent because their source was not landed. tested:
    whether there must be test rows; the model that lists will be made with has none. rivals: the baselines to fit
    beside the model; beside a stack stand its two members. age: the column of the age in years, which the logistic
    regression takes as a broken line. times: how often each row counts where it is learned
    from or calibrated on. Raises TrainingError if there are too few events to learn from, if what was learned does not
    last, or if the recipe gives a direction to a feature that is none.
    """
    seen = np.asarray(outcome, dtype=np.float64)
    once = find_places(slice_of, seen)
    _refuse_too_little(recipe, seen, once, tested)
    places = repeat_places(once, times)
    columns = tuple(name for name in matrix.columns if name not in recipe.exclude_features)
    aside = set_aside(recipe.learner, columns, {*matrix.columns, *(tables or {}), *declared})
    task = Task(matrix, columns, seen, places, recipe, threads, age, rivals is not None)
    learned = learn_members(task)
    model = _build_uncalibrated_model(task, learned, tables or {})
    held = _score_unseen(task, learned, model)
    method, seed = recipe.calibration.method, recipe.learner.seed
    margin = held.margins[learned.own]
    made = calibrate(margin, held.rows.outcome, held.rows.patient_ids, method, seed=seed)
    scored = learned.score(model, matrix, places[TEST])
    baselines = _calibrate_members(task, learned, held, scored) if rivals else {}
    baselines |= fit_baselines(matrix, seen, places, recipe, rivals) if rivals else {}
    facts = {
        **count_rows(seen, once),
        **list_index_dates(recipe, matrix.keys, places),
        **learned.describe(len(places[TRAIN])),
        "calibration": made.note + held.how,
        "baselines": {name: one.note for name, one in baselines.items() if one.calibrator is not None},
        "left_out": {name: one.note for name, one in baselines.items() if one.calibrator is None},
    }
    spread = ranges(margin[held.once], held.rows.outcome[held.once], made.calibrator)
    model = replace(model, calibrator=made.calibrator, ranges=spread, trained={**facts, **(trained or {})})
    facts["notes"] = _format_notes(recipe, facts, aside)
    scores = [one.to_dict() for one in made.scores]
    own = LearnedBaseline(scored[learned.own], made.calibrator, made.note)
    return Fitted(model, *_gather_risks({learned.own: own, **baselines}), places[TEST], facts, scores)


def _build_uncalibrated_model(task: Task, learned: Learned, tables: Mapping[str, str]) -> RiskModel:
    stacked = learned.linear if learned.weights is not None else None
    return RiskModel(
        booster_text=learned.booster_text,
        columns=task.columns,
        fingerprints={name: task.matrix.fingerprints[name] for name in task.columns},
        calibrator=Platt(1.0, 0.0),
        recipe=describe_recipe(task.recipe),
        trained={},
        tables={name: tables[name] for name in task.columns if name in tables},
        linear=stacked.linear if stacked else None,
        weights=learned.weights or Weights(),
    )


class _Unseen(NamedTuple):
    """The rows to calibrate on, their margins by learners that had not seen them (by model), and how in words.

    once: marks each row one time, however often it counts: a row that counts ten times is known no better for it.
    """

    rows: TrainingRows
    margins: Mapping[str, Numbers]
    how: str
    once: npt.NDArray[np.bool_]


def _score_unseen(task: Task, learned: Learned, model: RiskModel) -> _Unseen:
    """The calibration slice or, without one, the newest training rows out of their folds."""
    if task.calibrates_apart:
        place = task.places[CALIBRATION]
        rows = rows_at(task.matrix, task.columns, task.outcome, place)
        return _Unseen(rows, learned.score(model, task.matrix, place), "", mark_once(place))
    asked = mark_newest(task.recipe, task.matrix.keys, task.places[TRAIN])
    margins = {name: margin[asked] for name, margin in learned.unseen.items()}
    return _Unseen(take_rows(task.train, asked), margins, f"; on {WORDS}", mark_once(task.places[TRAIN][asked]))


def _calibrate_members(
    task: Task, learned: Learned, held: _Unseen, tested: Mapping[str, Numbers]
) -> dict[str, LearnedBaseline]:
    """All that was learned besides the model itself, calibrated on the same rows. Raises TrainingError where the trees
    of a stack have learned nothing that lasts.
    """
    penalty = {LOGISTIC: learned.linear.penalty} if learned.linear else {}
    made = {
        name: calibrate_baseline(held.margins[name], held.rows, margin, task.recipe, penalty.get(name))
        for name, margin in tested.items()
        if name != learned.own
    }
    if LIGHTGBM in made and made[LIGHTGBM].calibrator is None:
        raise TrainingError(made[LIGHTGBM].note)
    return made


def _refuse_too_little(recipe: Recipe, seen: Numbers, places: Mapping[str, Index], tested: bool) -> None:
    train, name = seen[places[TRAIN]], recipe.name or recipe.title
    if not np.isin(seen[~np.isnan(seen)], (0.0, 1.0)).all():
        raise TrainingError(f"the outcomes of {name} hold values other than 0, 1 and missing; give 1 for an event")
    if not enough(train):
        # More of what holds no event at all would hold none either.
        more = "land more people or earlier records, or train over more dates"
        none = f"nothing in the data counts as {recipe.outcome}, so look first whether `ingest` understood its codes"
        raise TrainingError(
            f"{name} has {len(train)} training rows, {int(train.sum())} of them with the outcome; at least "
            f"{FEWEST_EVENTS} with and {FEWEST_EVENTS} without are needed: {more if np.nansum(seen) else none}"
        )
    if tested and len(places[TEST]) == 0:
        raise TrainingError(f"{name} has no row to test on; land later records, or change the dates under [split]")


def describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """What a list or a page needs to say what the risk is of."""
    label = recipe.label
    return {
        "name": recipe.name,
        "title": recipe.title,
        "sentence": recipe.sentence,
        "purpose": recipe.purpose,
        "outcome": recipe.outcome,
        "index": recipe.cohort.index,
        "min_age": recipe.cohort.min_age,
        "max_age": recipe.cohort.max_age,
        "horizon_days": days(label.horizon),
        "first_day": label.first_day,
        "last_day": label.last_day,
        "death": label.death,
    }


def count_rows(seen: npt.NDArray[np.float64], places: Mapping[str, Index]) -> dict[str, Any]:
    """Plain values for the record: rows and events of each slice, and the rows that are in none."""
    return {
        "rows": {name: len(place) for name, place in places.items()},
        "events": {name: int(seen[place].sum()) for name, place in places.items()},
        "rows_without_outcome": int(np.isnan(seen).sum()),
        "rows_unused": len(seen) - sum(map(len, places.values())),
    }


def list_index_dates(recipe: Recipe, keys: pd.DataFrame, places: Mapping[str, Index]) -> dict[str, Any]:
    """The index dates of each slice. Discharge dates are people's own, so they are not kept."""
    if recipe.cohort.index != "calendar":
        return {}
    when = pd.to_datetime(keys["index_date"]).to_numpy("datetime64[D]")
    return {"index_dates": {name: [str(day) for day in np.unique(when[place])] for name, place in places.items()}}


def _format_notes(recipe: Recipe, facts: Mapping[str, Any], aside: tuple[str, ...]) -> list[str]:
    said = [f"calibration: {facts['calibration']}"]
    if recipe.learner.finds_its_size:
        said.append(f"size: {facts['rounds']}")
    if facts["learner"]["rows_in_leaf"] < recipe.learner.min_rows_in_leaf:
        said.append(
            f"so few rows train that a leaf may hold {facts['learner']['rows_in_leaf']} of them, not "
            f"{recipe.learner.min_rows_in_leaf} as the recipe asks"
        )
    if aside:
        said.append(f"directions of features that are not in the model were set aside: {', '.join(aside)}")
    return said + [f"baseline {name.replace('_', ' ')} left out: {why}" for name, why in facts["left_out"].items()]


def _gather_risks(models: Mapping[str, LearnedBaseline]) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    had = {name: (one.margin, one.calibrator) for name, one in models.items() if one.calibrator is not None}
    margins = {name: margin for name, (margin, _) in had.items()}
    return margins, {name: calibrator.risk(margin) for name, (margin, calibrator) in had.items()}
