"""Each limit of a trial held against what was found: met, not met, or cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, inf, log, sqrt
from typing import Literal

import numpy as np
import pandas as pd

from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.trial import TrialLimits
from riskstrat.documents.words import TOO_FEW, round_count, suppressed
from riskstrat.evaluation.chance import (
    Array,
    Interval,
    bound_observed_over_expected,
    bound_share,
    bound_share_ratio,
)
from riskstrat.trial.content import OpenedList
from riskstrat.trial.sequence import FollowedLists

State = Literal["met", "not met", "cannot be told"]
CHANCE = 0.05
_WIDE = 1.96
MINUTES = 60


@dataclass(frozen=True)
class TrialFinding:
    """One limit: its title, what was fixed, what was found, in words, and what that makes of it."""

    title: str
    limit: str
    found: str
    state: State


@dataclass(frozen=True)
class EarlyShare:
    """Of people with the outcome within the model's horizon, how many had it within the length of the trial.

    Counted among everybody of a year before; `reason` says why there is none.
    """

    within: int = 0
    ever: int = 0
    reason: str = ""

    @property
    def estimate(self) -> float:
        """The share."""
        return self.within / max(self.ever, 1)

    @property
    def spread(self) -> float:
        """The standard error of its logarithm."""
        return sqrt((1 - self.estimate) / max(self.within, 1))


@dataclass(frozen=True)
class RecordCheck:
    """Pages that were held against the GP record by clinicians who did not know the score, and how many agreed."""

    pages: int
    right: int


@dataclass(frozen=True)
class TrialEvidence:
    """What is judged. weeks: of the trial. people: one row per person of the first list who could be followed, with
    `risk`, `outcome`, `found` (on any list of the sequence) and the columns of `DIMENSIONS` that are known. early: by
    "events" and "highest" the share of a year before.
    """

    weeks: int
    lists: Sequence[OpenedList]
    followed: FollowedLists
    people: pd.DataFrame
    early: Mapping[str, EarlyShare]
    check: RecordCheck | None
    unsealed: Sequence[str]


def judge_trial(limits: TrialLimits, evidence: TrialEvidence) -> list[TrialFinding]:
    """Every limit, in the order of the page."""
    return [
        judge_events(limits, evidence),
        judge_highest(limits, evidence),
        judge_subgroups(limits, evidence),
        judge_known(limits, evidence.lists),
        judge_workload(limits, evidence.followed),
        judge_churn(limits, evidence.followed),
        judge_late_data(limits, evidence.lists),
        judge_runs(limits, evidence),
        judge_record_check(limits, evidence.check),
        judge_seal(evidence.unsealed),
    ]


def decide(findings: Sequence[TrialFinding]) -> str:
    """Go, no go, or not yet, in a sentence."""
    missed = [one.title.lower() for one in findings if one.state == "not met"]
    open_ones = [one.title.lower() for one in findings if one.state == "cannot be told"]
    if missed:
        return f"No go. Not met: {'; '.join(missed)}."
    if open_ones:
        return f"Not yet. Cannot be told: {'; '.join(open_ones)}."
    return f"Go. All {len(findings)} limits that were fixed in advance are met."


def judge_events(limits: TrialLimits, evidence: TrialEvidence) -> TrialFinding:
    """Observed over expected by the end of the trial, of everybody on the first list."""
    ends = limits.events.observed_over_expected_within
    return _judge_ratio("As many had the outcome as expected", ends, evidence.people, evidence.early["events"])


def judge_highest(limits: TrialLimits, evidence: TrialEvidence) -> TrialFinding:
    """The same of those at highest risk."""
    wanted = limits.highest
    people = evidence.people[select_highest(evidence.people["risk"].to_numpy(), wanted.share)]
    title = f"Also among the {wanted.share:.0%} at highest risk"
    return _judge_ratio(title, wanted.observed_over_expected_within, people, evidence.early["highest"])


def select_highest(risk: Array, share: float) -> Array:
    """Which people are the share at highest risk."""
    return risk >= np.quantile(risk, 1 - share) if len(risk) else np.zeros(0, bool)


def bound_events(people: pd.DataFrame, early: EarlyShare) -> Interval | None:
    """Observed over expected with its range, in which chance of the share of a year before counts too.

    None where too few people had the outcome, or were expected to.
    """
    observed, risk = int(people["outcome"].sum()), people["risk"].to_numpy(float) * early.estimate
    if min(observed, risk.sum(), early.within) < TOO_FEW:
        return None
    plain = bound_observed_over_expected(observed, risk, CHANCE)
    below, above = (
        exp(sqrt(log(end / plain.estimate) ** 2 + (_WIDE * early.spread) ** 2)) for end in (plain.low, plain.high)
    )
    return Interval(plain.estimate, plain.estimate / below, plain.estimate * above)


def bound_groups(people: pd.DataFrame, limits: TrialLimits) -> Iterator[tuple[str, str, int, Interval | None]]:
    """Each group: dimension, name, people found, and its share of those found over its share of need."""
    found, outcome = people["found"].to_numpy(float), people["outcome"].to_numpy(float)
    for name in DIMENSIONS:
        if name not in people or name not in limits.subgroups.list_over_need_within:
            continue
        for value in sorted({str(one) for one in people[name].dropna()} - {"not recorded"}):
            inside = (people[name].astype(object).astype(str) == value).to_numpy(float)
            counts = [(inside * each).sum() for each in (found, outcome)]
            ratio = None
            if min(*counts, found.sum(), outcome.sum()) >= TOO_FEW:
                ratio = bound_share_ratio(inside * found, found, inside * outcome, outcome, CHANCE)
            yield name, value, int(counts[0]), ratio


def judge_subgroups(limits: TrialLimits, evidence: TrialEvidence) -> TrialFinding:
    """Not met where the whole range of any group lies outside; cannot be told where no group is large enough."""
    ends = limits.subgroups.list_over_need_within
    told = [(name, value, ratio) for name, value, _, ratio in bound_groups(evidence.people, limits) if ratio]
    outside = [f"{DIMENSIONS[name]}: {value}" for name, value, ratio in told if ratio.lies_outside(*ends[name])]
    limit = "; ".join(f"{DIMENSIONS[name]} {low:g} to {high:g}" for name, (low, high) in sorted(ends.items()))
    words = f"{len(told)} groups large enough to tell; outside: {', '.join(outside) or 'none'}"
    state: State = "not met" if outside else "met" if told else "cannot be told"
    return TrialFinding("Lists follow need in every group", limit, words, state)


def judge_known(limits: TrialLimits, lists: Sequence[OpenedList]) -> TrialFinding:
    """Of the people at the top of any list, those whom a team knew already."""
    listed, known = set[str](), set[str]()
    for one in lists:
        rows = one.everyone[one.everyone["place"] == "listed"]
        lowest = one.everyone["team"].map(rows.groupby("team")["margin"].min())
        above = one.everyone[(one.everyone["place"] == "known") & (one.everyone["margin"] >= lowest)]
        listed |= set(rows["patient_id"])
        known |= set(above["patient_id"])
    known -= listed
    return _judge_share(
        ("Lists find people whom teams do not know", f"at most {limits.known.most_known:.0%} known already"),
        (len(known), len(known | listed)),
        (0, limits.known.most_known),
    )


def judge_workload(limits: TrialLimits, followed: FollowedLists) -> TrialFinding:
    """The mean hours a week of the team with most to go through."""
    wanted = limits.workload
    title = "Teams can go through their lists"
    limit = f"at most {wanted.most_hours_a_week:g} hours a week for a team, at {wanted.minutes_a_person:g} minutes each"
    hours = {team: mean * wanted.minutes_a_person / MINUTES for team, mean, _ in count_met(followed)}
    if not hours:
        return TrialFinding(title, limit, "nobody stood on any list", "cannot be told")
    most = max(hours, key=lambda team: hours[team])
    words = f"{hours[most]:.1f} hours a week at {most}, the most of {len(hours)}"
    return TrialFinding(title, limit, words, _judge(hours[most], wanted.most_hours_a_week))


def count_met(followed: FollowedLists) -> list[tuple[str, float, int]]:
    """By team the mean and the most people in a week."""
    teams = followed.met.groupby("team")["people"]
    return [(str(team), float(people.mean()), int(people.max())) for team, people in teams]


def judge_churn(limits: TrialLimits, followed: FollowedLists) -> TrialFinding:
    """The share of a list that was not on the one before, over all pairs of lists."""
    limit = f"at most {limits.churn.most_new:.0%} of a list new each week"
    title = "Lists do not flicker"
    new, size = (sum(pair[place] for pair in followed.new) for place in (0, 1))
    if size < TOO_FEW:
        return TrialFinding(title, limit, "no two lists one after the other", "cannot be told")
    weekly = [part / max(whole, 1) for part, whole in followed.new]
    words = f"{new / size:.0%} new on average; {min(weekly):.0%} to {max(weekly):.0%} in single weeks"
    return TrialFinding(title, limit, words, _judge(new / size, limits.churn.most_new))


def judge_late_data(limits: TrialLimits, lists: Sequence[OpenedList]) -> TrialFinding:
    """Lists made while a source was too old."""
    wanted = limits.late_data
    oldest = [(one.day - min(one.facts.sources.values(), default=date.min)).days for one in lists]
    late = sum(age > wanted.oldest_source_days for age in oldest)
    limit = f"at most {wanted.most_late:.0%} of lists with a source older than {wanted.oldest_source_days} days"
    words = f"{late} of {len(lists)} lists; the oldest source was {max(oldest)} days old"
    return TrialFinding("Data come in time", limit, words, _judge(late / len(lists), wanted.most_late))


def judge_runs(limits: TrialLimits, evidence: TrialEvidence) -> TrialFinding:
    """Weeks for which no list was sealed in its own week."""
    late = sum(not one.is_of_its_week for one in evidence.lists)
    missing, most = evidence.weeks - len(evidence.lists), limits.runs.most_missing_weeks
    words = f"of {evidence.weeks} weeks {missing} have no list, and {late} one that was made after its week"
    limit = f"at most {most} without a list of its own week"
    return TrialFinding("Runs do not fail", limit, words, _judge(missing + late, most))


def judge_record_check(limits: TrialLimits, check: RecordCheck | None) -> TrialFinding:
    """Pages that agreed with the GP record."""
    wanted = limits.record_check
    title = "Pages agree with the GP record"
    limit = f"at least {wanted.least_right:.0%} of {wanted.least_pages} or more pages, checked blind to the score"
    if check is None or check.pages < wanted.least_pages:
        pages = 0 if check is None else check.pages
        return TrialFinding(title, limit, f"{pages} pages checked", "cannot be told")
    return _judge_share((title, limit), (check.right, check.pages), (wanted.least_right, 1), exact=True)


def judge_seal(unsealed: Sequence[str]) -> TrialFinding:
    """Whether anybody opened a list before the close."""
    words = f"opened before it, because: {' '.join(unsealed)}" if unsealed else "nobody opened one"
    return TrialFinding("Lists stayed sealed", "never opened before the close", words, _judge(len(unsealed), 0))


def _judge_ratio(title: str, ends: tuple[float, float], people: pd.DataFrame, early: EarlyShare) -> TrialFinding:
    limit = f"{ends[0]:g} to {ends[1]:g} times as many as expected"
    ratio = bound_events(people, early)
    if ratio is None:
        return TrialFinding(title, limit, early.reason or "too few people to tell", "cannot be told")
    observed, expected = int(people["outcome"].sum()), float(people["risk"].sum()) * early.estimate
    words = (
        f"{ratio.estimate:.2f} times ({ratio.low:.2f} to {ratio.high:.2f}): {suppressed(observed)} of "
        f"{suppressed(len(people))} people, {round_count(expected):,} expected"
    )
    return TrialFinding(title, limit, words, judge_interval(ratio, ends))


def _judge_share(
    words: tuple[str, str], part_of: tuple[int, int], ends: tuple[float, float], *, exact: bool = False
) -> TrialFinding:
    """words: title and limit. exact: the counts are of pages, not of people, and are printed as they are."""
    part, whole = part_of
    if whole < TOO_FEW:
        return TrialFinding(*words, "too few people to tell", "cannot be told")
    share = bound_share(part, whole, CHANCE)
    counts = f"{part} of {whole}" if exact else f"{suppressed(part)} of {suppressed(whole)}"
    hidden = not exact and 0 < part < TOO_FEW
    figures = "" if hidden else f"{share.estimate:.0%} ({share.low:.0%} to {share.high:.0%}): "
    return TrialFinding(*words, f"{figures}{counts}", judge_interval(share, ends))


def judge_interval(found: Interval, ends: tuple[float, float]) -> State:
    """Met where the whole range lies inside, not met where it lies outside."""
    if found.lies_outside(*ends):
        return "not met"
    return "met" if ends[0] <= found.low and found.high <= ends[1] else "cannot be told"


def _judge(value: float, most: float) -> State:
    return "met" if value <= most < inf else "not met"
