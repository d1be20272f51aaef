"""Attempts to reach a person."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.worklist.access import allow
from riskstrat.worklist.contacting import FAILED_TO_FLAG, HOW, is_unreached
from riskstrat.worklist.fields import Choice, Day, PlainText, read_post
from riskstrat.worklist.finding import find_case, open_case
from riskstrat.worklist.models import Attempt
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.statuses import find_warning
from riskstrat.worklist.writing import create_once, log_look

LONGEST_NAME = 80
REACHED = {"yes": "Yes", "no": "No"}


class AttemptForm(forms.Form):
    """When and how somebody tried to reach a person, and whether it worked."""

    tried_on = Day(label="When", help_text="For example, 16/11/2026", missing="Enter when it was")
    how = Choice(label="How", answers=HOW, missing="Choose how", widget=forms.RadioSelect)
    reached = Choice(
        label="Was the person reached?",
        answers=REACHED,
        missing="Choose whether the person was reached",
        widget=forms.RadioSelect,
    )
    tried_by = PlainText(label="Who tried", longest=LONGEST_NAME, missing="Enter who tried")


@allow(*LISTING, of_team=True)
def enter_attempt(request: HttpRequest, reference: str) -> HttpResponse:
    """The attempts to reach the person of a case, and a form for one more."""
    found = find_case(reference)
    log_look(request, reference, "attempts")
    user = find_account(request)
    form = AttemptForm(read_post(request), initial={"tried_on": timezone.localdate(), "tried_by": user.display_name})
    if form.is_valid():
        given = form.cleaned_data
        values = given | {"reached": given["reached"] == "yes"}
        with transaction.atomic():
            row = Attempt(case=open_case(found), entered_by=user, entered_at=timezone.now(), **values)
            create_once(row, user, reference, at="entered_at")
        messages.success(request, "The attempt is kept.")
        return redirect("attempts", reference=reference)
    attempts = Attempt.objects.filter(case_id=reference).order_by("-tried_on", "-pk")
    context = {
        "found": found,
        "form": form,
        "attempts": list(attempts),
        "how": HOW,
        "unreached": is_unreached(reference),
        "status": find_warning(reference),
        "failed": FAILED_TO_FLAG,
    }
    return render(request, "worklist/attempts.jinja", context)


urlpatterns = [path("cases/<str:reference>/attempts", enter_attempt, name="attempts")]
