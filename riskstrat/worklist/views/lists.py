"""A team's list of the week, sorted and filtered; what changed; earlier lists; a case by its reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from riskstrat import documents
from riskstrat.casefinding import is_sound, list_readings
from riskstrat.publication import TeamList
from riskstrat.worklist.access import allow
from riskstrat.worklist.agendas import find_meeting, find_next, order_agenda
from riskstrat.worklist.finding import has_case
from riskstrat.worklist.gathering import gather_standing
from riskstrat.worklist.listing import SORTS, build_choices, build_rows, choose_rows
from riskstrat.worklist.models import Referral
from riskstrat.worklist.named import fetch_names, fetch_referred_names
from riskstrat.worklist.published import CurrentList, find_current, find_list, list_dates
from riskstrat.worklist.referring import list_waiting_referrals
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.writing import log_look

ANOTHER_LIST = (
    "Another list has taken the place of the one that you opened this page for, or it was withdrawn and made again. "
    "Nothing was kept. Check that what you entered still holds for the list that is named here, then keep it again."
)


class Opened(NamedTuple):
    """One team's list as a page opens it."""

    current: CurrentList
    team: TeamList

    @property
    def is_latest(self) -> bool:
        """Whether no later list stands."""
        return self.current.list_date == list_dates()[-1]

    def is_meant(self, request: HttpRequest) -> bool:
        """Whether a form that was sent was opened for this list: another may have taken the place of that one since."""
        return request.POST.get("edition") == self.current.name


def open_list(team_code: str, day: str | None = None) -> Opened:
    """The list of one team for a day as an address names it, or the latest. Raises Http404 where none stands."""
    current = find_list(parse_day(day)) if day else find_current()
    team = current.find_team(team_code) if current else None
    if current is None or team is None:
        raise Http404
    return Opened(current, team)


def parse_day(text: str) -> date:
    """A day as an address names it. Raises Http404 for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if day.isoformat() != text:
        raise Http404
    return day


@allow(*LISTING, of_team=True)
def show_list(request: HttpRequest, team_code: str, day: str | None = None) -> HttpResponse:
    """One team's list: the latest, or that of a day. Raises Http404 where none stands for it."""
    opened = open_list(team_code, day)
    log_look(request, team_code, "list")
    stands = gather_standing(*opened)
    rows = build_rows(*opened, stands)
    choices = build_choices(rows, request.GET)
    order = request.GET.get("sort", "rank")
    latest = opened.is_latest
    agenda = order_agenda(*opened, find_meeting(team_code, opened.current.list_date)) if latest else []
    undecided = {reference for reference in agenda if stands.is_open(reference)}
    shown = choose_rows(rows, choices, order)
    waiting = list_waiting_referrals(team_code) if latest and Referral in stands.held else []
    context = {
        "names": fetch_names(request, opened.current, team_code, [row.person.reference for row in shown]),
        "waiting_names": fetch_referred_names(request, team_code, [referral.case for referral in waiting]),
        "next": find_next(agenda, undecided),
        "left": len(undecided),
        "opened": opened,
        "rows": shown,
        "listed": len(rows),
        "choices": choices,
        "sorts": {name: title for name, (title, _) in SORTS.items()},
        "order": order if order in SORTS else "rank",
        "head": describe_head(opened.team),
        "example": _find_example(opened.team),
        "waiting": waiting,
        "summary": documents.summary(opened.current.list_people(team_code)),
    }
    return render(request, "worklist/list.jinja", context)


def describe_head(team: TeamList) -> dict[str, str]:
    """What the head of the printed list says, in the same words."""
    return {
        "status_check": documents.status_check(team),
        "not_listed": documents.NOT_LISTED,
        "purpose": documents.purpose(team),
        "run": documents.run_line(team),
        "sources": documents.freshness_line(team),
        "risk": documents.risk_meaning(team),
        "accounting": documents.accounting(team),
        "nobody": documents.nobody(team),
    }


@allow(*LISTING, of_team=True)
def show_earlier_lists(request: HttpRequest, team_code: str) -> HttpResponse:
    """The dates of the lists that stand, the latest first; one that was withdrawn is not among them."""
    opened = open_list(team_code)
    return render(request, "worklist/earlier_lists.jinja", {"opened": opened, "days": list_dates()[::-1]})


@allow(*LISTING, of_team=True)
def show_changes(request: HttpRequest, team_code: str) -> HttpResponse:
    """Who entered, left and moved since the last list, and what moved each estimate."""
    opened = open_list(team_code)
    log_look(request, team_code, "changes")
    context = {
        "opened": opened,
        "sentences": documents.change_sentences(opened.team),
        "moves": documents.move_lines(opened.team),
        "swaps": documents.swap_lines(opened.team.swaps),
        "swap_sentences": documents.swap_sentences(opened.team),
    }
    return render(request, "worklist/changes.jinja", context)


@allow(*LISTING, of_team=True)
def find_case(request: HttpRequest, team_code: str) -> HttpResponse:
    """The history of the case that somebody typed the reference or number of; which is meant, or what is wrong."""
    typed = request.GET.get("reference", "")
    if not typed.strip():
        return redirect("list", team_code=team_code)
    readings = list_readings(typed, team_code, has_case) if len(typed) <= 40 else []
    own = [one for one in readings if one.startswith(f"{team_code}-")]
    found = [one for one in own if is_sound(one) and has_case(one)]
    if found and len(readings) == 1:
        return redirect("history", reference=found[0])
    opened = open_list(team_code)
    words = "" if found else _explain_not_found(team_code, readings, of_team=bool(own))
    context = {"opened": opened, "found": found, "words": words, "example": _find_example(opened.team)}
    return render(request, "worklist/find.jinja", context, status=200 if found else 404)


def _explain_not_found(team_code: str, readings: Sequence[str], *, of_team: bool) -> str:
    if readings and not is_sound(readings[0]):
        slip = "The last character does not fit the rest: a slip of the pen. Check the reference and search again."
        return f"{slip} A number of more than three figures is found with its last character alone."
    if of_team:
        return "No case of this team has that number. Check it on the list and search again."
    return f"Search for a case of this team: its reference as it stands on the list, or its number after {team_code}."


def _find_example(team: TeamList) -> str:
    """A reference of the list; blank where nobody is listed."""
    return team.people[0].reference if team.people else ""


urlpatterns = [
    path("teams/<str:team_code>/list", show_list, name="list"),
    path("teams/<str:team_code>/lists", show_earlier_lists, name="earlier-lists"),
    path("teams/<str:team_code>/lists/<str:day>", show_list, name="list-of"),
    path("teams/<str:team_code>/changes", show_changes, name="changes"),
    path("teams/<str:team_code>/find", find_case, name="find-case"),
]
