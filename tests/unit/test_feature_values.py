"""Values that hang on nothing but their own rows: whatever else a scan reads, and whatever stands beside them."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions import days_in, latest
from riskstrat.definitions.features import Feature
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import EngineSettings, Settings
from riskstrat.features import engine
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import measurements, social_care

INDEX = date(2026, 9, 30)
WORDS: dict[str, Any] = {"theme": "social care", "unit": "days", "says": "{n}", "why": "x", "sensitive": False}

# Known in another order than begun; a measure that nobody asks of, and values of one that is asked of.
TABLES = {
    "people": "patient_id,date_of_birth,sex\np1,1950-01-01,F\n",
    "admissions": "patient_id,spell_id,admitted_on,method\np1,s1,2026-09-01,11\n",
    "social_care": """patient_id,service,started_on,ended_on,known_on
p1,home_care,2026-01-01,2026-07-10,2026-07-01
p1,telecare,2026-02-01,2026-06-11,2026-06-01
""",
    "measurements": """patient_id,measured_on,measure,value
p1,2026-08-01,viral_load,900000000000207008
p1,2026-08-02,viral_load,-1e300
p1,2026-08-01,egfr,55
p1,2026-08-01,platelets,2.5e11
p1,2026-08-02,platelets,9e17
""",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("values")
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest(folder, folder / "store", Settings(), as_at=INDEX)
    return open_store(folder / "store")


def compute(store: Store, features: dict[str, Feature]) -> dict[str, float]:
    rows = at_dates(store, CohortRecipe(), [INDEX], ()).rows
    made = engine(store, features, dict.fromkeys(features, ""), {}, EngineSettings(), printable=False).matrix(rows)
    return dict(zip(made.columns, made.values[0].tolist(), strict=True))


@pytest.mark.parametrize("names", [("begun", "known"), ("known", "begun"), ("begun",), ("known",)])
def test_periods_from_two_days_of_one_table_are_each_counted_in_their_own_order(
    store: Store, names: tuple[str, ...]
) -> None:
    starts = {"begun": social_care.started_on, "known": social_care.known_on}
    made = {
        name: days_in(start, social_care.ended_on, lookback="365d", missing=0, **WORDS)[0]
        for name, start in starts.items()
    }
    expected = {"begun": 190.0, "known": 19.0}
    assert compute(store, {name: made[name] for name in names}) == {name: expected[name] for name in names}


def test_a_number_too_large_to_count_stops_nothing_and_is_no_value(store: Store) -> None:
    made = {
        measure: latest(
            measurements.filter(measurements.measure == measure).value, lookback="365d", missing=None, **WORDS
        )[0]
        for measure in ("egfr", "platelets", "viral_load")
    }
    found = compute(store, made)
    assert found["egfr"] == 55
    assert found["platelets"] == np.float32(2.5e11)
    assert np.isnan(found["viral_load"])
