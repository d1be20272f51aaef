"""What a watch says: days and weeks, what teams do, and what came of a list whose people are known one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.monitoring.drift import judge_risks
from riskstrat.monitoring.findings import Finding
from riskstrat.monitoring.page import build_page, summarise_for_board
from riskstrat.monitoring.recency import find_missing_weeks
from riskstrat.monitoring.ripened import RipeList, judge_calibration, judge_equity, judge_lift, tabulate_months
from riskstrat.monitoring.work import WorkedList, judge_work
from riskstrat.workspace import load
from tests.browser.reading_back import Reader
from tests.suite.hand_made import THREE_FEATURES
from tests.suite.verbs import Done, Verb
from tests.suite.watched_months import build_watched
from tests.suite.watched_site import AS_AT, EARLY, LATE, RIPENS, make_watched_site

PLAN = load(THREE_FEATURES).monitoring
MONDAY = date(2026, 3, 2)


def week(number: int, **counts: int) -> WorkedList:
    usual = {"listed": 20, "new": 10, "reviewed": 15, "waiting": 0, "capacity": 20}
    return WorkedList(MONDAY + timedelta(weeks=number), **(usual | counts))


def judge_weeks(**counts: int) -> dict[str, str]:
    """The state of each thing that teams do, after twelve weeks all alike."""
    found = judge_work([week(number, **counts) for number in range(12)], MONDAY + timedelta(weeks=12), PLAN)
    return {one.about: one.state for one in found}


# Days and weeks


def test_a_week_without_a_list_is_missing_whatever_day_the_others_have() -> None:
    lists = [MONDAY, MONDAY + timedelta(days=9), MONDAY + timedelta(weeks=4)]
    assert find_missing_weeks(lists, MONDAY + timedelta(weeks=4), 13) == [
        MONDAY + timedelta(weeks=2),
        MONDAY + timedelta(weeks=3),
    ]


def test_weeks_before_the_first_list_or_further_back_than_asked_are_not_missing() -> None:
    lists = [MONDAY, MONDAY + timedelta(weeks=8)]
    assert len(find_missing_weeks(lists, MONDAY + timedelta(weeks=8), 3)) == 3
    assert find_missing_weeks([MONDAY], MONDAY + timedelta(weeks=8), 13) == []


# What teams do


def test_lists_that_are_worked_through_raise_nothing() -> None:
    assert set(judge_weeks().values()) <= {"well", "too few"}


@pytest.mark.parametrize(
    ("counts", "about"),
    [
        ({"new": 20}, "people new on each list"),
        ({"reviewed": 2}, "people listed with a decision"),
        ({"waiting": 19, "listed": 30, "new": 15, "capacity": 30}, "people on the newest list who wait too long"),
        ({"listed": 5, "new": 2, "reviewed": 4}, "places of the capacity that were used"),
    ],
)
def test_what_teams_do_is_an_alert_past_its_limit_alone(counts: dict[str, int], about: str) -> None:
    states = judge_weeks(**counts)
    if about == "people on the newest list who wait too long":
        assert states[about] == "well"  # 19 of 30 may be chance
        states = judge_weeks(
            **(counts | {"waiting": 22 * 4, "listed": 120, "new": 60, "reviewed": 90, "capacity": 120})
        )
    assert {name for name, state in states.items() if state == "alert"} == {about}


@pytest.mark.parametrize(("waiting", "listed", "state"), [(3, 20, "well"), (3, 5, "too few"), (7, 8, "well")])
def test_no_share_is_said_of_1_to_7_people(waiting: int, listed: int, state: str) -> None:
    (found,) = [
        one
        for one in judge_work([week(0), week(1, listed=listed, waiting=waiting)], MONDAY + timedelta(weeks=1), PLAN)
        if one.about.endswith("wait too long")
    ]
    assert (found.state, found.figures) == (state, {})
    assert not re.search(r"\d%|\b3\b", found.said.replace("at most 50% is accepted", ""))


@pytest.mark.parametrize("decided", [0, 1])
def test_a_list_that_hardly_anybody_decides_is_an_alert_and_so_is_one_that_nobody_does(decided: int) -> None:
    """Of 1 to 7 decisions among hundreds of people the figure is not shown, and that they are too few is."""
    lists = [week(number, reviewed=decided * (number % 2)) for number in range(12)]
    judged = judge_work(lists, MONDAY + timedelta(weeks=12), PLAN)
    (found,) = [one for one in judged if one.about == "people listed with a decision"]
    assert found.state == "alert"
    assert (found.figures == {}) is bool(decided)
    assert ("it rests on 1 to 7 people and is not shown" in found.said) is bool(decided)


def follow(*groups: tuple[int, float, int, bool]) -> RipeList:
    """A ripe list of groups: how many people of which risk, how many of them had the outcome, listed or left alone."""
    rows = [
        {"risk": risk, "outcome": int(place < ill), "listed": listed, "touched": listed}
        for people, risk, ill, listed in groups
        for place in range(people)
    ]
    return RipeList(MONDAY, pd.DataFrame(rows))


def test_few_outcomes_where_many_were_expected_are_an_alert_without_a_figure() -> None:
    ripe = follow((400, 0.2, 3, False), (40, 0.6, 30, True))
    everybody, _ = judge_calibration(ripe, PLAN)
    assert (everybody.state, everybody.figures) == ("alert", {})
    assert "1 to 7 people" in everybody.said
    (month,) = tabulate_months([ripe])
    assert month.untouched is None


def test_a_list_that_finds_hardly_anybody_is_an_alert_without_a_figure() -> None:
    found = judge_lift(follow((400, 0.2, 120, False), (200, 0.6, 4, True)), PLAN)
    assert (found.state, found.figures) == ("alert", {})
    assert "1 to 7 people" in found.said


@pytest.mark.parametrize("groups", [(), ((30, 0.2, 3, True),)], ids=["nobody", "everybody listed"])
def test_where_a_list_left_nobody_alone_calibration_cannot_be_told(groups: tuple[Any, ...]) -> None:
    columns = {"risk": float, "outcome": int, "listed": bool, "touched": bool}
    ripe = follow(*groups) if groups else RipeList(MONDAY, pd.DataFrame(columns=list(columns)).astype(columns))
    assert [found.state for found in judge_calibration(ripe, PLAN)] == ["too few", "too few"]


def test_a_team_that_is_called_as_everybody_is_hides_nobody() -> None:
    before = pd.DataFrame({"team": ["All teams"] * 600 + ["Kirkby"] * 600, "risk": [*range(600)] * 2})
    later = before.assign(risk=[*range(600), *range(300, 900)])
    assert [found.state for found in judge_risks(before, later, PLAN)] == ["alert", "well", "alert"]


# A whole site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_watched_site(tmp_path_factory.mktemp("watched"))


@pytest.fixture(scope="module")
def watched(site: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    from tests.suite.verbs import run_verb

    def run(day: date = AS_AT, *more: object) -> tuple[int, dict[str, Any]]:
        done = run_verb("monitor", "-w", site, "--as-at", day, "--json", *more)
        return done.returncode, json.loads(done.stdout)

    return run


def select(said: dict[str, Any], watch: str) -> list[dict[str, Any]]:
    return [found for found in said["findings"] if found["watch"] == watch]


def test_outcomes_of_a_ripe_list_are_counted_by_the_models_own_rule(watched: Callable[..., Any]) -> None:
    """370 people were left alone, 75 of them with a stay where 92.5 were expected; of 30 others 25 where 7.5 were."""
    _, said = watched()
    (month,) = said["months"]
    assert month["list"] == f"{EARLY}"
    assert month["untouched"]["estimate"] == pytest.approx(75 / 92.5, abs=1e-6)
    assert month["touched"] is None  # 7.5 people expected: too few to be told
    assert month["ppv"]["estimate"] == 0.75  # 15 of 20
    (lift,) = select(said, "lift")
    assert lift["figures"]["estimate"] == pytest.approx((15 / 20) / (100 / 400), abs=1e-6)


def test_before_a_list_is_ripe_only_the_day_is_said(tmp_path: Path) -> None:
    from tests.suite.verbs import run_verb

    root = make_watched_site(tmp_path)
    done = run_verb("withdraw", EARLY, "--reason", "It tells of an outcome.", "-w", root)
    assert done.returncode == 0, done.stderr
    said = json.loads(run_verb("monitor", "-w", root, "--as-at", AS_AT, "--json").stdout)
    for watch in ("calibration", "lift", "equity"):
        (found,) = select(said, watch)
        assert (found["state"], found["figures"]) == ("not ripe", {})
        assert found["said"] == "not ripe until 23 January 2028"
    assert said["months"] == []
    assert said["held_against"] is None
    assert (RIPENS - EARLY).days == 440


def test_an_old_list_ends_with_code_17_and_a_recent_one_without(
    site: Path, watched: Callable[..., Any], tmp_path: Path
) -> None:
    code, said = watched(AS_AT + timedelta(days=4))
    assert code == 17
    assert {found["about"] for found in said["findings"] if found["state"] == "alert"} >= {"the newest list"}
    assert "A list or a source is too old, or a week has no list." in said["summary"]
    assert len(said["summary"].split()) <= 150


def test_the_page_has_the_same_bytes_again_and_is_logged_where_lists_stand(site: Path, verb: Verb) -> None:
    pages = []
    for _ in range(2):
        done = verb("monitor", "-w", site, "--as-at", AS_AT)
        pages.append((site / "lists" / "monitoring.html").read_bytes())
    assert pages[0] == pages[1]
    assert done.stderr.startswith("riskstrat: ")
    verified = verb("audit", "verify", "-w", site)
    assert "monitoring.html" not in verified.stdout + verified.stderr
    (site / "lists" / "monitoring.html").write_bytes(pages[0] + b" ")
    assert "lists/monitoring.html was changed" in verb("audit", "verify", "-w", site).stderr
    (site / "lists" / "monitoring.html").write_bytes(pages[0])


def test_the_page_has_the_plan_and_nothing_of_anybody(site: Path, verb: Verb, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    verb("monitor", "-w", site, "--as-at", AS_AT, "--out", out)
    text = out.read_text("utf-8")
    words = Reader(text).words()
    for _, watch in PLAN.list_watches():
        assert watch.title in words
        assert watch.tells in words
    assert "<script" not in text
    assert not Reader(text).named("a")[1:]
    assert "http:" not in text
    assert "https:" not in text
    assert not any(f"p{number} " in words for number in range(10, 400))


def test_without_a_plan_it_is_refused_in_a_line(
    site: Path, verb: Verb, refused: Callable[[Done, int], str], tmp_path: Path
) -> None:
    plan = site / "registry" / "monitoring.toml"
    kept = plan.read_bytes()
    plan.unlink()
    try:
        said = refused(verb("monitor", "-w", site, "--as-at", AS_AT), 4)
    finally:
        plan.write_bytes(kept)
    assert said == "registry/monitoring.toml is not there; take it from a new workspace: riskstrat init FOLDER"


def test_a_list_that_was_changed_is_refused(site: Path, verb: Verb, refused: Callable[[Done, int], str]) -> None:
    file = site / "lists" / f"{LATE}" / "internal" / "everyone.parquet"
    kept = file.read_bytes()
    file.write_bytes(kept + b" ")
    try:
        said = refused(verb("monitor", "-w", site, "--as-at", AS_AT), 10)
    finally:
        file.write_bytes(kept)
    assert f"of the list of {LATE} was changed after publication" in said


def follow_groups(**listed: int) -> RipeList:
    """A list of women and men, 200 of each, 40 of each with the outcome; listed: how many of each sex."""
    rows = [
        {"sex": sex, "risk": 0.2, "outcome": float(n < 40), "listed": n < number, "touched": n < number}
        for sex, number in listed.items()
        for n in range(200)
    ]
    return RipeList(MONDAY, pd.DataFrame(rows))


def test_a_group_that_is_hardly_listed_is_told_without_a_figure_of_1_to_7_people() -> None:
    women, men = judge_equity(follow_groups(female=3, male=120), PLAN)
    assert (women.about, women.state, women.figures) == ("Sex: female", "alert", {})
    assert women.said == (
        "its share of the list lies outside what is accepted; it rests on 1 to 7 people and is not shown"
    )
    assert men.about == "Sex: male"


def test_a_group_that_is_listed_as_its_need_is_no_alert_with_its_ratio() -> None:
    women, men = judge_equity(follow_groups(female=30, male=30), PLAN)
    assert [women.state, men.state] == ["well", "well"]
    assert women.figures["estimate"] == pytest.approx(1.0)


# The page


def summarise(*states: str) -> str:
    """The summary where every watch has a finding of each of these states."""
    found = tuple(Finding(key, "it", state, "so") for key, _ in PLAN.list_watches() for state in states)  # type: ignore[arg-type]
    return summarise_for_board(replace(build_watched(PLAN), findings=found))


@pytest.mark.parametrize("states", [("alert",), ("well",), ("alert", "well"), ("not ripe",), ("nothing yet",)])
def test_the_summary_never_has_more_than_150_words(states: tuple[str, ...]) -> None:
    said = summarise(*states)
    assert len(said.split()) <= 150
    assert ("need" in said and "none of them needs anybody" not in said) == ("alert" in states)


def test_the_summary_says_what_is_an_alert_and_what_cannot_be_told() -> None:
    said = summarise_for_board(
        replace(
            build_watched(PLAN),
            findings=(
                Finding("freshness", "it", "well", "so"),
                Finding("sources", "it", "alert", "so"),
                Finding("lift", "it", "not ripe", "not ripe until 4 February 2027"),
            ),
        )
    )
    assert "1 of them needs somebody. A source holds less than it did, or a run did not end." in said
    assert "“lists find people at risk”" in said
    assert "not ripe until 4 February 2027" in said
    assert "“lists and sources are recent”" not in said


def test_an_alert_on_the_page_stands_with_its_sentence_and_others_do_not() -> None:
    words = Reader(build_page(build_watched(PLAN)).decode("utf-8")).words()
    assert f"Alert: {PLAN.equity.alert}" in words
    assert f"Alert: {PLAN.risk_drift.alert}" in words
    assert f"Alert: {PLAN.freshness.alert}" not in words
