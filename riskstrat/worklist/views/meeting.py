"""The meeting: each decision as it is taken; whether it was held, or is cancelled and every case put off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from riskstrat.documents import describe_about, long_date, word_pathways
from riskstrat.worklist.access import allow
from riskstrat.worklist.agendas import build_agenda_rows, change_meeting, find_meeting, find_next, order_agenda
from riskstrat.worklist.deciding import (
    CONFIRM,
    REASON,
    TITLES,
    ListedCase,
    fill_fields,
    find_listed_case,
    find_reason_fault,
    judge_fields,
    keep_entry,
    list_no_action,
    list_outcomes,
    name_basis,
    suggest_fields,
    take_back,
    word_kept,
)
from riskstrat.worklist.gathering import gather_standing
from riskstrat.worklist.holding import find_held_of_case
from riskstrat.worklist.models import Action, Decision, Opinion, User
from riskstrat.worklist.models.cases import TEXT
from riskstrat.worklist.named import fetch_names
from riskstrat.worklist.reporting import find_blocking_report
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.standing import find_decision, is_decided, word_decision
from riskstrat.worklist.statuses import find_warning
from riskstrat.worklist.texts import Fault, find_text_fault, read_day_between, read_fields, write_day
from riskstrat.worklist.views.lists import ANOTHER_LIST, Opened, open_list, parse_day
from riskstrat.worklist.writing import ConflictError, log_look


@allow(*LISTING, of_team=True)
def enter_decision(request: HttpRequest, reference: str) -> HttpResponse:
    """The form for the decision about one case on the latest list that holds it, or on that of `?list=2026-11-16`."""
    listed = _require_listed(request, reference)
    log_look(request, reference, "decision")
    if request.method == "POST":
        return _keep_posted(request, listed)
    standing = find_decision(listed.current.list_date, reference)
    fields = (
        fill_fields(standing) if is_decided(standing) and standing else suggest_fields(listed, find_account(request))
    )
    return _show_form(request, listed, fields, standing)


def _require_listed(request: HttpRequest, reference: str) -> ListedCase:
    day = request.GET.get("list")
    listed = find_listed_case(reference, parse_day(day) if day else None)
    if listed is None:
        raise Http404
    return listed


def _keep_posted(request: HttpRequest, listed: ListedCase) -> HttpResponse:
    """Keep what was sent, or show it again with what is wrong, in doubt, or was entered by somebody else meanwhile."""
    fields = read_fields(request, *TITLES, REASON)
    standing = find_decision(listed.current.list_date, listed.reference)
    if request.POST.get("edition") != listed.current.name:
        return _show_form(request, listed, fields, standing, warning=ANOTHER_LIST, status=409)
    if find_blocking_report(listed.reference):
        return _show_form(request, listed, fields, standing, status=409)
    judged = judge_fields(fields, listed)
    # Whoever has not seen the decision that stands is shown it before being asked why it is changed.
    seen = request.POST.get("based-on", "") == name_basis(standing)
    faults = [*judged.faults, *(find_reason_fault(standing, fields[REASON]) if seen else [])]
    if faults:
        return _show_form(request, listed, fields, standing, faults=faults, status=400)
    doubts = judged.word_doubts()
    if doubts and request.POST.get(CONFIRM) != doubts:
        faults = list(judged.doubts)
        return _show_form(request, listed, fields, standing, faults=faults, doubts=doubts, status=400)
    return _keep(request, listed, fields, judged.reviews)


def _keep(request: HttpRequest, listed: ListedCase, fields: dict[str, str], reviews: Any) -> HttpResponse:
    user = find_account(request)
    based_on, checked = request.POST.get("based-on", ""), fields["checked"] == "yes"
    try:
        keep_entry(user, listed, reviews, based_on, reason=fields[REASON], status_checked=checked)
    except ConflictError as conflict:
        decision: Any = conflict.current
        return _show_form(request, listed, fields, decision, conflict=decision, status=409)
    messages.success(request, f"{listed.reference}: {word_kept(reviews)}")
    return _send_on(request, listed)


def _send_on(request: HttpRequest, listed: ListedCase) -> HttpResponse:
    """To the next case that is still to be decided, if that was asked for; else to the agenda."""
    opened = open_list(listed.team_code, listed.current.list_date.isoformat())
    if request.POST.get("then") == "next":
        meeting = find_meeting(listed.team_code, listed.current.list_date)
        order, stands = order_agenda(*opened, meeting), gather_standing(*opened)
        following = find_next(order, list(filter(stands.is_open, order)), listed.reference)
        if following:
            return redirect(_build_address("decision", following, opened))
        messages.info(request, "Every case of this list is decided.")
    return redirect("agenda", team_code=listed.team_code)


def _build_address(name: str, reference: str, opened: Opened) -> str:
    """The address of a page about a case; it names the list unless that is the latest."""
    day = "" if opened.is_latest else f"?list={opened.current.list_date.isoformat()}"
    return f"{reverse(name, kwargs={'reference': reference})}{day}"


def _show_form(
    request: HttpRequest,
    listed: ListedCase,
    fields: dict[str, str],
    standing: Decision | None,
    *,
    faults: list[Fault] | None = None,
    doubts: str = "",
    conflict: Decision | None = None,
    warning: str = "",
    status: int = 200,
) -> HttpResponse:
    opened = open_list(listed.team_code, listed.current.list_date.isoformat())
    context = {
        "opened": opened,
        "listed": listed,
        "person": listed.person,
        "fields": fields,
        "faults": faults or [],
        "wrong": {fault.field: fault.words for fault in reversed(faults or [])},
        "doubts": doubts,
        "conflict": conflict,
        "stands": word_decision(standing) if standing else "",
        "standing": standing,
        "based_on": name_basis(standing),
        "warning": warning,
        "report": find_blocking_report(listed.reference),
        "names": fetch_names(request, listed.current, listed.team_code, [listed.reference]),
        "status": find_warning(listed.reference),
        "outcomes": list_outcomes(),
        "no_action": list_no_action(),
        "owners": _list_owners(listed.team_code),
        "opinions": _list_opinions(listed),
        "about": describe_about(listed.person),
        "pathways": word_pathways(listed.person),
    }
    return render(request, "worklist/decision.jinja", context, status=status)


def _list_opinions(listed: ListedCase) -> Iterable[Opinion]:
    if Opinion not in find_held_of_case(listed.reference):
        return ()
    given = Opinion.objects.filter(case_id=listed.reference, list_date=listed.current.list_date)
    return given.select_related("given_by").order_by("given_at")


def _list_owners(team_code: str) -> list[str]:
    """Who saw to actions of the team before and who works with it: what a field for an owner suggests."""
    owners = Action.objects.filter(decision__case__team_code=team_code).exclude(owner="")
    members = User.objects.filter(memberships__team_code=team_code, is_active=True)
    return sorted(
        {*owners.order_by().values_list("owner", flat=True).distinct(), *members.values_list("display_name", flat=True)}
    )


@allow(*LISTING, of_team=True)
def take_back_decision(request: HttpRequest, reference: str) -> HttpResponse:
    """Take back the decision of a case, with a reason; what was decided is kept too."""
    listed = _require_listed(request, reference)
    standing = find_decision(listed.current.list_date, reference)
    if standing is None or not is_decided(standing):
        raise Http404
    log_look(request, reference, "take back")
    reason, fault, status = "", "", 200
    based_on = name_basis(standing)
    if request.method == "POST":
        reason = read_fields(request, REASON)[REASON]
        fault = find_text_fault("why it is taken back", reason, TEXT, required=True)
        user = find_account(request)
        try:
            if not fault:
                take_back(user, listed, request.POST.get("based-on", ""), reason)
                messages.success(request, f"{reference}: the decision is taken back.")
                return redirect("agenda", team_code=listed.team_code)
            status = 400
        except ConflictError:
            fault, status = "Somebody else changed this decision meanwhile. Read what stands now, then decide.", 409
    context = {
        "opened": open_list(listed.team_code, listed.current.list_date.isoformat()),
        "reference": reference,
        "reason": reason,
        "fault": fault,
        "stands": word_decision(standing),
        "based_on": based_on,
    }
    return render(request, "worklist/take_back.jinja", context, status=status)


@allow(*LISTING, of_team=True)
def change_status(request: HttpRequest, team_code: str) -> HttpResponse:
    """Say that the meeting about the latest list was held, with a note, or is cancelled, with every case put off."""
    opened = open_list(team_code)
    day = opened.current.list_date
    meeting = find_meeting(team_code, day)
    fields = {
        "held-on": write_day(meeting.held_on if meeting else None),
        "note": meeting.note if meeting else "",
        "because": meeting.cancelled_because if meeting else "",
        "back-on": "",
    }
    faults: list[Fault] = []
    warning = ""
    if request.method == "POST":
        posted = read_fields(request, *fields, "deed", "version")
        fields |= {name: posted[name] for name in fields if name in request.POST}
        try:
            warning = "" if opened.is_meant(request) else ANOTHER_LIST
            faults = [] if warning else _change_status(request, opened, posted)
        except ConflictError as conflict:
            warning = _word_conflict(conflict.current)
            meeting = find_meeting(team_code, day)
        if not faults and not warning:
            return redirect("agenda", team_code=team_code)
    context = {
        "opened": opened,
        "meeting": meeting,
        "version": meeting.version if meeting else 0,
        "fields": fields,
        "faults": faults,
        "wrong": {fault.field: fault.words for fault in faults},
        "warning": warning,
    }
    return render(request, "worklist/meeting.jinja", context, status=400 if faults else 409 if warning else 200)


def _change_status(request: HttpRequest, opened: Opened, posted: dict[str, str]) -> list[Fault]:
    return (_hold if posted["deed"] == "held" else _cancel)(request, opened, posted)


def _read_version(posted: dict[str, str]) -> int:
    return int(posted["version"]) if posted["version"].isdecimal() and len(posted["version"]) < 9 else 0


def _hold(request: HttpRequest, opened: Opened, posted: dict[str, str]) -> list[Fault]:
    """Keep that the meeting was held and its note; gives what is wrong, and then nothing was kept."""
    first = opened.current.list_date
    held_on, wrong_day = read_day_between("the day", posted["held-on"], first, max(timezone.localdate(), first))
    wrong_day = wrong_day or ("" if held_on else "Enter the day on which the meeting was held")
    wrong_note = find_text_fault("the note", posted["note"], TEXT)
    faults = [Fault(name, words) for name, words in (("held-on", wrong_day), ("note", wrong_note)) if words]
    if not faults:
        user = find_account(request)
        values = {"held_on": held_on, "note": posted["note"], "cancelled_because": ""}
        change_meeting(opened.team.team_code, first, _read_version(posted), user, **values)
        messages.success(request, "The meeting is kept.")
    return faults


def _cancel(request: HttpRequest, opened: Opened, posted: dict[str, str]) -> list[Fault]:
    """Keep that the meeting is cancelled and, if asked, put off every case that is not decided; gives what is wrong."""
    user = find_account(request)
    wrong = find_text_fault("why the meeting is cancelled", posted["because"], TEXT, required=True)
    faults = [Fault("because", wrong)] if wrong else []
    with transaction.atomic():
        if not faults:
            values = {"held_on": None, "cancelled_because": posted["because"]}
            change_meeting(opened.team.team_code, opened.current.list_date, _read_version(posted), user, **values)
        if not faults and request.POST.get("defer") == "yes":
            faults = _defer_all(user, opened, posted)
            transaction.set_rollback(bool(faults))
    if not faults:
        messages.success(request, "The meeting is cancelled.")
    return faults


def _defer_all(user: User, opened: Opened, posted: dict[str, str]) -> list[Fault]:
    """Defer every case of the agenda that is to be decided; gives what is wrong with the day that was given."""
    for row in build_agenda_rows(*opened, None):
        if row.is_open:
            listed = ListedCase(opened.current, row.person)
            fields = suggest_fields(listed, user) | {
                "outcome-1": "deferred",
                "due-1": posted["back-on"],
                "note": f"Meeting cancelled: {posted['because']}",
                "decided-by": user.display_name,
            }
            judged = judge_fields(fields, listed)
            if judged.faults:
                return [Fault("back-on" if one.field == "due-1" else "because", one.words) for one in judged.faults]
            keep_entry(user, listed, judged.reviews, name_basis(row.decision), reason=_explain_deferring(row.decision))
    return []


def _explain_deferring(before: Decision | None) -> str:
    """Why a decision that was taken back gives way to a deferral; blank where none stood."""
    return "The meeting was cancelled" if before else ""


def _word_conflict(found: object) -> str:
    """What somebody else changed: the meeting, or the decision about a case that was to be put off."""
    if isinstance(found, Decision):
        return f"Somebody else entered a decision about {found.case_id} meanwhile. Nothing was kept: cancel once more."
    return _word_meeting_conflict(found)


def _word_meeting_conflict(meeting: Any) -> str:
    now = f"held on {long_date(meeting.held_on)}" if meeting.held_on else "not marked as held"
    if meeting.cancelled_because:
        now = f"cancelled: {meeting.cancelled_because}"
    note = f" Its note: {meeting.note}" if meeting.note else ""
    return (
        f"Somebody else changed this meeting meanwhile. It stands as {now}.{note} "
        "What you typed stands below. Keep it again if it is to take that place."
    )


urlpatterns = [
    path("cases/<str:reference>/decision", enter_decision, name="decision"),
    path("cases/<str:reference>/decision/take-back", take_back_decision, name="take-back"),
    path("teams/<str:team_code>/meeting", change_status, name="meeting"),
]
