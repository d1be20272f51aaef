"""Calibration without rows apart: training rows calibrate, each by learners that had not seen the person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from riskstrat.training import fit
from riskstrat.training.calibration import calibrate
from riskstrat.training.cross_fitting import FOLDS, cross_fit
from riskstrat.training.rows import TrainingRows
from tests.unit.models.conftest import Borough
from tests.unit.models.paper_rivals import PAPER_RIVALS


@pytest.fixture(scope="module")
def without_rows_apart(borough: Borough) -> Borough:
    """The borough of three index dates, with the second in training too."""
    return replace(borough, slices=np.where(borough.slices == "calibration", "train", borough.slices))


@pytest.fixture(scope="module")
def cross_fitted(without_rows_apart: Borough) -> Any:
    one = without_rows_apart
    return fit(one.matrix, one.outcome, one.slices, one.recipe, rivals=PAPER_RIVALS)


def test_every_row_is_scored_once_by_what_was_learned_of_all_other_people() -> None:
    people = np.repeat(np.array([f"P{number:03}" for number in range(60)], object), 3)
    rows = TrainingRows(np.arange(180.0)[:, None], np.zeros(180), people)
    seen: list[set[str]] = []

    def learn(kept: TrainingRows) -> Any:
        assert len(kept.patient_ids) == 3 * len(set(kept.patient_ids))
        seen.append(set(kept.patient_ids))
        return lambda values: values[:, 0] + 1000 * len(seen)

    asked = np.arange(180) % 3 == 1
    margin = cross_fit(rows, asked, learn, seed=3)
    assert len(seen) == FOLDS
    assert (margin % 1000 == rows.values[asked, 0]).all()
    for number, kept in enumerate(seen, start=1):
        scored = set(people[asked][margin // 1000 == number])
        assert scored == set(people) - kept
        assert scored


def test_another_seed_draws_other_folds_and_the_same_seed_the_same() -> None:
    people = np.array([f"P{number:03}" for number in range(60)], object)
    rows = TrainingRows(np.zeros((60, 1)), np.zeros(60), people)

    def learn(kept: TrainingRows) -> Any:
        return lambda values: np.full(len(values), float(sum(int(each[1:]) for each in kept.patient_ids)))

    one, two, other = (cross_fit(rows, np.ones(60, bool), learn, seed=seed) for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_the_model_learns_from_every_row_and_its_risks_are_calibrated(cross_fitted, without_rows_apart) -> None:
    one = without_rows_apart
    assert cross_fitted.facts["rows"] == {"train": 2000, "calibration": 0, "test": 1000}
    assert "each by a model that had not seen the person (5 folds)" in cross_fitted.facts["calibration"]
    assert " on 1000 rows with" in cross_fitted.facts["calibration"]
    happened = one.outcome[cross_fitted.test_rows]
    for risk in cross_fitted.risks.values():
        assert abs(risk.mean() - happened.mean()) < 0.04


def test_risks_are_not_made_steeper_by_rows_that_the_model_knows(cross_fitted, without_rows_apart) -> None:
    one = without_rows_apart
    train = np.flatnonzero((one.slices == "train") & (np.arange(len(one.slices)) % 3 == 1))
    people = one.matrix.keys["patient_id"].to_numpy()[train]
    known = cross_fitted.model.margin(one.matrix.take(train))
    too_steep = calibrate(known, one.outcome[train], people, "platt").calibrator
    own = cross_fitted.model.calibrator
    assert np.ptp(own.log_odds(np.array([-3.0, 0.0]))) < 0.95 * np.ptp(too_steep.log_odds(np.array([-3.0, 0.0])))


def test_the_same_inputs_give_the_same_calibrator(cross_fitted, without_rows_apart) -> None:
    one = without_rows_apart
    again = fit(one.matrix, one.outcome, one.slices, one.recipe, rivals=PAPER_RIVALS)
    assert again.model.calibrator == cross_fitted.model.calibrator
    assert again.model.ranges == cross_fitted.model.ranges
    for name, risk in cross_fitted.risks.items():
        assert (again.risks[name] == risk).all()
