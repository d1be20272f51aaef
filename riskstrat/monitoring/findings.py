"""What one watch found, and how the chance of a false alarm is shared out over all that are watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from riskstrat.definitions.monitoring import MonitoringPlan

State = Literal["well", "alert", "not ripe", "too few", "nothing yet"]

BY_CHANCE = ("risk_drift", "feature_drift", "calibration", "lift", "work", "equity")
"""The watches that chance alone can alarm; each has the same part of the chance. The others count days and weeks, or
ask for so many missing rows that chance could not do it (riskstrat/sources/coverage.py)."""


@dataclass(frozen=True)
class Finding:
    """One thing that a watch looked at: a sentence fit to leave the site, and the figures behind it.

    watch: its key in the plan. about: what was looked at, in words. figures: shares, ratios and days, no counts of
    people.
    """

    watch: str
    about: str
    state: State
    said: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)


def share_chance(plan: MonitoringPlan, looks: int) -> float:
    """The chance that one of `looks` within a watch of `BY_CHANCE` may alarm falsely in a month (Bonferroni).

    So whatever hangs on whatever, the chance of any alarm stays below `plan.chance_of_alarm`.
    """
    return plan.chance_of_alarm / len(BY_CHANCE) / max(looks, 1)


def hide_figures(found: Finding, what: str) -> Finding:
    """The same finding where it rests on 1 to 7 people: whether it is an alert is said, and no figure.

    what: the figure, as the beginning of a sentence.
    """
    if not found.figures:
        return found
    lies = "lies outside" if found.state == "alert" else "may lie within"
    said = f"{what} {lies} what is accepted; it rests on 1 to 7 people and is not shown"
    return replace(found, said=said, figures={})
