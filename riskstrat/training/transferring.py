"""Another site's model put to use here: its order kept, its risks calibrated on the people of this site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.baselines import LIGHTGBM, LOGISTIC, STACK, TRANSFERRED
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.scoring import Linear, RiskModel, recount_booster
from riskstrat.training.calibration import calibrate
from riskstrat.training.fitting import Fitted, count_rows, describe_recipe, list_index_dates
from riskstrat.training.intervals import ranges
from riskstrat.training.rows import Index
from riskstrat.training.slices import CALIBRATION, TEST, TRAIN, Slices, find_places, mark_once, repeat_places

Numbers = npt.NDArray[np.float64]
ROWS_AT_ONCE = 50_000


def fit_transferred(
    start: RiskModel,
    matrix: FeatureMatrix,
    outcome: npt.NDArray[Any],
    slice_of: Slices,
    recipe: Recipe,
    *,
    local: Fitted | None = None,
    refused: str | None = None,
    trained: Mapping[str, object] | None = None,
    times: Index | None = None,
) -> Fitted:
    """The model of another site, calibrated on the training and calibration rows, none of which it has seen.

    start: stripped, as a package has it. Its leaves count these rows and its terms have their means, so that what is
    explained is how a person differs from the people here. local: what the recipe learned from the same rows, whose
    figures stand beside it; refused: why nothing could be learned. times: as for `fit`.
    Raises TrainingError as `calibrate` does, ModelError where columns are absent or defined otherwise.
    """
    seen = np.asarray(outcome, dtype=np.float64)
    places = find_places(slice_of, seen)
    counted = repeat_places(places, times)
    own = np.sort(np.concatenate([counted[TRAIN], counted[CALIBRATION]]))
    once = mark_once(own)
    margin = start.margin(matrix, own)
    ids = matrix.keys["patient_id"].iloc[own].to_numpy()
    made = calibrate(margin, seen[own], ids, recipe.calibration.method, seed=recipe.learner.seed)
    model = replace(
        count_people_here(start, matrix.take(own[once])),
        calibrator=made.calibrator,
        ranges=ranges(margin[once], seen[own[once]], made.calibrator),
        recipe=describe_recipe(recipe),
    )
    facts = {
        **count_rows(seen, places),
        **list_index_dates(recipe, matrix.keys, places),
        "learner": None,
        "rounds": "learned elsewhere",
        "weights": {LIGHTGBM: start.weights.booster, LOGISTIC: start.weights.linear},
        "calibration": f"{made.note}, all of people whom the model had not seen",
        "baselines": local.facts["baselines"] if local else {},
        "left_out": _list_left_out(local, refused),
        "events_calibrated_on": int(seen[own[once]].sum()),
    }
    model = replace(model, trained={**facts, **(trained or {})})
    facts["notes"] = _format_notes(facts, local, refused)
    tested = model.margin(matrix, places[TEST])
    margins, risks = {TRANSFERRED: tested}, {TRANSFERRED: made.calibrator.risk(tested)}
    others = ({}, {}) if local is None else (local.margins, local.risks)
    scores = [one.to_dict() for one in made.scores]
    return Fitted(model, {**margins, **others[0]}, {**risks, **others[1]}, places[TEST], facts, scores)


def count_people_here(start: RiskModel, people: FeatureMatrix) -> RiskModel:
    """The same model, explained against these rows: leaves count them, terms have their mean effect."""
    values = start.narrow(people).values
    blocks = range(0, len(values), ROWS_AT_ONCE)
    reached = np.vstack([start.find_leaves(values[first : first + ROWS_AT_ONCE]) for first in blocks])
    text = recount_booster(start.booster_text, reached)
    return replace(start, booster_text=text, linear=start.linear and _take_means(start.linear, start.columns, values))


def _take_means(linear: Linear, columns: tuple[str, ...], values: npt.NDArray[Any]) -> Linear:
    place = {name: number for number, name in enumerate(columns)}
    effects = ((term, term.effect(values[:, place[term.column]])) for term in linear.terms)
    return Linear(linear.intercept, tuple(replace(term, usual=float(effect.mean())) for term, effect in effects))


def _list_left_out(local: Fitted | None, refused: str | None) -> dict[str, str]:
    if local is not None:
        return dict(local.facts["left_out"])
    return {} if refused is None else dict.fromkeys((STACK, LIGHTGBM, LOGISTIC), refused)


def _format_notes(facts: Mapping[str, object], local: Fitted | None, refused: str | None) -> list[str]:
    said = [f"calibration: {facts['calibration']}"]
    if local is not None:
        said += [f"the recipe learned here: {note}" for note in local.facts["notes"]]
    if refused is not None:
        said.append(f"the recipe could not be learned here, so it does not stand beside the other site's: {refused}")
    return said
