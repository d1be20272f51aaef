"""Lists as the estimate alone would have made them, and the jump at their line: by hand, and on simulated people."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.impact.crossing import (
    BAND,
    Approaches,
    LineOutcomes,
    estimate_crossing,
    find_approaches,
    judge_line,
    keep_approaches,
    measure_density,
    measure_jump,
)
from riskstrat.impact.estimating import Outcomes, estimate_effect
from riskstrat.impact.matching import Matches, Panel, match_controls, take_alone
from riskstrat.impact.ranking import RankedLists, rank_lists
from riskstrat.impact.trials import (
    TrialDesign,
    build_panel,
    follow_approaches,
    follow_matches,
    rank_trial,
    simulate_trial,
)
from riskstrat.impact.verdicts import Verdict, is_confirmed, judge_interval

NAN = np.nan


def rank(margin: list[list[float]], first: list[int], team: list[int], since: int = 0) -> RankedLists:
    margins = np.array(margin)
    panel = Panel(margins, np.zeros(margins.shape, np.int64), np.array(first))
    return rank_lists(panel, np.broadcast_to(np.array(team), margins.shape), since)


def test_as_many_are_listed_by_the_estimate_as_were_in_truth_and_each_once() -> None:
    """Team 0 listed its second, then its first; team 1 its first, then nobody; the last person belongs to none."""
    ranked = rank(
        [[3.0, 2.0, 1.0, 5.0, 4.5, 9.0], [3.0, 2.5, 1.0, 5.0, 4.0, 9.0]], [1, 0, -1, 0, -1, -1], [0, 0, 0, 1, 1, -1]
    )
    assert ranked.panel.first_week.tolist() == [0, 1, -1, 0, -1, -1]
    assert (ranked.new, ranked.out_of_order, ranked.follows_estimate) == (3, 2, False)
    assert ranked.line[0].tolist()[:5] == [2.5, 2.5, 2.5, 4.75, 4.75]
    assert ranked.line[1].tolist()[:3] == [1.75, 1.75, 1.75]
    assert np.isnan(ranked.line[1, 3:]).all()
    assert ranked.free[1].tolist() == [False, True, True, False, True, True]


def test_who_cannot_be_listed_stands_on_no_list_and_who_was_before_the_plan_stays() -> None:
    ranked = rank([[9.0, 2.0, 1.0], [NAN, 2.0, 1.0], [NAN, 2.0, 1.0]], [-1, 0, 1], [0, 0, 0], since=1)
    assert ranked.panel.first_week.tolist() == [-1, 0, 1]
    assert ranked.follows_estimate


def test_a_list_that_follows_the_estimate_is_its_own_and_a_teams_choice_is_seen() -> None:
    for seed in (2, 9):
        trial = simulate_trial(TrialDesign(people=500, weeks=20), seed)
        ranked = rank_trial(trial)
        assert ranked.follows_estimate
        assert (ranked.panel.first_week == trial.first_week).all()
        chosen = rank_trial(simulate_trial(TrialDesign(people=500, weeks=20, unseen=0.5), seed))
        assert chosen.out_of_order > chosen.new / 10


def test_the_ratio_of_people_not_listed_when_they_stood_above_the_line_is_of_events_after_listing() -> None:
    """Four pairs. Of people above 6 events, 4 after listing; of those below 5, 2 after: (4 - 2) / (5 - 2 - 2)."""
    number, listed = np.arange(4), np.arange(8) < 4
    matches = Matches(np.tile(number, 2), np.arange(8), np.zeros(8, np.int64), listed, np.ones(8), 0)
    events = np.array([3, 2, 1, 0, 2, 2, 1, 0], float)
    later = np.array([0, 0, 0, 0, 1, 1, 0, 0], float)
    effect = estimate_effect(Outcomes(events, later, np.ones(8), np.array([1, 1, 0, 0, 0, 0, 0, 0], float)), matches)
    assert effect is not None
    assert effect.ratio == pytest.approx(2.0)
    same = np.array([3, 0, 0, 0, 0, 0, 0, 0], float)
    assert estimate_effect(Outcomes(events, later, np.ones(8), same), matches) is None


def judge_both(design: TrialDesign, seed: int) -> tuple[Verdict, Verdict]:
    """The verdict on a run's own lists, and on those that the estimate alone would have made."""
    trial = simulate_trial(design, seed)
    verdicts = []
    for panel in (build_panel(trial), rank_trial(trial).panel):
        matches = match_controls(panel)
        effect = estimate_effect(follow_matches(trial, matches), matches)
        verdicts.append(judge_interval(effect.interval() if effect else None, 0.1))
    return verdicts[0], verdicts[1]


