"""A clinician puts somebody forward for the team's next list, or takes that back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import PlainText, read_post
from riskstrat.worklist.models import Referral
from riskstrat.worklist.published import find_current
from riskstrat.worklist.referring import GivenReference, is_waiting, list_waiting_referrals, put_forward, take_back
from riskstrat.worklist.roles import Role
from riskstrat.worklist.writing import log_look

NOT_SERVED = "This person is not served by this team, or may not be listed"
"""The one answer to whatever is no pseudonym of somebody whom the team serves: it tells nothing about the cause."""

LONGEST_PSEUDONYM = 128


class ReferralForm(forms.Form):
    """Whom a clinician puts forward, and why."""

    patient_id = forms.CharField(
        label="Pseudonym",
        help_text="As the practice's file gives it. Never an NHS number or a name.",
        max_length=LONGEST_PSEUDONYM,
        error_messages={"required": "Enter the pseudonym of the person", "max_length": NOT_SERVED},
    )
    reason = PlainText(
        label="Reason",
        help_text="What the team should know: why now, and what you hope for. Name nobody.",
        missing="Enter why the team should look at this person",
        widget=forms.Textarea,
    )


@allow(Role.CLINICIAN, of_team=True)
def refer_person(request: HttpRequest, team_code: str) -> HttpResponse:
    """Put somebody forward. Raises Http404 where no list of the team stands: then nobody knows whom it serves."""
    current = find_current()
    team = current.find_team(team_code) if current else None
    if current is None or team is None:
        raise Http404
    form = ReferralForm(read_post(request))
    if form.is_valid():
        user: Any = request.user
        given = form.cleaned_data
        done = put_forward(current, team_code, given["patient_id"], given["reason"], user)
        if done is not None:
            return _tell(request, done)
        form.add_error("patient_id", NOT_SERVED)
    return render(
        request, "worklist/refer.jinja", {"form": form, "team": team, "waiting": list_waiting_referrals(team_code)}
    )


@allow(Role.CLINICIAN, of_team=True)
def take_back_referral(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask, then take a referral back. Raises Http404 where none waits for the next list."""
    referral = get_object_or_404(Referral.objects.select_related("case", "referred_by"), case_id=reference)
    if not is_waiting(referral):
        raise Http404
    log_look(request, reference, "take back referral")
    if request.method == "POST":
        user: Any = request.user
        take_back(referral, user)
        messages.success(request, f"{reference} is no longer put forward. The case keeps its reference.")
        return redirect("refer", team_code=reference[:3])
    return render(request, "worklist/take_back_referral.jinja", {"referral": referral})


def _tell(request: HttpRequest, done: GivenReference) -> HttpResponse:
    if done.is_new:
        messages.success(request, f"Put forward as {done.reference}. Say this reference at the meeting.")
    else:
        messages.info(request, f"This person has the case {done.reference} already. Nothing new was kept.")
    return redirect("person", reference=done.reference)


urlpatterns = [
    path("teams/<str:team_code>/refer", refer_person, name="refer"),
    path("cases/<str:reference>/referral/take-back", take_back_referral, name="take-back-referral"),
]
