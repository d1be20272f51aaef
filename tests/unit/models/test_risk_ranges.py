"""The range of a risk: what was seen among people with similar scores, and how often it holds the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest

from riskstrat.errors import ModelError
from riskstrat.scoring import Platt, Ranges, load
from riskstrat.training.calibration import calibrate
from riskstrat.training.intervals import neighbours, ranges, wilson


def drawn(rows: int, seed: int, log_odds=lambda margin: 0.8 * margin - 0.2):
    draw = np.random.default_rng(seed)
    margin = draw.normal(-2.2, 1.2, rows)
    return margin, (draw.random(rows) < expit(log_odds(margin))).astype(float)


def coverage(rows: int, log_odds) -> float:
    """The share of people, over twenty slices, whose true risk lies within their range."""
    people = np.random.default_rng(99).normal(-2.2, 1.2, 4000)
    inside = []
    for seed in range(20):
        margin, outcome = drawn(rows, seed, log_odds)
        calibrator = calibrate(margin, outcome, np.arange(rows), "platt", compare=False).calibrator
        low, high = ranges(margin, outcome, calibrator).of(people, calibrator.risk(people))
        truth = expit(log_odds(people))
        inside.append(((low <= truth) & (truth <= high)).mean())
    return float(np.mean(inside))


def step(margin):
    """A rise that no line on log odds can follow: the ranges must find it by themselves."""
    return -2.2 + 1.2 * np.tanh(3 * (margin + 2)) + 0.1 * (margin + 2)


def test_the_range_holds_the_true_risk_of_about_19_people_in_20() -> None:
    assert 0.93 <= coverage(5000, lambda margin: 0.8 * margin - 0.2) <= 0.995


def test_the_range_holds_the_truth_where_the_calibrator_misses_it() -> None:
    margin, outcome = drawn(5000, 0, step)
    calibrator = calibrate(margin, outcome, np.arange(5000), "platt", compare=False).calibrator
    assert np.abs(calibrator.risk(margin) - expit(step(margin))).max() > 0.05
    assert coverage(5000, step) >= 0.9


def test_ranges_are_wider_with_fewer_people_and_narrower_with_more() -> None:
    at = np.array([-1.0])
    widths = []
    for rows in (100, 500, 5000, 50_000):
        low, high = ranges(*drawn(rows, 5), Platt(0.8, -0.2)).of(at, np.array([0.27]))
        widths.append(float((high - low)[0]))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.2
    assert widths[-1] < 0.12


@pytest.mark.parametrize(("rows", "behind"), [(3, 1), (100, 20), (1000, 200), (20_000, 400), (1_000_000, 500)])
def test_how_many_people_stand_behind_a_range(rows: int, behind: int) -> None:
    assert neighbours(rows) == behind


def test_the_ends_are_those_of_the_wilson_interval() -> None:
    low, high = wilson(np.array([0.0, 0.125, 1.0]), 200)
    for place, events in enumerate((0, 25, 200)):
        theirs = binomtest(events, 200).proportion_ci(0.95, method="wilson")
        assert (low[place], high[place]) == pytest.approx((theirs.low, theirs.high))


def test_ranges_hold_the_risk_and_never_fall() -> None:
    margin, outcome = drawn(3000, 8)
    calibrator = Platt(2.0, 1.5)  # far from the truth
    everywhere = np.linspace(-15, 15, 3001)
    risk = calibrator.risk(everywhere)
    low, high = ranges(margin, outcome, calibrator).of(everywhere, risk)
    assert ((low <= risk) & (risk <= high)).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()
    assert ((low >= 0) & (high <= 1)).all()


def test_beyond_the_calibration_slice_the_range_keeps_its_distance_on_log_odds() -> None:
    calibrator = Platt(0.8, -0.2)
    made = ranges(*drawn(5000, 3), calibrator)
    last = made.margins[-1]
    at = np.array([last, last + 1, last + 2])
    low, high = made.of(at, calibrator.risk(at))
    assert np.diff(logit(high)) == pytest.approx([0.8, 0.8])
    assert np.diff(logit(low)) == pytest.approx([0.8, 0.8])


def test_without_a_calibration_slice_anything_is_possible() -> None:
    low, high = ranges(np.zeros(0), np.zeros(0), Platt(1.0, 0.0)).of(np.zeros(2), np.full(2, 0.5))
    assert (low.tolist(), high.tolist()) == ([0, 0], [1, 1])


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_row_or_one_outcome_still_gives_a_range(outcome: float) -> None:
    for rows in (1, 40):
        made = ranges(np.linspace(-1, 1, rows), np.full(rows, outcome), Platt(1.0, 0.0))
        low, high = made.of(np.array([0.0]), np.array([0.5]))
        assert 0 <= low[0] <= 0.5 <= high[0] <= 1


def test_a_model_gives_ranges_around_its_risks(fitted, borough) -> None:
    margin = fitted.margins["lightgbm"]
    low, high = fitted.model.range_of(margin)
    risk = fitted.model.risk_of(margin)
    assert ((low <= risk) & (risk <= high)).all()
    assert 0.05 < (high - low).mean() < 0.4
    assert low.dtype == high.dtype == np.float64


def test_ranges_read_back_with_the_model(fitted, tmp_path: Path) -> None:
    fitted.model.save(tmp_path)
    margin = fitted.margins["lightgbm"]
    again = load(tmp_path)
    assert again.ranges == fitted.model.ranges
    assert all(
        (one == other).all() for one, other in zip(again.range_of(margin), fitted.model.range_of(margin), strict=True)
    )


def test_a_model_without_ranges_says_to_train_again(fitted, tmp_path: Path) -> None:
    replace(fitted.model, ranges=None).save(tmp_path)
    with pytest.raises(ModelError, match="without ranges; train it again"):
        load(tmp_path).range_of(np.zeros(1))


@pytest.mark.parametrize(
    "ends",
    [
        ((0.0, 1.0), (0.0,), (1.0, 2.0)),
        ((1.0, 0.0), (0.0, 1.0), (1.0, 2.0)),
        ((0.0, 1.0), (1.0, 0.0), (1.0, 2.0)),
        ((0.0, 1.0), (0.0, 3.0), (1.0, 2.0)),
    ],
)
def test_ranges_that_make_no_sense_are_refused(ends) -> None:
    with pytest.raises(ModelError, match="train the model again"):
        Ranges(*ends)
