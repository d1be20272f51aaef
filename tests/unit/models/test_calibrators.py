"""scoring: every calibrator rises with the margin, has its published form and reads back from plain values."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit, logit

from riskstrat.errors import ModelError
from riskstrat.scoring import Beta, Calibrator, Isotonic, Platt
from riskstrat.scoring.calibrator import calibrator_of

EVERY = [
    Platt(0.8, -0.2),
    Beta(0.6, 1.4, -0.1),
    Isotonic((-4.0, -2.5, -2.4, 0.5), (-4.2, -2.2, -2.19, 0.1), 0.9),
]


@pytest.mark.parametrize("calibrator", EVERY, ids=lambda one: one.method)
def test_a_higher_margin_has_a_higher_risk(calibrator: Calibrator) -> None:
    margin = np.linspace(-12, 12, 20_001)
    risk = calibrator.risk(margin)
    assert (np.diff(risk) > 0).all()
    assert ((risk > 0) & (risk < 1)).all()


@pytest.mark.parametrize("calibrator", EVERY, ids=lambda one: one.method)
def test_far_out_the_log_odds_still_rise_where_the_risk_can_rise_no_more(calibrator: Calibrator) -> None:
    margin = np.array([-700.0, -80.0, -40.0, 40.0, 80.0, 700.0])
    assert (np.diff(calibrator.log_odds(margin)) > 0).all()
    assert np.isfinite(calibrator.risk(margin)).all()


@pytest.mark.parametrize("calibrator", EVERY, ids=lambda one: one.method)
def test_a_calibrator_reads_back_equal_from_json(calibrator: Calibrator) -> None:
    text = json.dumps(calibrator.to_dict(), allow_nan=False)
    assert json.loads(text)["method"] == calibrator.method
    assert calibrator_of(json.loads(text)) == calibrator


def test_platt_scaling_is_a_line_on_log_odds() -> None:
    assert Platt(2.0, 1.0).risk(np.array([-0.5, 0.0])) == pytest.approx(expit([0.0, 1.0]))


def test_beta_calibration_has_the_published_form() -> None:
    p = np.array([0.01, 0.2, 0.9])
    published = 1 / (1 + 1 / (np.exp(-0.1) * p**0.6 / (1 - p) ** 1.4))
    assert Beta(0.6, 1.4, -0.1).risk(logit(p)) == pytest.approx(published)


def test_beta_calibration_with_equal_ends_is_platt_scaling() -> None:
    margin = np.linspace(-5, 5, 11)
    assert Beta(0.7, 0.7, 0.3).risk(margin) == pytest.approx(Platt(0.7, 0.3).risk(margin))


def test_isotonic_calibration_goes_through_its_points_and_on_beyond_them() -> None:
    broken = Isotonic((-2.0, 0.0, 1.0), (-1.5, -1.0, 2.0), 0.5)
    margin = np.array([-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
    assert broken.log_odds(margin) == pytest.approx([-2.5, -1.5, -1.25, -1.0, 0.5, 2.0, 3.0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Platt(0.0, 0.0), "a slope above 0, not 0"),
        (lambda: Platt(-0.5, 0.0), r"a slope above 0, not -0\.5"),
        (lambda: Platt(1.0, float("nan")), "finite"),
        (lambda: Beta(1.0, 0.0, 0.0), "a and b above 0, not 0"),
        (lambda: Beta(1.0, float("inf"), 0.0), "finite"),
        (lambda: Isotonic((0.0, 1.0), (0.0, 1.0), 0.0), "a slope above 0"),
        (lambda: Isotonic((0.0, 1.0), (1.0, 1.0), 1.0), "must rise"),
        (lambda: Isotonic((1.0, 0.0), (0.0, 1.0), 1.0), "must rise"),
        (lambda: Isotonic((0.0,), (0.0, 1.0), 1.0), "one log odds per margin"),
        (lambda: Isotonic((), (), 1.0), "one log odds per margin"),
    ],
)
def test_a_calibrator_that_would_not_rise_is_refused(make, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        make()
