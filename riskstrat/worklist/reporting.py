"""Reports that something is wrong: who settles them by when, and whom they take off the worked list meanwhile."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from riskstrat.worklist.models import Case, Decision, FaultReport, User
from riskstrat.worklist.writing import create_row, update_row

GONE = (FaultReport.Kind.DEAD, FaultReport.Kind.MOVED, FaultReport.Kind.WRONG_PERSON)
"""Kinds after which, once they are found right, nobody acts on the page."""


def make_report(case: Case, kind: str, words: str, user: User) -> FaultReport:
    """Keep a report, to be settled within the days of riskstrat.toml by whom it names."""
    rules, now = settings.RISKSTRAT_RULES, timezone.now()
    due_on = timezone.localdate(now) + timedelta(days=rules.settle_days)
    report = FaultReport(
        case=case, kind=kind, words=words, reported_by=user, reported_at=now, owner=rules.reports_to, due_on=due_on
    )
    create_row(report, user, case.reference)
    return report


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
    return select_blocking_reports().filter(case_id=reference).first()


def select_confirmed_reports() -> QuerySet[FaultReport]:
    """Reports found right after which nobody acts on a page, until a decision is entered; the latest first."""
    decided = Decision.objects.filter(
        case=OuterRef("case"), stands=True, actions__isnull=False, entered_at__gte=OuterRef("settled_at")
    )
    found = FaultReport.objects.filter(was_right=True, kind__in=GONE).exclude(Exists(decided))
    return found.select_related("case").order_by("-settled_at")


def find_confirmed_report(reference: str) -> FaultReport | None:
    """The latest such report about a case; None without."""
    return select_confirmed_reports().filter(case_id=reference).first()
