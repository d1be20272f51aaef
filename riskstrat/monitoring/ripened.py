"""What came of past lists once their time is over: calibration, what the lists found, and whom, against need.

One list of each month is looked at, its first. Chance is asked of the newest ripe one alone, so that each is asked
once; the others are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import round_count
from riskstrat.evaluation.chance import (
    Array,
    Interval,
    bound_observed_over_expected,
    bound_share,
    bound_share_ratio,
)
from riskstrat.monitoring.findings import Finding, State, hide_figures, share_chance

FEWEST = 8
"""People with the outcome, and without it, or expected to have it, below which no figure is given."""

LEVEL = 0.05
"""Chance that an interval misses which is shown and alarms nobody."""


@dataclass(frozen=True)
class RipeList:
    """One past list whose time is over, and what came of everybody scored on it.

    people: one row per person who could be followed: `risk`, `outcome` (0 or 1), `listed` and `touched` (listed, on a
    caseload or reviewed by that list), both bool, and the columns of `DIMENSIONS` that are known.
    """

    day: date
    people: pd.DataFrame


@dataclass(frozen=True)
class RipeMonth:
    """One line of the table of months: observed over expected of those whom the list left alone, and of the others."""

    day: date
    untouched: Interval | None
    touched: Interval | None
    ppv: Interval | None


def tabulate_months(lists: Sequence[RipeList]) -> tuple[RipeMonth, ...]:
    """Each ripe list in the order given, with intervals that hold one at a time."""
    return tuple(
        RipeMonth(
            one.day,
            _show_compared(one.people[~one.people["touched"]]),
            _show_compared(one.people[one.people["touched"]]),
            _bound_ppv(one.people, LEVEL),
        )
        for one in lists
    )


def judge_ripe(newest: RipeList | None, ripens: date | None, plan: MonitoringPlan) -> list[Finding]:
    """The findings on calibration, lift and equity; before any list is ripe, from when they will be.

    ripens: the day on which the first list is ripe, None without a list.
    """
    if newest is None:
        state: State = "not ripe" if ripens else "nothing yet"
        said = f"not ripe until {long_date(ripens)}" if ripens else "no list is published yet"
        watches = {name: watch.title for name, watch in plan.list_watches()}
        return [Finding(key, watches[key], state, said) for key in ("calibration", "lift", "equity")]
    return [*judge_calibration(newest, plan), judge_lift(newest, plan), *judge_equity(newest, plan)]


def judge_calibration(ripe: RipeList, plan: MonitoringPlan) -> Iterator[Finding]:
    """Observed against expected among the people whom the list left alone: all of them, and those at highest risk.

    What was done for the others is meant to change what comes of them, so they are shown and raise no alarm.
    """
    watch, people = plan.calibration, ripe.people[~ripe.people["touched"]]
    risk = people["risk"].to_numpy(float)
    highest = risk >= (np.quantile(risk, 1 - watch.highest_share) if len(risk) else np.inf)
    chance = share_chance(plan, 2)
    for about, rows in (
        ("everybody whom the list left alone", people),
        (f"the {watch.highest_share:.0%} of them at highest risk", people[highest]),
    ):
        judged = _word_interval(
            ("calibration", f"{about}, list of {long_date(ripe.day)}"),
            _compare(rows, chance),
            watch.observed_over_expected_within,
            "{estimate:.2f} times as many had the outcome as expected ({low:.2f} to {high:.2f})",
        )
        few = 0 < rows["outcome"].sum() < FEWEST
        yield hide_figures(judged, "observed over expected") if few else judged


def judge_lift(ripe: RipeList, plan: MonitoringPlan) -> Finding:
    """The rate of the outcome among the listed over that among everybody scored on the same list."""
    people, about = ripe.people, f"the people on the list of {long_date(ripe.day)}"
    listed, outcome = people["listed"].to_numpy(float), people["outcome"].to_numpy(float)
    found = None
    found_ill = (listed * outcome).sum()
    if min(listed.sum(), outcome.sum()) >= FEWEST:
        everybody = np.ones(len(people))
        found = bound_share_ratio(listed * outcome, listed, outcome, everybody, share_chance(plan, 1))
    words = "they had the outcome {estimate:.1f} times as often as everybody ({low:.1f} to {high:.1f})"
    judged = _word_interval(("lift", about), found, (plan.lift.least_lift, np.inf), words)
    return hide_figures(judged, "their rate over everybody's") if 0 < found_ill < FEWEST else judged


def judge_equity(ripe: RipeList, plan: MonitoringPlan) -> list[Finding]:
    """Each group's share of the listed over its share of everybody with the outcome."""
    limits = {name: ends for name, ends in plan.equity.list_over_need_within.items() if name in ripe.people}
    groups = {name: list(_list_groups(ripe.people[name])) for name in DIMENSIONS if name in limits}
    chance = share_chance(plan, sum(map(len, groups.values())))
    listed, outcome = (ripe.people[name].to_numpy(float) for name in ("listed", "outcome"))
    words = "its share of the list is {estimate:.2f} times its share of need ({low:.2f} to {high:.2f})"
    found = []
    for name, values in groups.items():
        for value in values:
            inside = (ripe.people[name].astype(object) == value).to_numpy(float)
            ratio = _compare_list_with_need(inside, listed, outcome, limits[name], chance)
            said = _word_interval(("equity", f"{DIMENSIONS[name]}: {value}"), ratio, limits[name], words)
            few = 0 < (inside * listed).sum() < FEWEST
            found.append(hide_figures(said, "its share of the list") if few else said)
    return found


