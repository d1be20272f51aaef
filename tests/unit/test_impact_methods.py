"""The parts of impact, on cases small enough to be worked out by hand or known from print."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from riskstrat.impact.detecting import ALPHA, Assumptions, compute_power, find_detectable_fall
from riskstrat.impact.estimating import Outcomes, estimate_effect
from riskstrat.impact.looking import choose_monthly_looks, judge_looks, price_looks, take_looks
from riskstrat.impact.matching import CONTROLS, Matches, Panel, compute_balance, keep_rows, match_controls, number_kinds
from riskstrat.impact.spending import find_boundaries, spend
from riskstrat.impact.verdicts import Verdict, judge_interval


def panel(margins: list[list[float]], first: list[int], strata: list[int] | None = None) -> Panel:
    margin = np.array(margins, float)
    alike = np.tile(strata or [0] * len(first), (len(margins), 1)).astype(np.int64)
    return Panel(margin, alike, np.array(first, np.int64))


def controls_of(matches: Matches) -> list[int]:
    return sorted(matches.person[~matches.listed].tolist())


def test_controls_are_near_of_the_same_kind_and_not_listed_before() -> None:
    #           listed  near  far  other kind  listed that week too  not eligible
    found = match_controls(panel([[1.0, 1.1, 1.4, 1.0, 1.0, np.nan]], [0, -1, -1, -1, 0, -1], [0, 0, 0, 1, 0, 0]))
    assert controls_of(found) == [1, 1]
    assert found.sets == 2
    assert found.unmatched == 0


def test_a_person_listed_later_is_a_control_until_then_and_counts_as_matched() -> None:
    found = match_controls(panel([[1.0, 1.0], [1.0, 1.0]], [0, 1]))
    assert controls_of(found) == [1]
    # When the second is listed nobody is left who never was.
    assert found.sets == 1
    assert found.unmatched == 1


def test_who_has_long_stood_high_is_no_control_for_who_has_just_risen() -> None:
    rising, steady, alike = [-1.0, 1.0], [1.0, 1.0], [-0.9, 1.0]
    margins = np.array([rising, steady, alike]).T.tolist()
    assert controls_of(match_controls(panel(margins, [1, -1, -1]))) == [2]


def test_the_nearest_are_taken_and_their_weights_sum_to_one() -> None:
    margins = [1.0, 1.01, 1.02, 1.03, 1.04]
    found = match_controls(panel([margins], [0, -1, -1, -1, -1]))
    assert controls_of(found) == [1, 2, 3][:CONTROLS]
    assert found.weight[~found.listed].sum() == pytest.approx(1)


def test_controls_who_are_left_share_the_weight_of_who_is_gone() -> None:
    found = match_controls(panel([[1.0, 1.01, 1.02, 1.03]], [0, -1, -1, -1]))
    left = keep_rows(found, np.array([True, True, False, True]))
    assert (controls_of(left), left.weight.tolist()) == ([1, 3], [1, 0.5, 0.5])
    assert keep_rows(found, np.array([False, True, True, True])).sets == 0
    assert keep_rows(found, np.array([True, False, False, False])).sets == 0


def test_nobody_to_compare_with_is_counted_and_gives_no_effect() -> None:
    found = match_controls(panel([[3.0, 0.0]], [0, -1]))
    assert (found.sets, found.unmatched) == (0, 1)
    nothing = np.zeros(len(found.set))
    assert estimate_effect(Outcomes(nothing, nothing, nothing), found) is None


def pairs(count: int) -> Matches:
    """As many sets of one person listed and one control, all of different people."""
    number, ones = np.arange(count), np.ones(2 * count)
    listed = np.arange(2 * count) < count
    return Matches(np.tile(number, 2), np.arange(2 * count), np.zeros(2 * count, np.int64), listed, ones, 0)


def test_the_effect_is_the_ratio_of_events_and_its_interval_holds_it() -> None:
    events = np.array([1, 0, 0, 0] * 50 + [1, 1, 0, 0] * 50, float)
    effect = estimate_effect(Outcomes(events, np.zeros(400), np.ones(400)), pairs(200))
    assert effect is not None
    interval = effect.interval()
    assert interval is not None
    assert effect.change == pytest.approx(-0.5)
    assert interval[0] < -0.5 < interval[1] < 0


def test_what_was_expected_of_either_side_is_taken_out() -> None:
    """Twice the events where twice as many were expected is no effect."""
    events = np.array([1, 1, 0, 0] * 50 + [1, 0, 0, 0] * 50, float)
    expected = np.repeat([0.5, 0.25], 200)
    effect = estimate_effect(Outcomes(events, np.zeros(400), expected), pairs(200))
    assert effect is not None
    assert effect.change == pytest.approx(0)


def test_controls_who_are_listed_later_do_not_thin_the_effect() -> None:
    """60 events where untouched 100 would be; the controls' second half was listed, and so is thinned to 30."""
    listed = np.array([1] * 60 + [0] * 140, float)
    before, after = np.array([1] * 50 + [0] * 150, float), np.array([0] * 100 + [1] * 30 + [0] * 70, float)
    events = np.concatenate([listed, before + after])
    later = np.concatenate([np.zeros(200), after])
    effect = estimate_effect(Outcomes(events, later, np.ones(400)), pairs(200))
    assert effect is not None
    assert effect.change == pytest.approx(-0.4)


