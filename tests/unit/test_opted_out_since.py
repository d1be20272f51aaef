"""Whoever has opted out since a list was made is followed by nothing that looks back at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from riskstrat import labels
from riskstrat.monitoring.reading import find_lists, read_ripe
from riskstrat.publication import WeeklyList
from riskstrat.site.opening import Site, open_workspace
from riskstrat.trial.content import OpenedList, SealedFacts
from riskstrat.trial.evidence import _follow_people
from riskstrat.trial.sequence import follow_lists
from tests.suite.impact_site import ANALYSIS, FIRST, PEOPLE, make_impact_site, name_person


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Ten people of whom the last opted out seven months after the list."""
    return open_workspace(make_impact_site(tmp_path_factory.mktemp("ten")))


def watch(opened: Site) -> None:
    recipe = opened.recipe()
    read_ripe(opened, recipe, find_lists(opened, recipe, FIRST), ())


def close_trial(opened: Site) -> None:
    recipe = opened.recipe()
    (published,) = find_lists(opened, recipe, FIRST)
    everyone = published.read_everyone(["patient_id", "team", "place", "margin", "risk"])
    gone = everyone.iloc[:1].assign(patient_id="in-no-table")
    facts = SealedFacts(FIRST, {"people": FIRST}, {"KIR": 2.0}, 0)
    one = OpenedList(FIRST, pd.concat([everyone, gone]), WeeklyList(FIRST, 1, recipe.name, 1, ()), facts)
    _follow_people(opened, recipe, recipe.label, one, follow_lists([one]))


@pytest.mark.parametrize(
    ("look_back", "module"), [(watch, "riskstrat.monitoring.reading"), (close_trial, "riskstrat.trial.evidence")]
)
def test_an_opt_out_since_the_list_holds_for_whoever_looks_back(
    opened: Site, monkeypatch: pytest.MonkeyPatch, look_back: Callable[[Site], None], module: str
) -> None:
    asked = list[str]()

    def label(store: Any, people: pd.DataFrame, *terms: Any) -> Any:
        asked.extend(people["patient_id"])
        return labels.label(store, people, *terms)

    monkeypatch.setattr(f"{module}.label", label)
    look_back(opened)
    assert opened.store.data_as_at == ANALYSIS
    assert sorted(asked) == [name_person(0, one) for one in range(PEOPLE - 1)]
