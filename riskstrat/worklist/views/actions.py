"""What a team has to do: open and overdue actions, done or not, changed, and their due dates as a calendar file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.reviews import DUE_WITHIN
from riskstrat.worklist.access import allow
from riskstrat.worklist.deciding import update_action
from riskstrat.worklist.models import Action
from riskstrat.worklist.models.cases import TEXT
from riskstrat.worklist.recording import select_waiting, tell_records
from riskstrat.worklist.reminders import build_calendar, list_due_dates
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.standing import is_overdue, select_actions, select_open_actions, tell_actions, word_action
from riskstrat.worklist.statuses import find_warning, find_warnings
from riskstrat.worklist.texts import SHORT, Fault, find_text_fault, read_day_between, read_fields, write_day
from riskstrat.worklist.writing import ConflictError, log_look

DONE_SHOWN = timedelta(weeks=4)
"""How long an action that was done stays on the page."""

NOBODY = "nobody"
"""In the address, for actions without an owner."""

FIELDS = ("done-on", "done-note", "owner", "due-on")


@allow(*LISTING, of_team=True)
def show_actions(request: HttpRequest, team_code: str) -> HttpResponse:
    """The open actions of a team, the earliest due first, and those that were done of late."""
    log_look(request, team_code, "actions")
    every = list(select_open_actions(team_code))
    owners = sorted({action.owner for action in every if action.owner})
    asked = request.GET.get("owner", "")
    chosen = asked if asked in (*owners, NOBODY) else ""
    shown = [action for action in every if not chosen or action.owner == ("" if chosen == NOBODY else chosen)]
    since = timezone.localdate() - DONE_SHOWN
    context = {
        "team_code": team_code,
        "team": settings.RISKSTRAT_TEAMS.get(team_code, team_code),
        "actions": tell_actions(shown),
        "overdue": sum(map(is_overdue, shown)),
        "owners": owners,
        "chosen": chosen,
        **tell_records(team_code),
        "done": [(one, word_action(one)) for one in select_actions(team_code).filter(done_on__gte=since)],
    }
    return render(request, "worklist/actions.jinja", context)


@allow(*LISTING, of_team=True)
def export_calendar(request: HttpRequest, team_code: str) -> HttpResponse:
    """The due dates of a team's open actions and entries for GP records as a calendar file, by reference alone."""
    log_look(request, team_code, "due dates as a file")
    name = settings.RISKSTRAT_TEAMS.get(team_code, team_code)
    due = list_due_dates(select_open_actions(team_code), select_waiting(team_code))
    warned = find_warnings({one.reference for one in due})
    content = build_calendar(due, name, settings.RISKSTRAT_RULES.hosts[0], warned)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{team_code}-due-dates.ics"'
    return response


@allow(*LISTING, of_team=True)
def change_action(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One action: mark it as done or open it again, or change who sees to it by when."""
    action = select_actions(reference[:3]).filter(pk=number, decision__case_id=reference).first()
    if action is None:
        raise Http404
    log_look(request, reference, "action")
    fields = _fill_fields(action)
    faults: list[Fault] = []
    conflict = False
    if request.method == "POST":
        posted = read_fields(request, *FIELDS, "deed", "version")
        fields |= {name: posted[name] for name in FIELDS if name in request.POST}
        values, faults = _read_change(action, posted)
        try:
            if not faults:
                return _keep(request, action, posted["version"], values)
        except ConflictError:
            conflict = True
    context = {
        "action": action,
        "reference": reference,
        "team_code": reference[:3],
        "what": word_action(action),
        "status": find_warning(reference),
        "overdue": is_overdue(action),
        "fields": fields,
        "faults": faults,
        "wrong": {fault.field: fault.words for fault in faults},
        "conflict": conflict,
    }
    return render(request, "worklist/action.jinja", context, status=400 if faults else 409 if conflict else 200)


def _fill_fields(action: Action) -> dict[str, str]:
    return {
        "done-on": write_day(max(timezone.localdate(), action.decision.list_date)),
        "done-note": action.done_note,
        "owner": action.owner,
        "due-on": write_day(action.due_on),
    }


def _read_change(action: Action, posted: dict[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """The fields to set, and what is wrong with what was typed."""
    if posted["deed"] == "reopen":
        return {"done_on": None, "done_by": None, "done_note": ""}, []
    first = action.decision.list_date
    if posted["deed"] == "done":
        text, words = "done-note", find_text_fault("the note", posted["done-note"], TEXT)
        day, wrong = read_day_between("the day", posted["done-on"], first, max(timezone.localdate(), first))
        wrong = wrong or ("" if day else "Enter the day on which it was done")
        values, field = {"done_on": day, "done_note": posted["done-note"]}, "done-on"
    else:
        text, words = "owner", find_text_fault("the owner", posted["owner"], SHORT)
        since = action.decision.decided_on or first
        day, wrong = read_day_between("the due date", posted["due-on"], since, first + DUE_WITHIN)
        values, field = {"owner": posted["owner"], "due_on": day}, "due-on"
    return values, [Fault(name, said) for name, said in ((field, wrong), (text, words)) if said]


def _keep(request: HttpRequest, action: Action, version: str, values: dict[str, Any]) -> HttpResponse:
    user = find_account(request)
    if values.get("done_on"):
        values["done_by"] = user
    seen = int(version) if version.isdecimal() and len(version) < 9 else 0
    update_action(action, seen, user, **values)
    messages.success(request, f"{action.decision.case_id}: the action is kept.")
    return redirect("actions", team_code=action.decision.case.team_code)


urlpatterns = [
    path("teams/<str:team_code>/actions", show_actions, name="actions"),
    path("teams/<str:team_code>/actions.ics", export_calendar, name="calendar"),
    path("cases/<str:reference>/actions/<int:number>", change_action, name="action"),
]
