"""A cheap simulator of lists at work: people whose true rate and true effect are known, chosen week by week by a score.

It stands in for whole boroughs where thousands of runs are needed. People differ in a rate that no record holds, have
bad spells that pass, die, and are chosen by teams of unlike capacity, so that regression to the mean is at its worst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from riskstrat.impact.crossing import Approaches, LineOutcomes
from riskstrat.impact.estimating import Outcomes
from riskstrat.impact.matching import RECENT_DAYS, Matches, Panel, number_kinds
from riskstrat.impact.ranking import RankedLists, rank_lists
from riskstrat.impact.starting import (
    StartsEffect,
    StartsFound,
    add_windows,
    check_before,
    choose_windows,
    estimate_starts,
    find_starts,
    stack_windows,
)

HISTORY, YEAR, QUARTER = 52, 52, 13
"""Weeks before the first list; weeks of the two counts that the score is made of."""

REST = 26
"""Weeks after a review for which nobody is listed again."""

AGE_RATES = (0.10, 0.16, 0.26, 0.42)
"""Emergency admissions a year of an ordinary person in each age band."""

DEATHS = (0.004, 0.012, 0.035, 0.11)
"""Deaths a year of an ordinary person in each age band."""

REFERENCE_PEOPLE = 120_000
"""People on whom the simulated score is fitted, once."""

Counts = npt.NDArray[np.int16]
Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrialDesign:
    """One borough and its lists.

    capacities: people reviewed each week by each team. effect: of being listed on emergency admissions from the first
    list on, -0.2 for a fifth fewer. picks: to whom of its list a team gives anything. unseen: how much a team's own
    knowledge of the true rate, which no record holds, counts beside the score (log-odds a unit of log rate). winter:
    how much of the rate swings over a year. late: weeks until an admission is seen by the score. starts: the week of
    each team's first list, beyond the last for none; all at once where blank. grows: weeks from a person's list over
    which the effect comes to its whole size. unrest: how far each team's rates wander, anew each half year (standard
    deviation of the log rate).
    """

    people: int = 5000
    capacities: tuple[int, ...] = (1, 1, 2, 2, 3, 3, 4, 4)
    weeks: int = 104
    followed: int = 26
    effect: float = 0.0
    picks: Literal["everybody", "sickest", "easiest"] = "everybody"
    unseen: float = 0.0
    winter: float = 0.15
    late: int = 2
    starts: tuple[int, ...] = ()
    grows: int = 0
    unrest: float = 0.0

    def measure_effect(self, since: npt.NDArray[Any]) -> Numbers:
        """The effect in the week that begins so many weeks after a person was listed; none below 0."""
        grown = np.clip((np.asarray(since, float) + 1) / max(self.grows, 1), 0.0, 1.0)
        return np.where(np.asarray(since) >= 0, self.effect * grown, 0.0)


@dataclass(frozen=True)
class Trial:
    """What one run leaves. Of people: age_band, sex, team, first_week (of the first list, -1 for never), died (week).

    Of list weeks by people: margin, risk and prior (admissions seen in the year before). admitted: of all weeks from
    `HISTORY` before the first list, by people.
    """

    design: TrialDesign
    age_band: Counts
    sex: Counts
    team: Counts
    first_week: npt.NDArray[np.int64]
    died: npt.NDArray[np.int64]
    margin: Numbers
    prior: Counts
    admitted: Counts

    def count_admissions(self, people: npt.NDArray[Any], start: npt.NDArray[Any], weeks: int) -> Numbers:
        """Admissions of each person in the weeks after the list of week `start`; before it where `weeks` is below 0."""
        return np.asarray(np.abs(self.count_between(people, start, np.asarray(start) + weeks)))

    def count_between(self, people: npt.NDArray[Any], start: Any, end: Any) -> Numbers:
        """Admissions of each person from the list of week `start` to that of week `end`."""
        return np.asarray(self._running[end + HISTORY, people] - self._running[start + HISTORY, people])

    @cached_property
    def _running(self) -> Numbers:
        """Admissions up to the start of each week."""
        return np.vstack([np.zeros((1, self.admitted.shape[1])), np.cumsum(self.admitted, axis=0, dtype=float)])


class World:
    """People with their hidden rates, and the state that changes week by week.

    rates: of the latest week, of admissions a year as they would be without any list.
    """

    def __init__(self, design: TrialDesign, rng: np.random.Generator) -> None:
        n = design.people
        self.design, self.rng = design, rng
        self.age_band = rng.choice(4, n, p=(0.4, 0.3, 0.2, 0.1)).astype(np.int16)
        self.sex = rng.integers(0, 2, n).astype(np.int16)
        self.seen = rng.normal(0, 0.4, n)
        self.hidden = np.log(rng.gamma(1.2, 1 / 1.2, n) + 1e-3)
        self.rate = np.array(AGE_RATES)[self.age_band] * np.exp(self.seen + self.hidden)
        self.spell = np.zeros(n)
        self.rates = self.rate
        self.died = np.full(n, np.iinfo(np.int64).max)
        total = HISTORY + design.weeks + design.followed
        self.admitted = np.zeros((total, n), np.int16)

    def step(self, week: int, changed: Numbers | float = 1.0) -> None:
        """One week: bad spells begin and fade, people are admitted and die. changed: what their rates are times."""
        starts = self.rng.random(self.design.people) < 0.5 / YEAR
        self.spell = self.spell * 0.85 + starts * 1.8
        season = 1 + self.design.winter * np.cos(2 * np.pi * week / YEAR)
        self.rates = self.rate * np.exp(self.spell) * season
        alive = np.asarray(self.died > week)
        self.admitted[week] = alive & (self.rng.random(self.design.people) < -np.expm1(-self.rates * changed / YEAR))
        death = np.array(DEATHS)[self.age_band] * np.exp(0.4 * self.hidden + 0.3 * self.spell) / YEAR
        self.died[alive & (self.rng.random(self.design.people) < death)] = week + 1

    def count_seen(self, week: int, weeks: int) -> Counts:
        """Admissions of the `weeks` before a week, as far as they are seen by then."""
        end = week - self.design.late
        return np.asarray(self.admitted[max(0, end - weeks) : end].sum(axis=0), np.int16)

    def build_columns(self, week: int) -> Numbers:
        """What the score is made of: one row per person."""
        bands = [self.age_band == band for band in (1, 2, 3)]
        counts = [np.log1p(self.count_seen(week, weeks)) for weeks in (YEAR, QUARTER)]
        return np.column_stack([*bands, self.sex, self.seen, *counts]).astype(float)


@cache
def fit_score(late: int) -> tuple[tuple[float, ...], float]:
    """Weights and intercept of the log-odds of an admission within a year, from people whom no list has touched."""
    from sklearn.linear_model import LogisticRegression

    design = TrialDesign(people=REFERENCE_PEOPLE, weeks=0, followed=YEAR, late=late)
    world = World(design, np.random.default_rng(20260101))
    for week in range(HISTORY):
        world.step(week)
    columns = world.build_columns(HISTORY)
    alive = np.asarray(world.died > HISTORY)
    for week in range(HISTORY, HISTORY + YEAR):
        world.step(week)
    outcome = np.asarray(world.admitted[HISTORY:].any(axis=0))
    fitted = LogisticRegression(C=1e6, max_iter=500).fit(columns[alive], outcome[alive])
    return tuple(float(weight) for weight in fitted.coef_[0]), float(fitted.intercept_[0])


def simulate_trial(design: TrialDesign, seed: int) -> Trial:
    """One run of the lists of `design`."""
    weights, intercept = fit_score(design.late)
    world = World(design, np.random.default_rng(seed))
    team = (np.arange(design.people) % len(design.capacities)).astype(np.int16)
    first = np.full(design.people, -1, np.int64)
    rests_until = np.zeros(design.people, np.int64)
    treated = np.full(design.people, np.iinfo(np.int32).max, np.int64)
    unrest = _draw_unrest(design, seed)
    margins = np.zeros((design.weeks, design.people))
    prior = np.zeros((design.weeks, design.people), np.int16)
    for week in range(HISTORY + design.weeks + design.followed):
        at = week - HISTORY
        if 0 <= at < design.weeks:
            margins[at] = world.build_columns(week) @ np.array(weights) + intercept
            prior[at] = world.count_seen(week, YEAR)
            order = margins[at] + design.unseen * world.hidden
            begun = tuple(np.where(np.array(design.starts or 0) <= at, design.capacities, 0).tolist())
            listed = _choose_listed(order, team, (world.died > week) & (rests_until <= at), begun)
            new = listed[first[listed] < 0]
            first[new], rests_until[listed] = at, at + REST
            given = _pick(world, listed)
            treated[given] = np.minimum(treated[given], at)
        world.step(week, (1 + design.measure_effect(at - treated)) * unrest[week // REST, team])
    died = np.where(world.died == np.iinfo(np.int64).max, world.died, world.died - HISTORY)
    return Trial(design, world.age_band, world.sex, team, first, died, margins, prior, world.admitted)


def _draw_unrest(design: TrialDesign, seed: int) -> Numbers:
    """By half year and team, what the rates of its people are times."""
    halves = (HISTORY + design.weeks + design.followed) // REST + 1
    rng = np.random.default_rng([seed, 1])
    return np.exp(design.unrest * rng.normal(0, 1, (halves, len(design.capacities))))


def _choose_listed(order: Numbers, team: Counts, free: Truths, capacities: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The people whom the teams list in one week: of each the highest that are free."""
    chosen = []
    for number, capacity in enumerate(capacities):
        inside = np.flatnonzero(free & (team == number))
        chosen.append(inside[np.argsort(-order[inside], kind="stable")[:capacity]])
    return np.concatenate(chosen)