def test_one_control_in_many_sets_is_not_taken_for_many_people() -> None:
    events = np.array([1, 0, 0, 0] * 50 + [1, 1, 0, 0] * 50, float)
    own, shared = pairs(200), pairs(200)
    once = np.concatenate([shared.person[:200], 200 + np.arange(200) % 4])
    reused = Matches(shared.set, once, shared.week, shared.listed, shared.weight, 0)
    outcomes = Outcomes(events, np.zeros(400), np.ones(400))
    widths = []
    for matches in (own, reused):
        effect = estimate_effect(outcomes, matches)
        assert effect is not None
        widths.append(effect.spread[2])
    assert widths[1] > 10 * widths[0]


def test_too_few_to_bound_the_ratio_gives_no_interval() -> None:
    events = np.array([1, 0, 1, 0], float)
    effect = estimate_effect(Outcomes(events, np.zeros(4), np.ones(4)), pairs(2))
    assert effect is not None
    assert effect.interval() is None
    assert judge_interval(effect.interval(), 0.1) is Verdict.TOO_FEW


def test_balance_is_nothing_for_alike_and_one_for_a_standard_deviation() -> None:
    values = np.array([1.0, 3.0, 1.0, 3.0])
    assert compute_balance(values, pairs(2)) == 0
    assert compute_balance(values + np.array([1, 1, 0, 0]), pairs(2)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((-0.4, -0.01), Verdict.WORKS),
        ((0.01, 0.6), Verdict.HARMS),
        ((-0.09, 0.08), Verdict.NOT_WORTH),
        ((-0.11, 0.08), Verdict.TOO_FEW),
        ((-0.05, 0.2), Verdict.TOO_FEW),
        (None, Verdict.TOO_FEW),
    ],
)
def test_the_verdict_is_read_off_the_interval(interval: tuple[float, float] | None, verdict: Verdict) -> None:
    assert judge_interval(interval, 0.1) is verdict


def test_five_equal_looks_have_the_boundaries_in_print() -> None:
    """Lan-DeMets with O'Brien-Fleming-type spending, 2.5% for each side: as ldbounds gives them."""
    assert find_boundaries([0.2, 0.4, 0.6, 0.8, 1.0]) == pytest.approx((4.877, 3.357, 2.680, 2.290, 2.031), abs=0.003)


def integrate_crossings(fractions: Sequence[float], boundaries: Sequence[float]) -> list[float]:
    """The chance to have crossed by each look under no effect: Simpson's rule over the density of what has not.

    Recursive integration as Armitage, McPherson and Rowe (1969) have it, with other points and another rule than the
    engine's.
    """
    points, mass, time, crossed = np.array([0.0]), np.array([1.0]), 0.0, []
    for fraction, boundary in zip(fractions, boundaries, strict=True):
        spread, bound = np.sqrt(fraction - time), boundary * np.sqrt(fraction)
        ahead = np.linspace(-bound, bound, 301)
        weights = np.where(np.arange(301) % 2, 4.0, 2.0)
        weights[[0, -1]] = 1
        density = stats.norm.pdf(ahead[:, None], points[None, :], spread) @ mass
        mass = density * weights * (ahead[1] - ahead[0]) / 3
        points, time = ahead, fraction
        crossed.append(1 - float(mass.sum()))
    return crossed


LOOKS = [
    [0.2, 0.4, 0.6, 0.8, 1.0],
    [0.5, 1.0],
    [0.1, 0.15, 0.7, 0.72, 1.0],
    [number / 24 for number in range(1, 25)],
]


@pytest.mark.parametrize("fractions", LOOKS)
def test_what_is_spent_by_each_look_is_what_the_function_gives_it(fractions: list[float]) -> None:
    """The chance to have crossed is the spending function's at every look, and 5% in all."""
    crossed = integrate_crossings(fractions, find_boundaries(fractions))
    assert crossed == pytest.approx([spend(fraction) for fraction in fractions], abs=1e-4)
    assert crossed[-1] == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize("fractions", LOOKS[:-1])
