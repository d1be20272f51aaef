"""The learner on real hospital stays: trees beat a line where there is much to learn from, and only there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from riskstrat.evaluation import verdict

pytestmark = pytest.mark.real_data

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "diabetes_readmission.py"
DRAWS = 60


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location(BENCHMARK.stem, BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[BENCHMARK.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stays(benchmark: ModuleType, real_data: Path):
    return benchmark.read_stays(real_data / benchmark.FOLDER)


def test_stays_that_ended_in_death_or_a_hospice_are_left_out_and_one_in_nine_is_followed_by_another(stays) -> None:
    assert len(stays.matrix) == 49_574
    assert 0.11 < stays.outcome.mean() < 0.12


def test_no_patient_is_in_two_folds_or_in_two_slices_of_one(benchmark: ModuleType, stays) -> None:
    people = stays.matrix.keys["patient_id"].to_numpy()
    assert stays.matrix.keys.assign(fold=stays.fold).groupby("patient_id")["fold"].nunique().max() == 1
    parts = benchmark.slices_of(stays, 0)
    known = [set(people[parts == name]) for name in ("train", "calibration", "test")]
    assert not known[0] & known[1] | known[0] & known[2] | known[1] & known[2]


def test_what_is_said_of_earlier_stays_does_not_read_later_ones(benchmark: ModuleType, real_data: Path) -> None:
    rows = benchmark.ordered(real_data / benchmark.FOLDER)
    cut = len(rows) // 2
    whole, first_half = benchmark.earlier(rows).head(cut), benchmark.earlier(rows.head(cut))
    assert whole.equals(first_half)


@pytest.mark.parametrize("folds", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_lightgbm_beats_logistic_regression_on_folds_of_real_stays(benchmark: ModuleType, stays, folds: int) -> None:
    pooled = benchmark.cross_fitted(stays, benchmark.LEARNER, folds=folds)
    lightgbm = pooled.evaluated("lightgbm")
    assert lightgbm.auroc >= 0.66
    assert 0.85 < lightgbm.calibration_slope < 1.15
    assert verdict(pooled.intervals(DRAWS)).startswith("LightGBM beats logistic regression")


def test_where_few_people_are_learned_from_lightgbm_is_worse_and_the_verdict_says_so(
    benchmark: ModuleType, stays
) -> None:
    pooled = benchmark.learned_from_few(stays)
    assert verdict(pooled.intervals(DRAWS)).startswith("LightGBM is worse than logistic regression")
    assert np.isfinite(pooled.risks["lightgbm"]).all()