def _pick(world: World, listed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Of the people listed those to whom a team gives anything: all, or the half that is sickest or easiest."""
    if world.design.picks == "everybody":
        return listed
    sickest = listed[np.argsort(-world.rate[listed], kind="stable")]
    half = (len(listed) + 1) // 2
    return sickest[:half] if world.design.picks == "sickest" else sickest[-half:]


def compute_naive_change(trial: Trial, weeks: int | None = None, *, admitted: bool = False) -> float:
    """The change in admissions of the people listed, from the weeks before their first list to as many after.

    What a report without a comparison gives; -0.5 for half as many. weeks: `followed` of the design where None.
    admitted: only of people who had an admission in the weeks before.
    """
    people, length = np.flatnonzero(trial.first_week >= 0), weeks or trial.design.followed
    before = trial.count_admissions(people, trial.first_week[people], -length)
    after = trial.count_admissions(people, trial.first_week[people], length)
    kept = before > 0 if admitted else before >= 0
    return float(after[kept].sum() / before[kept].sum() - 1)


def build_panel(trial: Trial) -> Panel:
    """The lists of a run as a site would have them: of one kind by age band, sex and the admissions seen before."""
    weeks, everybody = range(trial.design.weeks), np.arange(trial.design.people)
    strata = np.array(
        [
            number_kinds(trial.age_band, trial.sex, trial.prior[week], _measure_since(trial, week, everybody))
            for week in weeks
        ]
    )
    return Panel(_hide_dead(trial), strata, trial.first_week)


def _hide_dead(trial: Trial) -> Numbers:
    """The margins of people alive on each list."""
    alive = trial.died[None, :] > np.arange(trial.design.weeks)[:, None]
    return np.where(alive, trial.margin, np.nan)


def _measure_since(trial: Trial, week: int, people: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """By person the days since their latest admission that was seen, as far as kinds of people tell them apart."""
    seen = week - trial.design.late
    since = np.full(len(people), YEAR * 7)
    for ago in sorted(RECENT_DAYS, reverse=True):
        since[trial.count_between(people, seen - ago // 7, seen) > 0] = ago - 1
    return since


def rank_trial(trial: Trial, since: int = 0) -> RankedLists:
    """The lists that the estimate alone would have made of a run."""
    panel = build_panel(trial)
    return rank_lists(panel, np.broadcast_to(trial.team, panel.margin.shape).astype(np.int64), since)


def follow_matches(trial: Trial, matches: Matches) -> Outcomes:
    """The admissions of everybody matched in the `followed` weeks from the list on."""
    events, after = _count_after(trial, matches.person, matches.week)
    risk = 1 / (1 + np.exp(-trial.margin[matches.week, matches.person]))
    later, earlier = np.where(matches.listed, 0.0, after), np.where(matches.listed, events - after, 0.0)
    return Outcomes(events, later, -np.log1p(-risk), earlier)


def follow_approaches(trial: Trial, approaches: Approaches) -> LineOutcomes:
    """What became of people who came near the line in the `followed` weeks from then on."""
    person, week = approaches.person, approaches.week
    events, after = _count_after(trial, person, week)
    first = trial.first_week[person]
    waited = np.where(first < 0, np.inf, first - week)
    return LineOutcomes(waited, events - after, after, trial.prior[week, person].astype(float))


def _count_after(trial: Trial, person: npt.NDArray[Any], week: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """Admissions in the `followed` weeks from `week` on, and those of them after the person was first listed."""
    end, first = week + trial.design.followed, trial.first_week[person]
    starts = np.where(first < 0, end, np.clip(first, week, end))
    return trial.count_between(person, week, end), trial.count_between(person, starts, end)


def compare_trial_starts(trial: Trial) -> tuple[StartsFound, StartsEffect | None]:
    """What the starts of a run's teams tell once everything has been followed; None where nothing."""
    margin = _hide_dead(trial)
    panel = Panel(margin, np.zeros(margin.shape, np.int64), trial.first_week)
    team = np.broadcast_to(trial.team, margin.shape).astype(np.int64)
    day = np.datetime64("2026-01-05", "D") + 7 * np.arange(trial.design.weeks)
    span = 7 * trial.design.followed
    found = find_starts(panel, team, day, span, day[-1] + span)
    if found.untold:
        return found, None
    windows = choose_windows(found.starts, panel, team, day, span)
    rows = stack_windows(windows)
    events, after = _count_after(trial, rows.person, rows.week)
    expected = np.log1p(np.exp(trial.margin[rows.week, rows.person]))
    totals = add_windows(rows, events - after, after, expected, np.ones(len(events), bool))
    return replace(found, before=check_before(found.starts, totals)), estimate_starts(found.starts, totals)
