"""The first page after signing in, and what is said where a page cannot be shown."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from riskstrat.worklist.access import allow
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.teams import find_teams_of

FIRST_PAGES: dict[str, str] = {
    Role.SOCIAL_CARE: "released",
    Role.ANALYST: "model",
    Role.MANAGER: "figures",
    Role.AUDITOR: "log",
    Role.ADMINISTRATOR: "admin:worklist_user_changelist",
}
"""Where somebody begins whose role sees no team's list."""


@allow(*Role)
def show_home(request: HttpRequest) -> HttpResponse:
    """The week's list for whoever works with one team, released cases for social care; else a choice of teams."""
    user = find_account(request)
    if user.role in FIRST_PAGES:
        return redirect(FIRST_PAGES[user.role])
    teams = find_teams_of(user)
    if user.role in LISTING and len(teams) == 1:
        return redirect("list", team_code=teams[0].code)
    return render(request, "worklist/home.jinja", {"teams": teams})


def show_not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for somebody whose role does not open a page."""
    return _say(request, 403, "You cannot open this page", "Your role does not include it. Ask your administrator.")


def show_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for an address that leads nowhere, or to a team or case that is not the reader's."""
    return _say(request, 404, "Page not found", "There is no such page, or it is not one of your teams'.")


def show_failure(request: HttpRequest) -> HttpResponse:
    """The page for a failure of ours: what was entered may not be kept, so say so."""
    words = "Nothing of what you just entered was kept unless the page says so. Try again, or tell your administrator."
    return _say(request, 500, "Something went wrong", words)


def _say(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    return render(request, "worklist/message.jinja", {"title": title, "words": words}, status=status)


urlpatterns = [path("", show_home, name="home")]
