"""PARR-30 by hand: the sum of its published terms for one discharge each, and what leaves it out.

Everybody leaves hospital on 10 March 2025, aged 80 (6,400 squared years: 0.38772), in decile 1 (0.0982), after an
emergency (0.5565) unless said otherwise; the constant is -2.91821. One more emergency admission in the year adds
0.1215, one in 30 days 0.5258.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from riskstrat.cohort import at_discharges
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.features import engine
from riskstrat.features.assembly import FeatureEngine
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import admissions
from riskstrat.workspace import Workspace, load

EXTRACT = date(2025, 12, 31)
BASE = -2.91821 + 0.38772 + 0.0982
EMERGENCY = BASE + 0.5565

STAYS = """
emergency_stay        , 2025-03-01 , 21 , 2025-03-10 , 300
planned_stay          , 2025-03-01 , 11 , 2025-03-10 , 300
one_in_the_year       , 2024-08-01 , 21 , 2024-08-05 , 300
one_in_the_year       , 2025-03-01 , 21 , 2025-03-10 , 300
one_a_year_ago        , 2024-03-10 , 21 , 2024-03-12 , 300
one_a_year_ago        , 2025-03-01 , 21 , 2025-03-10 , 300
one_day_later         , 2024-03-11 , 21 , 2024-03-12 , 300
one_day_later         , 2025-03-01 , 21 , 2025-03-10 , 300
one_in_30_days        , 2025-02-09 , 21 , 2025-02-12 , 300
one_in_30_days        , 2025-03-01 , 21 , 2025-03-10 , 300
one_31_days_ago       , 2025-02-08 , 21 , 2025-02-12 , 300
one_31_days_ago       , 2025-03-01 , 21 , 2025-03-10 , 300
planned_after_one     , 2025-02-20 , 21 , 2025-02-22 , 300
planned_after_one     , 2025-03-01 , 11 , 2025-03-10 , 300
long_stay             , 2025-01-01 , 21 , 2025-03-10 , 300
very_long_stay        , 2023-01-01 , 21 , 2025-03-10 , 300
earlier_gynaecology   , 2025-02-20 , 21 , 2025-02-22 , 502
earlier_gynaecology   , 2025-03-01 , 21 , 2025-03-10 , 300
now_gynaecology       , 2025-02-20 , 21 , 2025-02-22 , 300
now_gynaecology       , 2025-03-01 , 21 , 2025-03-10 , 502
earlier_obstetrics    , 2025-02-20 , 21 , 2025-02-22 , 501
earlier_obstetrics    , 2025-03-01 , 21 , 2025-03-10 , 300
earlier_planned       , 2025-02-20 , 11 , 2025-02-22 , 300
earlier_planned       , 2025-03-01 , 21 , 2025-03-10 , 300
heart_and_lungs       , 2025-03-01 , 21 , 2025-03-10 , 300
both_liver_diseases   , 2025-03-01 , 21 , 2025-03-10 , 300
cancer_that_spread    , 2025-03-01 , 21 , 2025-03-10 , 300
disease_long_past     , 2023-03-10 , 21 , 2023-03-12 , 300
disease_long_past     , 2025-03-01 , 21 , 2025-03-10 , 300
not_asked_about       , 2025-03-01 , 21 , 2025-03-10 , 300
decile_not_known      , 2025-03-01 , 21 , 2025-03-10 , 300
decile_5              , 2025-03-01 , 21 , 2025-03-10 , 300
decile_8              , 2025-03-01 , 21 , 2025-03-10 , 300
decile_10             , 2025-03-01 , 21 , 2025-03-10 , 300
"""

CODES = """
heart_and_lungs       , I500
heart_and_lungs       , J440
both_liver_diseases   , K700
both_liver_diseases   , I850
cancer_that_spread    , C189
cancer_that_spread    , C787
disease_long_past     , I500
not_asked_about       , I21
not_asked_about       , E119
"""
"""In the person's first stay. Myocardial infarction and diabetes without complications are no items of PARR-30."""