def test_a_team_that_knows_more_than_records_do_is_not_told_to_harm() -> None:
    first, second = judge_both(TrialDesign(unseen=1.0), 3)
    assert first is Verdict.HARMS
    assert not is_confirmed(first, second)


def test_an_effect_there_is_stays_told_beside_a_teams_choice() -> None:
    first, second = judge_both(TrialDesign(unseen=0.05, effect=-0.9), 3)
    assert (first, second) == (Verdict.WORKS, Verdict.WORKS)
    assert is_confirmed(first, second)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_a_verdict_that_claims_something_needs_to_be_said_twice(verdict: Verdict) -> None:
    confirmed = [is_confirmed(verdict, other) for other in Verdict]
    assert sum(confirmed) == (len(Verdict) if verdict is Verdict.TOO_FEW else 1)
    assert is_confirmed(verdict, verdict)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "changed", [{}, {"winter": 0.5}, {"picks": "sickest"}, {"picks": "easiest"}, {"late": 8}, {"effect": -0.4}]
)
def test_with_a_confounder_that_no_record_holds_the_verdict_is_seldom_wrong(changed: dict[str, object]) -> None:
    """100 runs, of which chance allows 7 of 2.5%; the planned comparison by itself says harms in nearly all."""
    design = TrialDesign(unseen=1.0, **changed)  # type: ignore[arg-type]
    told = [first for first, second in (judge_both(design, seed) for seed in range(1, 101)) if first is second]
    wrong = {Verdict.HARMS, Verdict.WORKS} if design.effect == 0 else {Verdict.HARMS}
    assert sum(each in wrong for each in told) <= 7


# The line of the lists

PLACES = (np.arange(400) * 37 % 400 - 199.5) / 500 * 0.999
AFTER = (np.arange(400) ** 2 % 7 < 2) * 1.0 + (PLACES > 0) * (np.arange(400) % 3 == 0)
BEFORE = (np.arange(400) % 5 == 0) * (1 - 0.8 * (PLACES > 0))


@pytest.mark.parametrize(
    ("values", "jump", "error"), [(AFTER, 0.33456053, 0.19546912), (BEFORE, -0.13150177, 0.08920641)]
)
def test_a_jump_and_its_error_are_those_of_rdrobust(values: np.ndarray, jump: float, error: float) -> None:
    """rdrobust 2.1.1 for Python: p=1, h=b=0.4, triangular kernel, vce="hc2", the robust row."""
    found, spread = measure_jump(PLACES, values[:, None])
    assert found[0] == pytest.approx(jump, abs=1e-8)
    assert np.sqrt(spread[0, 0]) == pytest.approx(error, abs=1e-8)


def test_a_quadratic_that_jumps_is_found_as_it_is() -> None:
    values = 1 + 2 * PLACES - 3 * PLACES**2 + 0.7 * (PLACES > 0) + PLACES * (PLACES > 0)
    found, spread = measure_jump(PLACES, values[:, None])
    assert found[0] == pytest.approx(0.7)
    assert spread[0, 0] == pytest.approx(0, abs=1e-12)


def approach(seed: int, people: int, ratio: float = 1.0, slope: float = 1.5) -> tuple[np.ndarray, ...]:
    """Distance, and events before and after listing, of people who are ever fewer and more ill higher up."""
    rng = np.random.default_rng(seed)
    distance = BAND * (2 * rng.beta(1, 2.5, people) - 1)
    rate = np.exp(slope * distance - 1.2) * rng.gamma(1.2, 1 / 1.2, people)
    waits = np.where(distance > 0, 0.0, np.where(rng.random(people) < 0.5, rng.random(people) / 2, 1.0))
    return distance, rng.poisson(rate * waits).astype(float), rng.poisson(rate * (1 - waits) * ratio).astype(float)


