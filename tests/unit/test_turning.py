"""Which way more rows move a feature, for every verb and for formulas over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from riskstrat.definitions.features import Columns, Feature, Wording
from riskstrat.people.turning import DOWN, EITHER, UP, find_direction, rests_on_latest
from tests.suite.cohort_site import SHIPPED

WORDING = Wording(theme="hospital use", unit="some", says="{n}", why="It is asked about", sensitive=False)
PLAIN = {
    verb: Feature(verb, WORDING, None)
    for verb in ("count", "total", "exists", "active", "days_since", "latest", "slope", "age", "attribute")
}


def add(columns: Columns) -> Any:
    return sum(columns.values())


def divide(columns: Columns) -> Any:
    first, second = columns.values()
    return first / np.maximum(second, 1)


def take_least(columns: Columns) -> Any:
    return np.fmin.reduce(np.stack(list(columns.values())))


def know_latest(columns: Columns) -> Any:
    """Not known where the second came later."""
    first, second = columns.values()
    return np.where(second < first, np.nan, first)


def is_recent(columns: Columns) -> Any:
    (first,) = columns.values()
    return first <= 90


def are_below(bound: float) -> Callable[[Columns], Any]:
    return lambda columns: next(iter(columns.values())) < bound


def are_not_many(columns: Columns) -> Any:
    return 1 - (next(iter(columns.values())) >= 30)


def look_up(columns: Columns) -> Any:
    return np.arange(20)[next(iter(columns.values())).astype(int)]


def derive(formula: Callable[[Columns], Any], *names: str) -> Feature:
    return Feature("derive", WORDING, None, inputs={f"i{at}": name for at, name in enumerate(names)}, formula=formula)


@pytest.mark.parametrize(
    ("feature", "direction", "by_latest"),
    [
        (PLAIN["count"], UP, False),
        (PLAIN["exists"], UP, False),
        (PLAIN["days_since"], DOWN, True),
        (PLAIN["latest"], EITHER, True),
        (PLAIN["slope"], EITHER, False),
        (Feature("days_since", WORDING, None, first=True), EITHER, False),
        (derive(add, "count", "exists", "active", "total"), UP, False),
        (derive(add, "count", "age"), UP, False),
        (derive(add, "count", "days_since"), EITHER, False),
        (derive(add, "latest", "count"), EITHER, False),
        (derive(divide, "total", "count"), EITHER, False),
        (derive(divide, "total", "age"), UP, False),
        (derive(divide, "days_since", "count"), DOWN, False),
        (derive(take_least, "days_since", "days_since"), DOWN, True),
        (derive(know_latest, "days_since", "days_since"), EITHER, True),
        (derive(is_recent, "days_since"), UP, True),
        (derive(are_below(30), "total"), DOWN, False),
        (derive(are_below(10), "count"), DOWN, False),
        (derive(are_below(400), "total"), DOWN, False),
        (derive(are_not_many, "total"), DOWN, False),
        (derive(look_up, "total"), EITHER, False),
        (derive(are_below(1e6), "count"), EITHER, False),
        (derive(are_below(65), "age"), UP, True),
    ],
)
def test_more_rows_move_a_feature_the_way_its_verb_and_formula_say(
    feature: Feature, direction: int, by_latest: bool
) -> None:
    assert find_direction(feature, PLAIN) == direction
    assert rests_on_latest(feature, PLAIN) is by_latest


def test_a_formula_over_a_formula_moves_as_both_do() -> None:
    declared = {**PLAIN, "recent": derive(is_recent, "days_since"), "share": derive(divide, "total", "count")}
    assert find_direction(derive(add, "recent", "count"), declared) == UP
    assert find_direction(derive(add, "share", "count"), declared) == EITHER


def test_a_feature_that_is_not_declared_may_move_either_way() -> None:
    assert find_direction(None, {}) == EITHER


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("number_of_conditions", UP),
        ("charlson_index", UP),
        ("days_since_emergency_discharge", EITHER),
        ("mean_emergency_stay_730d", EITHER),
        ("emergency_admissions_rising", EITHER),
    ],
)
def test_shipped_formulas_move_as_they_are_read(name: str, direction: int) -> None:
    assert find_direction(SHIPPED.features[name], SHIPPED.features) == direction
