"""The reserve of a team's list, and taking somebody up from it when a case falls through."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from riskstrat.casefinding import is_sound, parse_reference
from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import Choice, PlainText, read_post
from riskstrat.worklist.models import TakenUp
from riskstrat.worklist.reserving import (
    NotTakenUpError,
    ReserveReason,
    build_reserve,
    explain_gone,
    find_taken,
    list_replaceable,
    take_up,
)
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.views.lists import Opened, describe_head, open_list
from riskstrat.worklist.writing import log_look

OFFERED = (
    "A case that is decided is not offered, unless it ended: died, moved away, declined, known to a service already, "
    "or an error in the data."
)
CHECKED = "I have checked today that they are alive, registered here and have not opted out"


class TakeUpForm(forms.Form):
    """In place of which case somebody is taken up, and how that case fell through."""

    in_place_of = forms.ChoiceField(
        label="Which case fell through?",
        help_text=OFFERED,
        error_messages={
            "required": "Choose the case that fell through",
            "invalid_choice": "Choose a case of this list that is not decided and that nobody was taken up in place of",
        },
    )
    why = Choice(
        label="How did it fall through?",
        answers=dict(TakenUp.Why.choices),
        missing="Choose how the case fell through",
        widget=forms.RadioSelect,
    )
    words = PlainText(
        label="Anything to add",
        help_text="For the record of the case. Name nobody. You may leave this blank.",
        widget=forms.Textarea,
    )
    checked = forms.MultipleChoiceField(
        label="The person whom you take up",
        choices=[("yes", CHECKED)],
        error_messages={
            "required": "Check the person's status today, then tick that you have",
            "invalid_choice": "Check the person's status today, then tick that you have",
        },
    )
    edition = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *given: Any, replaceable: list[str], **options: Any) -> None:
        super().__init__(*given, **options)
        offered: Any = self.fields["in_place_of"]
        offered.choices = [("", "Choose a case"), *((one, one) for one in replaceable)]


@allow(*LISTING, of_team=True)
def show_reserve(request: HttpRequest, team_code: str) -> HttpResponse:
    """Those in reserve of a team's list, none of whom is listed, and who was taken up since."""
    opened = open_list(team_code)
    log_look(request, team_code, "reserve")
    return _show(request, opened)


@allow(Role.COORDINATOR, of_team=True)
def take_up_person(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask, then take somebody up from the reserve; who is not in it any more leads back to it.

    Raises Http404 for what is no reference, and where no list of the team stands.
    """
    if parse_reference(reference) != reference or not is_sound(reference):
        raise Http404
    opened = open_list(reference[:3])
    log_look(request, reference, "take up from the reserve")
    # The list that the page was opened for: another may have taken its place since.
    edition = opened.current.name
    replaceable = list_replaceable(*opened)
    form = TakeUpForm(read_post(request), replaceable=replaceable, initial={"edition": edition})
    row = next((one for one in build_reserve(opened.current, reference[:3]) if one.person.reference == reference), None)
    if request.method == "POST" and request.POST.get("edition") != edition:
        return _refuse(request, opened, "Another list has taken the place of the one that you saw. Nothing was kept.")
    if form.is_valid():
        return _take_up(request, opened, reference, form.cleaned_data)
    if row is None:
        return _refuse(request, opened, explain_gone(opened.current.list_date, reference))
    context = {"form": form, "row": row, "opened": opened, "head": describe_head(opened.team)}
    return render(request, "worklist/take_up.jinja", context, status=400 if form.errors else 200)


def _take_up(request: HttpRequest, opened: Opened, reference: str, given: dict[str, Any]) -> HttpResponse:
    user = find_account(request)
    reason = ReserveReason(given["in_place_of"], given["why"], given["words"])
    try:
        take_up(*opened, reference, reason, user)
    except NotTakenUpError as refused:
        return _refuse(request, opened, str(refused))
    messages.success(
        request,
        f"{reference} is taken up in place of {reason.in_place_of} and listed from now on. Enter what came of "
        f"{reason.in_place_of} as its decision.",
    )
    return redirect("person", reference=reference)


def _refuse(request: HttpRequest, opened: Opened, words: str) -> HttpResponse:
    return _show(request, open_list(opened.team.team_code), words, status=409)


def _show(request: HttpRequest, opened: Opened, refused: str = "", status: int = 200) -> HttpResponse:
    code = opened.team.team_code
    context = {
        "opened": opened,
        "rows": build_reserve(opened.current, code),
        "taken": find_taken(opened.current, code),
        "can_take_up": bool(list_replaceable(*opened)),
        "head": describe_head(opened.team),
        "refused": refused,
    }
    return render(request, "worklist/reserve.jinja", context, status=status)


urlpatterns = [
    path("teams/<str:team_code>/reserve", show_reserve, name="reserve"),
    path("reserve/<str:reference>", take_up_person, name="take-up"),
]