@pytest.mark.parametrize("ratio", [1.0, 0.6])
def test_the_range_at_the_line_holds_the_truth(ratio: float) -> None:
    """400 runs: 95% with room for chance; at no effect neither works nor harms beyond 2.5% each."""
    ranges = []
    for seed in range(400):
        effect = estimate_crossing(*approach(seed + 100, 4000, ratio))
        ranges.append((effect.interval() if effect else None) or (-1.0, np.inf))
    low, high = np.array(ranges).T
    assert 0.92 <= ((low <= ratio - 1) & (ratio - 1 <= high)).mean() <= 0.98
    assert (low > ratio - 1).mean() <= 0.05
    assert (high < ratio - 1).mean() <= 0.05


def test_where_nobody_above_is_listed_sooner_there_is_no_effect() -> None:
    distance, before, after = approach(1, 2000)
    assert estimate_crossing(distance, np.zeros(2000), before + after) is None


def test_the_check_of_numbers_is_quiet_by_chance_alone_and_loud_where_people_are_moved() -> None:
    quiet = [abs(measure_density(approach(seed, 3000)[0])) > 1.96 for seed in range(300)]
    assert np.mean(quiet) <= 0.08
    distance = approach(5, 3000)[0]
    moved = np.where((distance < 0) & (distance > -0.1) & (np.arange(3000) % 2 == 0), -distance, distance)
    assert measure_density(moved) > 1.96


def judge(seed: int = 7, people: int = 6000, caught: float = 0.3, limit: int = 50, **other: np.ndarray):  # type: ignore[no-untyped-def]
    distance, before, after = approach(seed, people)
    distance = other.get("distance", distance)
    waited = np.where(np.arange(people) % 100 < 100 * caught, 3.0, np.inf)
    earlier = other.get("earlier", np.random.default_rng(1).poisson(1.0, people).astype(float))
    rows = Approaches(np.arange(people), np.zeros(people, np.int64), distance)
    return judge_line(rows, LineOutcomes(waited, before, after, earlier), limit)


def test_the_line_tells_an_effect_with_how_many_just_below_were_listed() -> None:
    found = judge()
    assert found.untold == ""
    assert found.effect is not None
    assert found.caught_up[4] == found.caught_up[26] == pytest.approx(0.3 * found.just, rel=0.2)


@pytest.mark.parametrize(
    ("given", "untold"),
    [
        ({"people": 400}, "fewer than 150 people first came near it on one side"),
        ({"caught": 0.7}, "were listed within 12 weeks than the 50% that the plan allows"),
        ({"limit": 20}, "were listed within 12 weeks than the 20% that the plan allows"),
    ],
)
def test_the_line_is_refused_beyond_the_limits_of_the_plan(given: dict[str, object], untold: str) -> None:
    found = judge(**given)  # type: ignore[arg-type]
    assert untold in found.untold
    assert (found.effect, found.density) == (None, None)


def test_the_line_is_refused_where_its_sides_are_unlike() -> None:
    distance = approach(7, 6000)[0]
    moved = np.where((distance < 0) & (distance > -0.1) & (np.arange(6000) % 2 == 0), -distance, distance)
    assert "the number of people jumps" in judge(distance=moved).untold
    assert "had been unlike in the year before" in judge(earlier=(distance > 0) * 1.0 + np.arange(6000) % 2).untold


def test_an_approach_is_the_first_week_near_the_line_and_never_again() -> None:
    """The first stands near in week 1, the second jumps far over, the third never comes near."""
    ranked = rank([[0.0, 0.0, -3.0, 5.0], [0.8, 4.0, -3.0, 1.0], [0.9, 0.5, -3.0, 0.9]], [2, 1, -1, 0], [0, 0, 0, 0])
    found = find_approaches(ranked)
    assert dict(zip(found.person.tolist(), found.week.tolist(), strict=True)) == {0: 2, 1: 1, 3: 0}
    assert keep_approaches(found, found.week == 1).person.tolist() == [1]


def test_people_of_a_run_who_came_near_the_line_are_followed_from_then() -> None:
    trial = simulate_trial(TrialDesign(people=800, weeks=40, unseen=0.3), 4)
    approaches = find_approaches(rank_trial(trial))
    outcomes = follow_approaches(trial, approaches)
    plain = follow_matches(trial, take_alone(approaches.person, approaches.week))
    assert (outcomes.before + outcomes.after == plain.events).all()
    first = trial.first_week[approaches.person]
    assert (outcomes.before[(first >= 0) & (first <= approaches.week)] == 0).all()
    assert (outcomes.after[first < 0] == 0).all()
    assert np.isinf(outcomes.waited[first < 0]).all()
