"""Releasing a case to social care, and what social care then sees."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import NOT_OFFERED, PlainText, read_post
from riskstrat.worklist.finding import find_case, open_case
from riskstrat.worklist.models import Release
from riskstrat.worklist.releasing import (
    RELEASE_FIELDS,
    ObjectionStandsError,
    end_release,
    has_objection,
    release_case,
    select_releases,
    set_council_reference,
    tell_released,
)
from riskstrat.worklist.reporting import find_reports
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.statuses import UNTOLD, find_warning, find_warnings
from riskstrat.worklist.teams import find_teams_of
from riskstrat.worklist.writing import log_look, log_looks

LONGEST_REFERENCE = 40


class CouncilForm(forms.Form):
    """The council's own reference of a case, and which one stood when the form was opened."""

    council_reference = PlainText(label="Council reference", longest=LONGEST_REFERENCE)
    seen = forms.CharField(required=False, max_length=LONGEST_REFERENCE, widget=forms.HiddenInput)


class ReleaseForm(forms.Form):
    """On what basis which fields are released."""

    basis = PlainText(
        label="Basis for sharing",
        help_text="Such as “consent, recorded in the GP record on 4 March 2026”. Name nobody.",
        missing="Enter the basis for sharing",
    )
    fields_shown = forms.MultipleChoiceField(
        label="What social care sees",
        help_text="Tick what is needed and nothing else.",
        choices=[(name, field.label) for name, field in RELEASE_FIELDS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one field", "invalid_choice": NOT_OFFERED},
    )
    council_reference = PlainText(label="Council reference, if known", longest=LONGEST_REFERENCE)


@allow(*LISTING, of_team=True)
def release_to_social_care(request: HttpRequest, reference: str) -> HttpResponse:
    """Release a case. Raises Http404 for one without a page."""
    found = find_case(reference)
    if found.person is None:
        raise Http404
    log_look(request, reference, "release")
    ticked = [name for name, field in RELEASE_FIELDS.items() if field.ticked]
    form = ReleaseForm(read_post(request), initial={"fields_shown": ticked})
    if form.is_valid():
        user = find_account(request)
        given = form.cleaned_data
        try:
            release_case(
                open_case(found),
                user,
                basis=given["basis"],
                fields=given["fields_shown"],
                council_reference=given["council_reference"],
            )
        except ObjectionStandsError:
            messages.error(request, "The person objects to sharing. Nothing was released.")
        else:
            messages.success(request, f"{reference} is released to social care.")
        return redirect("person", reference=reference)
    standing = select_releases().filter(case_id=reference).select_related("released_by").first()
    context = {
        "found": found,
        "form": form,
        "standing": standing,
        "objects": has_objection(reference),
        "status": find_warning(reference),
    }
    return render(request, "worklist/release.jinja", context)


@allow(*LISTING, of_team=True)
def stop_release(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Ask, then end a release. Raises Http404 where the case has no such release."""
    release = get_object_or_404(Release.objects.select_related("case", "released_by"), pk=number, case_id=reference)
    log_look(request, reference, "end release")
    if request.method == "POST":
        user = find_account(request)
        end_release(release, user)
        messages.success(request, f"{reference} is no longer released to social care.")
        return redirect("person", reference=reference)
    context = {"release": release, "labels": [RELEASE_FIELDS[name].label for name in release.fields]}
    return render(request, "worklist/end_release.jinja", context)


@allow(Role.SOCIAL_CARE)
def show_released(request: HttpRequest) -> HttpResponse:
    """The cases that are released to the reader's teams."""
    teams = {team.code: team.name for team in find_teams_of(find_account(request))}
    shown: dict[str, Release] = {}
    for release in select_releases(teams).select_related("case", "released_by"):
        shown.setdefault(release.case_id, release)
    log_looks(request, {release.case.team_code for release in shown.values()}, "released cases")
    changed = find_warnings(shown)
    context = {"releases": list(shown.values()), "teams": teams, "changed": changed, "untold": UNTOLD}
    return render(request, "worklist/released.jinja", context)


@allow(Role.SOCIAL_CARE, of_team=True)
def show_released_case(request: HttpRequest, reference: str) -> HttpResponse:
    """What is released of a case, and the council's reference. Raises Http404 where nothing is."""
    release = select_releases().filter(case_id=reference).select_related("released_by", "case").first()
    if release is None:
        raise Http404
    log_look(request, reference, "released case")
    form = CouncilForm(read_post(request), initial=_describe_council(release))
    if form.is_valid():
        return _keep_council_reference(request, release, form)
    found = find_case(reference)
    held = any(find_reports(reference))
    # What refresh or list says is not released: that something has changed is all that is told, and then no fact is.
    changed = find_warning(reference)
    facts = [] if held or changed or found.person is None else tell_released(release, found)
    context = {"release": release, "found": found, "facts": facts, "held": held, "form": form}
    context |= {"changed": changed, "untold": UNTOLD}
    return render(request, "worklist/released_case.jinja", context)


def _describe_council(release: Release) -> dict[str, str]:
    return {"council_reference": release.council_reference, "seen": release.council_reference}


def _keep_council_reference(request: HttpRequest, release: Release, form: CouncilForm) -> HttpResponse:
    user = find_account(request)
    given = form.cleaned_data
    if set_council_reference(release, given["seen"], given["council_reference"], user):
        messages.success(request, "The council reference is kept.")
    else:
        messages.error(
            request, "A colleague has changed this meanwhile. What you entered was not kept; it stands below."
        )
    return redirect("released-case", reference=release.case_id)


urlpatterns = [
    path("cases/<str:reference>/release", release_to_social_care, name="release"),
    path("cases/<str:reference>/releases/<int:number>/end", stop_release, name="end-release"),
    path("released/", show_released, name="released"),
    path("released/<str:reference>", show_released_case, name="released-case"),
]
