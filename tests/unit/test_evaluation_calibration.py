"""Recalibration and the smooth calibration curve, on tables whose answer is known."""

import numpy as np
import pytest
from scipy.special import expit, logit

from riskstrat.evaluation import (
    EvaluationError,
    calibration_curve,
    calibration_errors,
    calibration_in_the_large,
    integrated_calibration_index,
    recalibrate,
)


def two_groups(
    risks: tuple[float, float], rates: tuple[float, float], size: int = 100
) -> tuple[list[int], list[float]]:
    """Two groups of the same size, each with its predicted risk and its observed rate."""
    outcome: list[int] = []
    for rate in rates:
        events = round(rate * size)
        outcome += [1] * events + [0] * (size - events)
    return outcome, [risks[0]] * size + [risks[1]] * size


def test_two_groups_fix_the_line_exactly():
    found = recalibrate(*two_groups((0.1, 0.4), (0.2, 0.6)))
    slope = (logit(0.6) - logit(0.2)) / (logit(0.4) - logit(0.1))
    assert found.slope == pytest.approx(slope, abs=1e-7)
    assert found.intercept == pytest.approx(logit(0.2) - slope * logit(0.1), abs=1e-7)
    assert found.reason is None


def test_weights_count_rows_as_if_they_were_repeated():
    outcome, risk = [0, 1, 1, 0, 1], [0.1, 0.2, 0.5, 0.6, 0.7]
    copies = [3, 1, 2, 1, 0]
    repeated = np.repeat(outcome, copies), np.repeat(risk, copies)
    weighted, plain = recalibrate(outcome, risk, copies), recalibrate(*repeated)
    assert (weighted.slope, weighted.intercept) == pytest.approx((plain.slope, plain.intercept), abs=1e-7)
    assert calibration_in_the_large(outcome, risk, copies) == pytest.approx(calibration_in_the_large(*repeated))
    assert integrated_calibration_index(outcome, risk, copies) == pytest.approx(integrated_calibration_index(*repeated))


def test_calibration_in_the_large_of_one_risk_is_the_difference_in_log_odds():
    found = calibration_in_the_large([1] * 3 + [0] * 7, [0.1] * 10)
    assert found.value == pytest.approx(logit(0.3) - logit(0.1), abs=1e-9)


def test_calibration_in_the_large_brings_the_mean_risk_to_the_observed_rate():
    random = np.random.default_rng(3)
    risk = random.beta(1, 9, 500)
    outcome = (random.random(500) < 0.3).astype(int)
    shift = calibration_in_the_large(outcome, risk).value
    assert expit(logit(risk) + shift).mean() == pytest.approx(outcome.mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("outcome", "risk", "reason"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], "the risks separate the outcomes completely"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], "the risks separate the outcomes completely"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.2, 0.4], "the risks separate the outcomes completely"),
        ([0, 1, 0, 1], [0.2, 0.2, 0.2, 0.2], "every risk is the same"),
        ([0, 0], [0.2, 0.3], "there are no events"),
        ([], [], "there is nobody to evaluate"),
    ],
)
def test_a_slope_that_does_not_exist_says_why(outcome, risk, reason):
    found = recalibrate(outcome, risk)
    assert (found.slope, found.intercept, found.reason) == (None, None, reason)


def test_outcomes_that_barely_overlap_still_have_a_slope():
    found = recalibrate([0, 0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.31, 0.6, 0.7])
    assert found.reason is None
    assert found.slope > 1


def test_risks_of_exactly_0_and_1_count_as_one_in_a_million_away():
    outcome = [0, 1, 0, 1]
    assert recalibrate(outcome, [0.0, 0.0, 1.0, 1.0]) == recalibrate(outcome, [1e-6, 1e-6, 1 - 1e-6, 1 - 1e-6])


def test_the_curve_of_two_groups_passes_through_both_and_the_index_is_the_mean_distance():
    outcome, risk = two_groups((0.2, 0.6), (0.1, 0.6))
    curve = calibration_curve(outcome, risk)
    assert curve.to_numpy() == pytest.approx(np.array([[0.2, 0.1, 100], [0.6, 0.6, 100]]))
    assert integrated_calibration_index(outcome, risk).value == pytest.approx(0.05)


