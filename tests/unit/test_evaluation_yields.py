"""What a list of k finds, and what the lists of several dates and teams find together, worked out by hand."""

import json

import pandas as pd
import pytest

from riskstrat.evaluation import EvaluationError, evaluate, listing_order, pooled_yield, wilson_interval, yield_by_list
from riskstrat.evaluation.yields import Yield, yields


def test_a_list_of_two_of_five_has_the_figures_worked_out_by_hand():
    found = yields([1, 0, 1, 0, 0], [4.0, 3.0, 2.0, 1.0, 0.0], capacity=2)[0]
    low, high = wilson_interval(1, 2)
    assert found == Yield(
        label="capacity",
        k=2,
        threshold=3.0,
        tied=0,
        events=1,
        ppv=0.5,
        ppv_low=low,
        ppv_high=high,
        sensitivity=0.5,
        lift=1.25,
        number_needed_to_review=2.0,
    )


def test_yield_is_given_at_capacity_and_at_five_shares_rounded_down():
    found = yields([0, 1] * 125, range(250), capacity=7)
    assert [(row.label, row.k) for row in found] == [
        ("capacity", 7),
        ("0.5%", 1),
        ("1%", 2),
        ("2%", 5),
        ("5%", 12),
        ("10%", 25),
    ]
    assert [row.label for row in yields([0, 1], [1, 2], capacity=None)] == ["0.5%", "1%", "2%", "5%", "10%"]


def test_ties_go_to_the_lower_order_and_those_kept_out_are_counted():
    margin, order = [1.0, 2.0, 2.0, 2.0], ["a", "d", "b", "c"]
    assert listing_order(margin, order).tolist() == [2, 3, 1, 0]
    assert listing_order(margin).tolist() == [1, 2, 3, 0]
    found = yields([0, 0, 1, 0], margin, capacity=1, order=order)[0]
    assert (found.events, found.tied, found.threshold) == (1, 2, 2.0)


def test_people_settle_the_ties_of_an_evaluation_and_the_margin_ranks():
    found = evaluate([0, 1], [0.3, 0.3], capacity=1, people=["b", "a"])
    assert found.yields[0].events == 1
    found = evaluate([0, 1], [0.3, 0.3], capacity=1, margin=[0.2, 0.1])
    assert found.yields[0].events == 0


@pytest.mark.parametrize(
    ("outcome", "capacity", "reason"),
    [
        ([1, 0], 3, "a list of 3 is longer than the 2 people there are"),
        ([1, 0], 0, "the capacity is 0"),
        ([0, 0], 1, "there are no events"),
        ([0, 1], 1, "nobody listed had the event"),
    ],
)
def test_a_list_without_figures_says_why(outcome, capacity, reason):
    found = yields(outcome, [2.0, 1.0], capacity=capacity)[0]
    assert found.reason == reason
    assert found.number_needed_to_review is None


def test_a_share_that_is_nobody_says_so():
    assert yields([0, 1] * 50, range(100), capacity=None)[0].reason == "0.5% of 100 is nobody"


def test_the_wilson_interval_is_the_published_one():
    # Newcombe, Stat Med 1998, table I: 81 of 263 and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def two_dates_and_two_teams() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("2026-01-05", "kirkby", "p1", 3.0, 1),
            ("2026-01-05", "kirkby", "p2", 2.0, 0),
            ("2026-01-05", "kirkby", "p3", 1.0, 1),
            ("2026-01-05", "huyton", "p4", 9.0, 0),
            ("2026-02-02", "kirkby", "p1", 1.0, 0),
            ("2026-02-02", "kirkby", "p2", 1.0, 1),
            ("2026-02-02", "kirkby", "p3", 1.0, 1),
            ("2026-02-02", "huyton", "p4", 9.0, 1),
            ("2026-02-02", "huyton", "p5", 8.0, 0),
        ],
        columns=["index_date", "team", "patient_id", "margin", "outcome"],
    )


def test_each_list_counts_its_own_people_and_events():
    rows = two_dates_and_two_teams().iloc[::-1]
    found = yield_by_list(
        rows.outcome, rows.margin, rows.index_date, rows.team, {"kirkby": 2, "huyton": 3}, rows.patient_id
    )
    expected = pd.DataFrame(
        [
            ("2026-01-05", "huyton", 1, 0, 3, 1, 0),
            ("2026-01-05", "kirkby", 3, 2, 2, 2, 1),
            ("2026-02-02", "huyton", 2, 1, 3, 2, 1),
            ("2026-02-02", "kirkby", 3, 2, 2, 2, 1),
        ],
        columns=["index_date", "team", "people", "events", "capacity", "listed", "listed_events"],
    )
    pd.testing.assert_frame_equal(found, expected)


def test_the_pooled_rate_is_over_everybody_listed():
    rows = two_dates_and_two_teams()
    found = pooled_yield(
        rows.outcome, rows.margin, rows.index_date, rows.team, {"kirkby": 2, "huyton": 3}, rows.patient_id
    )
    assert (found.index_dates, found.lists, found.short_lists) == (2, 4, 2)
    assert (found.rows, found.events, found.listed, found.listed_events) == (9, 5, 7, 3)
    assert found.rate == pytest.approx(3 / 7)
    assert (found.low, found.high) == wilson_interval(3, 7)
    assert found.lift == pytest.approx((3 / 7) / (5 / 9))
    assert found.sensitivity == pytest.approx(3 / 5)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["reason"] is None


def test_a_list_that_is_just_full_is_not_short():
    rows = two_dates_and_two_teams()
    found = pooled_yield(rows.outcome, rows.margin, rows.index_date, rows.team, {"kirkby": 3, "huyton": 1})
    assert (found.lists, found.short_lists, found.listed) == (4, 0, 8)


def test_without_teams_there_is_one_list_per_date():
    rows = two_dates_and_two_teams()
    found = yield_by_list(rows.outcome, rows.margin, rows.index_date, None, 1)
    assert found[["team", "listed", "listed_events"]].to_numpy().tolist() == [["all", 1, 0], ["all", 1, 1]]


@pytest.mark.parametrize(
    ("outcome", "capacity", "reason"),
    [([], 2, "there is nobody to evaluate"), ([1], 0, "no list has a place"), ([0], 1, "there are no events")],
)
def test_a_pooled_yield_without_figures_says_why(outcome, capacity, reason):
    found = pooled_yield(outcome, [1.0] * len(outcome), ["2026-01-05"] * len(outcome), None, capacity)
    assert found.reason == reason
    assert found.lift is None


def test_a_team_without_a_capacity_and_a_row_without_a_team_are_refused():
    with pytest.raises(EvaluationError, match="no capacity for team huyton"):
        pooled_yield([1], [1.0], ["2026-01-05"], ["huyton"], {"kirkby": 2})
    with pytest.raises(EvaluationError, match="team holds 1 missing"):
        pooled_yield([1], [1.0], ["2026-01-05"], [None], 2)
    with pytest.raises(EvaluationError, match="below 0"):
        pooled_yield([1], [1.0], ["2026-01-05"], ["huyton"], -1)
