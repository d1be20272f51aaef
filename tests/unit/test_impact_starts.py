"""Teams that begin at different times: by hand, on a hand-made site in plain Python, and on simulated people."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import CaseRegister
from riskstrat.impact import comparing
from riskstrat.impact.comparing import Comparison
from riskstrat.impact.matching import Panel
from riskstrat.impact.planning import ImpactPlan, LoggedPlan
from riskstrat.impact.starting import (
    FEWEST_OTHERS,
    Start,
    WayBefore,
    WindowTotals,
    check_before,
    choose_windows,
    estimate_starts,
    find_starts,
)
from riskstrat.impact.trials import TrialDesign, compare_trial_starts, simulate_trial
from riskstrat.publication import EVERYONE_COLUMNS
from riskstrat.site.opening import open_workspace
from tests.suite.daily import SETTINGS, ingest_everybody
from tests.suite.hand_made import MODEL, THREE_FEATURES, publish_list, register_champion
from tests.suite.verbs import run_verb

# By hand


def begin(
    firsts: Mapping[int, int], weeks: int = 9, teams: int = 10, span: int = 28, until: int = 99, unscored: int = 0
) -> Any:
    """Ten teams of two people, on weekly lists; firsts: the list on which the first of a team stood.

    unscored: of how many teams, from the last, nobody could be listed on the first list.
    """
    first = np.full(2 * teams, -1)
    for team, week in firsts.items():
        first[2 * team] = week
    margin = np.tile(np.arange(2 * teams, 0, -1.0), (weeks, 1))
    margin[0, 2 * (teams - unscored) :] = np.nan
    panel = Panel(margin, np.zeros(margin.shape, np.int64), first)
    members = np.broadcast_to(np.arange(2 * teams) // 2, margin.shape)
    day = np.datetime64("2026-01-05") + 7 * np.arange(weeks)
    return find_starts(panel, members, day, span, day[0] + 7 * until)


def test_a_start_is_held_against_teams_that_had_not_begun_by_the_end_of_its_time() -> None:
    """Of lists in weeks 0 to 8 and people followed for 4 weeks: team 2 begins too soon after team 1 for it."""
    found = begin({0: 0, 1: 4, 2: 7, 3: 8})
    assert [(start.team, start.week, start.earlier) for start in found.starts] == [(1, 4, 0), (2, 7, 3), (3, 8, 4)]
    assert found.starts[0].others == (3, 4, 5, 6, 7, 8, 9)
    assert found.starts[1].others == (4, 5, 6, 7, 8, 9)
    assert (found.begun, found.dates) == (4, 3)


def test_too_few_starts_tell_nothing_and_it_is_said_how_many_there_are() -> None:
    asked = "it asks for 6 teams whose start can be held against 3 that had not begun, and there are "
    assert begin({}).untold == f"{asked}none"
    assert begin({0: 0}).untold == f"{asked}none"  # no list came so long before its first
    assert begin(dict.fromkeys(range(5), 4)).untold == f"{asked}5"
    assert begin(dict.fromkeys(range(6), 4)).untold == ""
    assert begin(dict.fromkeys(range(8), 4)).untold == f"{asked}none"  # two are left that had not begun


def test_a_team_of_whom_nobody_could_be_listed_before_is_held_against_nobody() -> None:
    assert begin({1: 4}, unscored=3).starts[0].others == (0, 2, 3, 4, 5, 6)
    assert begin({9: 4}, unscored=3).starts == ()


def test_the_times_before_a_start_go_back_from_list_to_list_as_far_as_there_are_any() -> None:
    """People are followed for 2 weeks: of a start on the list of week 8 the time before begins in week 6, and those
    before it in 4, 2 and 0; nobody looks back further than three."""
    before = {start.team: start.before for start in begin({0: 8, 1: 4, 2: 3, 3: 2}, span=14, weeks=9).starts}
    assert before == {0: (4, 2, 0), 1: (0,), 2: (), 3: ()}
    assert begin({0: 10}, span=14, weeks=11).starts[0].before == (6, 4, 2)
    assert begin({0: 8}, span=14, unscored=3).starts[0].before == (4, 2)


def test_a_start_counts_once_its_people_were_followed() -> None:
    assert [len(begin({0: 4}, until=week).starts) for week in (7, 8)] == [0, 1]


def test_as_large_a_share_of_each_team_stands_for_whom_it_would_list() -> None:
    """Of four people of team 0 one is listed at once and one within the time: so the two highest of each window."""
    margin = np.array([[4.0, 3, 2, 1, 4, 3, 2, 1], [1.0, 2, 3, 4, np.nan, 3, 2, 1], [0.0] * 8])
    panel = Panel(margin, np.zeros(margin.shape, np.int64), np.array([-1, 2, -1, 1, -1, -1, -1, -1]))
    team = np.tile([0, 0, 0, 0, 1, 1, 1, 1], (3, 1))
    day = np.array(["2026-01-05", "2026-02-02", "2026-02-09"], "datetime64[D]")
    windows = choose_windows([Start(0, 1, 0, (1,))], panel, team, day, 28)
    chosen = {window: people.tolist() for window, people in windows.items()}
    assert chosen == {(0, 0): [0, 1], (0, 1): [3, 2], (1, 0): [4, 5], (1, 1): [5, 6]}


def test_the_ratio_is_of_events_after_listing_over_those_that_would_have_been() -> None:
    """Twice as many as expected before; others half as many as before. Of 40 expected 40 would have been: 10 before
    being listed, so that 15 stand for 30."""
    totals = {
        (0, 0): WindowTotals(9, 9, 60, 0, 30),
        (0, 1): WindowTotals(9, 9, 10, 15, 40),
        **{(other, week): WindowTotals(9, 9, 20 if week else 40, 0, 20) for other in (1, 2, 3) for week in (0, 1)},
    }
    found = estimate_starts([Start(0, 1, 0, (1, 2, 3))], totals)
    assert found.effect is None  # without the one team that began nothing is left
    starts = [Start(0, 1, 0, (1, 2, 3)), Start(4, 1, 0, (1, 2, 3))]
    effect = estimate_starts(starts, totals | {(4, week): totals[0, week] for week in (0, 1)}).effect
    assert effect is not None
    assert effect.ratio == pytest.approx(0.5)
    assert (effect.listed, effect.controls) == (pytest.approx(25 / 9), pytest.approx(40 / 9))


def test_teams_that_differ_more_give_a_wider_range() -> None:
    """As many events in all, in teams that are alike and in teams that are not."""
    errors = []
    for apart in (1, 9):
        starts = [Start(team, 1, 0, (90, 91, 92)) for team in range(6)]
        totals = {(other, week): WindowTotals(50, 20, 20.0, 0, 20) for other in (90, 91, 92) for week in (0, 1)}
        for team in range(6):
            totals[team, 0] = WindowTotals(50, 20, 20, 0, 20)
            totals[team, 1] = WindowTotals(50, 20, 0, 20 + (apart if team % 2 else -apart), 20)
        effect = estimate_starts(starts, totals).effect
        assert effect is not None
        assert effect.ratio == pytest.approx(1)
        errors.append(effect.measure_error())
    assert errors[1] == pytest.approx(9 * errors[0])


# The times before a start


def make_windows(moved: tuple[float, ...], teams: int = 12) -> tuple[list[Start], dict[tuple[int, int], WindowTotals]]:
    """Teams that begin on list 4, followed for a list each; moved: their events in the times before, over the others'.

    The teams differ by a few events, some one way and some the other.
    """
    starts = [Start(team, 4, 3, (90, 91, 92), (2, 1, 0)) for team in range(teams)]
    totals = {}
    for team, week in product((*range(teams), 90, 91, 92), range(5)):
        times = moved[week] if team < teams else 1.0
        events = 40 * times + (-1) ** (team + week // 2) + (team * (week + 1)) % 3
        totals[team, week] = WindowTotals(50, 20, events, 0.0, 20.0)
    return starts, totals


@pytest.mark.parametrize(
    ("moved", "apart"),
    [
        ((1.0, 1.0, 1.0, 1.0, 1.0), False),
        ((2.0, 2.0, 2.0, 2.0, 2.0), False),
        ((1.0, 1.0, 1.0, 1.0, 0.5), False),
        ((1.0, 1.0, 1.0, 1.5, 1.0), True),
        ((1.0, 1.5, 1.0, 1.0, 1.0), True),
        ((1.0, 1.2, 1.44, 1.73, 2.07), True),
    ],
    ids=["alike", "always higher", "falls at the start", "high just before it", "high long before", "rises all along"],
)
def test_teams_that_had_gone_another_way_are_found(moved: tuple[float, ...], apart: bool) -> None:
    found = check_before(*make_windows(moved))
    assert found.times == 3
    assert found.is_apart is apart


def test_without_earlier_times_of_enough_starts_nothing_is_looked_at() -> None:
    assert [check_before(*make_windows((1.0,) * 5, teams)).times for teams in (5, 6, 8, 11, 12)] == [0, 1, 2, 2, 3]
    starts, totals = make_windows((1.0,) * 5, 6)
    few = [replace(start, before=start.before if start.team < 5 else ()) for start in starts]
    assert check_before(few, totals).chance is None
    one = [replace(start, before=start.before[: 1 if start.team < 5 else 2]) for start in starts]
    assert check_before(one, totals).times == 1


def test_where_nothing_varies_any_difference_is_one() -> None:
    starts, totals = make_windows((1.0,) * 5)
    same = {window: replace(one, before=40.0) for window, one in totals.items()}
    assert check_before(starts, same).chance == 1.0
    high = {
        (team, week): replace(one, before=60.0 if team < 12 and week == 3 else 40.0)
        for (team, week), one in same.items()
    }
    assert check_before(starts, high).chance == 0.0


# A site, in plain Python

TEAMS, MEMBERS, SPAN = 10, 12, 28
DAYS = tuple(date(2025, 6, 2) + timedelta(days=14) * number for number in range(6))
BEGINS = {0: 2, 1: 2, 2: 2, 3: 4, 4: 4, 5: 4}
"""By team the list on which it begins; it lists its two highest then and the two next on the list after."""

ANALYSIS = date(2026, 3, 2)
PLAN = ImpactPlan(MODEL, "emergency_admissions", DAYS[0], SPAN // 7, (ANALYSIS,), 10)


def list_stays() -> Iterator[tuple[int, int, date]]:
    """Team, member and day: more for the higher, fewer after being listed, by a rule that no chance is in."""
    for team, member, number in product(range(TEAMS), range(5), range(len(DAYS))):
        stays, listed = (team * team + 3 * member + number * number) % 5 % 4, is_listed_on(team, member)
        if listed is not None and number >= listed:
            stays //= 2
        for stay in range(stays):
            yield team, member, DAYS[number] + timedelta(days=3 + 8 * stay)


def is_listed_on(team: int, member: int) -> int | None:
    """The number of the list."""
    began = BEGINS.get(team)
    return None if began is None or member > 3 else began + member // 2


def work_out() -> Fraction:
    """The ratio, from the rows alone: the four highest of each team, as a third of the teams that began were."""

    def count(team: int, number: int, *, after: bool) -> int:
        """Stays within a span, of people who could still be listed; after: those after being listed."""
        found = 0
        for one, member, day in list_stays():
            inside = one == team and member < 4 and DAYS[number] < day <= DAYS[number] + timedelta(days=SPAN)
            listed = is_listed_on(team, member)
            is_after = listed is not None and day > DAYS[listed]
            found += inside and (is_after or not after)
        return found

    after, would = Fraction(0), Fraction(0)
    for team, began in BEGINS.items():
        others = [one for one in range(TEAMS) if BEGINS.get(one, 99) > began]
        now, then = (sum(count(one, number, after=False) for one in others) for number in (began, began - 2))
        listed = count(team, began, after=True)
        after += listed
        before = count(team, began, after=False) - listed
        would += count(team, began - 2, after=False) * Fraction(now, then) - before
    return after / would


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starts")
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=""), "utf-8")
    ingest_everybody(folder, root, ANALYSIS, **write_tables())
    register_champion(root)
    for number, day in enumerate(DAYS):
        publish_list(root, day, CaseRegister(), everyone=score_everybody(number))
    return root


def name(team: int, member: int) -> str:
    return f"t{team:02d}-{member:02d}"


def write_tables() -> dict[str, str]:
    everybody = [name(team, member) for team in range(TEAMS) for member in range(MEMBERS)]
    people = "".join(f"{one},1950-01-01,F,\n" for one in everybody)
    registered = "".join(f"{one},N83001,2001-01-01,\n" for one in everybody)
    stays = [(name(team, member), day) for team, member, day in list_stays()]
    stays.append((name(9, 11), ANALYSIS - timedelta(days=9)))
    rows = "".join(
        f"{one},{day},{day + timedelta(days=1)},{day + timedelta(days=2)},21,{number}\n"
        for number, (one, day) in enumerate(stays)
    )
    return {
        "people": f"patient_id,date_of_birth,sex,date_of_death\n{people}",
        "registrations": f"patient_id,practice,registered_from,registered_to\n{registered}",
        "admissions": f"patient_id,admitted_on,discharged_on,known_on,method,spell_id\n{rows}",
    }


def score_everybody(number: int) -> pd.DataFrame:
    """Everybody on one list: the lower the number of a member, the higher the estimate."""
    everybody = [(team, member) for team in range(TEAMS) for member in range(MEMBERS)]
    frame = pd.DataFrame(None, index=range(len(everybody)), columns=list(EVERYONE_COLUMNS))
    return frame.assign(
        patient_id=[name(*each) for each in everybody],
        team=[f"T{team}" for team, _ in everybody],
        place=["listed" if is_listed_on(*each) == number else "below the line" for each in everybody],
        margin=[-0.1 * member for _, member in everybody],
        risk=0.25,
    )


def test_a_site_says_what_plain_python_works_out(site: Path, tmp_path: Path) -> None:
    given = ("--analysis", ANALYSIS, "--since", DAYS[0], "--followed-weeks", SPAN // 7)
    assert run_verb("impact", "plan", "-w", site, *given).returncode == 0
    done = run_verb("impact", "look", "-w", site, "--out", tmp_path / "page.html", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["at_starts"]
    assert (said["begun"], said["comparable"], said["dates"], said["untold"]) == (6, 6, 2, "")
    assert said["change"] == pytest.approx(float(work_out() - 1), abs=1e-6)
    assert said["low"] < said["change"] < said["high"]
    assert (said["earlier_times"], said["chance_of_same_way_before"]) == (0, None)
    assert "too few lists or events so long before" in (tmp_path / "page.html").read_text("utf-8")
    assert "Teams that began, against those that had not yet" in (tmp_path / "page.html").read_text("utf-8")


def test_a_look_before_the_later_teams_were_followed_tells_of_too_few(site: Path) -> None:
    opened = open_workspace(site)
    logged = LoggedPlan(PLAN, DAYS[0], 7, None, 1, 0)
    comparison = Comparison(opened, opened.recipe(), logged)
    # The people of the last lists to begin, followed for 28 days and waited for 75 more.
    later = DAYS[4] + timedelta(days=SPAN + 75)
    assert [len(comparison.judge_starts(day)[0].starts) for day in (later - timedelta(days=1), later)] == [3, 6]
    found, told = comparison.judge_starts(later - timedelta(days=1))
    assert told.untold == found.untold
    assert told.untold.endswith(f"held against {FEWEST_OTHERS} that had not begun, and there are 3")
    since = replace(logged, plan=replace(PLAN, since=DAYS[3]))
    assert [start.team for start in Comparison(opened, opened.recipe(), since).judge_starts(later)[0].starts] == [
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(("chance", "told"), [(0.04, False), (0.06, True)])
def test_what_a_site_says_of_its_starts_is_withheld_where_the_teams_had_gone_apart(
    site: Path, monkeypatch: pytest.MonkeyPatch, chance: float, told: bool
) -> None:
    monkeypatch.setattr(comparing, "check_before", lambda *_: WayBefore(2, chance))
    opened = open_workspace(site)
    comparison = Comparison(opened, opened.recipe(), LoggedPlan(PLAN, DAYS[0], 7, None, 1, 0))
    found, compared = comparison.judge_starts(ANALYSIS)
    assert found.before == WayBefore(2, chance)
    assert (compared.interval is not None, compared.untold == comparing.WENT_APART) == (told, not told)


# Simulated

TWELVE = TrialDesign(
    people=7200, capacities=(3,) * 12, starts=tuple(26 + round(6.5 * team) for team in range(9)) + (999,) * 3
)
"""Nine teams begin over a year from the 26th list on, and three never do."""


def test_a_large_effect_is_seen_and_none_is_not() -> None:
    for effect, holds_none in ((0.0, True), (-0.9, False)):
        found, told = compare_trial_starts(simulate_trial(replace(TWELVE, effect=effect), 3))
        assert len(found.starts) == 9
        assert told is not None
        assert told.effect is not None
        interval = told.effect.interval(told.critical)
        assert interval is not None
        assert (interval[0] <= 0 <= interval[1]) is holds_none


def test_teams_whose_lists_go_back_far_enough_are_looked_at_before_they_began() -> None:
    design = replace(TWELVE, weeks=130, starts=tuple(60 + 5 * team for team in range(9)) + (999,) * 3)
    found, told = compare_trial_starts(simulate_trial(design, 4))
    assert told is not None
    assert found.before is not None
    assert (found.before.times, found.before.is_apart) == (1, False)


def test_teams_that_begin_at_once_tell_nothing() -> None:
    found, told = compare_trial_starts(simulate_trial(TrialDesign(people=800, weeks=60), 1))
    assert (found.begun, found.starts, told) == (8, (), None)


# How often the range is right


def count_missed(starts: int, never: int, unrest: float, effect: float, runs: int) -> tuple[float, float]:
    """Shares of runs whose range lies wholly below and above the truth: three dates, about 25 events a window."""
    rng = np.random.default_rng(16)
    begins = [1 + 3 * team // starts for team in range(starts)] + [9] * never
    every = [
        Start(team, week, week - 1, tuple(other for other, began in enumerate(begins) if began > week))
        for team, week in enumerate(begins[:starts])
    ]
    below = above = 0
    for _ in range(runs):
        rates = 25 * np.exp(rng.normal(0, unrest, (len(begins), 4)))
        totals = {window: draw_totals(rng, float(rates[window]), 0.0) for window in np.ndindex(rates.shape)}
        totals |= {
            (team, week): draw_totals(rng, rates[team, week], 0.7, effect) for team, week in enumerate(begins[:starts])
        }
        found = estimate_starts(every, totals)
        interval = found.effect.interval(found.critical) if found.effect else None
        below += interval is not None and interval[1] < effect
        above += interval is not None and interval[0] > effect
    return below / runs, above / runs


def count_apart(starts: int, never: int, unrest: float, runs: int, times: int = 3, rise: float = 0.0) -> float:
    """Share of runs whose teams are found to have gone different ways before they began, on three dates.

    rise: by how much, in logs, those that began went up in the last time before.
    """
    rng = np.random.default_rng(17)
    begins = [1 + times + 3 * team // starts for team in range(starts)] + [99] * never
    every = [
        Start(
            *(team, week, week - 1, tuple(other for other, began in enumerate(begins) if began > week)),
            before=tuple(range(week - 2, week - 2 - times, -1)),
        )
        for team, week in enumerate(begins[:starts])
    ]
    apart = 0
    for _ in range(runs):
        rates = 25 * np.exp(rng.normal(0, unrest, (len(begins), times + 4)))
        for start in every:
            rates[start.team, start.earlier] *= np.exp(rise)
        totals = {window: draw_totals(rng, float(rates[window]), 0.0) for window in np.ndindex(rates.shape)}
        found = check_before(every, totals)
        assert found.times == times
        apart += found.is_apart
    return apart / runs


@pytest.mark.parametrize(("starts", "times", "unrest"), [(6, 1, 0.0), (6, 1, 0.2), (9, 2, 0.1), (12, 3, 0.0)])
def test_teams_that_went_the_same_way_are_seldom_found_apart(starts: int, times: int, unrest: float) -> None:
    """200 runs: 5% by the level, with room for chance."""
    assert count_apart(starts, 3, unrest, 200, times) <= 0.08


def test_teams_that_went_up_just_before_they_began_are_mostly_found() -> None:
    assert count_apart(12, 3, 0.1, 40, 1, rise=0.7) >= 0.6


@pytest.mark.exhaustive
@pytest.mark.parametrize(("starts", "times"), [(6, 1), (9, 1), (9, 2), (20, 1), (20, 3)])
@pytest.mark.parametrize("unrest", [0.0, 0.2])
def test_teams_that_went_the_same_way_are_found_apart_in_5_of_100(starts: int, times: int, unrest: float) -> None:
    """1,000 runs each."""
    assert count_apart(starts, 3, unrest, 1000, times) <= 0.05


def draw_totals(rng: np.random.Generator, rate: float, listed: float, effect: float = 0.0) -> WindowTotals:
    """A window with as many events expected of every one, of which a share comes after being listed."""
    before, after = rng.poisson(rate * (1 - listed)), rng.poisson(rate * listed * (1 + effect))
    return WindowTotals(100, 50, float(before), float(after), 25.0)


@pytest.mark.parametrize(("unrest", "effect"), [(0.0, 0.0), (0.2, 0.0), (0.1, -0.2)])
def test_the_range_holds_the_truth_with_the_fewest_teams(unrest: float, effect: float) -> None:
    below, above = count_missed(6, 3, unrest, effect, 150)
    assert max(below, above) <= 0.06


@pytest.mark.exhaustive
@pytest.mark.parametrize("teams", [(6, 3), (9, 3), (20, 3)])
@pytest.mark.parametrize(("unrest", "effect"), [(0.0, 0.0), (0.2, 0.0), (0.1, -0.2), (0.1, -0.4), (0.1, 0.2)])
def test_the_range_misses_the_truth_on_either_side_as_seldom_as_it_says(
    teams: tuple[int, int], unrest: float, effect: float
) -> None:
    """1,000 runs: 2.5% on each side, with room for chance; with few teams it misses less often."""
    assert max(count_missed(*teams, unrest, effect, 1000)) <= 0.04


@pytest.mark.exhaustive
@pytest.mark.parametrize("changed", [{}, {"effect": -0.2}, {"winter": 0.5}, {"unrest": 0.1}])
def test_simulated_teams_that_begin_over_a_year_are_told_the_truth(changed: dict[str, float]) -> None:
    """60 runs each: the range of nearly all holds the truth, and the middle of the runs lies near it."""
    design = replace(TWELVE, **changed)  # type: ignore[arg-type]
    told = [compare_trial_starts(simulate_trial(design, seed))[1] for seed in range(1, 61)]
    effects = [(one.effect, one.critical) for one in told if one is not None and one.effect is not None]
    ranges = [effect.interval(critical) for effect, critical in effects]
    assert np.mean([each is None or each[0] <= design.effect <= each[1] for each in ranges]) >= 0.88
    assert np.median([effect.change for effect, _ in effects]) == pytest.approx(design.effect, abs=0.1)
