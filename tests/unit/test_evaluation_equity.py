"""evaluation: recall of two lists by group, on rows that can be counted by hand, and its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, compare_recall


def make_rows(seed: int, people: int = 1500) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Outcome, person and group of two rows a person, a fifth of them with the event."""
    draw = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), 2)
    outcome = (draw.random(len(person)) < 0.2).astype(float)
    group = np.where(person % 3 == 0, "few", "more").astype(object)
    group[person < 9] = "hardly any"
    return outcome, person, pd.DataFrame({"contacts": group})


def test_recall_is_the_share_of_those_with_the_event_who_are_listed() -> None:
    outcome, person, groups = make_rows(1)
    place = np.arange(len(outcome))
    one, other = place % 2 == 0, place % 5 == 0
    table = compare_recall(outcome, person, groups, one, other, rounds=200, seed=3).set_index("group")
    assert table.loc["hardly any", ["recall", "low", "people"]].isna().all()
    for group in ("few", "more"):
        inside = (groups["contacts"] == group).to_numpy() & (outcome == 1)
        recall, against = one[inside].mean(), other[inside].mean()
        row = table.loc[group]
        assert (row.recall, row.recall_against) == pytest.approx((recall, against))
        assert row.difference == pytest.approx(recall - against)
        assert row.low < row.difference < row.high


def test_only_the_group_that_one_list_leaves_out_is_found_worse() -> None:
    outcome, person, groups = make_rows(2)
    draw = np.random.default_rng(5).random(len(outcome))
    other = draw < 0.4
    few = (groups["contacts"] == "few").to_numpy()
    one = np.where(few, draw < 0.2, other)
    table = compare_recall(outcome, person, groups, one, other, rounds=200, seed=3).set_index("group")
    assert table.loc["few", "high"] < -0.1
    assert table.loc["more", "difference"] == 0
    same = compare_recall(outcome, person, groups, other, other, rounds=200, seed=3).set_index("group")
    assert (same.loc[["few", "more"], ["low", "high"]] == 0).all(axis=None)


def test_columns_of_other_lengths_are_refused() -> None:
    outcome, person, groups = make_rows(1)
    with pytest.raises(EvaluationError, match="columns differ in length"):
        compare_recall(outcome, person, groups, outcome[1:], outcome, rounds=10, seed=1)
