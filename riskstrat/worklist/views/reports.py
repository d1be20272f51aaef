"""Saying that something is wrong, settling it, and what of a team's cases waits to be looked into."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.worklist.access import allow
from riskstrat.worklist.contacting import list_unreached
from riskstrat.worklist.fields import Choice, PlainText, Version, read_post
from riskstrat.worklist.finding import find_case, open_case
from riskstrat.worklist.models import FaultReport
from riskstrat.worklist.named import fetch_referred_names
from riskstrat.worklist.referring import list_waiting_referrals
from riskstrat.worklist.reporting import make_report, select_open_reports, settle_report
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.writing import ConflictError, log_look, log_looks

FOUND = {"right": "It is right", "wrong": "It is not right: the page is correct"}


class ReportForm(forms.Form):
    """What is wrong with a case."""

    kind = Choice(
        label="What is wrong?",
        answers=dict(FaultReport.Kind.choices),
        missing="Choose what is wrong",
        widget=forms.RadioSelect,
    )
    words = PlainText(
        label="How do you know?",
        help_text="Say which fact is wrong, or who told you by their role. Name nobody.",
        missing="Enter how you know",
        widget=forms.Textarea,
    )


class SettlementForm(forms.Form):
    """What came of a report."""

    finding = Choice(
        label="What did you find?", answers=FOUND, missing="Choose what you found", widget=forms.RadioSelect
    )
    words = PlainText(
        label="What was done?",
        help_text="Where it was looked up, and who puts the record right. Name no patient.",
        missing="Enter what was done",
        widget=forms.Textarea,
    )
    version = Version()


@allow(*LISTING, of_team=True)
def report_case(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that something is wrong with a case, which takes it off the worked list until that is settled."""
    found = find_case(reference)
    log_look(request, reference, "report")
    form = ReportForm(read_post(request))
    if form.is_valid():
        user = find_account(request)
        given = form.cleaned_data
        report = make_report(open_case(found), given["kind"], given["words"], user)
        messages.success(request, f"Reported to the {report.owner}. {reference} is off the worked list meanwhile.")
        return redirect("person", reference=reference)
    context = {"found": found, "form": form, "rules": settings.RISKSTRAT_RULES}
    return render(request, "worklist/report.jinja", context)


@allow(*LISTING, of_team=True)
def settle_case_report(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Settle a report of a colleague, or see how it was settled. Raises Http404 where the case has no such report."""
    reports = FaultReport.objects.select_related("reported_by", "settled_by", "case")
    report = get_object_or_404(reports, pk=number, case_id=reference)
    log_look(request, reference, "settle report")
    user = find_account(request)
    may_settle = report.settled_at is None and report.reported_by_id != user.pk
    form = SettlementForm(read_post(request), initial={"version": report.version}) if may_settle else None
    if form is not None and form.is_valid():
        given = form.cleaned_data
        try:
            settle_report(report, given["version"], user, was_right=given["finding"] == "right", words=given["words"])
        except ConflictError:
            messages.error(request, "A colleague has settled this report meanwhile. What you entered was not kept.")
            return redirect("settle-report", reference=reference, number=number)
        messages.success(request, f"The report is settled. {reference} is on the worked list again.")
        return redirect("person", reference=reference)
    return render(request, "worklist/settle.jinja", {"report": report, "form": form})


@allow(*LISTING, of_team=True)
def show_reports(request: HttpRequest, team_code: str) -> HttpResponse:
    """What of a team's cases waits: open reports, people whom nobody reached, and people put forward."""
    log_look(request, team_code, "reports")
    waiting = list_waiting_referrals(team_code)
    context = {
        "names": fetch_referred_names(request, team_code, [referral.case for referral in waiting]),
        "team_code": team_code,
        "team": settings.RISKSTRAT_TEAMS.get(team_code, team_code),
        "reports": list(select_open_reports().filter(case__team_code=team_code)),
        "unreached": list_unreached(team_code),
        "waiting": waiting,
        "today": timezone.localdate(),
    }
    return render(request, "worklist/reports.jinja", context)


@allow(Role.ANALYST)
def show_all_reports(request: HttpRequest) -> HttpResponse:
    """The open reports of every team, without what was written about anybody."""
    reports = list(select_open_reports())
    log_looks(request, {report.case.team_code for report in reports}, "all reports")
    context = {"reports": reports, "teams": settings.RISKSTRAT_TEAMS, "today": timezone.localdate()}
    return render(request, "worklist/all_reports.jinja", context)


urlpatterns = [
    path("cases/<str:reference>/report", report_case, name="report"),
    path("cases/<str:reference>/reports/<int:number>", settle_case_report, name="settle-report"),
    path("teams/<str:team_code>/reports", show_reports, name="reports"),
    path("reports", show_all_reports, name="all-reports"),
]
