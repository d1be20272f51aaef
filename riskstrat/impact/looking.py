"""Looks before the analysis date: each is paid for, so that many cannot make chance look like an effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from riskstrat.impact.estimating import Effect, Outcomes, estimate_effect
from riskstrat.impact.matching import Matches
from riskstrat.impact.spending import find_boundaries
from riskstrat.impact.verdicts import Verdict, judge_interval


@dataclass(frozen=True)
class PaidLook:
    """One look: the week it was taken in, the effect by then, how many standard errors it asks for, the interval."""

    week: int
    effect: Effect | None
    critical: float
    interval: tuple[float, float] | None


def take_looks(outcomes: Outcomes, matches: Matches, followed: int, weeks: Sequence[int]) -> Iterator[PaidLook]:
    """The looks of `weeks`, at people whose `followed` weeks are over by then; the last is the analysis date.

    A look before anybody is followed is left out, as there is nothing to look at.
    """
    ripe = [matches.week + followed <= week for week in weeks]
    counts = [int((each & matches.listed).sum()) for each in ripe]
    times = [(week - followed) / (weeks[-1] - followed) for week in weeks]
    for number, critical in price_looks(counts, times):
        effect = estimate_effect(outcomes, matches, ripe[number])
        yield PaidLook(weeks[number], effect, critical, effect.interval(critical) if effect else None)


def price_looks(counts: Sequence[int], times: Sequence[float]) -> list[tuple[int, float]]:
    """The number of each look at which somebody new was followed, and how many standard errors it asks for.

    counts: people listed and followed by each look. times: the fraction of the calendar that is over by then, of which
    the analysis date is 1. What a look asks for does not hang on the looks that come after it.
    """
    taken: list[int] = []
    for number, count in enumerate(counts):
        if count > (counts[taken[-1]] if taken else 0):
            taken.append(number)
    shares = [counts[number] / counts[taken[-1]] for number in taken]
    return list(zip(taken, find_boundaries(shares, times=[times[number] for number in taken]), strict=True))


def judge_looks(looks: Sequence[PaidLook], worthwhile: float) -> Verdict:
    """The verdict of the first look that tells works or harms; else that of the last look."""
    for look in looks:
        verdict = judge_interval(look.interval, worthwhile)
        if verdict in (Verdict.WORKS, Verdict.HARMS):
            return verdict
    return judge_interval(looks[-1].interval, worthwhile) if looks else Verdict.TOO_FEW


def choose_monthly_looks(last_week: int, followed: int, months: int) -> list[int]:
    """The weeks of `months` evenly spaced looks, the last at `last_week`, the first after people are followed."""
    return [round(week) for week in np.linspace(followed, last_week, months + 1)[1:]]
