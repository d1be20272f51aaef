"""The agenda of a team's meeting: the order, minutes and who is asked; on paper too, with room to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.storage import format_canonical_json, parse_json
from riskstrat.worklist.access import allow
from riskstrat.worklist.agendas import (
    AgendaRow,
    PlannedItem,
    build_agenda_rows,
    find_last_meeting,
    find_meeting,
    keep_order,
)
from riskstrat.worklist.models import Deputy
from riskstrat.worklist.named import fetch_names
from riskstrat.worklist.recording import tell_records
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.standing import select_open_actions, tell_actions
from riskstrat.worklist.texts import Fault, find_text_fault, read_fields
from riskstrat.worklist.views.lists import ANOTHER_LIST, Opened, describe_head, open_list
from riskstrat.worklist.writing import ConflictError, log_look

MOST_PLACES, MOST_MINUTES, LONGEST_ASKED = 999, 120, 200


@allow(*LISTING, of_team=True)
def show_agenda(request: HttpRequest, team_code: str) -> HttpResponse:
    """The agenda about the latest list, with the actions that are still open, and how the last meeting went."""
    return _show(request, team_code, "worklist/agenda.jinja", "agenda")


@allow(*LISTING, of_team=True)
def show_paper(request: HttpRequest, team_code: str) -> HttpResponse:
    """The agenda to print, each case with room to write: for a meeting without a screen, to be entered afterwards."""
    return _show(request, team_code, "worklist/agenda_paper.jinja", "agenda on paper")


def _show(request: HttpRequest, team_code: str, template: str, page: str) -> HttpResponse:
    opened = open_list(team_code)
    log_look(request, team_code, page)
    day = opened.current.list_date
    meeting = find_meeting(team_code, day)
    rows = build_agenda_rows(*opened, meeting)
    today = timezone.localdate()
    undecided = [row.person.reference for row in rows if row.is_open]
    context = {
        "names": fetch_names(request, opened.current, team_code, [row.person.reference for row in rows]),
        "opened": opened,
        "meeting": meeting,
        "last_meeting": find_last_meeting(team_code, day),
        "rows": rows,
        "minutes": sum(row.minutes for row in rows),
        "next": next(iter(undecided), None),
        "left": len(undecided),
        "actions": tell_actions(select_open_actions(team_code)),
        **tell_records(team_code),
        "deputies": Deputy.objects.filter(team_code=team_code, from_on__lte=today, to_on__gte=today).select_related(
            "user"
        ),
        "head": describe_head(opened.team),
    }
    return render(request, template, context)


@allow(*LISTING, of_team=True)
def change_order(request: HttpRequest, team_code: str) -> HttpResponse:
    """Change in which order the cases are taken, the minutes for each, and who is asked."""
    opened = open_list(team_code)
    log_look(request, team_code, "order of the agenda")
    meeting = find_meeting(team_code, opened.current.list_date)
    rows = build_agenda_rows(*opened, meeting)
    version, fields = meeting.version if meeting else 0, _fill_fields(rows)
    faults: list[Fault] = []
    conflict, wrong = False, dict[str, str]()
    warning = "" if request.method != "POST" or opened.is_meant(request) else ANOTHER_LIST
    if request.method == "POST" and not warning:
        fields = read_fields(request, *fields)
        posted = request.POST.get("version", "")
        version = int(posted) if posted.isdecimal() and len(posted) < 9 else 0
        items, faults = _read_items(rows, fields)
        try:
            if not faults:
                return _keep(request, opened, version, items)
        except ConflictError as found:
            now: Any = found.current
            conflict, version = True, now.version
            rows = build_agenda_rows(*opened, now)
            wrong = _refill(rows, fields)
    context = {
        "opened": opened,
        "rows": rows,
        "version": version,
        "fields": fields,
        "faults": faults,
        "wrong": wrong | {fault.field: fault.words for fault in faults},
        "conflict": conflict,
        "warning": warning,
    }
    status = 400 if faults else 409 if conflict or warning else 200
    return render(request, "worklist/agenda_order.jinja", context, status=status)


def _keep(request: HttpRequest, opened: Opened, version: int, items: list[PlannedItem]) -> HttpResponse:
    user = find_account(request)
    keep_order(opened.team.team_code, opened.current.list_date, version, user, items)
    messages.success(request, "The agenda is kept.")
    return redirect("agenda", team_code=opened.team.team_code)


def _fill_fields(rows: list[AgendaRow]) -> dict[str, str]:
    """The fields of the form as the agenda stands, and with them what each has when it is shown."""
    fields: dict[str, str] = {}
    for row in rows:
        stands = {"place": str(row.place), "minutes": str(row.minutes), "asked": row.asked}
        fields |= {f"{name}-{row.person.reference}": text for name, text in stands.items()}
    return fields | {"shown": format_canonical_json(fields).decode("ascii")}


def _read_shown(fields: Mapping[str, str]) -> dict[str, Any]:
    """By field what stood in it when the form was shown; nothing where that was not sent back whole."""
    try:
        return parse_json(fields["shown"])
    except ValueError:
        return {}


def _refill(rows: list[AgendaRow], fields: dict[str, str]) -> dict[str, str]:
    """Show what stands now but where the reader changed it; by field where a colleague has entered something else.

    A number in the order is another one as soon as somebody moves any case, so nothing is said of it.
    """
    shown, now = _read_shown(fields), _fill_fields(rows)
    changed = {}
    for name, text in now.items():
        if name == "shown" or fields[name] == shown.get(name):
            fields[name] = text
        elif not name.startswith("place-") and text not in (shown.get(name), fields[name]):
            changed[name] = f"A colleague entered “{text}” meanwhile" if text else "A colleague emptied this meanwhile"
    return changed


def _read_items(rows: list[AgendaRow], fields: dict[str, str]) -> tuple[list[PlannedItem], list[Fault]]:
    """What was typed about each case, and what is wrong with it."""
    items, faults = [], []
    shown = _read_shown(fields)
    for row in rows:
        reference = row.person.reference
        place, minutes, asked = (fields[f"{name}-{reference}"] for name in ("place", "minutes", "asked"))
        number, wrong_place = _read_number("the order", reference, place, MOST_PLACES)
        # The order may be another one by now than when the form was shown: a number that was left alone moves nothing.
        number = row.place if place == shown.get(f"place-{reference}") else number
        planned, wrong_minutes = _read_number("the minutes", reference, minutes, MOST_MINUTES)
        wrong_asked = find_text_fault(f"who is asked about {reference}", asked, LONGEST_ASKED)
        wrong = {"place": wrong_place, "minutes": wrong_minutes, "asked": wrong_asked}
        faults += [Fault(f"{name}-{reference}", words) for name, words in wrong.items() if words]
        items.append(PlannedItem(reference, number, planned, asked))
    return items, faults


def _read_number(what: str, reference: str, text: str, most: int) -> tuple[int, str]:
    """A whole number from 1 to `most`, and what is wrong with it, blank where nothing is."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    return number, "" if 1 <= number <= most else f"Give {what} of {reference} as a whole number from 1 to {most}"


urlpatterns = [
    path("teams/<str:team_code>/agenda", show_agenda, name="agenda"),
    path("teams/<str:team_code>/agenda/paper", show_paper, name="agenda-paper"),
    path("teams/<str:team_code>/agenda/order", change_order, name="agenda-order"),
]
