"""HFRS, Charlson and PARR-30 beside the model: read from the whole matrix, calibrated like the rest, or left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import CalibrationRecipe, CohortRecipe
from riskstrat.training import fit
from riskstrat.training.baselines import fit_baselines
from tests.unit.models.paper_rivals import PAPER_RIVALS

SCORES = ("hfrs_730d", "hfrs_private_items_730d", "charlson_index", "charlson_private_item", "parr30")


@pytest.fixture(scope="module")
def scored(borough):
    """The borough with the columns of the published scores, each as good as its noise allows."""
    draw = np.random.default_rng(31)
    signal = borough.matrix.values[:, 3]
    made = np.column_stack(
        [
            np.maximum(0, signal * 3 + draw.normal(0, 3, len(signal))),
            (draw.random(len(signal)) < 0.1) * 5.0,
            draw.poisson(1 + signal),
            (draw.random(len(signal)) < 0.02) * 4.0,
            signal * 0.3 - 3 + draw.normal(0, 0.3, len(signal)),
        ]
    ).astype(np.float32)
    matrix = borough.matrix
    columns = (*matrix.columns, *SCORES)
    whole = FeatureMatrix(
        matrix.keys, np.hstack([matrix.values, made]), columns, {name: f"sha of {name}" for name in columns}
    )
    return replace(borough, matrix=whole)


def refit(borough, **changes):
    recipe = borough.recipe.model_copy(update=changes)
    return fit(borough.matrix, borough.outcome, borough.slices, recipe, rivals=PAPER_RIVALS)


def column(borough, name: str, rows: np.ndarray) -> np.ndarray:
    return borough.matrix.values[rows, borough.matrix.columns.index(name)]


def test_each_score_ranks_people_as_its_published_sum_does(scored) -> None:
    fitted = refit(scored, cohort=CohortRecipe(index="live_discharge"))
    rows, outcome = fitted.test_rows, scored.outcome[fitted.test_rows]
    hfrs = column(scored, "hfrs_730d", rows) + column(scored, "hfrs_private_items_730d", rows)
    charlson = column(scored, "charlson_index", rows) + column(scored, "charlson_private_item", rows)
    sums = {"hfrs": hfrs, "charlson": charlson, "parr30": column(scored, "parr30", rows)}
    for name, published in sums.items():
        assert roc_auc_score(outcome, fitted.margins[name]) == pytest.approx(roc_auc_score(outcome, published)), name
        assert abs(fitted.risks[name].mean() - outcome.mean()) < 0.05, name
        assert name in fitted.facts["baselines"]


def test_a_score_kept_out_of_the_model_is_still_its_rival(scored) -> None:
    fitted = refit(scored, cohort=CohortRecipe(index="live_discharge"), exclude_features=SCORES)
    assert not set(SCORES) & set(fitted.model.columns)
    assert {"hfrs", "charlson", "parr30"} <= set(fitted.margins)
    with_them = refit(scored, cohort=CohortRecipe(index="live_discharge"))
    for name in ("hfrs", "charlson", "parr30"):
        assert (fitted.margins[name] == with_them.margins[name]).all()
    assert (fitted.margins["logistic_regression"] != with_them.margins["logistic_regression"]).any()


def test_the_printed_part_of_a_score_stands_for_it_where_the_private_part_is_not_declared(scored) -> None:
    matrix = scored.matrix
    kept = tuple(name for name in matrix.columns if name != "hfrs_private_items_730d")
    fitted = refit(replace(scored, matrix=FeatureMatrix(matrix.keys, matrix.select(kept), kept, matrix.fingerprints)))
    outcome, printed = scored.outcome[fitted.test_rows], column(scored, "hfrs_730d", fitted.test_rows)
    assert roc_auc_score(outcome, fitted.margins["hfrs"]) == pytest.approx(roc_auc_score(outcome, printed))


def test_parr30_is_left_out_where_index_dates_are_no_discharges(scored) -> None:
    fitted = refit(scored)
    assert "parr30" not in fitted.margins
    assert fitted.facts["left_out"] == {
        "parr30": "PARR-30 predicts readmission after a discharge; the index dates of this recipe are calendar dates"
    }


def test_absent_scores_are_left_out_by_the_name_of_their_column(borough) -> None:
    fitted = refit(borough, cohort=CohortRecipe(index="live_discharge"))
    assert fitted.facts["left_out"] == {
        "hfrs": "the matrix has no hfrs_730d column",
        "charlson": "the matrix has no charlson_index column",
        "parr30": "the matrix has no parr30 column",
    }


def test_a_score_that_is_the_same_for_everybody_is_left_out(scored) -> None:
    values = scored.matrix.values.copy()
    values[:, [scored.matrix.columns.index(name) for name in SCORES[:2]]] = 0
    fitted = refit(replace(scored, matrix=replace(scored.matrix, values=values)))
    assert "hfrs" not in fitted.margins
    assert fitted.facts["left_out"]["hfrs"] == "hfrs_730d is the same for everybody who trains"


def test_a_score_keeps_its_own_order_where_training_rows_happen_to_turn_it_round(scored) -> None:
    turned = np.where(scored.slices == "train", 1 - scored.outcome, scored.outcome)
    places = {name: np.flatnonzero(scored.slices == name) for name in ("train", "calibration", "test")}
    recipe = scored.recipe.model_copy(update={"cohort": CohortRecipe(index="live_discharge")})
    margin = fit_baselines(scored.matrix, turned, places, recipe, PAPER_RIVALS)["parr30"].margin
    assert (np.diff(margin[np.argsort(column(scored, "parr30", places["test"]))]) >= 0).all()
    assert np.ptp(margin) > 0


@pytest.mark.parametrize(
    ("method", "words"), [("platt", "Platt scaling"), ("isotonic", "smoothed isotonic calibration")]
)
def test_rivals_are_calibrated_by_the_same_method_as_the_model(scored, method: str, words: str) -> None:
    fitted = refit(scored, calibration=CalibrationRecipe(method=method))
    assert words in fitted.facts["calibration"]
    assert all(words in note for note in fitted.facts["baselines"].values())


def test_without_rivals_the_model_is_the_same_and_alone(scored) -> None:
    alone = fit(scored.matrix, scored.outcome, scored.slices, scored.recipe)
    assert list(alone.margins) == list(alone.risks) == ["lightgbm"]
    assert alone.facts["baselines"] == alone.facts["left_out"] == {}
    assert alone.model.booster_text == refit(scored).model.booster_text
