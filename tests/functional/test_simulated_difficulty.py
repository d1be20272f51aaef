"""How hard the simulated borough is for a plain model: logistic regression on the shipped features, by AUROC.

Published: 0.76 to 0.80 on adults; about 0.70 in people aged 20 to 70 without an A&E attendance on record (SPARRA v4 and
English models with GP records). The sampling errors are about 0.007 and 0.02 at 24,000 people, so the bands are wider;
they are about 0.012 and 0.035 at 8,000.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.settings import EngineSettings, Settings
from riskstrat.features import engine
from riskstrat.labels import label
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import open_store
from riskstrat.training.linear import Chosen, fit_linear, shape_columns
from riskstrat.training.rows import TrainingRows
from riskstrat.workspace import load

SIZES = (8_000, pytest.param(24_000, marks=pytest.mark.exhaustive))
PENALTY = 100.0
SETTLED = 91
"""Days after a window closes until its admissions have all been landed."""


class LatestDate(NamedTuple):
    """One value per adult at the latest index date with a complete label."""

    outcome: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    age: npt.NDArray[np.float32]
    attendances: npt.NDArray[np.float32]


@pytest.fixture(scope="module", params=SIZES, ids="{} people".format)
def tested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LatestDate:
    """Trained on the index date a year before, whose windows had closed."""
    folder = tmp_path_factory.mktemp("difficulty")
    simulate(request.param, 20, folder / "borough", years=6)
    ingest(folder / "borough", folder / "store", Settings())
    store, workspace = open_store(folder / "store"), load(Path(__file__).parents[2])
    recipe = workspace.recipes["emergency_admission_12m"]
    latest = store.data_as_at - timedelta(days=365 + SETTLED)
    cohort = at_dates(store, recipe.cohort, [latest - timedelta(days=365), latest], ()).rows
    outcomes = workspace.outcomes[recipe.outcome]
    outcome = label(store, cohort, outcomes, recipe.label, store.data_as_at).rows["outcome"].to_numpy(float)
    names = {name: one for name, one in workspace.features.items() if name not in recipe.exclude_features}
    made = engine(
        store, names, workspace.fingerprints, workspace.codelists, EngineSettings(threads=1), printable=False
    ).matrix(cohort)
    known, newest = np.isfinite(outcome), (cohort["index_date"].dt.date == latest).to_numpy()
    learned, scored = made.values[known & ~newest], made.values[known & newest]
    rows = TrainingRows(learned, outcome[known & ~newest], cohort["patient_id"].to_numpy()[known & ~newest])
    shaped = shape_columns(rows, made.columns, "age", [0] * len(made.columns))
    linear = fit_linear(shaped, rows.outcome, Chosen(PENALTY, ()))
    age, attendances = (scored[:, made.columns.index(name)] for name in ("age", "ae_attendances_730d"))
    return LatestDate(outcome[known & newest], linear.margin(scored, made.columns), age, attendances)


def auroc(outcome: npt.NDArray[np.float64], score: npt.NDArray[np.float64]) -> float:
    """Chance that somebody with the outcome has a higher score than somebody without; ties are too few to matter."""
    rank = np.argsort(np.argsort(score)) + 1.0
    events = outcome.sum()
    return float((rank[outcome == 1].sum() - events * (events + 1) / 2) / (events * (len(outcome) - events)))


def test_a_plain_model_reaches_on_adults_what_published_ones_reach(tested: LatestDate) -> None:
    found = auroc(tested.outcome, tested.score)
    print(f"\nAUROC of logistic regression, adults: {found:.3f} ({len(tested.score):,} people)")
    assert 0.745 < found < 0.815


def test_people_without_attendances_are_as_hard_to_tell_apart_as_published(tested: LatestDate) -> None:
    quiet = (tested.age >= 20) & (tested.age < 70) & (tested.attendances == 0)
    found = auroc(tested.outcome[quiet], tested.score[quiet])
    print(f"\nAUROC, aged 20 to 69 without an attendance in 2 years: {found:.3f} ({quiet.sum():,} people)")
    assert 0.64 < found < 0.77
