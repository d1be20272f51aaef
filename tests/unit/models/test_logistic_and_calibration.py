"""training: the plain logistic regression and Platt scaling agree with what they should be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression

from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError
from riskstrat.training import logistic
from riskstrat.training.calibration import calibrate
from riskstrat.training.folds import draw_folds
from riskstrat.training.linear import choose_penalty, learn_linear, shape_columns
from riskstrat.training.logistic import fit_logistic
from riskstrat.training.rows import TrainingRows


def test_weights_are_those_of_another_implementation() -> None:
    draw = np.random.default_rng(3)
    design = draw.normal(size=(12_000, 5))
    outcome = (draw.random(12_000) < 1 / (1 + np.exp(-(design @ [1, -1, 0.5, 0, 0] - 2)))).astype(float)
    ours = fit_logistic(design, outcome, penalty=10.0).weights
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(design, outcome)
    assert np.allclose(ours, np.append(theirs.coef_, theirs.intercept_), atol=1e-4)


def test_what_was_found_for_something_near_saves_steps_and_changes_nothing() -> None:
    draw = np.random.default_rng(4)
    design = draw.normal(size=(5_000, 6))
    outcome = (draw.random(5_000) < 1 / (1 + np.exp(-(design @ [1, -1, 0.5, 0, 0, 0.2] - 2)))).astype(float)
    part = np.arange(0, 5_000, 2)
    afresh = fit_logistic(design, outcome, 1.0, rows=part)
    for near in (fit_logistic(design, outcome, 300.0), fit_logistic(design, 1 - outcome, 1.0)):
        assert np.allclose(fit_logistic(design, outcome, 1.0, near, part).weights, afresh.weights, atol=1e-6)
    assert np.allclose(fit_logistic(design[part], outcome[part], 1.0).weights, afresh.weights, atol=1e-9)


class CountedDesign:
    """An array of which is counted how often some rows are read."""

    def __init__(self, values: npt.NDArray[np.float64]) -> None:
        self.values, self.shape, self.reads = values, values.shape, 0

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        self.reads += 1
        return np.asfortranarray(self.values[rows])


@pytest.mark.parametrize("rows", [80, 199, 200])
def test_few_rows_are_read_once_and_give_the_same_bytes(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four blocks of 50 rows are few; with none that are few, every block is read at every step."""
    draw = np.random.default_rng(6)
    values = draw.normal(size=(300, 5))
    outcome = (draw.random(300) < 1 / (1 + np.exp(1 - values @ [1, -1, 0.5, 0, 0.2]))).astype(float)
    some = np.sort(draw.choice(300, rows, replace=False))
    monkeypatch.setattr(logistic, "BLOCK", 50)
    held, read = CountedDesign(values), CountedDesign(values)
    once = fit_logistic(held, outcome, 2.0, rows=some)
    monkeypatch.setattr(logistic, "FEW_BLOCKS", 0)
    again = fit_logistic(read, outcome, 2.0, rows=some)
    assert [part.tobytes() for part in once] == [part.tobytes() for part in again]
    assert held.reads == -(-rows // 50)
    assert read.reads >= 3 * held.reads


def test_more_rows_than_are_few_are_never_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(7)
    design = CountedDesign(draw.normal(size=(201, 2)))
    monkeypatch.setattr(logistic, "BLOCK", 50)
    fit_logistic(design, (draw.random(201) < 0.3).astype(float), 2.0)
    assert design.reads > 5


@pytest.mark.parametrize(("rows", "columns", "heavy"), [(400, 60, True), (20_000, 4, False)])
def test_the_penalty_is_heavy_where_noise_would_be_learned_and_light_where_it_would_not(
    rows: int, columns: int, heavy: bool
) -> None:
    draw = np.random.default_rng(8)
    values = draw.normal(size=(rows, columns)).astype(np.float32)
    signal = np.zeros(rows) if heavy else values @ [1.5, -1.0, 1.0, 0.5]
    outcome = (draw.random(rows) < 1 / (1 + np.exp(1 - signal))).astype(float)
    learned = TrainingRows(values, outcome, np.array([f"P{n}" for n in range(rows)]))
    shaped = shape_columns(learned, [f"f{n}" for n in range(columns)], None, [0] * columns)
    penalty = choose_penalty(shaped, outcome, draw_folds(learned, seed=1)).penalty
    assert penalty >= 100 if heavy else penalty <= 10


def test_outcomes_that_a_line_separates_still_give_finite_weights() -> None:
    design = np.linspace(-1, 1, 200)[:, None]
    weights = fit_logistic(design, (design[:, 0] > 0).astype(float), penalty=1.0).weights
    assert np.isfinite(weights).all()
    assert weights[0] > 0


def test_calibration_finds_the_slope_and_intercept_that_made_the_outcomes() -> None:
    draw = np.random.default_rng(4)
    margin = draw.normal(-2, 1.5, 100_000)
    outcome = (draw.random(100_000) < 1 / (1 + np.exp(-(0.7 * margin + 0.4)))).astype(float)
    calibrator, note, _ = calibrate(margin, outcome, np.arange(100_000), "platt", compare=False)
    assert calibrator.slope == pytest.approx(0.7, abs=0.03)
    assert calibrator.intercept == pytest.approx(0.4, abs=0.06)
    assert abs(calibrator.risk(margin).mean() - outcome.mean()) < 1e-6
    assert note == f"Platt scaling on 100000 rows with {int(outcome.sum())} events"


@pytest.mark.parametrize("outcome", [np.zeros(40), np.ones(40), np.tile([0.0, 1.0], 20), np.zeros(0)])
def test_a_small_slice_gives_a_rising_calibrator_near_no_change(outcome) -> None:
    calibrator, note, _ = calibrate(np.linspace(2, -2, len(outcome)), outcome, np.arange(len(outcome)))
    assert 0.2 < calibrator.slope < 3
    assert abs(calibrator.intercept) < 4
    assert "drawn towards no change" in note


def test_no_rows_at_all_leave_the_margin_as_it_is() -> None:
    calibrator = calibrate(np.zeros(0), np.zeros(0), []).calibrator
    assert (calibrator.slope, calibrator.intercept) == pytest.approx((1.0, 0.0))


@pytest.mark.parametrize("margin", [np.arange(1000) / 500, np.ones(1000)])
def test_margins_that_point_the_wrong_way_or_nowhere_are_refused(margin) -> None:
    outcome = (np.arange(1000) < 200).astype(float)
    with pytest.raises(TrainingError, match="1000 rows with 200 events"):
        calibrate(margin, outcome, np.arange(1000))


def test_the_design_flags_missing_values_keeps_rare_columns_and_drops_constant_ones() -> None:
    draw = np.random.default_rng(5)
    train = np.zeros((5000, 4), dtype=np.float32)
    train[:3, 0] = 1  # so rare that its tails are all there is
    train[:, 1] = 7
    train[:, 2] = np.nan
    train[:, 3] = np.where(draw.random(5000) < 0.5, np.nan, draw.exponential(10, 5000))
    rows = TrainingRows(train, (draw.random(5000) < 0.2).astype(float), np.arange(5000))
    ready = shape_columns(rows, ("rare", "constant", "empty", "half"), None, [0] * 4).design[np.arange(5000)]
    assert ready.shape == (5000, 3)
    assert np.isfinite(ready).all()
    assert ready[0, 0] > 10 > ready[4999, 0]
    assert np.allclose(ready[:, 1].std(), 1, atol=1e-3)
    assert (ready[:, 2] == np.isnan(train[:, 3])).all()


def test_values_never_seen_in_training_give_finite_margins() -> None:
    train = np.random.default_rng(6).poisson(1.0, (500, 3)).astype(np.float32)
    rows = TrainingRows(train, (train[:, 0] > 1).astype(float), np.arange(500))
    linear = learn_linear(rows, ("a", "b", "c"), LearnerRecipe(), draw_folds(rows, seed=1), "a").linear
    strange = np.array([[np.nan, np.inf, 1e30], [-1e30, -np.inf, 0]], dtype=np.float32)
    assert np.isfinite(linear.margin(strange, ("a", "b", "c"))).all()
