"""The shipped rules of training/pathways.toml: what they read, print, and take along to a new workspace."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from riskstrat.definitions.pathways import features_of
from riskstrat.definitions.vocabulary import OUTCOMES
from riskstrat.workspace import Workspace, check, init, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped() -> Workspace:
    return load(ROOT)


def test_the_rules_that_are_shipped_read_features_that_exist_and_have_no_finding(shipped: Workspace) -> None:
    assert [pathway.name for pathway in shipped.pathways] == [
        *("falls_service", "medication_review", "reablement", "telecare", "social_prescribing", "carer_support"),
        *("ltc_review", "personalised_care_support_plan"),
    ]
    assert set(features_of(shipped.pathways)) <= set(shipped.features)
    assert [finding for finding in check(shipped) if "pathways" in finding] == []
    assert {pathway.name for pathway in shipped.pathways} <= set(OUTCOMES)


def test_every_number_of_a_shipped_rule_stands_in_what_is_printed(shipped: Workspace) -> None:
    for pathway in shipped.pathways:
        for condition in pathway.conditions:
            assert condition.words.lower() in pathway.rule.lower()
            name, number = condition.comparison
            assert name == "recorded" or f"{number:g}" in condition.words


RESIDENT = {
    "lives_in_care_home": 1,
    "residential_care_running": 1,
    "nursing_care_running": 1,
    "emergency_admissions_from_care_home_730d": 1,
    "discharges_to_care_home_730d": 2,
}
"""Every source that can say that somebody lives in a care home, with what it then says."""


@pytest.mark.parametrize("source", RESIDENT)
@pytest.mark.parametrize("name", ["telecare", "reablement"])
def test_what_helps_people_at_home_is_never_suggested_to_residents(shipped: Workspace, name: str, source: str) -> None:
    assert set(shipped.roles.care_home) < set(RESIDENT)
    (pathway,) = [each for each in shipped.pathways if each.name == name]
    meets = {"age": 80, "falls_365d": 2, "days_since_emergency_discharge": 10, "emergency_nights_90d": 9}
    at_home = meets | {condition.feature: 0 for condition in pathway.none}
    values = pd.DataFrame([at_home, at_home | {source: RESIDENT[source]}], index=["at home", "resident"])
    assert pathway.holds(values).tolist() == [True, False]


def test_the_rules_are_copied_out_with_a_workspace(tmp_path: Path) -> None:
    made = init(tmp_path / "site")
    assert tmp_path / "site/training/pathways.toml" in made
    assert load(tmp_path / "site").pathways == load(ROOT).pathways
