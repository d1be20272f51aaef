"""training: one call gives a calibrated model and its rivals, the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import TrainingError
from riskstrat.training import fit
from riskstrat.training.folds import draw_folds
from riskstrat.training.learner import WORTH_SHARING, fit_booster, fit_on_folds
from riskstrat.training.rows import TrainingRows
from riskstrat.training.slices import mark_once
from tests.unit.models.paper_rivals import PAPER_RIVALS

RIVALS = ["logistic_regression", "age_and_sex", "emergency_admissions_last_year"]


def refit(borough, **changes):
    given = {"matrix": borough.matrix, "outcome": borough.outcome, "slice_of": borough.slices, "recipe": borough.recipe}
    given |= {"rivals": PAPER_RIVALS} | changes
    return fit(**given)


def only(matrix: FeatureMatrix, *kept: str) -> FeatureMatrix:
    return FeatureMatrix(matrix.keys, matrix.select(kept), kept, matrix.fingerprints)


def test_the_same_inputs_give_the_same_booster_and_margins(fitted, borough) -> None:
    again = refit(borough)
    assert again.model.booster_text == fitted.model.booster_text
    assert again.model.calibrator == fitted.model.calibrator
    assert list(again.margins) == list(fitted.margins)
    for name in fitted.margins:
        assert (again.margins[name] == fitted.margins[name]).all(), name


def test_the_number_of_threads_changes_neither_trees_nor_text(borough) -> None:
    values = np.tile(borough.matrix.values, (7, 1)) + np.linspace(0, 1, 21_000, dtype=np.float32)[:, None]
    outcome, columns = np.tile(borough.outcome, 7), borough.matrix.columns
    assert len(outcome) > WORTH_SHARING
    rows = TrainingRows(values, outcome, np.tile(borough.matrix.keys["patient_id"], 7))
    learner = borough.recipe.learner.model_copy(update={"rounds": 12})
    one, two, three = (fit_booster(rows, columns, learner, threads) for threads in (1, 2, 3))
    assert one == two == three
    folds = draw_folds(rows, 3)[:2]
    alone, shared = (fit_on_folds(rows, columns, learner, folds, threads, 5) for threads in (1, 2))
    assert (alone.text, alone.rounds) == (shared.text, shared.rounds)
    assert np.array_equal(alone.unseen, shared.unseen, equal_nan=True)


def test_another_seed_gives_another_booster(fitted, borough) -> None:
    learner = borough.recipe.learner.model_copy(update={"seed": 5})
    again = refit(borough, recipe=borough.recipe.model_copy(update={"learner": learner}))
    assert again.model.booster_text != fitted.model.booster_text


def test_every_test_row_has_a_margin_and_a_risk_from_the_model_and_each_rival(fitted, borough) -> None:
    assert list(fitted.margins) == list(fitted.risks) == ["lightgbm", *RIVALS]
    assert (borough.slices[fitted.test_rows] == "test").all()
    assert len(fitted.test_rows) == (borough.slices == "test").sum()
    for name in fitted.margins:
        assert fitted.margins[name].shape == fitted.risks[name].shape == fitted.test_rows.shape
        assert (np.diff(fitted.risks[name][np.argsort(fitted.margins[name])]) >= 0).all()


def test_the_model_scores_the_test_rows_as_it_did_in_training(fitted, borough) -> None:
    test = borough.matrix.take(fitted.test_rows)
    assert (fitted.model.margin(test) == fitted.margins["lightgbm"]).all()
    assert (fitted.model.risk(test) == fitted.risks["lightgbm"]).all()


def test_the_model_and_its_rivals_learn_what_is_there(fitted, borough) -> None:
    outcome = borough.outcome[fitted.test_rows]
    auroc = {name: roc_auc_score(outcome, margin) for name, margin in fitted.margins.items()}
    assert auroc["logistic_regression"] > auroc["age_and_sex"] > auroc["emergency_admissions_last_year"] > 0.55
    assert auroc["lightgbm"] > auroc["age_and_sex"]


def test_risks_are_calibrated_in_the_large(fitted, borough) -> None:
    observed = borough.outcome[fitted.test_rows].mean()
    for name, risk in fitted.risks.items():
        assert abs(risk.mean() - observed) < 0.05, name


def test_rows_without_an_outcome_or_a_slice_change_nothing(fitted, borough) -> None:
    outcome, slices = borough.outcome.copy(), borough.slices.copy()
    outcome[:30], slices[30:60] = np.nan, ""
    changed = refit(borough, outcome=outcome, slice_of=slices)
    values, other = borough.matrix.values.copy(), borough.outcome.copy()
    values[:60], other[:30] = 1, np.nan
    slices_too = slices.copy()
    slices_too[:30] = ""
    kept = refit(borough, matrix=replace(borough.matrix, values=values), outcome=other, slice_of=slices_too)
    assert changed.model.booster_text == kept.model.booster_text
    assert changed.facts["rows_without_outcome"] == 30
    assert changed.facts["rows_unused"] == 60


def test_a_row_that_counts_three_times_is_learned_from_as_three_rows_and_tested_once(borough) -> None:
    times = np.where(np.arange(len(borough.outcome)) % 50 == 0, 3, 1)
    learned_from = np.asarray(borough.slices) != "test"
    places = np.repeat(np.arange(len(times)), np.where(learned_from, times, 1))
    laid_out = refit(
        borough, matrix=borough.matrix.take(places), outcome=borough.outcome[places], slice_of=borough.slices[places]
    )
    counted = refit(borough, times=times)
    assert counted.model.booster_text == laid_out.model.booster_text
    assert counted.model.calibrator == laid_out.model.calibrator
    assert counted.facts["rows"]["train"] == (borough.slices == "train").sum()
    assert len(counted.test_rows) == (borough.slices == "test").sum()


def test_ranges_count_each_row_once_however_often_it_counts(borough) -> None:
    once, ten = refit(borough), refit(borough, times=np.full(len(borough.outcome), 10))
    width, other = (np.subtract(one.model.ranges.high, one.model.ranges.low).mean() for one in (once, ten))
    assert other > 0.9 * width
    assert mark_once(np.array([3, 3, 5, 6, 6])).tolist() == [True, False, True, True, False]


def test_facts_count_rows_and_events_and_name_the_index_dates_of_each_slice(fitted, borough) -> None:
    for name, date in (("train", "2021-06-30"), ("calibration", "2023-06-30"), ("test", "2025-06-30")):
        rows = borough.slices == name
        assert fitted.facts["rows"][name] == rows.sum()
        assert fitted.facts["events"][name] == borough.outcome[rows].sum()
        assert fitted.facts["index_dates"][name] == [date]
    assert fitted.model.trained["rows"] == fitted.facts["rows"]


def test_the_dates_of_discharges_are_not_kept(borough) -> None:
    cohort = borough.recipe.cohort.model_copy(update={"index": "live_discharge"})
    assert "index_dates" not in refit(borough, recipe=borough.recipe.model_copy(update={"cohort": cohort})).facts


def test_a_feature_that_the_recipe_excludes_is_not_in_the_model(borough) -> None:
    changed = refit(borough, recipe=borough.recipe.model_copy(update={"exclude_features": ("hiv_care",)}))
    assert "hiv_care" not in changed.model.columns
    assert "hiv_care" not in changed.model.fingerprints


def test_a_rival_whose_column_is_absent_is_left_out_and_said(borough) -> None:
    changed = refit(borough, matrix=only(borough.matrix, "is_female", "emergency_admissions_90d", "falls_365d"))
    assert list(changed.margins) == ["lightgbm", "logistic_regression"]
    assert "baseline age and sex left out: the matrix has no age column" in changed.facts["notes"]
    assert (
        "baseline emergency admissions last year left out: the matrix has no emergency_admissions_365d column"
        in changed.facts["notes"]
    )


def test_no_weights_are_given_to_the_outcomes(fitted) -> None:
    settings = fitted.model.booster_text.partition("\nparameters:")[2]
    assert "[is_unbalance: 0]" in settings
    assert "[scale_pos_weight: 1]" in settings


def test_nothing_is_printed(borough, capfd) -> None:
    refit(borough)
    assert capfd.readouterr().out == ""


def test_too_few_events_are_refused_with_their_number(borough) -> None:
    outcome = np.where(np.arange(len(borough.outcome)) < 21, 1.0, 0.0)
    said = (
        "1000 training rows, 7 of them with the outcome; at least 10 with and 10 without are needed: land more people"
    )
    with pytest.raises(TrainingError, match=said):
        refit(borough, outcome=outcome)
    with pytest.raises(
        TrainingError, match=r"0 of them with .* needed: nothing in the data counts as .* understood its"
    ):
        refit(borough, outcome=outcome * 0)


def test_outcomes_other_than_0_and_1_are_refused(borough) -> None:
    with pytest.raises(TrainingError, match="values other than 0, 1 and missing"):
        refit(borough, outcome=borough.outcome * 2)


def test_no_row_to_test_on_is_refused(borough) -> None:
    with pytest.raises(TrainingError, match="no row to test on"):
        refit(borough, slice_of=np.where(borough.slices == "test", "", borough.slices))


def test_a_model_that_need_not_be_tested_is_the_same_without_test_rows(fitted, borough) -> None:
    untested = refit(borough, slice_of=np.where(borough.slices == "test", "", borough.slices), tested=False)
    assert len(untested.test_rows) == 0
    assert {name: len(margin) for name, margin in untested.margins.items()} == dict.fromkeys(["lightgbm", *RIVALS], 0)
    assert untested.model.booster_text == fitted.model.booster_text
    assert (untested.model.calibrator, untested.model.ranges) == (fitted.model.calibrator, fitted.model.ranges)
    assert untested.facts["rows"]["test"] == untested.facts["events"]["test"] == 0


def test_the_calibrators_compared_stand_in_the_record(fitted) -> None:
    assert [one["method"] for one in fitted.calibrators] == ["platt", "beta", "isotonic", "venn_abers"]
    assert [one["method"] for one in fitted.calibrators if one["chosen"]] == [fitted.model.calibrator.method]


def test_features_that_are_the_same_for_everybody_are_refused(borough) -> None:
    constant = replace(borough.matrix, values=np.ones_like(borough.matrix.values))
    with pytest.raises(TrainingError, match="no feature separates"):
        refit(borough, matrix=constant)


def test_what_does_not_last_until_calibration_is_refused(borough) -> None:
    turned = np.where(borough.slices == "calibration", 1 - borough.outcome, borough.outcome)
    with pytest.raises(TrainingError, match="a higher margin does not go with more events"):
        refit(borough, outcome=turned)


def test_a_hundred_people_train_with_smaller_leaves_and_a_cautious_calibrator_and_it_is_said(borough) -> None:
    some = np.arange(300)
    outcome = np.where(borough.slices == "calibration", 0.0, borough.outcome)[some]
    recipe = borough.recipe.model_copy(
        update={"learner": borough.recipe.learner.model_copy(update={"min_rows_in_leaf": 200})}
    )
    small = refit(
        borough, matrix=borough.matrix.take(some), outcome=outcome, slice_of=borough.slices[some], recipe=recipe
    )
    assert small.model.calibrator.slope > 0
    assert [one["method"] for one in small.calibrators] == ["platt"]
    assert small.facts["notes"][:2] == [
        "calibration: Platt scaling, drawn towards no change: only 100 rows with 0 events",
        "so few rows train that a leaf may hold 5 of them, not 200 as the recipe asks",
    ]
    assert small.risks["lightgbm"].mean() < (1 / (1 + np.exp(-small.margins["lightgbm"]))).mean()