def _compare_list_with_need(
    inside: Array, listed: Array, outcome: Array, limits: tuple[float, float], chance: float
) -> Interval | None:
    """None where the list would hold too few of the group at the lower limit to tell fewer from chance."""
    ill = float((inside * outcome).sum())
    expected = listed.sum() * ill / max(outcome.sum(), 1.0)
    if ill < FEWEST or max(expected * limits[0], (inside * listed).sum()) < FEWEST:
        return None
    return bound_share_ratio(inside * listed, listed, inside * outcome, outcome, chance)


def _list_groups(column: pd.Series) -> Iterator[str]:
    known = column.astype(object).dropna()
    yield from sorted(map(str, set(known) - {"not recorded"}))


def _compare(people: pd.DataFrame, chance: float) -> Interval | None:
    """Observed over expected; None where too few were expected to have the outcome, or did not have it."""
    risk, had = people["risk"].to_numpy(float), int(people["outcome"].sum())
    few = min(risk.sum(), len(people) - had) < FEWEST
    return None if few else bound_observed_over_expected(had, risk, chance)


def _show_compared(people: pd.DataFrame) -> Interval | None:
    """The same for a table of figures, which has none that rests on 1 to 7 people."""
    return None if 0 < people["outcome"].sum() < FEWEST else _compare(people, LEVEL)


def _bound_ppv(people: pd.DataFrame, chance: float) -> Interval | None:
    outcome = people.loc[people["listed"], "outcome"]
    had = int(outcome.sum())
    few = len(outcome) < FEWEST or 0 < had < FEWEST
    return None if few else bound_share(round_count(had), round_count(len(outcome)), chance)


def _word_interval(where: tuple[str, str], found: Interval | None, limits: tuple[float, float], words: str) -> Finding:
    if found is None:
        return Finding(*where, "too few", "too few people to tell")
    outside = found.lies_outside(*limits)
    most = f" to {limits[1]:g}" if np.isfinite(limits[1]) else " or more"
    said = f"{words.format(**found._asdict())}; {limits[0]:g}{most} is accepted"
    figures = {name: round(value, 6) for name, value in found._asdict().items()}
    return Finding(*where, "alert" if outside else "well", said, figures)
