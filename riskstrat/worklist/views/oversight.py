"""Pages without people: the model and its data for the analyst, counts of teams for the manager and the board."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from riskstrat import registry
from riskstrat.errors import RiskstratError
from riskstrat.registry import JUDGED, Kept
from riskstrat.worklist.access import allow
from riskstrat.worklist.counting import count_reports, count_teams
from riskstrat.worklist.published import CurrentList, find_current
from riskstrat.worklist.roles import Role


@allow(Role.ANALYST)
def show_model(request: HttpRequest) -> HttpResponse:
    """The model that the current list was made with, its gates and papers, its data, and the faults reported."""
    current = find_current()
    context: dict[str, Any] = {"current": current, "reports": count_reports()}
    if current is not None:
        context |= _describe_version(current) | _describe_data(current)
    return render(request, "worklist/model.jinja", context)


@allow(Role.ANALYST)
def send_paper(request: HttpRequest, name: str) -> HttpResponse:
    """One paper of the version as a file to keep, never as a page of this server. Raises Http404 for any other name."""
    current = find_current()
    try:
        papers = _find_version(current).papers if current else {}
    except RiskstratError:
        raise Http404 from None
    if name not in papers:
        raise Http404
    response = HttpResponse(papers[name], content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@allow(Role.MANAGER)
def show_figures(request: HttpRequest) -> HttpResponse:
    """What each team was listed, has decided and has open: one row per team, small counts hidden."""
    current = find_current()
    rows = count_teams(current, timezone.localdate()) if current else []
    return render(request, "worklist/figures.jinja", {"current": current, "rows": rows})


def _find_version(current: CurrentList) -> Kept:
    root = settings.RISKSTRAT_WORKSPACE.root
    return registry.kept(root / "registry", current.weekly.model, current.weekly.version)


def _describe_version(current: CurrentList) -> dict[str, Any]:
    """Verdict, gates and papers; where the registry cannot give them, why."""
    try:
        kept = _find_version(current)
        evidence = kept.evidence_for(JUDGED)
        gates = registry.gates(settings.RISKSTRAT_WORKSPACE.promotion, evidence)
        return {"verdict": evidence["verdict"], "gates": gates, "papers": sorted(kept.papers)}
    except RiskstratError as refused:
        return {"no_version": str(refused)}


def _describe_data(current: CurrentList) -> dict[str, Any]:
    """Up to which day each table goes, and what is doubtful or was not checked, each line once."""
    teams = current.weekly.teams
    days = {name: day for team in teams for name, day in sorted(team.data_as_at_by_table.items())}
    lines = dict.fromkeys(line for team in teams for line in (*team.doubts, *team.not_checked))
    statuses = {team.statuses_as_at for team in teams}
    return {"days": days, "lines": list(lines), "statuses": next(iter(statuses), None)}


urlpatterns = [
    path("model", show_model, name="model"),
    path("model/papers/<str:name>", send_paper, name="model-paper"),
    path("figures", show_figures, name="figures"),
]
