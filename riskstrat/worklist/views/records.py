"""Confirming what is written in the GP record of a person, and ticking that it was."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from riskstrat.worklist.access import allow
from riskstrat.worklist.fields import Day, PlainText, Version, read_post
from riskstrat.worklist.finding import find_case
from riskstrat.worklist.models import RecordEntry
from riskstrat.worklist.recording import (
    NotConfirmedError,
    ProposedEntry,
    confirm,
    explain_blocked,
    find_practice,
    list_proposed,
    list_waiting,
    take_confirmation_back,
    take_tick_back,
    tick_written,
)
from riskstrat.worklist.rendering import format_day
from riskstrat.worklist.roles import LISTING, Role
from riskstrat.worklist.signed_in import find_account
from riskstrat.worklist.texts import SHORT, write_day
from riskstrat.worklist.writing import ConflictError, log_look

CHOOSE = "Tick what is to be written"
MEANWHILE = "A colleague has changed this entry meanwhile. What you entered was not kept."


class ConfirmForm(forms.Form):
    """Which agreed codes are to be written in the record of a person."""

    entries = forms.MultipleChoiceField(
        label="What is to be written in the GP record",
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )

    def __init__(self, *given: Any, proposed: list[ProposedEntry], **options: Any) -> None:
        super().__init__(*given, **options)
        offered: Any = self.fields["entries"]
        offered.choices = [(one.name, _word_proposed(one)) for one in proposed]


class WrittenForm(forms.Form):
    """By whom and on which day an entry was written in the record."""

    written_by = PlainText(
        label="Written in the record by",
        help_text="Somebody of the practice, by name or post. Name no patient.",
        longest=SHORT,
        missing="Enter who wrote it",
    )
    written_on = Day(label="On", help_text="For example, 16/11/2026", missing="Enter on which day it was written")
    version = Version()

    def __init__(self, *given: Any, entry: RecordEntry, **options: Any) -> None:
        super().__init__(*given, **options)
        self.entry = entry

    def clean_written_on(self) -> date:
        """The day. Raises ValidationError for one before the list that the decision is about."""
        day: date = self.cleaned_data["written_on"]
        if day < self.entry.list_date:
            raise forms.ValidationError(f"Give a day from {write_day(self.entry.list_date)} on")
        return day


class VersionForm(forms.Form):
    """What is taken back, as the page showed it."""

    version = Version()


@allow(Role.CLINICIAN, of_team=True)
def confirm_records(request: HttpRequest, reference: str) -> HttpResponse:
    """What the team's decisions call for in the GP record of a person, for a clinician to confirm."""
    found = find_case(reference)
    log_look(request, reference, "confirm for the GP record")
    proposed = list_proposed(found.team_code, reference)
    form = ConfirmForm(read_post(request), proposed=proposed)
    blocked = explain_blocked(found) if proposed else ""
    if form.is_valid():
        user = find_account(request)
        chosen = [one for one in proposed if one.name in form.cleaned_data["entries"]]
        try:
            made = confirm(found, chosen, user)
        except NotConfirmedError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{reference}: confirmed, to be written by {format_day(made[0].due_on)}.")
            return redirect("person", reference=reference)
        return redirect("confirm-records", reference=reference)
    context = {"found": found, "form": form, "proposed": proposed, "blocked": blocked, "practice": find_practice(found)}
    wrong = request.method == "POST" and (form.errors or blocked)
    return render(request, "worklist/confirm_records.jinja", context, status=400 if wrong else 200)


@allow(*LISTING, of_team=True)
def show_record(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """One entry for the GP record: tick that it was written, by whom and when, or say that it was not after all."""
    entry = _find_entry(reference, number)
    log_look(request, reference, "entry for the GP record")
    user = find_account(request)
    if request.method == "POST" and entry.taken_back_at is None and request.POST.get("deed") == "not written":
        return _keep(
            request, entry, lambda version: take_tick_back(entry, version, user), "It waits to be written again."
        )
    begun = {"version": entry.version, "written_on": timezone.localdate()}
    form = WrittenForm(read_post(request), entry=entry, initial=begun) if _is_waiting(entry) else None
    if form is not None and form.is_valid():
        by, day = form.cleaned_data["written_by"], form.cleaned_data["written_on"]
        said = f"{reference}: written in the record."
        return _keep(request, entry, lambda version: tick_written(entry, version, user, by, day), said)
    if form is None and request.method == "POST":
        messages.error(request, MEANWHILE)
        return redirect("record", reference=reference, number=number)
    waiting = {one.entry.pk: one for one in list_waiting(reference[:3], reference)}
    context = {
        "entry": entry,
        "form": form,
        "waiting": waiting.get(entry.pk),
        "team_code": reference[:3],
        "is_clinician": user.role == Role.CLINICIAN,
    }
    return render(request, "worklist/record.jinja", context, status=400 if form is not None and form.errors else 200)


@allow(Role.CLINICIAN, of_team=True)
def take_record_back(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Take a confirmation back, so that nobody writes it. Raises Http404 for one that waits no more."""
    entry = _find_entry(reference, number)
    if not _is_waiting(entry):
        raise Http404
    log_look(request, reference, "take back for the GP record")
    user = find_account(request)
    if request.method == "POST":
        done = f"{reference}: the confirmation is taken back."
        return _keep(request, entry, lambda version: take_confirmation_back(entry, version, user), done)
    form = VersionForm(initial={"version": entry.version})
    return render(request, "worklist/take_back_record.jinja", {"entry": entry, "form": form})


def _find_entry(reference: str, number: int) -> RecordEntry:
    rows = RecordEntry.objects.select_related("case", "confirmed_by", "ticked_by", "taken_back_by")
    return get_object_or_404(rows, pk=number, case_id=reference)


def _is_waiting(entry: RecordEntry) -> bool:
    return entry.taken_back_at is None and entry.written_on is None


def _keep(request: HttpRequest, entry: RecordEntry, change: Any, said: str) -> HttpResponse:
    """Change an entry as its page showed it; where a colleague was faster, say so and keep nothing."""
    form = VersionForm(request.POST)
    try:
        change(form.cleaned_data["version"] if form.is_valid() else 0)
    except ConflictError:
        messages.error(request, MEANWHILE)
        return redirect("record", reference=entry.case_id, number=entry.pk)
    messages.success(request, said)
    return redirect("actions", team_code=entry.case.team_code)


def _word_proposed(one: ProposedEntry) -> str:
    said = f"{one.agreed.term} ({one.agreed.code}), decided about the list of {format_day(one.decision.list_date)}"
    return f"{said}; confirmed before and taken back" if one.was_taken_back else said


urlpatterns = [
    path("cases/<str:reference>/gp-record", confirm_records, name="confirm-records"),
    path("cases/<str:reference>/gp-record/<int:number>", show_record, name="record"),
    path("cases/<str:reference>/gp-record/<int:number>/take-back", take_record_back, name="take-back-record"),
]
