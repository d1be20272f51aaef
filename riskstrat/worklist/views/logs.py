"""The auditor's pages: who looked at whom, and who changed what, by day, account and reference; on paper as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from riskstrat.documents import safe_cell
from riskstrat.storage import format_canonical_json
from riskstrat.worklist.access import allow
from riskstrat.worklist.models import Edit, Look
from riskstrat.worklist.roles import Role

PAGE = 50
LOOKS, EDITS = "looks", "edits"
HEADS = {
    LOOKS: ("at", "user_name", "name", "role", "reference", "page"),
    EDITS: ("at", "user_name", "name", "reference", "what", "row", "before", "after"),
}


class LogFilter(forms.Form):
    """Which lines: from one day to another, of one account, about one reference. A blank field leaves all in."""

    from_on = forms.DateField(required=False, error_messages={"invalid": "The first day must be a day."})
    to_on = forms.DateField(required=False, error_messages={"invalid": "The last day must be a day."})
    user = forms.CharField(required=False, max_length=60)
    reference = forms.CharField(required=False, max_length=16)

    def select(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The lines that fit, the newest first; none where a field is not understood."""
        if not self.is_valid():
            return rows.none()
        given = self.cleaned_data
        wanted = {
            "at__gte": _find_midnight(given["from_on"]) if given["from_on"] else None,
            "at__lte": _find_last_moment(given["to_on"]) if given["to_on"] else None,
            "user__username__iexact": given["user"],
            "reference__iexact": given["reference"],
        }
        fitting = {name: value for name, value in wanted.items() if value}
        return rows.filter(**fitting).select_related("user").order_by("-pk")


@allow(Role.AUDITOR)
def show_looks(request: HttpRequest) -> HttpResponse:
    """Who opened a page about whom."""
    return _show(request, LOOKS, Look.objects.all())


@allow(Role.AUDITOR)
def show_edits(request: HttpRequest) -> HttpResponse:
    """Who changed what, from what to what."""
    return _show(request, EDITS, Edit.objects.all())


@allow(Role.AUDITOR)
def send_log(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The chosen lines of a log as CSV, all of them. Raises Http404 for a log that there is not."""
    rows = {LOOKS: Look.objects.all(), EDITS: Edit.objects.all()}.get(kind)
    if rows is None:
        raise Http404
    chosen = LogFilter(request.GET).select(rows)
    response = StreamingHttpResponse(_write_lines(kind, chosen), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind}-{timezone.localdate()}.csv"'
    return response


def list_changes(edit: Edit) -> list[tuple[str, str, str]]:
    """Each field that an edit changed, with its value before and after as text."""
    before, after = edit.before or {}, edit.after or {}
    names = dict.fromkeys((*before, *after))
    return [
        (name.replace("_", " "), _spell(before.get(name)), _spell(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _show(request: HttpRequest, kind: str, rows: QuerySet[Any]) -> HttpResponse:
    form = LogFilter(request.GET)
    page = Paginator(form.select(rows), PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    lines = [(row, list_changes(row) if kind == EDITS else []) for row in page]
    context = {"kind": kind, "form": form, "page": page, "lines": lines, "query": query.urlencode()}
    return render(request, "worklist/log.jinja", context, status=422 if form.errors else 200)


def _write_lines(kind: str, rows: QuerySet[Any]) -> Iterator[str]:
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield writer.writerow(HEADS[kind])
    for row in rows.iterator(chunk_size=1000):
        yield writer.writerow([safe_cell(cell) for cell in _list_cells(kind, row)])


def _list_cells(kind: str, row: Any) -> list[str]:
    user = [row.user.username, row.user.display_name] if row.user else ["", ""]
    at = row.at.isoformat()
    if kind == LOOKS:
        return [at, *user, row.role, row.reference, row.page]
    return [at, *user, row.reference, row.what, row.row, *(_dump(value) for value in (row.before, row.after))]


def _dump(value: object) -> str:
    return "" if value is None else format_canonical_json(value).decode("utf-8")


def _spell(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if isinstance(value, dict):
        return _dump(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _find_midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _find_last_moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


class _Echo:
    """A file that gives back what is written to it, one line at a time."""

    def write(self, line: str) -> str:
        """The line."""
        return line


urlpatterns = [
    path("log", show_looks, name="log"),
    path("log/edits", show_edits, name="log-edits"),
    path("log/<str:kind>.csv", send_log, name="log-csv"),
]