def test_spending_by_the_calendar_spends_5_percent_whatever_the_people(fractions: list[float]) -> None:
    times = [(number + 1) / len(fractions) for number in range(len(fractions))]
    crossed = integrate_crossings(fractions, find_boundaries(fractions, times=times))
    assert crossed == pytest.approx([spend(time) for time in times], abs=1e-4)


def test_a_later_look_moves_no_earlier_boundary() -> None:
    """Counts and times of five looks, seen at each in turn: what was asked for stays."""
    counts, times = [30, 80, 200, 210, 400], [0.1, 0.3, 0.6, 0.8, 1.0]
    last = price_looks(counts, times)
    for seen in range(1, 6):
        assert price_looks(counts[:seen], times[:seen]) == [
            (number, pytest.approx(critical, abs=1e-4)) for number, critical in last[:seen]
        ]


def test_a_look_at_nobody_new_is_not_paid_for() -> None:
    assert [number for number, _ in price_looks([0, 10, 10, 9, 20], [0.2, 0.4, 0.6, 0.8, 1.0])] == [1, 4]
    assert price_looks([0, 0], [0.5, 1.0]) == []


def test_kinds_differ_in_each_part_and_count_many_admissions_as_one() -> None:
    every = [
        (band, sex, prior, since) for band in range(7) for sex in (1, 2) for prior in range(4) for since in (0, 28, 91)
    ]
    columns = [np.array(column) for column in zip(*every, strict=True)]
    assert len(set(number_kinds(*columns).tolist())) == len(every)
    same = number_kinds(np.array([1, 1]), np.array([1, 1]), np.array([3, 9]), np.array([90, 28]))
    assert same[0] == same[1]


def test_the_error_of_the_ratio_is_that_of_its_interval() -> None:
    """Near its own value the range is about that many errors wide."""
    events = np.array([1, 0, 0, 0] * 500 + [1, 1, 0, 0] * 500, float)
    effect = estimate_effect(Outcomes(events, np.zeros(4000), np.ones(4000)), pairs(2000))
    assert effect is not None
    low, high = effect.interval() or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * effect.measure_error(effect.ratio), rel=0.02)
    assert effect.fewest == 500


def test_one_look_costs_nothing_and_all_is_spent_at_the_end() -> None:
    assert find_boundaries([1.0])[0] == pytest.approx(1.95996, abs=1e-4)
    assert (spend(0), spend(1)) == (0, pytest.approx(0.05))


def test_many_looks_find_an_effect_where_there_is_none_at_most_as_often_as_one() -> None:
    """24 looks at a walk that goes nowhere; at 1.96 each, one in four or so would be fooled."""
    fractions = np.arange(1, 25) / 24
    steps = np.random.default_rng(5).normal(size=(20_000, 24))
    scores = steps.cumsum(axis=1) / np.sqrt(np.arange(1, 25))
    assert 0.045 <= (np.abs(scores) > np.array(find_boundaries(list(fractions)))).any(axis=1).mean() <= 0.055
    assert (np.abs(scores) > 1.96).any(axis=1).mean() > 0.2


def test_a_look_before_anybody_is_followed_is_none_and_the_last_is_the_analysis() -> None:
    matches = pairs(200)
    events = np.array([1, 0, 0, 0] * 50 + [1, 1, 0, 0] * 50, float)
    outcomes = Outcomes(events, np.zeros(400), np.ones(400))
    looks = list(take_looks(outcomes, matches, 26, [10, 26, 30]))
    assert [look.week for look in looks] == [26]
    assert judge_looks(looks, 0.1) is Verdict.WORKS
    assert judge_looks([], 0.1) is Verdict.TOO_FEW


def test_monthly_looks_end_at_the_last_week() -> None:
    looks = choose_monthly_looks(130, 26, 24)
    assert (len(looks), looks[-1]) == (24, 130)
    assert looks == sorted(set(looks))
    assert looks[0] > 26


@pytest.mark.parametrize("people", [300, 1200, 9000])
def test_the_detectable_fall_is_found_in_eight_of_ten(people: int) -> None:
    fall = find_detectable_fall(people, 0.4, Assumptions())
    assert fall is not None
    assert compute_power(fall, people, 0.4, Assumptions()) == pytest.approx(0.8, abs=1e-6)


def test_more_people_find_smaller_falls_and_too_few_find_none() -> None:
    falls = [find_detectable_fall(people, 0.3, Assumptions()) for people in (400, 800, 1600)]
    assert all(fall is not None for fall in falls)
    assert falls == sorted(falls, reverse=True)
    assert find_detectable_fall(20, 0.3, Assumptions()) is None
    assert compute_power(0.0, 400, 0.3, Assumptions()) == pytest.approx(ALPHA / 2)
