"""The plan of a comparison: one outcome, one method, which lists count and when it is looked at, fixed before a result.

It stands in the audit log. A plan made once lists that count had come out is said to be after the fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from riskstrat import audit
from riskstrat.definitions.phrases import long_date
from riskstrat.errors import AuditError, IndexDateError
from riskstrat.impact.matching import CALIPER, CONTROLS, RISE_CALIPER

METHOD = (
    f"up to {CONTROLS} controls for each person, of the same age band, sex, number of admissions and time since the "
    f"latest, within {CALIPER} log-odds now and {RISE_CALIPER} before; told where lists by the "
    "estimate alone say the same"
)
"""What a plan says of the method, so that another one, of another version, cannot pass for it."""


@dataclass(frozen=True)
class ImpactPlan:
    """What a plan fixes.

    recipe: whose lists. since: the day of the first list that counts. followed_weeks: for how long each person is.
    looks: the days on which results are looked at, the last the analysis date; data up to each as it was known then.
    least_fall: the least fall worth having, in percent. most_caught_up: of 100 people just below the line, how many may
    be listed within 12 weeks for its two sides to be compared.
    """

    recipe: str
    outcome: str
    since: date
    followed_weeks: int
    looks: tuple[date, ...]
    least_fall: int
    method: str = METHOD
    most_caught_up: int = 50

    @property
    def analysis(self) -> date:
        """The day of the last look."""
        return self.looks[-1]

    @property
    def followed_days(self) -> int:
        """For how many days from the day after a list each person is followed."""
        return 7 * self.followed_weeks

    def describe_terms(self) -> dict[str, Any]:
        """The plan as a line of the log says it."""
        dates = {"since": self.since.isoformat(), "looks": [day.isoformat() for day in self.looks]}
        names = ("recipe", "outcome", "followed_weeks", "least_fall", "method", "most_caught_up")
        return {name: getattr(self, name) for name in names} | dates

    def measure_time(self, look: date, delay_days: int) -> float:
        """How much of the time for looking is over at a look: 0 when the first list is complete, 1 at the analysis."""
        first = self.find_first_complete(delay_days)
        return (look - first).days / max((self.analysis - first).days, 1) if look < self.analysis else 1.0

    def find_first_complete(self, delay_days: int) -> date:
        """The day on which the people of the first list that counts have been followed, late events too."""
        return self.since + timedelta(days=self.followed_days + delay_days)


@dataclass(frozen=True)
class LoggedPlan:
    """The plan that holds, and what the log says of how it came about.

    logged_on: the day of its line. number: of its line. changed: the reason, where it took the place of another.
    plans: how many were made. looks_before: looks that had been taken when it was made.
    """

    plan: ImpactPlan
    logged_on: date
    number: int
    changed: str | None
    plans: int
    looks_before: int

    @property
    def after_the_fact(self) -> bool:
        """Whether a list that counts had come out before the day of the plan."""
        return self.plan.since < self.logged_on

    def describe_origin(self) -> tuple[str, ...]:
        """Sentences on when the plan was written, and whether that was before anything could be seen."""
        when = long_date(self.logged_on)
        if self.after_the_fact:
            told = (
                f"The plan was written after the fact: on {when}, while lists count from {long_date(self.plan.since)}. "
                "Whoever wrote it could have seen some of what came of them."
            )
        else:
            told = f"The plan was written on {when}, before any list that counts could show a result."
        if self.changed is None:
            return (told,)
        return told, f"{self._word_change()}: “{self.changed}”. The first plan stands in the audit log."

    def summarise_origin(self) -> str:
        """The same in a few words."""
        told = "after the fact" if self.after_the_fact else "before any result could be seen"
        changed = "" if self.changed is None else f" {self._word_change()}."
        return f"The plan was written {told}.{changed}"

    def _word_change(self) -> str:
        looks = "1 look" if self.looks_before == 1 else f"{self.looks_before} looks"
        seen = f"after {looks}" if self.looks_before else "before any look"
        times = "once" if self.plans == 2 else f"{self.plans - 1} times"
        return f"It was changed {times}, last {seen}"


def require_complete_looks(plan: ImpactPlan, delay_days: int) -> None:
    """Raises IndexDateError where looks are not in order, or the first comes before anybody could be followed."""
    first = plan.find_first_complete(delay_days)
    if list(plan.looks) != sorted(set(plan.looks)):
        raise IndexDateError("looks must come one after another, each once, and the analysis date after all of them")
    if plan.looks[0] < first:
        raise IndexDateError(
            f"a look on {plan.looks[0]} would see nobody: people listed from {plan.since} on are followed for "
            f"{plan.followed_weeks} weeks and events may arrive for {delay_days} days more; the first look may be on "
            f"{first}"
        )


def read_plan(root: Path) -> LoggedPlan:
    """The newest plan of a workspace. Raises AuditError where none is logged, or it is for another method."""
    lines = audit.read(root)
    plans = audit.find_plans(lines)
    if not plans:
        raise AuditError("no plan is logged; write one before any result is seen: riskstrat impact plan")
    line = plans[-1]
    plan = parse_terms(line.details["terms"])
    if plan.method != METHOD:
        raise AuditError(
            f"the plan is for {plan.method}; this version has {METHOD}; change the plan for all to see: "
            'riskstrat impact plan --reason "..."'
        )
    changed = line.details["reason"]
    looks = audit.count_looks(lines, line.number)
    return LoggedPlan(plan, date.fromisoformat(line.at[:10]), line.number, changed, len(plans), looks)


def parse_terms(terms: Mapping[str, Any]) -> ImpactPlan:
    """The plan that a line of the log says."""
    looks = tuple(date.fromisoformat(day) for day in terms["looks"])
    dates = {"since": date.fromisoformat(terms["since"]), "looks": looks}
    return ImpactPlan(**{**terms, **dates})


def find_due(plan: ImpactPlan, as_at: date) -> Sequence[date]:
    """The looks whose day has come in the data. Raises IndexDateError before the first."""
    due = [look for look in plan.looks if look <= as_at]
    if not due:
        raise IndexDateError(
            f"the first look of the plan is on {plan.looks[0]} and the data are as at {as_at}; ingest later data by "
            "then: what is looked at earlier is not paid for"
        )
    return due
