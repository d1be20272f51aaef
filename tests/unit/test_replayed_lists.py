"""What stands beside replayed lists: which windows are over, and lists of the same size by another order."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.baselines import ReplayOrder
from riskstrat.definitions.recipes import LabelRecipe, Recipe
from riskstrat.site.scored import Scored
from riskstrat.weekly.replayed_orders import OtherLists, find_candidates, take_first
from riskstrat.weekly.replayed_outcomes import Window, choose_window
from riskstrat.weekly.replaying import list_team_names
from riskstrat.weekly.wholeness import describe_not_whole

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def mondays(weeks: int, last: date = MONDAY) -> list[date]:
    return [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]


def recipe(delay: int, horizon: str = "365d") -> Recipe:
    """Of a recipe what windows read: late events arrive within a day, and `delay` days more."""
    return cast(Recipe, SimpleNamespace(label=LabelRecipe(delay=f"{delay + 1}d", horizon=horizon)))


@pytest.mark.parametrize(
    ("weeks", "until", "delay", "window"),
    [
        (1, MONDAY, 0, None),
        (1, MONDAY - timedelta(days=7), 0, Window(7, MONDAY - timedelta(days=7))),
        (1, MONDAY - timedelta(days=7), 1, None),
        (12, MONDAY, 0, Window(42, MONDAY - timedelta(days=42))),
        (12, MONDAY, 30, Window(7, MONDAY - timedelta(days=37))),
        (52, MONDAY, 0, Window(182, MONDAY - timedelta(days=182))),
        (104, MONDAY, 0, Window(364, MONDAY - timedelta(days=364))),
        (105, MONDAY, 0, Window(364, MONDAY - timedelta(days=364))),
        (107, MONDAY, 0, Window(365, MONDAY - timedelta(days=365))),
        (4, MONDAY - timedelta(days=365), 0, Window(365, MONDAY - timedelta(days=365))),
    ],
)
def test_outcomes_count_within_the_longest_time_that_half_of_the_lists_were_followed(
    weeks: int, until: date, delay: int, window: Window | None
) -> None:
    assert choose_window(mondays(weeks, until), recipe(delay), TUESDAY) == window


def test_no_window_is_longer_than_the_models_own() -> None:
    window = choose_window(mondays(52), recipe(0, "30d"), TUESDAY)
    assert window == Window(30, MONDAY - timedelta(days=30))


def candidates(**margins: float) -> pd.DataFrame:
    """One row per patient of the team that the first letter names."""
    rows = pd.DataFrame({"patient_id": list(margins), "margin": list(margins.values())})
    return rows.assign(team=rows["patient_id"].str[0], person=range(len(rows)), risk=0.5)


def test_each_team_takes_as_many_as_its_size_and_what_is_missing_comes_last() -> None:
    given = candidates(a1=1.0, a2=3.0, a3=np.nan, a4=3.0, b1=np.nan, b2=0.0, c1=9.0)
    taken = take_first(given, "margin", {"a": 3, "b": 2, "d": 1})
    assert sorted(taken["patient_id"]) == ["a1", "a2", "a4", "b1", "b2"]


def scored(values: dict[str, float]) -> Scored:
    """A matrix of the one feature `age`."""
    matrix = SimpleNamespace(columns=("age",), select=lambda names: np.array([list(values.values())]).T)
    return cast(Scored, SimpleNamespace(rows=pd.DataFrame({"patient_id": list(values)}), matrix=matrix))


def test_another_order_lists_as_many_and_rests_them_as_long() -> None:
    orders = [ReplayOrder(title="Oldest first", feature="age"), ReplayOrder(title="Not built", feature="absent")]
    others = OtherLists(orders, {"a": 14})
    given = candidates(a1=9.0, a2=5.0, a3=1.0, a4=0.0)
    ages = scored({"a1": 50.0, "a2": 90.0, "a3": 70.0, "a4": np.nan})
    listed = []
    for week in range(4):
        rows = others.add(ages, given, {"a": 1}, MONDAY + timedelta(weeks=week))
        assert set(rows["order"]) == {"Oldest first"}
        listed += rows["patient_id"].tolist()
    assert listed == ["a2", "a3", "a2", "a3"]


def test_an_order_of_which_nothing_is_recorded_makes_no_list() -> None:
    others = OtherLists([ReplayOrder(title="Oldest first", feature="age")], {"a": 14})
    rows = others.add(scored({"a1": np.nan}), candidates(a1=1.0), {"a": 1}, MONDAY)
    assert rows.empty
    assert "order" in rows


def test_people_who_rest_because_a_review_was_assumed_are_candidates_and_others_who_rest_are_not() -> None:
    rest = "reviewed in the last 12 weeks"
    rows: list[tuple[str, str, Any]] = [
        *(("a", "listed", None), ("b", "below the line", None), ("c", "excluded", rest), ("d", "excluded", rest)),
        *(("e", "excluded", "in hospital now"), ("f", "known", None), ("g", "excluded", "reviewed in the last week")),
    ]
    everyone = pd.DataFrame(rows, columns=["patient_id", "place", "reason"]).assign(person=0, margin=0.0, risk=0.5)
    case: Any = SimpleNamespace(everyone=everyone, team=SimpleNamespace(name="Kirkby"))
    found = find_candidates([case], frozenset("ceg"))
    assert (found["patient_id"].tolist(), set(found["team"])) == (list("abcg"), {"Kirkby"})


@pytest.mark.parametrize(
    ("begins", "kind", "list_date", "said"),
    [
        ("2026-11-18", "type_1", MONDAY, True),
        ("2026-11-16", "type_1", MONDAY, False),
        ("2026-11-18", "another", MONDAY, False),
        ("2026-11-18", None, MONDAY, True),
        ("2026-11-30", "type_1", date(2026, 11, 20), False),
    ],
)
def test_a_list_of_a_past_date_says_that_people_have_opted_out_since(
    tmp_path: Path, begins: str, kind: str | None, list_date: date, said: bool
) -> None:
    rows = pd.DataFrame({"kind": [kind], "from_on": [pd.Timestamp(begins)]})
    store = SimpleNamespace(data_as_at=date(2026, 11, 20), landed={"opt_outs"}, read=lambda name: rows)
    opened = SimpleNamespace(store=store, opt_outs=("type_1",), workspace=SimpleNamespace(root=tmp_path))
    sentences = describe_not_whole(cast(Any, opened), list_date)
    assert [f"opted out since {list_date.day} November" in each for each in sentences] == [True] * said


def test_a_team_that_ended_before_the_last_list_is_told_of_too() -> None:
    assert list_team_names([{"North": 8.0, "Old town": 5.0}, {"North": 8.0}, {"South": 2.0}]) == [
        *("North", "Old town", "South")
    ]
