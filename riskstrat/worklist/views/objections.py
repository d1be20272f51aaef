"""An objection to sharing: it ends what is released to social care and keeps anything from being released."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import PlainText, read_post
from riskstrat.worklist.finding import find_case, open_case
from riskstrat.worklist.models import Objection
from riskstrat.worklist.releasing import has_objection, record_objection, withdraw_objection
from riskstrat.worklist.roles import LISTING
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.writing import log_look


class ObjectionForm(forms.Form):
    """What the person said, as far as it matters here."""

    words = PlainText(
        label="What was said",
        help_text="As far as it matters for sharing. You may leave it empty. Name nobody.",
        widget=forms.Textarea,
    )


@allow(*LISTING, of_team=True)
def enter_objection(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that the person objects to sharing."""
    found = find_case(reference)
    log_look(request, reference, "objection")
    form = ObjectionForm(read_post(request))
    if form.is_valid():
        user = find_account(request)
        record_objection(open_case(found), form.cleaned_data["words"], user)
        messages.success(request, f"The objection is kept. Nothing of {reference} is released to social care.")
        return redirect("person", reference=reference)
    standing = Objection.objects.filter(case_id=reference, withdrawn_at__isnull=True).select_related("recorded_by")
    context = {"found": found, "form": form, "standing": list(standing), "objects": has_objection(reference)}
    return render(request, "worklist/objection.jinja", context)


@allow(*LISTING, of_team=True)
def end_objection(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Ask, then note that the person no longer objects. Raises Http404 where the case has no such objection."""
    rows = Objection.objects.select_related("case", "recorded_by")
    objection = get_object_or_404(rows, pk=number, case_id=reference, withdrawn_at__isnull=True)
    log_look(request, reference, "end objection")
    if request.method == "POST":
        user = find_account(request)
        withdraw_objection(objection, user)
        messages.success(request, f"The objection is noted as withdrawn. {reference} is not released by that.")
        return redirect("person", reference=reference)
    return render(request, "worklist/end_objection.jinja", {"objection": objection})


urlpatterns = [
    path("cases/<str:reference>/objection", enter_objection, name="objection"),
    path("cases/<str:reference>/objections/<int:number>/end", end_objection, name="end-objection"),
]
