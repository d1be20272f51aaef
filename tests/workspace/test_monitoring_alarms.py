"""The shipped plan of registry/monitoring.toml: quiet months stay quiet, and what goes wrong is told in time."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskstrat.definitions.declared import read
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.errors import DefinitionError
from tests.suite.watched_months import Wrong, draw_doubts, select_alerts, watch_months

ROOT = Path(__file__).resolve().parents[2]
WHERE = "registry/monitoring.toml"
GIVEN = tomllib.loads((ROOT / WHERE).read_text(encoding="utf-8"))
PLAN = MonitoringPlan.model_validate(GIVEN)
MOST_ALARMED = 1 / 20
"""Of the months in which nothing is wrong."""


def change_plan(**changes: Mapping[str, Any]) -> MonitoringPlan:
    """The shipped plan with other limits."""
    return MonitoringPlan.model_validate(GIVEN | {name: GIVEN[name] | change for name, change in changes.items()})


STRICT = change_plan(
    risk_drift={"largest_psi": 0.0},
    feature_drift={"largest_psi": 0.0},
    calibration={"observed_over_expected_within": [1.0, 1.0]},
    work={"most_new": 0.5, "least_reviewed": 0.7},
    equity={"list_over_need_within": {"sex": [1.0, 1.0]}},
)
"""Limits that are the truth itself, so that nothing but the share of chance keeps a quiet month quiet."""


def count_alarmed_months(plan: MonitoringPlan, months: int, people: int, seed: int) -> int:
    return sum(bool(select_alerts(found)) for found in watch_months(plan, months, people, seed))


@pytest.mark.parametrize("months", [80, pytest.param(200, marks=pytest.mark.exhaustive)])
def test_an_alert_of_any_kind_stands_in_at_most_1_of_20_quiet_months(months: int) -> None:
    assert count_alarmed_months(PLAN, months, 2000, 301) <= MOST_ALARMED * months


@pytest.mark.exhaustive
def test_so_it_is_with_limits_that_leave_chance_alone() -> None:
    """On the mean of four sites: the years of two lists overlap, so that false alarms of one site come in runs."""
    alarmed = [count_alarmed_months(STRICT, 200, 2000, seed) for seed in (304, 305, 306, 307)]
    assert sum(alarmed) <= MOST_ALARMED * 4 * 200


def test_with_more_chance_the_same_months_are_alarmed() -> None:
    """So that a quiet month above is quiet by its limits, and not since nothing could alarm."""
    often = STRICT.model_copy(update={"months_per_false_alarm": 1})
    assert count_alarmed_months(often, 24, 2000, 305) >= 3


@pytest.mark.parametrize(
    ("wrong", "watch"),
    [
        (Wrong(hospital=5.0), "feature_drift"),
        (Wrong(hospital=0.0), "feature_drift"),
        (Wrong(raised=0.7), "risk_drift"),
        (Wrong(happens=1.6), "calibration"),
        (Wrong(favoured=0.9), "equity"),
    ],
)
def test_what_is_planted_is_told_in_the_first_month_that_has_it(wrong: Wrong, watch: str) -> None:
    for found in watch_months(PLAN, 3, 12_000, 306, wrong):
        assert {alert.watch for alert in select_alerts(found)} == {watch}


def test_outcomes_that_happen_less_often_than_expected_are_told_too() -> None:
    for found in watch_months(PLAN, 2, 12_000, 307, Wrong(happens=0.5)):
        assert "calibration" in {alert.watch for alert in select_alerts(found)}


def test_a_silent_hospital_is_told_within_two_months() -> None:
    for seed in range(5):
        random = np.random.default_rng(seed)
        assert draw_doubts(random) == ()
        assert any("1 large contributor" in doubt for doubt in draw_doubts(random, silent_for=2))


def test_the_plan_says_of_every_watch_who_is_told_what_is_done_and_when() -> None:
    watches = dict(PLAN.list_watches())
    assert len(watches) == 8
    for watch in watches.values():
        assert all(text.strip() for text in (watch.title, watch.alert, watch.tells, watch.does, watch.delay))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"months_per_false_alarm": 12}, "greater than or equal to 20"),
        ({"freshnes": {}}, 'unknown key "freshnes"; did you mean "freshness"?'),
        ({"lift": GIVEN["lift"] | {"tells": " "}}, '"for the site to name"'),
        ({"lift": GIVEN["lift"] | {"most_lift": 3}}, 'unknown key "lift.most_lift"'),
        ({"equity": GIVEN["equity"] | {"list_over_need_within": {"imd_quintil": [0.5, 2]}}}, "is none of imd_quintile"),
        ({"equity": GIVEN["equity"] | {"list_over_need_within": {"sex": [1.5, 2]}}}, "no range around 1"),
        ({"freshness": GIVEN["freshness"] | {"oldest_days_of": {"admisions": 3}}}, '"admisions" is not a table'),
    ],
)
def test_a_plan_that_says_something_else_is_refused(change: Mapping[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=rf"^{WHERE}: ") as refused:
        read(MonitoringPlan, GIVEN | change, WHERE, DefinitionError)
    assert said in str(refused.value)
