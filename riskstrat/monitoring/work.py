"""What teams do with their lists: how much of a list is new, what comes back, who waits, what capacity is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.documents.words import round_count
from riskstrat.evaluation.chance import bound_share
from riskstrat.monitoring.findings import Finding, hide_figures, share_chance

FEWEST = 8
"""People listed in all, below which no share is given."""


@dataclass(frozen=True)
class WorkedList:
    """One published list over all teams: how many stand on it, how many of them were not on the list before, have a
    decision on record by now, and had waited too long for one when it was made; and how many the capacity allows."""

    day: date
    listed: int
    new: int
    reviewed: int
    waiting: int
    capacity: int


def judge_work(lists: Sequence[WorkedList], today: date, plan: MonitoringPlan) -> list[Finding]:
    """The findings on the last lists, the oldest first in `lists`."""
    watch = plan.work
    recent = [one for one in lists if one.day > today - timedelta(weeks=watch.weeks)]
    returned = [one for one in lists if one.day <= today - timedelta(weeks=watch.review_weeks)][-watch.weeks :]
    following, newest = [one for one in recent if one is not lists[0]], recent[-1:]
    chance = share_chance(plan, 4)
    return [
        _judge("people new on each list", _add(following, "new", "listed"), (0, watch.most_new), chance),
        _judge(
            "people listed with a decision", _add(returned, "reviewed", "listed"), (watch.least_reviewed, 1), chance
        ),
        _judge(
            "people on the newest list who wait too long",
            _add(newest, "waiting", "listed"),
            (0, watch.most_waiting),
            chance,
        ),
        _judge(
            "places of the capacity that were used",
            _add(recent, "listed", "capacity"),
            (watch.least_capacity_used, 1),
            chance,
        ),
    ]


def _add(lists: Sequence[WorkedList], part: str, whole: str) -> tuple[int, int]:
    below = sum(getattr(one, whole) for one in lists)
    return min(sum(getattr(one, part) for one in lists), below), below


def _judge(about: str, counts: tuple[int, int], limits: tuple[float, float], chance: float) -> Finding:
    """A finding by the exact counts; what is said of it comes from rounded ones, as for every share that is shown."""
    part, whole = counts
    if whole == 0:
        return Finding("work", about, "nothing yet", "no such list yet")
    if whole < FEWEST:
        return Finding("work", about, "too few", "too few people to tell")
    least, most = limits
    outside = bound_share(part, whole, chance).lies_outside(least, most)
    found = bound_share(min(round_count(part), round_count(whole)), round_count(whole), chance)
    limit = f"at least {least:.0%}" if least else f"at most {most:.0%}"
    said = f"{found.estimate:.0%} ({found.low:.0%} to {found.high:.0%}); {limit} is accepted"
    figures = {name: round(value, 6) for name, value in found._asdict().items()}
    judged = Finding("work", about, "alert" if outside else "well", said, figures)
    return hide_figures(judged, "the share") if 0 < part < FEWEST else judged
