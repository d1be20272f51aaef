"""The search for settings: a fixed budget, the same every time, and never a look at calibration or test rows."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe, TuningRecipe
from riskstrat.training import fit, tune
from riskstrat.training.tuning import SEARCHED

ROWS = 6000
POOR = LearnerRecipe(
    rounds=300, learning_rate=0.3, leaves=60, min_rows_in_leaf=5, feature_fraction=1.0, row_fraction=1.0, l2=0.0
)
"""Settings that learn noise by heart, and lie outside what is searched."""


def recipe(trials: int = 8, rows: int = 100_000, learner: LearnerRecipe = POOR) -> Recipe:
    return Recipe(
        name="paper",
        title="On paper",
        sentence="an admission",
        outcome="emergency_admission",
        learner=learner,
        tuning=TuningRecipe(trials=trials, rows=rows),
    )


@pytest.fixture(scope="module")
def rows() -> tuple[FeatureMatrix, np.ndarray, np.ndarray]:
    """One row a person on one date: eight features, three of which matter; half train, a quarter each for the rest."""
    draw = np.random.default_rng(21)
    values = draw.normal(size=(ROWS, 8)).astype(np.float32)
    odds = values @ np.array([0.8, -0.6, 0.4, 0, 0, 0, 0, 0]) - 2
    outcome = (draw.random(ROWS) < 1 / (1 + np.exp(-odds))).astype(float)
    columns = tuple(f"f{n}" for n in range(8))
    ids = [f"P{n:05d}" for n in range(ROWS)]
    dates = np.array(["2020-01-01", "2020-01-01", "2022-01-01", "2024-01-01"], "datetime64[s]")
    keys = pd.DataFrame({"patient_id": ids, "index_date": np.tile(dates, ROWS // 4)})
    slices = np.tile(np.array(["train", "train", "calibration", "test"]), ROWS // 4)
    return FeatureMatrix(keys, values, columns, dict.fromkeys(columns, "x")), outcome, slices


@pytest.fixture(scope="module")
def tuned(rows):
    return tune(*rows, recipe())


def test_the_recipes_own_settings_are_tried_first_and_the_budget_is_kept(tuned) -> None:
    assert len(tuned.trials) == 8
    first = tuned.trials.iloc[0]
    assert {name: first[name] for name in SEARCHED} == {name: getattr(POOR, name) for name in SEARCHED}
    assert list(tuned.trials.columns) == ["trial", "log_loss", "rounds", *SEARCHED, "chosen"]
    for name, (low, high, _) in SEARCHED.items():
        assert tuned.trials[name][1:].between(low, high).all()


def test_settings_that_are_better_beyond_noise_are_taken(tuned, rows) -> None:
    assert tuned.trials["chosen"].sum() == 1
    best = tuned.trials[tuned.trials["chosen"]].iloc[0]
    assert best["log_loss"] < tuned.trials["log_loss"].iloc[0]
    assert {name: getattr(tuned.learner, name) for name in SEARCHED} == {name: best[name] for name in SEARCHED}
    assert tuned.learner.rounds == best["rounds"]
    assert tuned.learner.seed == POOR.seed
    assert tuned.sentence.startswith("8 settings tried on ")
    assert f"log loss {best['log_loss']:.5f} against {tuned.trials['log_loss'].iloc[0]:.5f}" in tuned.sentence


def test_what_was_found_is_better_on_rows_it_never_saw(tuned, rows) -> None:
    matrix, outcome, slices = rows
    losses = []
    for learner in (tuned.learner, POOR):
        fitted = fit(matrix, outcome, slices, recipe(learner=learner))
        risk, happened = fitted.risks["lightgbm"], outcome[fitted.test_rows]
        losses.append(-np.mean(np.log(np.where(happened == 1, risk, 1 - risk))))
    assert losses[0] < losses[1]


def test_the_search_is_the_same_every_time(tuned, rows) -> None:
    again = tune(*rows, recipe())
    pd.testing.assert_frame_equal(again.trials, tuned.trials, check_exact=True)
    assert (again.learner, again.sentence) == (tuned.learner, tuned.sentence)


def test_calibration_and_test_rows_have_no_part_in_the_search(tuned, rows) -> None:
    matrix, outcome, slices = rows
    other = np.where(slices == "train", outcome, 1 - outcome)
    values = np.where((slices == "train")[:, None], matrix.values, 7).astype(np.float32)
    changed = FeatureMatrix(matrix.keys, values, matrix.columns, matrix.fingerprints)
    pd.testing.assert_frame_equal(tune(changed, other, slices, recipe()).trials, tuned.trials, check_exact=True)


def test_the_recipes_own_settings_stand_where_others_are_no_better_beyond_noise(tuned, rows) -> None:
    kept = tune(*rows, recipe(trials=3, learner=tuned.learner))
    assert kept.learner == tuned.learner
    assert kept.trials["chosen"].tolist() == [True, False, False]
    assert "none beats the recipe's own" in kept.sentence


def test_a_recipe_with_patience_keeps_it_and_has_room_to_grow(rows) -> None:
    patient = POOR.model_copy(update={"patience": 15, "rounds": 20})
    found = tune(*rows, recipe(trials=6, learner=patient))
    best = found.trials[found.trials["chosen"]].iloc[0]
    assert found.learner.patience == 15
    assert found.learner.rounds == max(20, 2 * best["rounds"])


def test_no_more_rows_take_part_than_the_recipe_allows_and_people_stay_whole(rows) -> None:
    matrix, outcome, slices = rows
    twice = FeatureMatrix(
        pd.concat([matrix.keys, matrix.keys], ignore_index=True),
        np.concatenate([matrix.values, matrix.values]),
        matrix.columns,
        matrix.fingerprints,
    )
    found = tune(twice, np.tile(outcome, 2), np.tile(slices, 2), recipe(trials=2, rows=1001))
    assert found.rows == 1000  # of 500 people, twice each
    assert found.to_dict()["rows"] == 1000


def test_too_few_events_leave_the_recipe_as_it_is(rows) -> None:
    matrix, outcome, slices = rows
    some = np.arange(200)
    found = tune(matrix.take(some), outcome[some] * (some < 60), slices[some], recipe())
    assert found.learner == POOR
    assert len(found.trials) == found.rows == 0
    assert found.sentence == "no settings tried: too few events train to compare them by"


def test_the_record_holds_plain_values(tuned) -> None:
    record = tuned.to_dict()
    assert list(record) == ["trials", "rows", "best", "sentence"]
    assert record["trials"] == 8
    assert record["best"] == {name: getattr(tuned.learner, name) for name in (*SEARCHED, "rounds")}


def test_the_search_says_nothing(rows, capfd, caplog) -> None:
    with caplog.at_level(logging.INFO):
        tune(*rows, recipe(trials=2))
    printed = capfd.readouterr()
    assert (printed.out, printed.err, caplog.text) == ("", "", "")


@pytest.mark.parametrize("slices", [("calibration", "test"), ("test",)])
def test_where_nobody_trains_no_settings_are_tried(rows, slices: tuple[str, ...]) -> None:
    matrix, outcome, _ = rows
    found = tune(matrix, outcome, np.resize(np.array(slices), ROWS), recipe())
    assert found.learner == POOR
    assert found.sentence == "no settings tried: too few events train to compare them by"
