"""The history of a case under its one reference."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from riskstrat.worklist.access import allow
from riskstrat.worklist.histories import find_standings, gather_events
from riskstrat.worklist.models import Case
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.statuses import find_warning
from riskstrat.worklist.writing import log_look


@allow(*LISTING, of_team=True)
def show_history(request: HttpRequest, reference: str) -> HttpResponse:
    """Every list that a case stood on, and everything entered about it. Raises Http404 for a case nobody knows."""
    standings = find_standings(reference)
    if not standings and not Case.objects.filter(pk=reference).exists():
        raise Http404
    log_look(request, reference, "history")
    context = {
        "reference": reference,
        "team_code": reference[:3],
        "status": find_warning(reference),
        "latest": standings[0] if standings else None,
        "events": gather_events(reference, standings),
    }
    return render(request, "worklist/history.jinja", context)


urlpatterns = [path("cases/<str:reference>/history", show_history, name="history")]
