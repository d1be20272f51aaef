"""Lists that do nothing, on simulated people: what a before-and-after makes of them, and what a comparison does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.impact.estimating import estimate_effect
from riskstrat.impact.looking import choose_monthly_looks, judge_looks, take_looks
from riskstrat.impact.matching import compute_balance, match_controls
from riskstrat.impact.trials import (
    Trial,
    TrialDesign,
    build_panel,
    compute_naive_change,
    follow_matches,
    simulate_trial,
)
from riskstrat.impact.verdicts import Verdict

WEEKS = (4, 8, 10, 13, 26)
REPORTED = 0.8845
"""The fall in unplanned visits that Knowsley's case managers reported."""
REPORTED_WEEKS = 10
"""The before and after that comes nearest to it here."""
WORTHWHILE, MONTHS = 0.1, 24

LIMITS = (
    "How the people behind the 88.45% were chosen, and over how many weeks they were counted, is not published. "
    "This page shows that a list without any effect can give such a figure; it does not show that their work had none.",
    f"The {REPORTED_WEEKS} weeks and the people of the summary were chosen as they come nearest to that figure; the "
    "first table has the other spans, and everybody listed.",
    "The people here are simulated: rates, bad spells and deaths are plausible and are no borough's own.",
    "The comparison cannot see what no record holds. A team that adds people whom it knows to be more ill, beyond what "
    "the score sees, makes its list look harmful however good its work is.",
    "A person compared with may be listed later; from then on they are held to be helped or harmed as much as the "
    "others.",
    "The line of the lists and teams that begin at different times are not shown here.",
)


@dataclass(frozen=True)
class Run:
    """One simulated borough.

    naive: by weeks, the change of everybody listed, and of those admitted in the weeks before.

    change, low, high: of the comparison. matched, listed: people.
    apart: the standardised difference of margins between people listed and controls.
    """

    naive: dict[int, tuple[float, float]]
    change: float
    low: float
    high: float
    verdict: Verdict
    matched: int
    listed: int
    apart: float


def run_many(runs: int, progress: Callable[[str, float], None]) -> list[Run]:
    """Runs of lists without any effect, from fixed seeds."""
    made = []
    for seed in range(1, runs + 1):
        made.append(_run_one(simulate_trial(TrialDesign(effect=0.0), seed)))
        progress("boroughs", seed / runs)
    return made


def _run_one(trial: Trial) -> Run:
    matches = match_controls(build_panel(trial))
    outcomes, followed = follow_matches(trial, matches), trial.design.followed
    effect = estimate_effect(outcomes, matches)
    low, high = (effect.interval() if effect else None) or (-1.0, np.inf)
    looks = choose_monthly_looks(trial.design.weeks + followed, followed, MONTHS)
    verdict = judge_looks(list(take_looks(outcomes, matches, followed, looks)), WORTHWHILE)
    naive = {
        weeks: (compute_naive_change(trial, weeks), compute_naive_change(trial, weeks, admitted=True))
        for weeks in WEEKS
    }
    change = effect.change if effect else np.nan
    apart = compute_balance(trial.margin[matches.week, matches.person], matches)
    return Run(naive, change, low, high, verdict, matches.sets, matches.sets + matches.unmatched, apart)


def build_demonstration(made: Sequence[Run]) -> FiguresPage:
    """The page, worded from what the runs gave."""
    nearest = np.array([run.naive[REPORTED_WEEKS][1] for run in made])
    none = sum(run.low <= 0 <= run.high for run in made)
    return FiguresPage(
        title="How a list that does nothing looks like success",
        about=f"{len(made)} simulated boroughs in which being listed changes nothing.",
        summary=[
            f"Knowsley's case managers reported {REPORTED:.2%} fewer unplanned visits. Here nobody was helped, and the "
            f"emergency admissions of listed people who had been admitted in the {REPORTED_WEEKS} weeks before "
            f"still fell by {-nearest.mean():.0%} (from {-nearest.max():.0%} to {-nearest.min():.0%}).",
            "People are listed just after a bad spell. Bad spells end, whatever anybody does. This is regression to "
            "the mean.",
            f"Compared with people as likely to be admitted who were not listed yet, the range held “no effect” in "
            f"{none} of {len(made)} boroughs. A board should ask for this comparison, not for a before and after.",
        ],
        tables=[_tabulate_naive(made), _tabulate_comparison(made)],
        limits=LIMITS,
    )


def describe_demonstration(made: Sequence[Run]) -> dict[str, Any]:
    """The same as data."""
    keys = ("change", "low", "high", "verdict", "matched", "listed", "apart")
    runs = [{key: getattr(run, key) for key in keys} | {"before_and_after": run.naive} for run in made]
    return {"reported": -REPORTED, "runs": runs}


def _tabulate_naive(made: Sequence[Run]) -> FiguresTable:
    rows = []
    for weeks in WEEKS:
        everybody, admitted = zip(*(run.naive[weeks] for run in made), strict=True)
        rows.append((f"{weeks} weeks", _word_range(everybody), _word_range(admitted)))
    says = (
        "Emergency admissions in the weeks after the first list against as many weeks before it, with a true effect of "
        "none: the mean of all boroughs, and the lowest and highest.",
    )
    columns = ("Counted over", "Everybody listed", "Those admitted in the weeks before")
    return FiguresTable("Before and after", says, columns, rows)


def _tabulate_comparison(made: Sequence[Run]) -> FiguresTable:
    rows = [
        (
            f"Borough {number}",
            f"{run.matched:,} of {run.listed:,}",
            f"{run.apart:.2f}",
            f"{run.change:+.0%} ({run.low:+.0%} to {run.high:+.0%})",
            run.verdict.value,
        )
        for number, run in enumerate(made, start=1)
    ]
    says = (
        "Each person listed is held against up to three people of the same age band, sex, number of admissions in the "
        "year before and time since the latest, who had the same estimate, were never listed before, and had stood as "
        "high before. Everybody listed counts from their first list. The difference of estimates is in standard "
        "deviations; below 0.1 is usually taken as alike. The verdict allows for a look every month over 24 months, "
        "and a fall of a tenth as the least worth having.",
    )
    columns = (
        "Borough",
        "Listed with somebody to compare",
        "Estimates apart",
        "Change, and what is not ruled out",
        "Verdict",
    )
    return FiguresTable("Compared with people as likely", says, columns, rows)


def _word_range(changes: Sequence[float]) -> str:
    return f"{np.mean(changes):+.0%} ({min(changes):+.0%} to {max(changes):+.0%})"
