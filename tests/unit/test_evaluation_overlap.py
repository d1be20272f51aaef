"""Two models' lists side by side, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.evaluation import (
    EvaluationError,
    bootstrap_by_person,
    compared,
    entering_and_leaving,
    list_overlap,
    listed_rows,
)

ROWS = pd.DataFrame(
    [
        ("2026-02-02", "p1", 3.0, 1.0),
        ("2026-01-05", "p1", 9.0, 9.0),
        ("2026-01-05", "p2", 8.0, 1.0),
        ("2026-01-05", "p3", 2.0, 7.0),
        ("2026-01-05", "p4", 1.0, 2.0),
        ("2026-02-02", "p3", 2.0, 1.0),
        ("2026-02-02", "p2", 1.0, 1.0),
    ],
    columns=["index_date", "patient_id", "a", "b"],
)


def test_each_date_counts_who_is_on_both_lists():
    found = list_overlap(ROWS.a, ROWS.b, ROWS.index_date, ROWS.patient_id, 2)
    # 5 January: a lists p1, p2 and b lists p1, p3. 2 February: a lists p1, p3; b ties all three, so p1, p2.
    expected = pd.DataFrame(
        [("2026-01-05", 2, 1, 1, 1, 0.5), ("2026-02-02", 2, 1, 1, 1, 0.5)],
        columns=["index_date", "k", "both", "only_a", "only_b", "overlap"],
    )
    pd.testing.assert_frame_equal(found, expected)


def test_a_list_longer_than_the_people_there_are_holds_everybody():
    found = list_overlap(ROWS.a, ROWS.b, ROWS.index_date, ROWS.patient_id, 4)
    assert found[["k", "both", "only_a", "overlap"]].to_numpy().tolist() == [[4, 4, 0, 1], [3, 3, 0, 1]]


def test_who_enters_and_leaves_is_named_with_both_places():
    found = entering_and_leaving(ROWS.a, ROWS.b, ROWS.index_date, ROWS.patient_id, 2)
    expected = pd.DataFrame(
        [
            ("2026-01-05", "p3", "enters", 3, 2, 3),
            ("2026-01-05", "p2", "leaves", 2, 4, 2),
            ("2026-02-02", "p2", "enters", 3, 2, 6),
            ("2026-02-02", "p3", "leaves", 2, 3, 5),
        ],
        columns=["index_date", "patient_id", "change", "rank_a", "rank_b", "row"],
    )
    pd.testing.assert_frame_equal(found, expected)


def test_rows_on_a_list_are_marked_per_date_and_team():
    team = ["x", "x", "y", "y", "x", "x", "x"]
    listed = listed_rows(ROWS.a, ROWS.index_date, team, {"x": 1, "y": 2}, ROWS.patient_id)
    assert listed.tolist() == [True, True, True, True, False, False, False]
    assert listed_rows(ROWS.b, ROWS.index_date, None, 1, ROWS.patient_id).tolist() == [True, True] + [False] * 5


def test_two_models_are_compared_on_the_same_draws_of_people():
    random = np.random.default_rng(2)
    one = random.beta(1, 5, 600)
    outcome = (random.random(600) < one).astype(int)
    risks = {"version 3": one, "version 4": np.clip(one + random.normal(0, 0.2, 600), 0, 1)}
    found = compared(outcome, risks, np.arange(600), rounds=40, seed=7, metrics=("auroc", "ppv"), capacity=60)
    assert found.metric.tolist() == ["auroc"] * 3 + ["ppv"] * 3
    alone = bootstrap_by_person(outcome, risks, np.arange(600), metric="ppv", rounds=40, seed=7, capacity=60)
    pd.testing.assert_frame_equal(found.iloc[3:].reset_index(drop=True), alone)
    assert found.low[2] > 0
    default = compared(outcome, risks, np.arange(600), rounds=2, seed=7)
    assert default.metric.unique().tolist() == ["auroc", "auprc", "brier", "scaled_brier", "ici"]


def test_lists_that_cannot_be_compared_are_refused():
    with pytest.raises(EvaluationError, match="a list of 0 is empty"):
        list_overlap(ROWS.a, ROWS.b, ROWS.index_date, ROWS.patient_id, 0)
    with pytest.raises(EvaluationError, match="a patient stands twice on an index date"):
        list_overlap(ROWS.a, ROWS.b, ["2026-01-05"] * 7, ROWS.patient_id, 2)
    with pytest.raises(EvaluationError, match="margin_a 6"):
        list_overlap(ROWS.a[1:], ROWS.b, ROWS.index_date, ROWS.patient_id, 2)
    with pytest.raises(EvaluationError, match="margin holds infinite"):
        list_overlap(ROWS.a + np.inf, ROWS.b, ROWS.index_date, ROWS.patient_id, 2)
