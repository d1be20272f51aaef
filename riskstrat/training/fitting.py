"""One call from matrix, outcomes and slices to a calibrated RiskModel with its rivals' margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.scoring import Calibrator, RiskModel
from riskstrat.training.baselines import Learned, Rows, fit_baselines
from riskstrat.training.calibration import calibrate
from riskstrat.training.learner import fit_booster, rows_in_leaf
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN, UNUSED

MODEL = "lightgbm"
"""Name of the model among its baselines."""

FEWEST_EVENTS = 10
THREADS = 2
Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A trained model and what it and each baseline say of the test rows.

    `margins` (log odds) and `risks` (0 to 1, calibrated) have one value per test row under "lightgbm" and each
    baseline's name; `test_rows` are their positions in the matrix. `facts` are plain values for the record;
    `facts["notes"]` are sentences for whoever trains.
    """

    model: RiskModel
    margins: Mapping[str, npt.NDArray[np.float64]]
    risks: Mapping[str, npt.NDArray[np.float64]]
    test_rows: Index
    facts: Mapping[str, Any]


def fit(
    matrix: FeatureMatrix,
    outcome: npt.NDArray[Any],
    slice_of: npt.NDArray[Any],
    recipe: Recipe,
    *,
    threads: int = THREADS,
    tables: Mapping[str, str] | None = None,
    trained: Mapping[str, Any] | None = None,
) -> Fitted:
    """Train, calibrate and predict the test rows. `threads` changes the time it takes and nothing else.

    outcome: 1, 0 or missing (censored, left out) per row of the matrix. slice_of: what `slices` gave. tables: the
    source table behind a column, which a later refusal names. trained: more facts for the model, such as `as_at`.
    Raises TrainingError if there are too few events to learn from, or if what was learned does not last.
    """
    seen = np.asarray(outcome, dtype=np.float64)
    used = np.where(np.isnan(seen), UNUSED, slice_of)
    places = {name: np.flatnonzero(used == name) for name in (TRAIN, CALIBRATION, TEST)}
    _refuse_too_little(recipe, seen, places)
    columns = tuple(name for name in matrix.columns if name not in recipe.exclude_features)
    rows = {name: _rows(matrix, columns, seen, place) for name, place in places.items()}
    train = rows[TRAIN]
    model = RiskModel(
        booster_text=fit_booster(train.values, train.outcome, columns, recipe.learner, threads),
        columns=columns,
        fingerprints={name: matrix.fingerprints[name] for name in columns},
        calibrator=Calibrator(1.0, 0.0),
        recipe=_described(recipe),
        trained={},
        tables={name: (tables or {})[name] for name in columns if name in (tables or {})},
    )
    margins = {name: model.margin(matrix.take(places[name])) for name in (CALIBRATION, TEST)}
    calibrator, how = calibrate(margins[CALIBRATION], rows[CALIBRATION].outcome)
    baselines = fit_baselines(columns, train, rows[CALIBRATION], rows[TEST], recipe.learner.seed)
    facts = {
        **_counts(seen, used, places),
        **_when(recipe, matrix.keys, places),
        "learner": recipe.learner.model_dump() | {"rows_in_leaf": rows_in_leaf(recipe.learner, len(train.outcome))},
        "calibration": how,
        "baselines": {name: one.note for name, one in baselines.items()},
    }
    model = replace(model, calibrator=calibrator, trained={**facts, **(trained or {})})
    facts["notes"] = _notes(recipe, facts, baselines)
    return Fitted(model, *_side_by_side(model, margins[TEST], baselines), places[TEST], facts)


def _rows(matrix: FeatureMatrix, columns: tuple[str, ...], outcome: npt.NDArray[np.float64], place: Index) -> Rows:
    values = matrix.take(place).select(columns)
    return Rows(np.ascontiguousarray(values), outcome[place], matrix.keys["patient_id"].to_numpy()[place])


def _refuse_too_little(recipe: Recipe, seen: npt.NDArray[np.float64], places: Mapping[str, Index]) -> None:
    train, name = seen[places[TRAIN]], recipe.name or recipe.title
    if not np.isin(seen[~np.isnan(seen)], (0.0, 1.0)).all():
        raise TrainingError(f"the outcomes of {name} hold values other than 0, 1 and missing; give 1 for an event")
    events = int(train.sum())
    if min(events, len(train) - events) < FEWEST_EVENTS:
        raise TrainingError(
            f"{name} has {len(train)} training rows, {events} of them with the outcome; at least {FEWEST_EVENTS} with "
            f"and {FEWEST_EVENTS} without are needed: land more people or earlier records, or train over more dates"
        )
    if len(places[TEST]) == 0:
        raise TrainingError(f"{name} has no row to test on; land later records, or change the dates under [split]")


def _described(recipe: Recipe) -> dict[str, Any]:
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


def _counts(seen: npt.NDArray[np.float64], used: npt.NDArray[Any], places: Mapping[str, Index]) -> dict[str, Any]:
    return {
        "rows": {name: len(place) for name, place in places.items()},
        "events": {name: int(seen[place].sum()) for name, place in places.items()},
        "rows_without_outcome": int(np.isnan(seen).sum()),
        "rows_unused": int((used == UNUSED).sum()),
    }


def _when(recipe: Recipe, keys: pd.DataFrame, places: Mapping[str, Index]) -> dict[str, Any]:
    """The index dates of each slice. Discharge dates are people's own, so they are not kept."""
    if recipe.cohort.index != "calendar":
        return {}
    when = pd.to_datetime(keys["index_date"]).to_numpy("datetime64[D]")
    return {"index_dates": {name: [str(day) for day in np.unique(when[place])] for name, place in places.items()}}


def _notes(recipe: Recipe, facts: Mapping[str, Any], baselines: Mapping[str, Learned]) -> list[str]:
    said = [f"calibration: {facts['calibration']}"]
    if facts["learner"]["rows_in_leaf"] < recipe.learner.min_rows_in_leaf:
        said.append(
            f"so few rows train that a leaf may hold {facts['learner']['rows_in_leaf']} of them, not "
            f"{recipe.learner.min_rows_in_leaf} as the recipe asks"
        )
    left_out = {name: one.note for name, one in baselines.items() if one.calibrator is None}
    return said + [f"baseline {name.replace('_', ' ')} left out: {why}" for name, why in left_out.items()]


def _side_by_side(
    model: RiskModel, margin: npt.NDArray[np.float64], baselines: Mapping[str, Learned]
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, npt.NDArray[np.float64]]]:
    margins, risks = {MODEL: margin}, {MODEL: model.risk_of(margin)}
    for name, one in baselines.items():
        if one.calibrator is not None:
            margins[name], risks[name] = one.margin, one.calibrator.risk(one.margin)
    return margins, risks
