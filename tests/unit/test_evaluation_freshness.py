"""How figures fall as a score grows older, worked out by hand and against the bootstrap."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, bootstrap_by_person, freshness, pooled_yield

DATES = ["2026-01-05"] * 4 + ["2026-02-02"] * 4
PEOPLE = ["p1", "p2", "p3", "p4"] * 2
OUTCOME = [1, 0, 0, 0, 1, 1, 0, 0]
FRESH = [0.9, 0.3, 0.2, 0.1, 0.8, 0.7, 0.5, 0.4]
OLD = [0.2, 0.9, 0.3, 0.1, 0.8, 0.4, 0.5, 0.7]


def drawn(outcome_seed: int = 5) -> tuple[np.ndarray, dict[tuple[str, int], np.ndarray], np.ndarray, np.ndarray]:
    """Three index dates of each of 500 people, with scores that lose their sense as they age."""
    random = np.random.default_rng(outcome_seed)
    risk = random.beta(1, 6, 1500)
    outcome = (random.random(1500) < risk).astype(int)
    scores = {("score", age): risk + random.normal(0, 0.02 * age, 1500) for age in (0, 6, 24)}
    return outcome, scores | {("model", 0): risk}, np.repeat(np.arange(500), 3), np.tile(["a", "b", "c"], 500)


def test_each_line_has_the_figures_worked_out_by_hand():
    found = freshness(OUTCOME, {("score", 0): FRESH, ("score", 12): OLD}, PEOPLE, DATES, 1, rounds=5, seed=1)
    assert found[["kind", "months", "rows", "events"]].to_numpy().tolist() == [["score", 0, 8, 3], ["score", 12, 8, 3]]
    # 15 pairs. Fresh: all in order. Old: 0.8 beats 4 of 5; 0.4 beats 0.3, 0.1; 0.2 beats 0.1.
    assert found.auroc.tolist() == pytest.approx([1.0, (4 + 2 + 1) / 15])
    assert found.difference.tolist() == pytest.approx([0.0, 7 / 15 - 1])
    # The first of each date: p1 and p1 when fresh; p2 (no event) and p1 when old.
    assert found.ppv.tolist() == [1.0, 0.5]
    assert found.columns.tolist() == [
        "kind",
        "months",
        "auroc",
        "auroc_low",
        "auroc_high",
        "difference",
        "difference_low",
        "difference_high",
        "ppv",
        "ppv_low",
        "ppv_high",
        "rows",
        "events",
    ]


def test_intervals_are_those_of_the_paired_bootstrap():
    outcome, scores, people, dates = drawn()
    found = freshness(outcome, scores, people, dates, 20, rounds=60, seed=3).set_index(["kind", "months"])
    names = {f"{kind} {age}": score for (kind, age), score in scores.items()}
    alone = bootstrap_by_person(outcome, names, people, metric="auroc", rounds=60, seed=3).set_index("model")
    old = alone.loc["score 24"]
    old = old[old.versus.isna()].iloc[0]
    ends = ["auroc", "auroc_low", "auroc_high"]
    assert found.loc[("score", 24), ends].tolist() == pytest.approx([old.estimate, old.low, old.high])
    pair = alone[alone.versus == "score 24"].loc["score 0"]
    ends = ["difference", "difference_high", "difference_low"]
    assert found.loc[("score", 24), ends].tolist() == pytest.approx([-pair.estimate, -pair.low, -pair.high])
    assert found.loc[("model", 0), "difference"] == 0
    assert found.loc[("score", 24), "difference_high"] < 0


def test_yield_is_that_of_the_lists_of_each_date():
    outcome, scores, people, dates = drawn()
    found = freshness(outcome, scores, people, dates, 20, rounds=200, seed=3)
    rates = [pooled_yield(outcome, score, dates, None, 20, people).rate for score in scores.values()]
    assert found.ppv.tolist() == pytest.approx(rates)
    assert ((found.ppv_low < found.ppv) & (found.ppv < found.ppv_high)).all()
    # Sixty people listed, a third of them with the event: the usual error of a share is 0.06.
    assert found.ppv_high[0] - found.ppv_low[0] == pytest.approx(2 * 1.96 * 0.06, rel=0.3)


def test_rows_missing_one_score_are_left_out_of_every_line():
    old = pd.Series(OLD).where(np.arange(8) != 2)
    found = freshness(OUTCOME, {("score", 0): FRESH, ("score", 12): old}, PEOPLE, DATES, 1, rounds=5, seed=1)
    assert found.rows.tolist() == [7, 7]
    assert found.auroc.tolist() == pytest.approx([1.0, (3 + 1 + 1) / 12])


def test_a_kind_without_a_fresh_score_has_no_difference():
    found = freshness(OUTCOME, {("model", 6): OLD}, PEOPLE, DATES, 1, rounds=5, seed=1)
    assert found[["difference", "difference_low", "difference_high"]].isna().all(axis=None)
    assert found.auroc.notna().all()
    assert freshness([], {("score", 0): []}, [], [], 1, rounds=2, seed=1).auroc.isna().all()


def test_requests_that_cannot_be_met_are_refused():
    with pytest.raises(EvaluationError, match="0 rounds were asked for"):
        freshness(OUTCOME, {("score", 0): FRESH}, PEOPLE, DATES, 1, rounds=0, seed=1)
    with pytest.raises(EvaluationError, match="a capacity of 0 lists nobody"):
        freshness(OUTCOME, {("score", 0): FRESH}, PEOPLE, DATES, 0, rounds=5, seed=1)
    with pytest.raises(EvaluationError, match="score 0 2"):
        freshness(OUTCOME, {("score", 0): FRESH[:2]}, PEOPLE, DATES, 1, rounds=5, seed=1)
