"""A small borough on paper: 3,000 rows of 8 features whose outcome depends on age and past admissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import LearnerRecipe, Recipe
from riskstrat.training import Fitted, fit
from tests.unit.models.paper_rivals import PAPER_RIVALS

COLUMNS = (
    "age",
    "is_female",
    "emergency_admissions_90d",
    "emergency_admissions_365d",
    "falls_365d",
    "days_since_fall",
    "never_recorded",
    "hiv_care",
)


@dataclass(frozen=True)
class Borough:
    """Matrix, outcomes and slices that belong together."""

    matrix: FeatureMatrix
    outcome: npt.NDArray[np.float64]
    slices: npt.NDArray[np.str_]
    recipe: Recipe


def paper_recipe(name: str = "emergency_admission_12m", **learner: Any) -> Recipe:
    return Recipe(
        name=name,
        title="Emergency admission in 12 months",
        sentence="chance of an emergency admission in the 12 months after {date}",
        outcome="emergency_admission",
        learner=LearnerRecipe(**({"rounds": 40, "min_rows_in_leaf": 20, "learning_rate": 0.1} | learner)),
    )


def paper_borough(rows: int = 3000, seed: int = 7) -> Borough:
    """Three index dates a person: the first trains, the second calibrates, the third tests."""
    draw = np.random.default_rng(seed)
    year = draw.poisson(0.5, rows)
    values = np.column_stack(
        [
            draw.integers(18, 100, rows),
            draw.random(rows) < 0.5,
            draw.binomial(year, 0.25),
            year,
            draw.poisson(0.2, rows),
            np.where(draw.random(rows) < 0.7, np.nan, draw.integers(0, 365, rows)),
            np.full(rows, np.nan),
            draw.random(rows) < 0.05,
        ]
    ).astype(np.float32)
    odds = -3 + 0.04 * (values[:, 0] - 50) + 0.7 * values[:, 3] + 1.0 * values[:, 7]
    outcome = (draw.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)
    dates = np.array(["2021-06-30", "2023-06-30", "2025-06-30"], "datetime64[s]")
    people = np.arange(rows) // 3
    keys = pd.DataFrame({"patient_id": [f"P{n:05d}" for n in people], "index_date": np.tile(dates, rows // 3)})
    slices = np.tile(np.array(["train", "calibration", "test"]), rows // 3)
    fingerprints = {name: f"sha of {name}" for name in COLUMNS}
    return Borough(FeatureMatrix(keys, values, COLUMNS, fingerprints), outcome, slices, paper_recipe())


@pytest.fixture(scope="session")
def borough() -> Borough:
    return paper_borough()


@pytest.fixture(scope="session")
def fitted(borough: Borough) -> Fitted:
    """The borough's model, with the tables behind its falls features."""
    tables = {"falls_365d": "falls", "days_since_fall": "falls", "age": "people"}
    as_at = {"as_at": "2026-11-01"}
    given = (borough.matrix, borough.outcome, borough.slices, borough.recipe)
    return fit(*given, tables=tables, trained=as_at, rivals=PAPER_RIVALS)


@pytest.fixture(scope="session")
def stacked(borough: Borough) -> Fitted:
    """The same borough's stack of LightGBM and logistic regression."""
    given = (borough.matrix, borough.outcome, borough.slices, paper_recipe(kind="stack"))
    return fit(*given, rivals=PAPER_RIVALS, age="age")
