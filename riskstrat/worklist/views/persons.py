"""One person on one page: what the list says of them, what colleagues think, and what was decided."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from riskstrat.documents import build_sheet, word_page
from riskstrat.worklist.access import allow
from riskstrat.worklist.contacting import is_unreached
from riskstrat.worklist.finding import FoundCase, find_case, open_case
from riskstrat.worklist.holding import find_held_of_case
from riskstrat.worklist.models import Attempt, FaultReport, Objection, Opinion, RecordEntry, Referral, Release, TakenUp
from riskstrat.worklist.named import PageNames, fetch_names, fetch_referred_names
from riskstrat.worklist.recording import list_proposed, list_waiting
from riskstrat.worklist.releasing import has_objection, select_releases
from riskstrat.worklist.reporting import find_reports
from riskstrat.worklist.reserving import word_taken
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.standing import find_decision, word_decision
from riskstrat.worklist.statuses import find_warning
from riskstrat.worklist.views.opinions import begin_opinion, list_opinions
from riskstrat.worklist.writing import log_look


@allow(*LISTING, of_team=True)
def show_person(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of one case. Raises Http404 where there is none."""
    found = find_case(reference)
    log_look(request, reference, "person")
    user = find_account(request)
    is_clinician = user.role == Role.CLINICIAN
    decision = find_decision(found.listing.list_date, reference) if found.listing else None
    held = find_held_of_case(reference)
    report, confirmed = find_reports(reference) if FaultReport in held else (None, None)
    context = tell_case(found, sensitive=is_clinician) | {
        "names": _fetch_names(request, found),
        "opinions": list_opinions(found, besides=user) if found.listing and Opinion in held else [],
        "form": begin_opinion(found, user) if found.is_current and is_clinician else None,
        "decided": word_decision(decision) if decision else "",
        "decided_by": decision.decided_by if decision else "",
        "report": report,
        "confirmed": confirmed,
        "status": find_warning(reference),
        "taken": word_taken(found.listing, found.team_code).get(reference) if found.listing and TakenUp in held else "",
        "objects": Objection in held and has_objection(reference),
        "release": select_releases().filter(case_id=reference).first() if Release in held else None,
        "unreached": Attempt in held and is_unreached(reference),
        "records": list_waiting(found.team_code, reference) if RecordEntry in held else [],
        "to_confirm": any(is_clinician or not one.was_taken_back for one in list_proposed(found.team_code, reference)),
        "is_clinician": is_clinician,
        "referral": _find_referral(reference) if Referral in held else None,
    }
    return render(request, "worklist/person.jinja", context)


def _find_referral(reference: str) -> Referral | None:
    return Referral.objects.filter(case_id=reference).select_related("referred_by").first()


def _fetch_names(request: HttpRequest, found: FoundCase) -> PageNames:
    """The name of a case, by the latest list that it stood on; of one put forward, by what came with the pseudonym."""
    if found.listing is None:
        return fetch_referred_names(request, found.team_code, [open_case(found)])
    return fetch_names(request, found.listing, found.team_code, [found.reference])


def tell_case(found: FoundCase, *, sensitive: bool = False) -> dict[str, Any]:
    """What pages about a case need of its list: its sheet, the words of the list, and its neighbours by rank.

    sensitive: with what clinicians alone are shown, where the site allows it.
    """
    if found.listing is None or found.person is None or found.team is None:
        return {"found": found, "sheet": None}
    order = [one.reference for one in found.team.people]
    place = order.index(found.reference)
    return {
        "found": found,
        "sheet": build_sheet(found.person, shown=found.listing.for_clinicians if sensitive else None),
        "said": word_page(found.team),
        "before": order[place - 1] if place else None,
        "after": order[place + 1] if place + 1 < len(order) else None,
        "count": len(order),
    }


urlpatterns = [path("cases/<str:reference>", show_person, name="person")]