LOG_ODDS = {
    "emergency_stay": EMERGENCY,
    "planned_stay": BASE,
    "one_in_the_year": EMERGENCY + 0.1215,
    "one_a_year_ago": EMERGENCY,
    "one_day_later": EMERGENCY + 0.1215,
    "one_in_30_days": EMERGENCY + 0.1215 + 0.5258,
    "one_31_days_ago": EMERGENCY + 0.1215,
    "planned_after_one": BASE + 0.1215 + 0.5258,
    "long_stay": EMERGENCY,
    "very_long_stay": EMERGENCY,
    "earlier_gynaecology": EMERGENCY,
    "now_gynaecology": EMERGENCY + 0.1215 + 0.5258,
    "earlier_obstetrics": EMERGENCY,
    "earlier_planned": EMERGENCY,
    "heart_and_lungs": EMERGENCY + 0.0950 + 0.2243,
    "both_liver_diseases": EMERGENCY + 0.2673 + 0.2133,
    "cancer_that_spread": EMERGENCY + 0.2762 + 0.5069,
    "disease_long_past": EMERGENCY,
    "not_asked_about": EMERGENCY,
    "decile_not_known": EMERGENCY - 0.0982,
    "decile_5": EMERGENCY - 0.0982 + 0.0239,
    "decile_8": EMERGENCY - 0.0982 + 0.0209,
    "decile_10": EMERGENCY - 0.0982,
}
DECILES = {"decile_not_known": "", "decile_5": "5", "decile_8": "8", "decile_10": "10"}


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def land(folder: Path, without: tuple[str, ...] = ()) -> Store:
    stays = list(enumerate(written(STAYS)))
    first = {row[0]: number for number, row in reversed(stays)}
    coded = written(CODES)
    places = [sum(other[0] == name for other in coded[: at + 1]) for at, (name, _) in enumerate(coded)]
    tables = {
        "people": ["patient_id,date_of_birth,sex,imd_decile"]
        + [f"{name},1945-01-01,F,{DECILES.get(name, '1')}" for name in LOG_ODDS],
        "admissions": ["spell_id,patient_id,admitted_on,method,discharged_on,specialty,patient_class"]
        + [f"s{number},{','.join(row)},1" for number, row in stays],
        "diagnoses": ["spell_id,patient_id,position,system,code"]
        + [f"s{first[name]},{name},{place},icd10,{code}" for place, (name, code) in zip(places, coded, strict=True)],
    }
    (folder / "source").mkdir()
    for name, lines in tables.items():
        if name not in without:
            (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ingest(
        folder / "source", folder / "store", Settings.model_validate({"data": {"quarantine_limit": 0}}), as_at=EXTRACT
    )
    return open_store(folder / "store")


def engine_of(store: Store, workspace: Workspace) -> FeatureEngine:
    features = {name: workspace.features[name] for name in ("age", "imd_decile", "parr30")}
    return engine(
        store, features, workspace.fingerprints, workspace.codelists, workspace.settings.engine, printable=False
    )


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).parents[2])


def test_each_discharge_has_the_sum_of_its_terms(workspace: Workspace, tmp_path: Path) -> None:
    store = land(tmp_path)
    made = engine_of(store, workspace)
    cohort = at_discharges(store, CohortRecipe(), admissions, EXTRACT, ()).rows
    left = cohort[cohort["index_date"] == "2025-03-10"].reset_index(drop=True)
    found = made.matrix(left).frame().set_index("patient_id")["parr30"]
    assert {name: round(float(value), 4) for name, value in found.items()} == pytest.approx(LOG_ODDS, abs=6e-5)


def test_the_worked_example_of_a_patient_of_80_comes_to_about_31_in_100(workspace: Workspace) -> None:
    """Two emergency admissions in the year, one in 30 days, heart failure and COPD, an IMD score of 50 or more."""
    feature = workspace.features["parr30"]
    columns = {name: np.zeros(1) for name in feature.inputs}
    columns |= {
        "age": np.array([80.0]),
        "imd_decile": np.array([1.0]),
        "year": np.array([3.0]),
        "month": np.array([2.0]),
    }
    columns |= {name: np.ones(1) for name in ("current", "current_counted")}
    columns["conditions"] = np.array([0.0950 + 0.2243])
    assert feature.formula is not None
    (odds,) = feature.formula(columns)
    assert odds == pytest.approx(-0.78419 - 0.1017 + 0.0982, abs=1e-5)
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(0.3127, abs=1e-4)


def test_every_condition_of_the_score_has_its_weight(workspace: Workspace) -> None:
    items = workspace.codelists["parr30"].only("condition").entries
    asked = workspace.features["parr30"].inputs["conditions"]
    assert not isinstance(asked, str)
    assert asked.codes is not None
    given = {entry.group.upper().replace(" ", "_"): entry.weight for entry in asked.codes.entries}
    assert given == {item.code: item.weight for item in items}
    assert len(given) == 11


def test_no_shipped_recipe_learns_from_the_score(workspace: Workspace) -> None:
    assert [name for name, recipe in workspace.recipes.items() if "parr30" not in recipe.exclude_features] == []


def test_without_diagnoses_the_score_is_left_out_and_said(workspace: Workspace, tmp_path: Path) -> None:
    made = engine_of(land(tmp_path, ("diagnoses",)), workspace)
    assert "parr30" not in made.plan.names
    assert "no diagnoses table: feature parr30 is left out" in made.notes
