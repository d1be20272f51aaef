"""A clinician's opinion of a case on this week's list, for the meeting; it is fed to no model."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import Choice, PlainText, Version
from riskstrat.worklist.finding import FoundCase, find_case, open_case
from riskstrat.worklist.models import Opinion, User
from riskstrat.worklist.roles import Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.views.lists import ANOTHER_LIST
from riskstrat.worklist.writing import ConflictError, create_row, log_look, update_row

ANSWERS = {"yes": "Yes, the team should look at this person", "no": "No", "none": "No view"}
AGREES = {"yes": True, "no": False, "none": None}
FIELDS = ("agrees", "reason", "outcome", "note")


class OpinionForm(forms.Form):
    """What a clinician thinks of a case."""

    agrees = Choice(
        label="Do you agree that this person should be listed?",
        answers=ANSWERS,
        missing="Choose whether you agree",
        widget=forms.RadioSelect,
    )
    reason = PlainText(label="Reason", help_text="Needed where you do not agree.")
    outcome = Choice(label="What would you propose?", answers={"": "Nothing yet", **OUTCOME_WORDS})
    note = PlainText(
        label="Note for the meeting",
        help_text="Colleagues of the team read it. No model learns from it. Name nobody.",
    )
    version = Version()
    edition = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """The answers. Disagreeing needs a reason."""
        given = self.cleaned_data
        if given.get("agrees") == "no" and "reason" in given and not given["reason"]:
            self.add_error("reason", "Enter why this person should not be listed")
        return given

    def collect(self) -> dict[str, Any]:
        """The fields of an opinion as they were entered."""
        given = self.cleaned_data
        return {name: given[name] for name in FIELDS} | {"agrees": AGREES[given["agrees"]]}


@allow(Role.CLINICIAN, of_team=True)
def enter_opinion(request: HttpRequest, reference: str) -> HttpResponse:
    """Give or change one's own opinion. Raises Http404 where the case is not on the list that stands."""
    found = find_case(reference)
    if not found.is_current:
        raise Http404
    log_look(request, reference, "opinion")
    user = find_account(request)
    form = OpinionForm(request.POST) if request.method == "POST" else begin_opinion(found, user)
    standing, warning = None, ""
    if form.is_bound and form.is_valid() and form.cleaned_data["edition"] != _name_list(found):
        standing, warning = find_own_opinion(found, user), ANOTHER_LIST
        version = standing.version if standing else 0
        form = OpinionForm({**request.POST.dict(), "version": str(version), "edition": _name_list(found)})
    elif form.is_bound and form.is_valid():
        standing = keep_opinion(found, user, form.cleaned_data["version"], form.collect())
        if standing is None:
            return _go_on(request, found)
        # What was typed stays in the form, and is kept if it is sent again by somebody who has seen what stands.
        form = OpinionForm({**request.POST.dict(), "version": str(standing.version)})
    context = {"found": found, "form": form, "standing": standing, "warning": warning}
    return render(request, "worklist/opinion.jinja", context, status=409 if standing or warning else 200)


def begin_opinion(found: FoundCase, user: User) -> OpinionForm:
    """The form with the opinion that somebody has given already; empty without."""
    own = find_own_opinion(found, user)
    if own is None:
        return OpinionForm(initial={"version": 0, "edition": _name_list(found)})
    answer = next(name for name, agrees in AGREES.items() if agrees == own.agrees)
    values = {name: getattr(own, name) for name in FIELDS}
    return OpinionForm(initial=values | {"agrees": answer, "version": own.version, "edition": _name_list(found)})


def keep_opinion(found: FoundCase, user: User, version: int, values: dict[str, Any]) -> Opinion | None:
    """Keep an opinion; None where that worked, else the one that was given since the form was opened."""
    own = find_own_opinion(found, user)
    now = timezone.now()
    try:
        if own is not None:
            update_row(own, version, user, found.reference, given_at=now, **values)
            return None
        with transaction.atomic():
            case = open_case(found)
            row = Opinion(case=case, list_date=_date_of(found), given_by=user, given_at=now, **values)
            create_row(row, user, found.reference)
    except ConflictError as conflict:
        return conflict.current  # type: ignore[return-value]
    except IntegrityError:
        return find_own_opinion(found, user)
    return None


def find_own_opinion(found: FoundCase, user: User) -> Opinion | None:
    """Somebody's own opinion of a case on the list that is shown; None without."""
    own = Opinion.objects.filter(case_id=found.reference, list_date=_date_of(found), given_by=user)
    return own.select_related("given_by").first()


def list_opinions(found: FoundCase, besides: User | None = None) -> list[Opinion]:
    """The opinions of a case on the list that is shown, the first given first; `besides` is whose are left out."""
    given = Opinion.objects.filter(case_id=found.reference, list_date=_date_of(found)).select_related("given_by")
    return list((given.exclude(given_by=besides) if besides else given).order_by("given_at", "pk"))


def _go_on(request: HttpRequest, found: FoundCase) -> HttpResponse:
    """Back to the person, or on to the next one on the list where that was asked for."""
    messages.success(request, f"Your opinion of {found.reference} is kept.")
    order = [one.reference for one in found.team.people] if found.team else []
    after = order[order.index(found.reference) + 1 :]
    onward = after[0] if after and "next" in request.POST else found.reference
    return redirect("person", reference=onward)


def _name_list(found: FoundCase) -> str:
    return found.listing.name if found.listing else ""


def _date_of(found: FoundCase) -> Any:
    return found.listing.list_date if found.listing else None


urlpatterns = [path("cases/<str:reference>/opinion", enter_opinion, name="opinion")]
