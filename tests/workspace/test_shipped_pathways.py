"""The shipped rules of training/pathways.toml: what they read, print, and take along to a new workspace."""

from __future__ import annotations

from pathlib import Path

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


def test_the_rules_are_copied_out_with_a_workspace(tmp_path: Path) -> None:
    made = init(tmp_path / "site")
    assert tmp_path / "site/training/pathways.toml" in made
    assert load(tmp_path / "site").pathways == load(ROOT).pathways
