"""training: each calibration method finds what made the outcomes, and the one that is better beyond noise is taken."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from riskstrat.errors import TrainingError
from riskstrat.scoring import Beta, Isotonic, Platt, beta_terms
from riskstrat.training.calibration import CalibratorScore, calibrate
from riskstrat.training.isotonic import smoothed_isotonic, venn_abers


def drawn(log_odds, rows: int = 20_000, seed: int = 11):
    """Margins, outcomes whose log odds are a function of them, and one patient a row."""
    draw = np.random.default_rng(seed)
    margin = draw.normal(-2.2, 1.1, rows)
    outcome = (draw.random(rows) < expit(log_odds(margin))).astype(float)
    return margin, outcome, np.array([f"P{n:06d}" for n in range(rows)])


def bent(margin):
    """Steps that neither a line nor a beta map can follow."""
    return margin + 0.32 * np.sin(3 * margin)


def chosen(scores: tuple[CalibratorScore, ...]) -> list[str]:
    return [one.method for one in scores if one.chosen]


def test_platt_scaling_is_taken_where_a_line_made_the_outcomes() -> None:
    made = calibrate(*drawn(lambda margin: 0.7 * margin - 0.3))
    assert isinstance(made.calibrator, Platt)
    assert (made.calibrator.slope, made.calibrator.intercept) == pytest.approx((0.7, -0.3), abs=0.08)
    assert "Platt scaling on 20000 rows" in made.note
    assert "no other strictly increasing method has a lower log loss" in made.note


def test_beta_calibration_is_taken_where_it_made_the_outcomes_and_finds_its_parameters() -> None:
    made = calibrate(*drawn(Beta(0.5, 2.5, -0.4).log_odds, rows=60_000))
    assert isinstance(made.calibrator, Beta)
    assert (made.calibrator.a, made.calibrator.b, made.calibrator.c) == pytest.approx((0.5, 2.5, -0.4), abs=0.25)
    assert made.note.startswith("beta calibration on 60000 rows")


def test_beta_calibration_still_rises_where_the_outcomes_do_not() -> None:
    def falling(margin):
        low, high = beta_terms(margin)
        return 1.2 * low - 0.8 * high

    margin, outcome, people = drawn(falling, rows=40_000)
    made = calibrate(margin, outcome, people, "beta", compare=False).calibrator
    assert made.b == pytest.approx(0.05)
    assert 0.5 < made.a < 1.2


def test_smoothed_isotonic_is_taken_where_risks_rise_in_steps() -> None:
    margin, outcome, people = drawn(bent)
    made = calibrate(margin, outcome, people)
    assert isinstance(made.calibrator, Isotonic)
    line = calibrate(margin, outcome, people, "platt", compare=False).calibrator
    apart, apart_by_line = (np.abs(one.risk(margin) - expit(bent(margin))).mean() for one in (made.calibrator, line))
    assert apart < 0.5 * apart_by_line


def test_every_method_is_compared_and_only_venn_abers_does_not_strictly_rise() -> None:
    scores = calibrate(*drawn(bent)).scores
    assert [one.method for one in scores] == ["platt", "beta", "isotonic", "venn_abers"]
    assert [one.strictly_increasing for one in scores] == [True, True, True, False]
    assert chosen(scores) == ["isotonic"]
    platt, _, isotonic, _ = scores
    assert (platt.difference, platt.difference_error) == (0, 0)
    assert isotonic.difference == pytest.approx(isotonic.log_loss - platt.log_loss)
    assert 0 < isotonic.difference_error < isotonic.standard_error
    assert set(scores[0].to_dict()) >= {"method", "log_loss", "standard_error", "strictly_increasing", "chosen"}


def test_venn_abers_is_never_taken_however_good() -> None:
    margin, outcome, people = drawn(lambda margin: np.where(margin > -2, 0.0, -4.0))
    scores = calibrate(margin, outcome, people).scores
    best = min(scores, key=lambda one: one.log_loss)
    assert best.method == "venn_abers"
    assert chosen(scores) == ["isotonic"]


@pytest.mark.parametrize(("method", "kind"), [("platt", Platt), ("beta", Beta), ("isotonic", Isotonic)])
def test_a_method_asked_for_is_taken_whatever_the_comparison_says(method: str, kind: type) -> None:
    margin, outcome, people = drawn(bent, rows=4000)
    made = calibrate(margin, outcome, people, method)
    assert isinstance(made.calibrator, kind)
    assert chosen(made.scores) == [method]
    assert made.note.endswith(", as the recipe asks")
    alone = calibrate(margin, outcome, people, method, compare=False)
    assert alone.calibrator == made.calibrator
    assert alone.scores == ()


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_the_mean_risk_of_the_slice_is_the_share_with_the_outcome(method: str) -> None:
    margin, outcome, people = drawn(bent)
    assert calibrate(margin, outcome, people, method).calibrator.risk(margin).mean() == pytest.approx(
        outcome.mean(), abs=1e-5
    )


def test_the_comparison_is_the_same_every_time() -> None:
    given = drawn(bent, rows=3000)
    assert calibrate(*given) == calibrate(*given)


def test_rows_of_one_person_are_held_out_together() -> None:
    margin, outcome, people = drawn(bent, rows=4000)
    twice = [np.repeat(each, 2) for each in (margin, outcome, people)]
    once = {one.method: one for one in calibrate(margin, outcome, people).scores}
    for one in calibrate(*twice).scores[:2]:
        assert one.log_loss == pytest.approx(once[one.method].log_loss, abs=1e-6)
        assert one.standard_error == pytest.approx(once[one.method].standard_error, rel=1e-4)


@pytest.mark.parametrize("method", ["best", "beta", "isotonic"])
def test_few_events_give_platt_scaling_drawn_towards_no_change_and_nothing_else_is_tried(method: str) -> None:
    outcome = (np.arange(400) % 10 == 0).astype(float)
    made = calibrate(np.linspace(-3, 1, 400), outcome, [f"P{n}" for n in range(400)], method)
    assert isinstance(made.calibrator, Platt)
    assert made.note == "Platt scaling, drawn towards no change: only 400 rows with 40 events"
    assert made.scores == (CalibratorScore("platt", None, None, None, None, True, True),)


def test_margins_that_point_the_wrong_way_are_refused_whatever_the_method() -> None:
    outcome = (np.arange(1000) < 200).astype(float)
    for method in ("best", "beta", "isotonic"):
        with pytest.raises(TrainingError, match="1000 rows with 200 events"):
            calibrate(np.arange(1000) / 500, outcome, np.arange(1000), method)


def test_smoothed_isotonic_rises_through_tied_margins_and_flat_stretches() -> None:
    draw = np.random.default_rng(3)
    margin = draw.integers(0, 6, 5000).astype(float)
    outcome = (draw.random(5000) < np.array([0.1, 0.1, 0.1, 0.3, 0.28, 0.5])[margin.astype(int)]).astype(float)
    made = smoothed_isotonic(margin, outcome, Platt(0.4, -2.0))
    assert (np.diff(made.risk(np.linspace(-3, 9, 2001))) > 0).all()
    assert made.risk(np.array([5.0]))[0] == pytest.approx(outcome[margin == 5].mean(), abs=0.03)


def test_venn_abers_is_what_two_isotonic_fits_with_one_more_row_give() -> None:
    margin, outcome, _ = drawn(bent, rows=400)
    margin = np.round(margin, 1)  # ties
    asked = np.append(np.unique(margin), [-9.0, -2.123, 0.777, 9.0])

    def with_one_more(at: float, label: float) -> float:
        fitted = IsotonicRegression().fit(np.append(margin, at), np.append(outcome, label))
        return float(fitted.predict([at])[0])

    p0, p1 = (np.array([with_one_more(at, label) for at in asked]) for label in (0.0, 1.0))
    assert venn_abers(margin, outcome, asked) == pytest.approx(p1 / (1 - p0 + p1), abs=1e-9)
