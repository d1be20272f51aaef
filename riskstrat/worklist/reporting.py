"""Reports that something is wrong: who settles them by when, and whom they take off the worked list meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from riskstrat.definitions.phrases import long_date, lower_first
from riskstrat.definitions.vocabulary import PUT_OFF
from riskstrat.worklist.holding import find_held_of_case
from riskstrat.worklist.models import Action, Case, Decision, FaultReport, User
from riskstrat.worklist.writing import create_once, update_row

GONE = (FaultReport.Kind.DEAD, FaultReport.Kind.MOVED, FaultReport.Kind.WRONG_PERSON)
"""Kinds after which, once they are found right, nobody acts on the page."""


def make_report(case: Case, kind: str, words: str, user: User) -> FaultReport:
    """Keep a report, to be settled within the days of riskstrat.toml by whom it names."""
    rules, now = settings.RISKSTRAT_RULES, timezone.now()
    due_on = timezone.localdate(now) + timedelta(days=rules.settle_days)
    report = FaultReport(
        case=case, kind=kind, words=words, reported_by=user, reported_at=now, owner=rules.reports_to, due_on=due_on
    )
    return create_once(report, user, case.reference, at="reported_at")


def settle_report(report: FaultReport, version: int, user: User, *, was_right: bool, words: str) -> None:
    """Settle a report, so that the person is worked on again. Raises ConflictError where somebody else has changed it.

    The person who made it does not settle it: a second one looks.
    """
    if report.reported_by_id == user.pk:
        raise ValueError("whoever made a report does not settle it")
    values = {"settled_by": user, "settled_at": timezone.now(), "was_right": was_right, "settlement": words}
    update_row(report, version, user, report.case_id, **values)


def select_open_reports() -> QuerySet[FaultReport]:
    """Reports that nobody has settled, those due first, with their cases and who made them."""
    found = FaultReport.objects.filter(settled_at__isnull=True).order_by("due_on", "pk")
    return found.select_related("case", "reported_by")


def select_blocking_reports() -> QuerySet[FaultReport]:
    """The open reports that still keep a person off: until the end of the day on which they are due."""
    return select_open_reports().filter(due_on__gte=timezone.localdate())


def find_blocking_reports(team_code: str) -> dict[str, FaultReport]:
    """By reference the report that keeps a case of a team off now."""
    return {report.case_id: report for report in reversed(select_blocking_reports().filter(case__team_code=team_code))}


def find_blocking_report(reference: str) -> FaultReport | None:
    """The report that keeps a case off now, so that no decision can be entered; None without."""
    if FaultReport not in find_held_of_case(reference):
        return None
    return select_blocking_reports().filter(case_id=reference).first()


def select_looked_at() -> QuerySet[Decision]:
    """The decisions that stand and say more than that a case is put off: one that is was not looked at yet."""
    told = Action.objects.filter(decision=OuterRef("pk")).exclude(outcome=PUT_OFF)
    return Decision.objects.filter(Exists(told), stands=True)


def select_confirmed_reports() -> QuerySet[FaultReport]:
    """Reports found right after which nobody acts on a page, until more is decided than to put it off; the latest
    first."""
    decided = select_looked_at().filter(case=OuterRef("case"), entered_at__gte=OuterRef("settled_at"))
    found = FaultReport.objects.filter(was_right=True, kind__in=GONE).exclude(Exists(decided))
    return found.select_related("case").order_by("-settled_at")


def find_disputed(references: Iterable[str]) -> set[str]:
    """Cases of which a report is open, due or past due, or was found right: nothing that leaves may be about them."""
    right = select_confirmed_reports().values("pk")
    found = FaultReport.objects.filter(Q(settled_at__isnull=True) | Q(pk__in=right), case__in=list(references))
    return set(found.values_list("case_id", flat=True))


def word_reports(references: Iterable[str]) -> dict[str, str]:
    """By reference a sentence for each case of which a report says that nobody is contacted: open, or found right."""
    blocks = Q(settled_at__isnull=True, due_on__gte=timezone.localdate())
    found = FaultReport.objects.filter(blocks | Q(pk__in=select_confirmed_reports().values("pk")))
    return {one.case_id: _word(one) for one in found.filter(case__in=list(references)).order_by("pk")}


def _word(report: FaultReport) -> str:
    kind = lower_first(report.get_kind_display())
    if report.settled_at is None:
        day = long_date(timezone.localdate(report.reported_at))
        return f"Reported on {day}, not settled yet: {kind}. Contact nobody about this case."
    return f"Found right on {long_date(timezone.localdate(report.settled_at))}: {kind}. Contact nobody about this case."


def find_reports(reference: str) -> tuple[FaultReport | None, FaultReport | None]:
    """The report that keeps a case off now, and the latest after which nobody acts on its page; None without."""
    blocks = Q(settled_at__isnull=True, due_on__gte=timezone.localdate())
    found = FaultReport.objects.filter(blocks | Q(pk__in=select_confirmed_reports().values("pk")), case_id=reference)
    rows = list(found.select_related("case", "reported_by").order_by("due_on", "pk"))
    settled = [(one.settled_at, one.pk, one) for one in rows if one.settled_at]
    return next((one for one in rows if one.settled_at is None), None), max(settled)[2] if settled else None
