"""A clinician puts somebody forward for the team's next list, or takes that back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from riskstrat.definitions.phrases import capitalise_first
from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import Day, PlainText, read_post
from riskstrat.worklist.models import Referral
from riskstrat.worklist.named import ask_pseudonym, fetch_referred_names
from riskstrat.worklist.published import CurrentList, find_current
from riskstrat.worklist.referring import GivenReference, is_waiting, list_waiting_referrals, put_forward, take_back
from riskstrat.worklist.roles import Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.writing import log_look

NOT_SERVED = "This person is not served by this team, or may not be listed"
"""The one answer to whatever is no pseudonym of somebody whom the team serves: it tells nothing about the cause."""

LONGEST_PSEUDONYM = 128
LONGEST_NUMBER = 40
"""Characters of an NHS number as people type it."""

LONGEST_LIFE = timedelta(weeks=52 * 130)
ONE_WAY = "Enter an NHS number with the date of birth, or else a pseudonym"


class ReferralForm(forms.Form):
    """Whom a clinician puts forward, and why: by the pseudonym of the practice's file.

    Where the site has an identity install, by NHS number and date of birth too, of which nothing is kept or repeated.
    """

    nhs_number = forms.CharField(
        label="NHS number",
        help_text="It goes to the identity install for a pseudonym, and is kept nowhere here.",
        max_length=LONGEST_NUMBER,
        required=False,
        error_messages={"max_length": "Enter the ten digits of the NHS number"},
    )
    born_on = Day(
        label="Date of birth", help_text="For example, 15/3/1938", title="the date of birth", longest_ago=LONGEST_LIFE
    )
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

    def __init__(self, *given: Any, by_number: bool) -> None:
        super().__init__(*given)
        self.by_number = by_number
        if by_number:
            self.fields["patient_id"].required = False
        else:
            del self.fields["nhs_number"], self.fields["born_on"]

    def clean(self) -> dict[str, Any]:
        """Both of number and date of birth or else a pseudonym; what is wrong with a field alone is said there."""
        given = self.cleaned_data
        number, day, pseudonym = (given.get(name) for name in ("nhs_number", "born_on", "patient_id"))
        one_way = (number and day and not pseudonym) or (pseudonym and not number and not day)
        if self.by_number and not self.errors and not one_way:
            self.add_error("nhs_number", ONE_WAY)
        return given


@allow(Role.CLINICIAN, of_team=True)
def refer_person(request: HttpRequest, team_code: str) -> HttpResponse:
    """Put somebody forward. Raises Http404 where no list of the team stands: then nobody knows whom it serves."""
    current = find_current()
    team = current.find_team(team_code) if current else None
    if current is None or team is None:
        raise Http404
    log_look(request, team_code, "put forward")
    form = ReferralForm(read_post(request), by_number=bool(settings.RISKSTRAT_RULES.names.url))
    if form.is_valid():
        done = _put_forward(request, current, team_code, form)
        if done is not None:
            return _tell(request, done)
    waiting = list_waiting_referrals(team_code)
    names = fetch_referred_names(request, team_code, [referral.case for referral in waiting])
    context = {"form": form, "team": team, "waiting": waiting, "names": names}
    return render(request, "worklist/refer.jinja", context)


def _put_forward(
    request: HttpRequest, current: CurrentList, team_code: str, form: ReferralForm
) -> GivenReference | None:
    """Put the person of a form forward; None where that cannot be, and the form says why."""
    user = find_account(request)
    given = form.cleaned_data
    number, patient, proof = given.get("nhs_number"), given["patient_id"], ""
    if number:
        answered = ask_pseudonym(request, team_code, number, given["born_on"])
        patient, proof = answered.patient_id, answered.proof
        if answered.why_not:
            form.add_error("nhs_number", capitalise_first(answered.why_not))
            return None
    done = put_forward(current, team_code, patient, given["reason"], user, proof)
    if done is None:
        form.add_error("nhs_number" if number else "patient_id", NOT_SERVED)
    return done


@allow(Role.CLINICIAN, of_team=True)
def take_back_referral(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask, then take a referral back. Raises Http404 where none waits for the next list."""
    referral = get_object_or_404(Referral.objects.select_related("case", "referred_by"), case_id=reference)
    if not is_waiting(referral):
        raise Http404
    log_look(request, reference, "take back referral")
    if request.method == "POST":
        user = find_account(request)
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
