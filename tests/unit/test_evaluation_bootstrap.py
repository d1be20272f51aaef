"""Intervals by drawing whole people again, and what they say about two models."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.evaluation import (
    Draws,
    EvaluationError,
    bootstrap_by_person,
    bootstrap_draws,
    evaluate,
    intervals,
    pooled_draws,
)
from riskstrat.evaluation.weighted import LISTED, MEASURES, measure_named, ranked


def borough(rows: int = 1200, seed: int = 5) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Three index dates of each person, with a good and a poor risk rounded so that ties occur."""
    random = np.random.default_rng(seed)
    people = np.repeat([f"p{number:04d}" for number in range(rows // 3)], 3)
    good = np.round(random.beta(1, 6, rows), 2)
    outcome = (random.random(rows) < good).astype(int)
    poor = np.round(np.clip(good + random.normal(0, 0.15, rows), 0.01, 0.99), 2)
    return outcome, {"good": good, "poor": poor}, people


@pytest.mark.parametrize("metric", [*MEASURES, "ppv", "sensitivity"])
def test_the_estimate_is_the_figure_of_the_evaluation(metric):
    outcome, risks, _ = borough()
    people = np.arange(len(outcome))
    whole = evaluate(outcome, risks["good"], capacity=40, people=people)
    expected = getattr(whole.yields[0] if metric in LISTED else whole, metric)
    drawn = bootstrap_draws(outcome, risks, people, metric=metric, rounds=1, seed=1, capacity=40)
    assert drawn.estimates["good"] == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("metric", [*MEASURES, "ppv", "sensitivity"])
def test_weighing_a_row_is_repeating_it(metric):
    outcome, risks, _ = borough(300)
    people = np.arange(len(outcome))
    copies = np.random.default_rng(9).integers(0, 4, len(outcome))
    measure = measure_named(metric, 25)
    rows = ranked(outcome.astype(float), risks["poor"], people, metric)
    repeated = [np.repeat(column, copies) for column in (outcome.astype(float), risks["poor"], people)]
    again = ranked(*repeated, metric)
    expected = measure(again, np.ones(len(repeated[0])))
    assert measure(rows, copies[rows.person].astype(float)) == pytest.approx(expected, abs=1e-7)


def test_weighted_ranks_are_those_of_scikit_learn():
    outcome, risks, _ = borough()
    weights = np.random.default_rng(4).integers(0, 5, len(outcome)).astype(float)
    rows = ranked(outcome.astype(float), risks["poor"], np.arange(len(outcome)), "auroc")
    by_row = weights[rows.person]
    expected = roc_auc_score(outcome, risks["poor"], sample_weight=weights)
    assert MEASURES["auroc"](rows, by_row) == pytest.approx(expected, abs=1e-12)
    expected = average_precision_score(outcome, risks["poor"], sample_weight=weights)
    assert MEASURES["auprc"](rows, by_row) == pytest.approx(expected, abs=1e-12)


def test_the_same_people_are_drawn_for_every_model():
    outcome, risks, people = borough()
    found = bootstrap_by_person(
        outcome, {"one": risks["good"], "two": risks["good"]}, people, metric="auroc", rounds=50, seed=3
    )
    assert found[["model", "versus"]].fillna("").to_numpy().tolist() == [["one", ""], ["two", ""], ["one", "two"]]
    pair = found.iloc[2]
    assert (pair.estimate, pair.low, pair.high, pair.rounds) == (0, 0, 0, 50)
    assert found.low[0] < found.estimate[0] < found.high[0]


def test_whole_people_are_drawn_so_that_copied_rows_add_no_certainty():
    outcome, risks, people = borough()
    copied = [np.tile(column, 4) for column in (outcome, risks["good"], people)]
    narrow = bootstrap_by_person(outcome, {"good": risks["good"]}, people, metric="auroc", rounds=60, seed=8)
    again = bootstrap_by_person(copied[0], {"good": copied[1]}, copied[2], metric="auroc", rounds=60, seed=8)
    pd.testing.assert_frame_equal(narrow, again)


def test_the_same_seed_gives_the_same_table_in_any_order_of_rows():
    outcome, risks, people = borough()
    first = bootstrap_by_person(outcome, risks, people, metric="brier", rounds=30, seed=2)
    rows = np.random.default_rng(1).permutation(len(outcome))
    shuffled = {name: risk[rows] for name, risk in risks.items()}
    again = bootstrap_by_person(outcome[rows], shuffled, people[rows], metric="brier", rounds=30, seed=2)
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    other = bootstrap_by_person(outcome, risks, people, metric="brier", rounds=30, seed=3)
    assert not first.low.equals(other.low)


def test_the_interval_of_a_share_is_near_the_one_known_in_closed_form():
    outcome = np.repeat([1, 0], [300, 700])
    found = bootstrap_by_person(
        outcome, {"flat": np.zeros(1000)}, np.arange(1000), metric="brier", rounds=2000, seed=1
    ).iloc[0]
    half = 1.96 * np.sqrt(0.3 * 0.7 / 1000)
    assert (found.low, found.high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.003)


def test_too_few_events_for_an_interval_are_said():
    found = bootstrap_by_person(
        [1, 0, 0, 0], {"a": [0.4, 0.3, 0.2, 0.1]}, [1, 2, 3, 4], metric="auroc", rounds=99, seed=1
    )
    assert found.estimate[0] == 1
    assert np.isnan(found.low[0])
    assert found.reason[0] == f"auroc exists on only {found.rounds[0]} of 99 draws"
    found = bootstrap_by_person([0, 0], {"a": [0.4, 0.3], "b": [0.1, 0.2]}, [1, 2], metric="auroc", rounds=9, seed=1)
    assert found.reason.tolist() == ["auroc does not exist on these rows"] * 3
    assert found[["estimate", "low", "high"]].isna().all(axis=None)


def test_no_rows_at_all_give_no_figures_and_no_crash():
    for metric in (*MEASURES, "ppv", "sensitivity"):
        found = bootstrap_by_person([], {"a": []}, [], metric=metric, rounds=3, seed=1, capacity=2)
        assert found.reason.tolist() == [f"{metric} does not exist on these rows"]


def test_pooling_averages_separate_boroughs_draw_by_draw():
    one = Draws("auroc", {"a": 0.8, "b": 0.7}, {"a": np.array([0.8, 0.9]), "b": np.array([0.7, 0.6])})
    two = Draws("auroc", {"a": 0.6, "b": 0.7}, {"a": np.array([0.6, 0.7]), "b": np.array([0.7, 0.8])})
    both = pooled_draws([one, two])
    assert both.estimates == pytest.approx({"a": 0.7, "b": 0.7})
    assert both.rounds["a"] == pytest.approx([0.7, 0.8])
    pair = intervals(both, level=1.0).iloc[2]
    assert (pair.estimate, pair.low, pair.high) == pytest.approx((0.0, 0.0, 0.1))
    with pytest.raises(EvaluationError, match="differ in metric, models or rounds"):
        pooled_draws([one, Draws("brier", two.estimates, two.rounds)])


def test_requests_that_cannot_be_met_are_refused():
    asked = {"outcome": [1, 0], "risks": {"a": [0.4, 0.3]}, "people": [1, 2], "rounds": 5, "seed": 1}
    with pytest.raises(EvaluationError, match="the metric auc is not known; give one of auroc"):
        bootstrap_by_person(**asked, metric="auc")
    with pytest.raises(EvaluationError, match="ppv needs a capacity"):
        bootstrap_by_person(**asked, metric="ppv")
    with pytest.raises(EvaluationError, match="0 rounds were asked for"):
        bootstrap_by_person(**asked | {"rounds": 0}, metric="auroc")
    with pytest.raises(EvaluationError, match="people 1"):
        bootstrap_by_person(**asked | {"people": [1]}, metric="auroc")
    with pytest.raises(EvaluationError, match="outside 0 to 1"):
        bootstrap_by_person(**asked | {"risks": {"a": [4.0, 3.0]}}, metric="brier")
