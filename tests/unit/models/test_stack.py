"""The stack: both members as they were learned, weighed by people held out, explained exactly, kept and read back."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lightgbm.callback import CallbackEnv, EarlyStopException
from pydantic import ValidationError
from sklearn.metrics import log_loss, roc_auc_score

from riskstrat.definitions.recipes import LargerTrees, LearnerRecipe
from riskstrat.errors import ModelError, TrainingError
from riskstrat.explanation import contributions
from riskstrat.scoring import Weights, load
from riskstrat.training import fit
from riskstrat.training.folds import FOLDS, draw_folds, spare_folds
from riskstrat.training.learner import fit_booster, fit_on_folds, stop_without_help
from riskstrat.training.rows import rows_at
from riskstrat.training.stacking import weigh
from tests.unit.models.conftest import paper_recipe


@pytest.fixture(scope="module")
def train(borough):
    return rows_at(borough.matrix, borough.matrix.columns, borough.outcome, np.flatnonzero(borough.slices == "train"))


def test_a_margin_is_that_of_both_members_as_they_weigh(stacked, borough) -> None:
    model = stacked.model
    trees = model.booster.predict(borough.matrix.values, raw_score=True)
    line = model.linear.margin(borough.matrix.values, model.columns)
    assert (model.margin(borough.matrix) == model.weights.booster * trees + model.weights.linear * line).all()
    assert min(model.weights.booster, model.weights.linear) > 0.1
    assert (model.booster_alone.margin(borough.matrix) == trees).all()


def test_contributions_are_those_of_shap_for_both_members_and_add_up(stacked, borough) -> None:
    import shap

    model, matrix = stacked.model, borough.matrix.take(np.arange(400))
    explained = contributions(model, matrix)
    assert np.abs(explained.sum(axis=1) - model.margin(matrix)).max() < 1e-9
    trees = shap.TreeExplainer(model.booster, feature_perturbation="tree_path_dependent")
    by_tree = trees.shap_values(matrix.values, check_additivity=False)
    by_line = model.linear.contributions(matrix.values, model.columns)  # held against shap in test_linear_member.py
    assert explained[:, :-1] == pytest.approx(
        model.weights.booster * by_tree + model.weights.linear * by_line[:, :-1], abs=1e-12
    )


def test_the_stack_stands_beside_its_members_each_calibrated(stacked, borough) -> None:
    names = ["stack", "lightgbm", "logistic_regression"]
    assert list(stacked.risks)[:3] == names
    assert stacked.own == "stack"
    test = borough.matrix.take(stacked.test_rows)
    happened = borough.outcome[stacked.test_rows]
    assert (stacked.margins["stack"] == stacked.model.margin(test)).all()
    assert (stacked.own_risk == stacked.model.risk(test)).all()
    assert (stacked.margins["lightgbm"] == stacked.model.booster_alone.margin(test)).all()
    assert (stacked.margins["logistic_regression"] == stacked.model.linear.margin(test.values, test.columns)).all()
    for name in names:
        assert abs(stacked.risks[name].mean() - happened.mean()) < 0.03
    own, *members = (roc_auc_score(happened, stacked.risks[name]) for name in names)
    assert own > np.mean(members)


def test_what_was_found_is_said_and_recorded(stacked) -> None:
    weights = stacked.model.weights
    assert stacked.facts["weights"] == {"lightgbm": weights.booster, "logistic_regression": weights.linear}
    size = next(note for note in stacked.facts["notes"] if note.startswith("size: "))
    assert f"LightGBM's log odds count {weights.booster:.2f} times" in size
    assert size.startswith(f"size: {stacked.facts['learner']['rounds']} trees")
    assert stacked.model.trained["weights"] == stacked.facts["weights"]


def test_where_trees_only_learn_noise_few_are_grown(borough) -> None:
    noise = np.random.default_rng(5).permutation(borough.outcome)
    shifted = np.where(borough.matrix.values[:, 3] > 0, borough.outcome, noise)
    recipe = paper_recipe(kind="stack", rounds=300)
    learned = fit(borough.matrix, shifted, borough.slices, recipe, tested=False)
    assert 10 <= learned.facts["learner"]["rounds"] < 100


def _grow(losses: list[float], patience: int = 20) -> tuple[int, int]:
    """How many trees are grown where people held out lose so much after each, and how many stay."""
    stop = stop_without_help(patience)
    for number, loss in enumerate(losses):
        told = [("valid", "binary_logloss", loss, False, 0.0)]
        try:
            stop(CallbackEnv(None, {}, number, 0, len(losses), told))
        except EarlyStopException as stopped:
            return number + 1, stopped.best_iteration + 1
    raise AssertionError("growing never ends")


def test_growing_stops_after_a_number_of_trees_without_help_and_half_as_many_as_helped() -> None:
    falls, flat = [1 - tree / 1000 for tree in range(400)], [1.0] * 400
    assert _grow(falls) == (400, 400)
    assert _grow(flat) == (21, 1)
    assert _grow(falls[:30] + flat) == (50, 30)
    assert _grow(falls[:100] + flat) == (150, 100)
    assert _grow(falls[:100] + flat[:49] + falls[100:]) == (449, 449)
    assert _grow(falls[:100] + flat[:50] + falls[100:]) == (150, 100)
    assert _grow(falls[:100] + flat[:30]) == (130, 100)


def test_the_same_inputs_give_the_same_bytes_on_any_number_of_threads(stacked, borough, tmp_path: Path) -> None:
    given = (borough.matrix, borough.outcome, borough.slices, paper_recipe(kind="stack"))
    again = fit(*given, age="age", threads=1)
    assert again.model.learned == stacked.model.learned
    assert again.model.calibrator == stacked.model.calibrator


def test_without_rows_apart_the_newest_calibrate_out_of_their_folds(borough) -> None:
    slices = np.where(borough.slices == "calibration", "train", borough.slices)
    learned = fit(borough.matrix, borough.outcome, slices, paper_recipe(kind="stack"), age="age")
    assert learned.facts["rows"] == {"train": 2000, "calibration": 0, "test": 1000}
    assert "each by a model that had not seen the person (5 folds)" in learned.facts["calibration"]
    assert "in 5 of 5 folds" in learned.facts["rounds"]
    happened = borough.outcome[learned.test_rows]
    assert abs(learned.own_risk.mean() - happened.mean()) < 0.04


def test_trees_grown_without_a_person_do_not_know_their_outcome(borough, train) -> None:
    folds, learner = draw_folds(train, 3), borough.recipe.learner
    own = folds[2].away
    turned = train.outcome.copy()
    turned[own] = 1 - turned[own]
    one, other = (
        fit_on_folds(replace(train, outcome=outcome), borough.matrix.columns, learner, folds, 1)
        for outcome in (train.outcome, turned)
    )
    assert (one.unseen[own] == other.unseen[own]).all()
    assert (np.delete(one.unseen, own) != np.delete(other.unseen, own)).any()
    assert one.text == fit_booster(train, borough.matrix.columns, learner, 1)
    assert one.text != other.text


def test_folds_hold_every_person_out_once(train) -> None:
    folds = draw_folds(train, 3)
    away = np.concatenate([fold.away for fold in folds])
    assert len(folds) == FOLDS
    assert sorted(away) == list(range(len(train.outcome)))
    for fold in folds:
        assert not set(train.patient_ids[fold.away]) & set(train.patient_ids[fold.kept])
        assert len(fold.away) + len(fold.kept) == len(train.outcome)


def test_only_as_many_folds_and_rows_size_a_learner_as_tell_enough(train, monkeypatch: pytest.MonkeyPatch) -> None:
    def list_rows(folds):
        return [(list(fold.kept), list(fold.away)) for fold in folds]

    folds = draw_folds(train, 3)
    assert list_rows(spare_folds(folds, train)) == list_rows(folds)
    events = np.cumsum([train.outcome[fold.away].sum() for fold in folds])
    monkeypatch.setattr("riskstrat.training.folds.ENOUGH_EVENTS", events[1] - 1)
    assert list_rows(spare_folds(folds, train)) == list_rows(folds[:2])
    monkeypatch.setattr("riskstrat.training.folds.MANY_ROWS", 100)
    assert list_rows(spare_folds(folds, train)) == [(list(one.kept[::2]), list(one.away)) for one in folds[:2]]


def test_too_few_people_to_hold_any_out_are_refused(train) -> None:
    with pytest.raises(TrainingError, match=r"of too few people \(1\) to hold some of them out; land more"):
        draw_folds(replace(train, patient_ids=np.full(len(train.outcome), "P1", object)), 3)


def _draw_margins(seed: int = 2, rows: int = 20_000):
    draw = np.random.default_rng(seed)
    true = draw.normal(-2, 1, rows)
    outcome = (draw.random(rows) < 1 / (1 + np.exp(-true))).astype(float)
    return draw, true, outcome


def test_weights_are_those_of_the_lowest_log_loss() -> None:
    draw, true, outcome = _draw_margins()
    one, other = true + draw.normal(0, 0.5, len(true)), true + draw.normal(0, 1.0, len(true))
    found = weigh(one, other, outcome)

    def loss(booster: float, linear: float) -> float:
        odds = booster * one + linear * other
        level = np.linspace(-3, 3, 61)
        return min(log_loss(outcome, 1 / (1 + np.exp(-(odds + each)))) for each in level)

    best = loss(found.booster, found.linear)
    assert found.booster > 2 * found.linear > 0
    assert all(best < loss(found.booster + a, found.linear + b) for a, b in ((0.2, 0), (-0.2, 0), (0, 0.2), (0, -0.2)))


def test_a_member_that_says_the_opposite_counts_next_to_nothing_and_none_falls_below() -> None:
    _, true, outcome = _draw_margins()
    assert 0 <= weigh(true, -true, outcome).linear < 0.03
    assert 0 <= weigh(-true, true, outcome).booster < 0.03
    assert weigh(-true, -true, outcome) == Weights(0.5, 0.5)


def test_where_events_are_few_both_count_about_as_much() -> None:
    _, true, outcome = _draw_margins(rows=60)
    found = weigh(true, true + np.random.default_rng(3).normal(0, 0.3, 60), outcome)
    assert (found.booster, found.linear) == pytest.approx((0.5, 0.5), abs=0.15)


@pytest.mark.parametrize("given", [(-0.1, 1.0), (0.0, 0.0), (float("nan"), 1.0), (1.0, float("inf"))])
def test_weights_that_would_turn_people_round_cannot_be_made(given) -> None:
    with pytest.raises(ModelError, match="the weights of a stack"):
        Weights(*given)


LARGER = LargerTrees(events=500, rounds=40, learning_rate=0.2, leaves=5)


@pytest.mark.parametrize(("events", "larger"), [(1, True), (10_000, False)])
def test_trees_are_larger_where_as_many_events_train_as_the_recipe_asks_for(borough, events: int, larger: bool) -> None:
    asked = LARGER.model_copy(update={"events": events})
    recipe = paper_recipe(kind="stack", rounds=30, leaves=3, larger=asked.model_dump())
    learned = fit(borough.matrix, borough.outcome, borough.slices, recipe, age="age")
    learner, said = learned.facts["learner"], learned.facts["rounds"]
    assert (learner["leaves"], learner["learning_rate"]) == ((5, 0.2) if larger else (3, recipe.learner.learning_rate))
    assert (" of 5 leaves, as " in said) == larger
    assert learner["larger"] is None or not larger


def test_only_a_stack_grows_larger_trees_since_it_finds_how_many_help() -> None:
    with pytest.raises(ValidationError, match="take larger out"):
        LearnerRecipe(kind="lightgbm", larger=LARGER)
    stack = LearnerRecipe(kind="stack", larger=LARGER)
    assert stack.choose_size(499) is stack
    assert stack.choose_size(500) == LearnerRecipe(kind="stack", rounds=40, learning_rate=0.2, leaves=5)


def test_a_stack_with_a_patience_is_refused() -> None:
    with pytest.raises(ValidationError, match="take patience out"):
        LearnerRecipe(kind="stack", patience=20)
    assert LearnerRecipe(kind="stack").finds_its_size
    assert not LearnerRecipe().finds_its_size


@pytest.mark.parametrize(("direction", "sign"), [("increasing", 1), ("decreasing", -1)])
@pytest.mark.parametrize("column", ["age", "days_since_fall"])
def test_no_member_goes_against_a_direction(borough, direction: str, sign: int, column: str) -> None:
    recipe = paper_recipe(kind="stack", **{direction: (column,)})
    model = fit(borough.matrix, borough.outcome, borough.slices, recipe, tested=False, age="age").model
    some, place = borough.matrix.take(np.arange(100)), borough.matrix.columns.index(column)
    steps = np.arange(18, 100) if column == "age" else np.arange(0, 365, 5)
    margins = []
    for value in steps:
        values = some.values.copy()
        values[:, place] = value
        margins.append(model.margin(replace(some, values=values)))
    assert (sign * np.diff(np.array(margins), axis=0) >= 0).all()


@pytest.fixture
def saved(stacked, tmp_path: Path) -> Path:
    stacked.model.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_stack_reads_back_equal_and_gives_the_same_bytes(stacked, saved: Path, tmp_path: Path, borough) -> None:
    again = load(saved)
    assert again == stacked.model
    assert (again.margin(borough.matrix) == stacked.model.margin(borough.matrix)).all()
    again.save(tmp_path / "again")
    assert sorted(os.listdir(saved)) == ["booster.txt", "linear.json", "model.json"]
    for name in os.listdir(saved):
        assert (saved / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_model_of_the_first_format_is_read_as_lightgbm_alone(fitted, borough, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    del facts["weights"]
    (tmp_path / "model.json").write_text(json.dumps(facts | {"format": 1}))
    earlier = load(tmp_path)
    assert earlier == fitted.model
    assert (earlier.margin(borough.matrix) == fitted.model.margin(borough.matrix)).all()


def _change_facts(folder: Path, **changed: object) -> None:
    facts = json.loads((folder / "model.json").read_text())
    kept = {name: value for name, value in (facts | changed).items() if value is not None}
    (folder / "model.json").write_text(json.dumps(kept))


def test_a_linear_member_that_was_changed_is_refused(saved: Path) -> None:
    path = saved / "linear.json"
    path.write_text(path.read_text().replace('"intercept": ', '"intercept": 1'))
    with pytest.raises(ModelError, match="is damaged; restore its files from a backup"):
        load(saved)


def test_a_linear_member_that_is_gone_is_named(saved: Path) -> None:
    (saved / "linear.json").unlink()
    with pytest.raises(ModelError, match=r"has no linear\.json; restore it"):
        load(saved)


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": {"booster": -1.0, "linear": 1.0}},
        {"weights": {"booster": 1.0}},
        {"weights": "even"},
        {"weights": None},
        {"linear_sha256": None},
    ],
    ids=["below 0", "one alone", "words", "none", "a member too few"],
)
def test_weights_that_do_not_fit_the_members_are_refused(saved: Path, changed: dict[str, object]) -> None:
    _change_facts(saved, **changed)
    with pytest.raises(ModelError, match="is damaged"):
        load(saved)


def test_two_models_with_other_weights_have_not_learned_the_same(stacked) -> None:
    whole = replace(stacked.model).learned
    assert whole == stacked.model.learned
    assert replace(stacked.model, weights=Weights(0.4, 0.7)).learned != whole
    assert stacked.model.booster_alone.learned != whole
    assert stacked.model.booster_alone.learned == stacked.model.booster_text
