"""The go / no-go page of a trial: each limit as it was fixed, what was found, and what that makes of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from riskstrat.definitions.equity import DIMENSIONS
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.trial import TrialLimits
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.documents.words import suppressed
from riskstrat.trial.judging import MINUTES, TrialEvidence, bound_groups, count_met, decide, judge_trial
from riskstrat.trial.standing import Protocol, SilentTrial

NOT_SHOWN = "too few to tell"

LIMITS = (
    "Whether lists do any good. Nobody acted on them, so nothing about their effect can be seen here.",
    "How many of the listed are admitted within a year: only lists of a year ago can tell (riskstrat replay).",
    "What is expected by the end of the trial rests on the year before: of the people admitted within a year, how many "
    "were admitted in as many weeks from the same date. Another season or a hard winter moves it.",
    "That a limit is met says that it was fixed and met. Whether it was the right one is for the site.",
    "Each list was made as if there had been none before it. What one owes to the other was worked out when all were "
    "opened, as if a team had gone through each list in its week; what a team would really have done is not known.",
)


def build_trial_page(trial: SilentTrial, evidence: TrialEvidence) -> FiguresPage:
    """The page; small counts are hidden, so that it may leave the site."""
    protocol = trial.protocol
    findings = judge_trial(protocol.limits, evidence)
    met = sum(one.state == "met" for one in findings)
    rows = [(one.title, one.limit, one.found, one.state) for one in findings]
    says = ("Met where the whole 95% range lies inside the limit; not met where the whole range lies outside.",)
    columns = ("What was asked", "Fixed in advance", "Found", "Result")
    return FiguresPage(
        title=f"Go or no go: silent trial {protocol.number}",
        about=f"{len(evidence.lists)} of {protocol.weeks} weekly lists from {long_date(protocol.first_list)}, by "
        f"{protocol.recipe} version {protocol.version}, sealed when they were made and opened now.",
        summary=[
            decide(findings),
            f"{met} of {len(findings)} limits are met. All were written into the audit log before the first list.",
            *([f"This trial was begun after another: {protocol.again}"] if protocol.again else []),
        ],
        tables=[
            FiguresTable("What was fixed and what was found", says, columns, rows),
            _tabulate_groups(protocol.limits, evidence),
            _tabulate_work(protocol, evidence),
        ],
        limits=LIMITS,
        date=protocol.ends.isoformat(),
    )


def describe_trial(trial: SilentTrial, evidence: TrialEvidence) -> dict[str, Any]:
    """The same as data."""
    findings = judge_trial(trial.protocol.limits, evidence)
    return {
        "trial": trial.protocol.number,
        "first_list": trial.protocol.first_list,
        "weeks": trial.protocol.weeks,
        "lists": [one.day for one in evidence.lists],
        "verdict": decide(findings),
        "findings": [asdict(one) for one in findings],
    }


def _tabulate_groups(limits: TrialLimits, evidence: TrialEvidence) -> FiguresTable:
    says = (
        "A group's share of the people found, over its share of the people with the outcome; 1 is as much as need.",
    )
    rows = [
        (
            f"{DIMENSIONS[name]}: {value}",
            suppressed(found),
            f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})" if ratio else NOT_SHOWN,
            "{:g} to {:g}".format(*limits.subgroups.list_over_need_within[name]),
        )
        for name, value, found, ratio in bound_groups(evidence.people, limits)
    ]
    return FiguresTable("By group", says, ("Group", "People found", "List over need", "Fixed in advance"), rows)


def _tabulate_work(protocol: Protocol, evidence: TrialEvidence) -> FiguresTable:
    says = ("People new to a team's list, had it gone through each list in its week and let everybody rest after it.",)
    minutes = protocol.limits.workload.minutes_a_person
    rows = [
        (team, f"{mean:.1f}", str(most), f"{mean * minutes / MINUTES:.1f}")
        for team, mean, most in count_met(evidence.followed)
    ]
    return FiguresTable("Work for each team", says, ("Team", "People a week", "Most in a week", "Hours a week"), rows)