def test_the_curve_is_a_local_quadratic_fitted_point_by_point():
    random = np.random.default_rng(6)
    risk, outcome = random.random(60), random.integers(0, 2, 60)
    curve = calibration_curve(outcome, risk)
    for point, observed in zip(curve.risk, curve.observed, strict=True):
        away = np.abs(risk - point)
        width = np.sort(away)[44]
        pull = np.clip(1 - (away / width) ** 3, 0, None) ** 3
        fit = np.polyfit(risk - point, outcome, 2, w=np.sqrt(pull))
        assert observed == pytest.approx(np.clip(fit[-1], 0, 1), abs=1e-9)


def test_the_index_finds_a_miscalibration_of_known_size():
    random = np.random.default_rng(11)
    true = expit(random.normal(-2.5, 1.2, 60_000))
    outcome = (random.random(60_000) < true).astype(int)
    assert integrated_calibration_index(outcome, true).value < 0.004
    for wrong in (true**1.2, np.clip(true + 0.03, 0, 1), expit(1.5 * logit(true))):
        expected = np.abs(wrong - true).mean()
        assert integrated_calibration_index(outcome, wrong).value == pytest.approx(expected, abs=0.003)


def test_the_distances_of_four_groups_are_those_worked_out_by_hand():
    # 500, 400, 60 and 40 people with four risks, so that the curve has four points.
    sizes, risks, rates = (500, 400, 60, 40), (0.1, 0.101, 0.5, 0.9), (0.12, 0.12, 0.6, 0.6)
    risk = np.repeat(risks, sizes)
    outcome = np.concatenate([np.arange(size) < round(rate * size) for size, rate in zip(sizes, rates, strict=True)])
    curve = calibration_curve(outcome.astype(int), risk)
    distance = (curve.observed - curve.risk).abs()
    found = {name: figure.value for name, figure in calibration_errors(outcome.astype(int), risk).items()}
    assert found["ici"] == pytest.approx((distance * curve.people).sum() / 1000)
    assert found["emax"] == pytest.approx(distance.max())
    assert found["e90"] == pytest.approx(np.quantile(np.repeat(distance, sizes), 0.9, method="inverted_cdf"))
    # The 50 with the highest risk are the 40 at 0.9 and 10 of the 60 at 0.5; equal risks are kept together.
    assert found["ici_of_top_5_percent"] == pytest.approx((60 * distance[2] + 40 * distance[3]) / 100)


def test_nine_in_ten_people_lie_within_e90_and_nobody_beyond_emax():
    outcome, risk = two_groups((0.2, 0.6), (0.1, 0.6), size=500)
    found = calibration_errors(outcome, risk)
    assert [found[name].value for name in ("e90", "emax", "ici_of_top_5_percent")] == pytest.approx([0.1, 0.1, 0.0])
    weights = np.repeat([1, 19], 500)
    found = calibration_errors(outcome, risk, weights)
    assert [found[name].value for name in ("e90", "emax")] == pytest.approx([0, 0.1], abs=1e-9)


def test_risks_that_go_wrong_at_the_top_alone_are_found_there():
    random = np.random.default_rng(8)
    true = expit(random.normal(-2.5, 1.0, 40_000))
    outcome = (random.random(40_000) < true).astype(int)
    wrong = np.where(true > np.quantile(true, 0.93), np.clip(true + 0.15, 0, 1), true)
    found = calibration_errors(outcome, wrong)
    assert found["ici"].value < 0.03
    assert found["ici_of_top_5_percent"].value > 0.08


def test_a_curve_of_many_risks_has_at_most_500_points_and_keeps_everybody():
    random = np.random.default_rng(2)
    risk = np.append(random.random(4000), np.full(3000, 0.25))
    outcome = (random.random(7000) < risk).astype(int)
    curve = calibration_curve(outcome, risk)
    assert len(curve) <= 500
    assert curve.people.sum() == 7000
    assert (curve.people >= 3000).sum() == 1, "equal risks are never parted"
    assert curve.risk.is_monotonic_increasing
    assert curve.observed.between(0, 1).all()
    assert np.average(curve.risk, weights=curve.people) == pytest.approx(risk.mean())


def test_weights_below_0_are_refused():
    with pytest.raises(EvaluationError, match="weights holds negative"):
        recalibrate([0, 1], [0.1, 0.2], [1, -1])
