"""Each limit of a trial against hand-made lists and outcomes, and the page that they come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.definitions.trial import TrialLimits
from riskstrat.documents.figures_page import render_figures_page
from riskstrat.evaluation.chance import Interval
from riskstrat.publication import WeeklyList
from riskstrat.storage import parse_toml
from riskstrat.trial.content import OpenedList, SealedFacts, pack_list, unpack_list
from riskstrat.trial.judging import (
    EarlyShare,
    RecordCheck,
    TrialEvidence,
    TrialFinding,
    bound_events,
    decide,
    judge_churn,
    judge_events,
    judge_highest,
    judge_interval,
    judge_known,
    judge_late_data,
    judge_record_check,
    judge_runs,
    judge_seal,
    judge_subgroups,
    judge_workload,
)
from riskstrat.trial.page import build_trial_page, describe_trial
from riskstrat.trial.sequence import follow_lists
from riskstrat.trial.standing import Protocol, SilentTrial
from tests.browser.listed_team import team_list

ROOT = Path(__file__).resolve().parents[2]
LIMITS = TrialLimits.model_validate(parse_toml((ROOT / "registry/trial.toml").read_text("utf-8")))
FIRST = date(2026, 9, 7)
WEEK = timedelta(weeks=1)
EARLY = EarlyShare(within=300, ever=1000)


def make_list(
    week: int, listed: str, below: str = "", known: str = "", rest_weeks: float = 2, age: int = 3, late: int = 0
) -> OpenedList:
    """A list of one team: people by a letter each, the first at highest risk, those known above all."""
    day = FIRST + week * WEEK
    order = (
        [(one, "known") for one in known]
        + [(one, "listed") for one in listed]
        + [(one, "below the line") for one in below]
    )
    rows = [
        {"patient_id": one, "team": "North", "place": place, "margin": 5.0 - 0.01 * at, "risk": 0.5 - 0.001 * at}
        for at, (one, place) in enumerate(order)
    ]
    everyone = pd.DataFrame(rows).assign(reason=None, reference=None)
    facts = SealedFacts(day + timedelta(days=late), {"people": day - timedelta(days=age)}, {"North": rest_weeks}, 0)
    return OpenedList(day, everyone, WeeklyList(day, 1, "m", 1, (team_list(),)), facts)


def make_people(had: int, expected: float, people: int = 4000) -> pd.DataFrame:
    """People of whom `had` have the outcome where `expected` would by the share of `EARLY`; a tenth of each found."""
    number = pd.RangeIndex(people)
    return pd.DataFrame(
        {
            "risk": expected / people / EARLY.estimate,
            "outcome": (number < had).astype(float),
            "found": number % 10 == 0,
            "sex": pd.Series(["female", "male"] * (people // 2)),
        }
    )


def make_evidence(**changes: object) -> TrialEvidence:
    lists = [make_list(week, "abcdefgh", "ijklmnop") for week in range(4)]
    evidence = TrialEvidence(
        weeks=4,
        lists=lists,
        followed=follow_lists(lists),
        people=make_people(400, 400),
        early={"events": EARLY, "highest": EARLY},
        check=RecordCheck(60, 58),
        unsealed=(),
    )
    return replace(evidence, **changes)  # type: ignore[arg-type]


# ---- Lists in order ----


def test_lists_in_order_rest_whom_they_met_and_change_by_themselves() -> None:
    lists = [make_list(0, "abc", "defg"), make_list(1, "abd", "cefg"), make_list(2, "abd", "cefg")]
    followed = follow_lists(lists)
    # Two weeks of rest: a, b and c are met in the first week, the next three in the second, a, b, c again in the third.
    assert list(followed.found["patient_id"]) == ["a", "b", "c", "d", "e", "f"]
    assert list(followed.met["people"]) == [3, 3, 3]
    assert followed.new == ((1, 3), (0, 3))


def test_whoever_is_known_or_excluded_is_never_met() -> None:
    followed = follow_lists([make_list(0, "ab", "c", known="xy"), make_list(1, "ab", "c", known="xy")])
    assert set(followed.found["patient_id"]) == {"a", "b", "c"}


def test_a_list_comes_back_from_its_seal_to_the_last_digit() -> None:
    """A patient_id that looks like a number, or like nothing, is still a text."""
    one = make_list(0, "abc", "de")
    one.everyone["patient_id"] = ["007", "NA", "1e5", "p\u00e9", "1.0"]
    one.everyone["risk"] = [0.1 + 0.2, 1 / 3, 2.5e-17, 0.7, None]
    back = unpack_list(pack_list(one.everyone, one.weekly, one.facts), one.day)
    assert list(back.everyone["patient_id"]) == list(one.everyone["patient_id"])
    assert list(back.everyone["risk"].dropna()) == list(one.everyone["risk"].dropna())
    assert back.facts == one.facts
    assert back.weekly == one.weekly
    assert pack_list(back.everyone, back.weekly, back.facts) == pack_list(one.everyone, one.weekly, one.facts)


# ---- Each limit ----


@pytest.mark.parametrize(("had", "state"), [(400, "met"), (800, "not met"), (200, "not met"), (500, "cannot be told")])
def test_events_are_held_against_those_of_a_year_before(had: int, state: str) -> None:
    found = judge_events(LIMITS, make_evidence(people=make_people(had, 400)))
    assert found.state == state
    assert f"{had / 400:.2f} times" in found.found


def test_the_range_of_events_knows_that_the_year_before_is_chance_too() -> None:
    few, many = EarlyShare(30, 100), EarlyShare(30_000, 100_000)
    wide, narrow = (bound_events(make_people(400, 400), each) for each in (few, many))
    assert wide is not None
    assert narrow is not None
    assert wide.low < narrow.low < 1 < narrow.high < wide.high
    assert wide.estimate == pytest.approx(narrow.estimate)


def test_too_few_events_or_no_year_before_cannot_be_told() -> None:
    assert judge_events(LIMITS, make_evidence(people=make_people(7, 9))).state == "cannot be told"
    none = EarlyShare(reason="no year before")
    found = judge_highest(LIMITS, make_evidence(early={"events": none, "highest": none}))
    assert (found.state, found.found) == ("cannot be told", "no year before")


def test_the_highest_are_judged_apart() -> None:
    people = make_people(400, 400).assign(risk=lambda rows: rows["risk"] * (rows.index < 200).astype(int) * 9 + 0.02)
    found = judge_highest(LIMITS, make_evidence(people=people))
    assert found.title == "Also among the 5% at highest risk"
    assert "of 200 people" in found.found


def test_a_group_that_lists_pass_over_is_named() -> None:
    evenly = make_people(400, 400)
    assert judge_subgroups(LIMITS, make_evidence(people=evenly)).state == "met"
    only_women = evenly.assign(found=lambda rows: (rows["sex"] == "female") & (rows.index % 6 == 0))
    men = only_women.assign(found=lambda rows: rows["found"] | ((rows["sex"] == "male") & (rows.index < 40)))
    found = judge_subgroups(LIMITS, make_evidence(people=men))
    assert found.state == "not met"
    assert found.found.endswith("outside: Sex: male")


def test_known_people_above_the_last_listed_count_and_those_below_do_not() -> None:
    half = judge_known(LIMITS, [make_list(0, "abcdefghij", known="qrstuvwxyz")])
    assert (half.state, half.found) == ("cannot be told", "50% (27% to 73%): 10 of 20")
    # Whoever was known in one week and listed in another was found.
    later = make_list(1, "qrstuvwxyz")
    assert (
        judge_known(LIMITS, [make_list(0, "abcdefghij", known="qrstuvwxyz"), later]).found == "0% (0% to 17%): 0 of 20"
    )
    one = make_list(0, "abcdefghij", known="qrstuvwxyz")
    one.everyone.loc[one.everyone["place"] == "known", "margin"] = 0.0
    assert judge_known(LIMITS, [one]).state == "met"


def test_the_team_with_most_to_do_decides_on_work() -> None:
    short = follow_lists([make_list(week, "abcdefgh", "ijklmnop") for week in range(2)])
    assert judge_workload(LIMITS, short).found == "2.0 hours a week at North, the most of 1"
    longer = follow_lists([make_list(0, "abcdefghijklm")])
    assert judge_workload(LIMITS, longer).state == "not met"


def test_weeks_with_nobody_new_count_in_the_mean_and_lists_of_nobody_tell_nothing() -> None:
    """With 20 weeks of rest all are met in the first week: 8 people in 4 weeks, at 15 minutes each."""
    idle = follow_lists([make_list(week, "abcdefgh", rest_weeks=20) for week in range(4)])
    assert list(idle.met["people"]) == [8, 0, 0, 0]
    assert judge_workload(LIMITS, idle).found == "0.5 hours a week at North, the most of 1"
    nobody = judge_workload(LIMITS, follow_lists([make_list(0, "", "abc")]))
    assert (nobody.state, nobody.found) == ("cannot be told", "nobody stood on any list")


def test_lists_that_flicker_are_told_and_one_list_tells_nothing() -> None:
    steady, other = "abcdefgh", "ijklmnop"
    assert judge_churn(LIMITS, follow_lists([make_list(0, steady), make_list(1, steady)])).state == "met"
    assert judge_churn(LIMITS, follow_lists([make_list(0, steady), make_list(1, other)])).state == "not met"
    assert judge_churn(LIMITS, follow_lists([make_list(0, steady)])).state == "cannot be told"


def test_late_data_missing_weeks_and_lists_made_afterwards() -> None:
    assert judge_late_data(LIMITS, [make_list(0, "a"), make_list(1, "a", age=63)]).state == "not met"
    assert judge_late_data(LIMITS, [make_list(0, "a"), make_list(1, "a", age=62)]).state == "met"
    lists = [make_list(week, "ab") for week in range(3)]
    assert judge_runs(LIMITS, make_evidence(lists=lists)).state == "met"
    late = [*lists[:2], make_list(2, "ab", late=7)]
    found = judge_runs(LIMITS, make_evidence(lists=late))
    assert (found.state, found.found) == (
        "not met",
        "of 4 weeks 1 have no list, and 1 one that was made after its week",
    )


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (None, "cannot be told"),
        (RecordCheck(39, 39), "cannot be told"),
        (RecordCheck(40, 38), "met"),
        (RecordCheck(40, 35), "cannot be told"),
        (RecordCheck(40, 20), "not met"),
    ],
)
def test_pages_that_were_checked(check: RecordCheck | None, state: str) -> None:
    assert judge_record_check(LIMITS, check).state == state


def test_whoever_opened_a_list_before_the_close_is_told_of() -> None:
    found = judge_seal(("A person may be at risk.",))
    assert (found.state, found.found) == ("not met", "opened before it, because: A person may be at risk.")
    assert judge_seal(()).state == "met"


@pytest.mark.parametrize(
    ("ends", "state"),
    [((0.9, 1.1), "met"), ((0.5, 0.7), "not met"), ((1.4, 2.0), "not met"), ((0.7, 1.1), "cannot be told")],
)
def test_a_limit_is_met_where_the_whole_range_lies_inside(ends: tuple[float, float], state: str) -> None:
    assert judge_interval(Interval(1.0, *ends), (0.75, 1.33)) == state


# ---- The page ----


def make_trial(again: str = "") -> SilentTrial:
    protocol = Protocol(1, FIRST, 4, "a_model", 3, "ab" * 32, LIMITS, again)
    return SilentTrial(Path("trial/1"), protocol, {}, (), closed=False)


def test_one_limit_not_met_is_no_go_and_one_that_cannot_be_told_is_not_yet() -> None:
    met, missed, unknown = (TrialFinding(f"Limit {one}", "", "", one) for one in ("met", "not met", "cannot be told"))
    assert decide([met, met]) == "Go. All 2 limits that were fixed in advance are met."
    assert decide([met, unknown]) == "Not yet. Cannot be told: limit cannot be told."
    assert decide([met, unknown, missed]) == "No go. Not met: limit not met."


def test_the_page_of_a_hand_made_trial() -> None:
    known = [make_list(week, "abcdefghijkl", "mnopqrstuvwx") for week in range(4)]
    evidence = make_evidence(lists=known, followed=follow_lists(known), people=make_people(400, 400, 12_000))
    told = describe_trial(make_trial(), evidence)
    states = {one["title"]: one["state"] for one in told["findings"]}
    assert set(states.values()) == {"met"}, states
    assert told["verdict"] == "Go. All 10 limits that were fixed in advance are met."
    page = render_figures_page(build_trial_page(make_trial("The first had the wrong key."), evidence)).decode("utf-8")
    assert told["verdict"] in page
    assert "This trial was begun after another: The first had the wrong key." in page
    assert "1.00 times (" in page
    assert "58 of 60" in page
    late = describe_trial(make_trial(), replace(evidence, people=make_people(800, 400, 12_000), unsealed=("Harm.",)))
    assert late["verdict"].startswith("No go. Not met: as many had the outcome as expected; ")
    assert late["verdict"].endswith("lists stayed sealed.")
