"""Intervals and distances that alerts rest on: by hand where that can be done, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.evaluation.chance import (
    Interval,
    bound_observed_over_expected,
    bound_ratio,
    bound_share,
    bound_share_ratio,
    find_largest_by_chance,
    measure_psi,
)
from riskstrat.monitoring.drift import measure_distance

CHANCE, DRAWS = 0.05, 1500
MISSED = (0.03, 0.07)
"""Of 1,500 intervals that miss in 1 of 20, the shares that have missed but for 1 chance in 1,000 and small samples."""


def test_an_interval_of_a_share_is_the_exact_one() -> None:
    assert bound_share(5, 10, CHANCE) == pytest.approx((0.5, 0.1871, 0.8129), abs=1e-4)
    assert bound_share(0, 20, CHANCE) == pytest.approx((0, 0, 0.1684), abs=1e-4)
    assert bound_share(20, 20, CHANCE) == pytest.approx((1, 0.8316, 1), abs=1e-4)


def test_an_interval_lies_outside_only_with_both_ends() -> None:
    assert Interval(0.7, 0.6, 0.79).lies_outside(0.8, 1.25)
    assert Interval(1.4, 1.26, 1.6).lies_outside(0.8, 1.25)
    assert not Interval(0.7, 0.6, 0.8).lies_outside(0.8, 1.25)
    assert not Interval(1.4, 1.25, 1.6).lies_outside(0.8, 1.25)


def test_the_ends_of_observed_over_expected_are_where_the_count_is_as_unlikely() -> None:
    risk = np.repeat([0.1, 0.4], [300, 50])
    found = bound_observed_over_expected(65, risk, CHANCE)
    assert found.estimate == pytest.approx(1.3)
    for end in found[1:]:
        distance = (65 - end * 50) / np.sqrt((end * risk * (1 - end * risk)).sum())
        assert abs(distance) == pytest.approx(1.959964, abs=1e-5)


def test_observed_over_expected_misses_as_often_as_it_says() -> None:
    draw = np.random.default_rng(11)
    risk = draw.beta(1, 12, 900)
    had = (draw.random((DRAWS, 900)) < risk).sum(axis=1)
    missed = np.mean(
        [not low <= 1 <= high for _, low, high in (bound_observed_over_expected(n, risk, CHANCE) for n in had)]
    )
    assert MISSED[0] < missed < MISSED[1]


def test_the_ratio_of_two_shares_misses_as_often_as_it_says() -> None:
    """Both shares are of the same people, and people with the outcome are listed more often."""
    draw = np.random.default_rng(12)
    missed = 0
    for _ in range(DRAWS):
        inside, had = draw.random(1500) < 0.3, draw.random(1500) < 0.15
        listed = draw.random(1500) < np.where(had, 0.4, 0.05)
        counts = [each.astype(float) for each in (inside & listed, listed, inside & had, had)]
        found = bound_share_ratio(*counts, CHANCE)
        assert found is not None
        missed += not found.low <= 1 <= found.high
    assert MISSED[0] < missed / DRAWS < MISSED[1]


def test_a_ratio_whose_lower_part_may_be_nothing_is_not_told() -> None:
    assert bound_ratio(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, -1.0, 1.0, -1.0]), CHANCE) is None


def test_the_index_of_two_counts_is_that_of_its_definition() -> None:
    before, now = np.array([99.5, 199.5]), np.array([199.5, 99.5])
    assert measure_psi(before, now) == pytest.approx(2 * (1 / 3) * np.log(2), rel=1e-3)
    assert measure_psi(before, before) == 0


@pytest.mark.parametrize(("first", "later"), [(400, 400), (3000, 500)])
def test_chance_alone_passes_its_own_limit_as_often_as_it_says(first: int, later: int) -> None:
    draw = np.random.default_rng(13)
    passed = 0
    for _ in range(DRAWS):
        moved = measure_distance(draw.normal(size=first), draw.normal(size=later), 0.0, CHANCE)
        passed += moved.psi > moved.most
    assert MISSED[0] < passed / DRAWS < MISSED[1]


def test_fewer_people_need_a_larger_index_and_a_limit_is_added() -> None:
    small, large = (find_largest_by_chance(10, number, number, 0.1, 0.01) for number in (300, 30_000))
    assert small > large > 0.1
    assert find_largest_by_chance(10, 300, 300, 0.0, 0.01) < small


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (np.zeros(500), np.full(500, 3.0)),
        (np.full(500, 3.0), np.zeros(500)),
        (np.arange(500.0), np.full(500, np.nan)),
        (np.repeat([0.0, 1.0], [470, 30]), np.repeat([0.0, 1.0], [100, 400])),
    ],
    ids=["from nothing", "to nothing", "to missing", "from rare to common"],
)
def test_a_feature_that_changes_altogether_is_far_from_itself(first: np.ndarray, later: np.ndarray) -> None:
    moved = measure_distance(first, later, 0.25, 0.0001)
    assert moved.psi > moved.most
    same = measure_distance(first, first, 0.25, 0.0001)
    assert same.psi == 0
