"""The order in which a page names a person's conditions: each one that a feature tells of has one place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from riskstrat.definitions.phrases import capitalise_first, lower_first
from riskstrat.definitions.roles import list_conditions
from riskstrat.workspace import load
from riskstrat.workspace.rules import find_rule_problems

SHIPPED = load(Path(__file__).resolve().parents[2])


def test_every_condition_that_may_be_shown_has_a_place_and_no_sensitive_one_has() -> None:
    named = set(list_conditions(SHIPPED.features, SHIPPED.roles).values())
    assert set(SHIPPED.roles.conditions_in_order) == named
    assert named == set(SHIPPED.codelists["long_term_conditions"].groups) - {"Alcohol problems", "Substance misuse"}


@pytest.mark.parametrize(
    ("order", "says"),
    [
        (lambda given: given[1:], '"Metastatic cancer" has no place'),
        (lambda given: (*given, given[3]), '"COPD" stands more than once'),
        (lambda given: (*given, "Alcohol problems"), 'no feature tells of "Alcohol problems"'),
    ],
)
def test_an_order_that_does_not_fit_the_features_is_found(order, says: str) -> None:
    changed = replace(SHIPPED)
    roles = SHIPPED.roles.model_copy(update={"conditions_in_order": order(SHIPPED.roles.conditions_in_order)})
    changed.__dict__["roles"] = roles
    found = [text for where, text in find_rule_problems(changed) if where == "training/roles.toml"]
    assert any(says in text for text in found)


@pytest.mark.parametrize(
    ("text", "inside", "first"),
    [
        ("Heart failure", "heart failure", "Heart failure"),
        ("COPD", "COPD", "COPD"),
        ("Parkinson's disease", "Parkinson's disease", "Parkinson's disease"),
        ("A&E visit", "A&E visit", "A&E visit"),
        ("A fall", "a fall", "A fall"),
        ("eFI 0.2", "eFI 0.2", "eFI 0.2"),
        ("ACE inhibitor or ARB", "ACE inhibitor or ARB", "ACE inhibitor or ARB"),
        ("district nurse", "district nurse", "District nurse"),
        ("", "", ""),
    ],
)
def test_names_and_abbreviations_keep_their_letters(text: str, inside: str, first: str) -> None:
    assert lower_first(text) == inside
    assert capitalise_first(text) == first
