"""A frailty score of long ago is told with its date and decides nothing: no criteria, no rule, no count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import at_dates
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.pathways import Pathway
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.people import describe_people
from riskstrat.people import facts as facts_module
from riskstrat.people import records as records_module
from riskstrat.site.opening import Site, engine_of
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import load

ROOT = Path(__file__).resolve().parents[2]
INDEX = date(2026, 11, 16)
SCORED = {"lately": (10, 0.4), "a_year": (365, 0.4), "longer": (366, 0.4), "years": (900, 0.4), "fit_then": (366, 0.05)}
"""By patient how many days ago the electronic frailty index was recorded, and what it was."""

FRAIL = Pathway.model_validate(
    {
        "name": "case_management",
        "title": "Frail",
        "consider": "A review",
        "any": [{"feature": "efi_latest", "at_least": 0.36, "says": "frailty index {n} or more"}],
        "all": [{"feature": "age", "at_least": 65, "says": "{n} or over"}],
    }
)


@dataclass(frozen=True)
class PaperModel:
    columns: tuple[str, ...]
    recipe: dict[str, str]

    def narrow(self, matrix: FeatureMatrix) -> FeatureMatrix:
        kept = {name: matrix.fingerprints[name] for name in self.columns}
        return FeatureMatrix(matrix.keys, matrix.select(self.columns), self.columns, kept)


def contributions_of(model: PaperModel, matrix: FeatureMatrix) -> np.ndarray:
    return np.column_stack([np.full((len(matrix), len(model.columns)), 0.5), np.full(len(matrix), -2.0)])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("frailty")
    source = folder / "source"
    source.mkdir()
    fell = INDEX - timedelta(days=30)
    lines = {
        "people": ["patient_id,date_of_birth,sex", *(f"{who},1944-02-03,F" for who in SCORED)],
        "admissions": ["patient_id,spell_id,admitted_on,method", f"lately,s1,{INDEX},11"],
        "falls": ["patient_id,fell_on,source", *(f"{who},{fell},gp" for who in SCORED)],
        "measurements": [
            "patient_id,measured_on,measure,value",
            *(f"{who},{INDEX - timedelta(days=ago)},efi,{value}" for who, (ago, value) in SCORED.items()),
        ],
    }
    for name, rows in lines.items():
        (source / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ingest(source, folder / "store", Settings(), as_at=INDEX)
    return open_store(folder / "store")


@pytest.fixture(scope="module")
def told(store: Store) -> Iterator[pd.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        yield describe(store, patch)


def describe(store: Store, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.setattr(records_module, "contributions", contributions_of)
    monkeypatch.setattr(facts_module, "kept", lambda *given: SimpleNamespace(evidence={}))
    shipped = load(ROOT)
    counts = shipped.settings.lists.model_copy(update={"counts": {"efi_latest": "eFI"}})
    workspace = replace(shipped, settings=shipped.settings.model_copy(update={"lists": counts}))
    monkeypatch.setitem(vars(workspace), "pathways", (FRAIL,))
    opened = Site(workspace, store, engine_of(workspace, store))
    cohort = at_dates(store, CohortRecipe(min_age=18), [INDEX], ())
    matrix = opened.engine.matrix(cohort.rows)
    scored: Any = SimpleNamespace(
        cohort=cohort,
        eligible=cohort.rows,
        matrix=matrix,
        model=PaperModel(("age", "efi_latest"), {"title": "Emergency admission in 12 months"}),
        version=SimpleNamespace(name="paper", version=1),
        rows=cohort.rows.assign(margin=-1.5, risk=0.2),
    )
    return describe_people(opened, scored, cohort.rows["patient_id"], INDEX, trend=pd.DataFrame())


def test_the_falls_criteria_are_met_by_a_score_of_the_last_year_alone(told: pd.DataFrame) -> None:
    answers = {who: (check.answer, check.why) for who, check in told["falls_check"].items()}
    met = "1 recorded fall in the last 12 months; moderate or severe frailty by the electronic frailty index."
    assert {who for who, (answer, _) in answers.items() if answer == "met"} == {"lately", "a_year"}
    assert answers["a_year"][1] == f"Aged 65 or over: {met}"
    assert {answers[who][0] for who in ("longer", "years", "fit_then")} == {"cannot tell"}
    for who, recorded in (("longer", "severe on 15 November 2025"), ("fit_then", "fit on 15 November 2025")):
        assert f"frailty is recorded as {recorded}, and cannot be told from a current score" in answers[who][1]
        assert "not recorded: frailty" not in answers[who][1]


def test_no_rule_and_no_count_takes_it_for_the_frailty_of_today(told: pd.DataFrame) -> None:
    assert {who for who, met in told["pathways"].items() if met} == {"lately", "a_year"}
    assert told["efi_latest"].notna()[["lately", "a_year", "longer", "years", "fit_then"]].tolist() == [
        *(True, True),
        *(False, False, False),
    ]
    assert told["untold"]["longer"]["efi_latest"] == "the latest is of 15 November 2025"
    assert "efi_latest" not in told["untold"]["lately"]


def test_it_is_told_with_its_date(told: pd.DataFrame) -> None:
    assert told["frailty"]["longer"] == "from the GP record, severe on 15 November 2025 (eFI 0.4), not as of today"
    assert told["frailty"]["a_year"] == "from the GP record, severe on 16 November 2025 (eFI 0.4)"
    said = [sentence for theme in told["themes"]["longer"] for sentence in theme.sentences]
    assert "Frailty in the GP record on 15 November 2025: 0.4 (electronic frailty index, 0 to 1)." in said
