"""Taking rows away that a site no longer keeps, in one transaction, with what it does to the log that is anchored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from riskstrat.errors import PublicationError
from riskstrat.worklist.anchoring import compute_head
from riskstrat.worklist.finding import find_references
from riskstrat.worklist.models import (
    Action,
    Anchor,
    Attempt,
    Case,
    Decision,
    Edit,
    FaultReport,
    Look,
    Meeting,
    Objection,
    Opinion,
    RecordEntry,
    Referral,
    Release,
    TakenUp,
)
from riskstrat.worklist.published import list_dates

ENTERED: Mapping[type[Model], tuple[str, ...]] = {
    Attempt: ("entered_at",),
    FaultReport: ("reported_at", "settled_at"),
    Objection: ("recorded_at", "withdrawn_at"),
    Opinion: ("given_at",),
    RecordEntry: ("confirmed_at", "ticked_at", "taken_back_at"),
    Referral: ("referred_at", "taken_back_at"),
    Release: ("released_at", "ended_at"),
    TakenUp: ("taken_at",),
}
"""What is entered about a case besides decisions, and the columns that say when."""

_BATCH = 500


@dataclass
class Forgotten:
    """How many rows of each kind went, and the log of the days of which lines were emptied, as it stands after.

    heads: (day, lines, digest) of days that are anchored; `emptied` lines keep who, when and which reference.
    """

    rows: dict[str, int] = field(default_factory=dict)
    heads: list[list[Any]] = field(default_factory=list)


@contextmanager
def forget(before: Mapping[str, date], *, keep: bool) -> Iterator[Forgotten]:
    """Delete the rows of before the first day that is kept of each kind; they are gone when the block ends well.

    before: by "decisions", "cases" and "looks", where they have one. keep: whether it is meant; else all stays.
    """
    with transaction.atomic():
        told, touched = Forgotten(), set[date]()
        if "decisions" in before:
            touched |= _forget_decisions(before["decisions"], told)
        if "cases" in before:
            touched |= _forget_cases(before["cases"], told)
        if "looks" in before:
            _forget_log(before["looks"], told)
        told.heads = _list_heads(touched, before.get("looks", date.min))
        yield told
        if not keep:
            transaction.set_rollback(True)


def _forget_decisions(first: date, told: Forgotten) -> set[date]:
    """Decisions about lists of before a day, their actions, and the meetings about those lists."""
    decisions = Decision.objects.filter(list_date__lt=first)
    actions = Action.objects.filter(decision__in=decisions)
    meetings = Meeting.objects.filter(list_date__lt=first)
    touched = set[date]()
    for rows in (actions, decisions, meetings):
        touched |= _empty_edits(_select_edits_of(rows), told)
    for name, rows in (("actions", actions), ("decisions", decisions), ("meetings", meetings)):
        _delete(name, rows, told)
    return touched


def _forget_cases(first: date, told: Forgotten) -> set[date]:
    """Cases of which nothing has happened since a day, with all that was entered about them."""
    over = _find_cases_over(first)
    touched = set[date]()
    for start in range(0, len(over), _BATCH):
        batch = over[start : start + _BATCH]
        touched |= _empty_edits(Edit.objects.filter(reference__in=batch), told)
        touched |= _empty_fallen(batch, told)
        for kind in ENTERED:
            _delete("entries about cases", kind._default_manager.filter(case__in=batch), told)
        _delete("cases", Case.objects.filter(pk__in=batch), told)
    return touched


def _empty_fallen(references: list[str], told: Forgotten) -> set[date]:
    """Take how cases fell through, and what was said of it, from the rows of whoever was taken up in their place."""
    fell = TakenUp.objects.filter(in_place_of__in=references)
    touched = _empty_edits(_select_edits_of(fell), told)
    fell.update(why="", words="")
    return touched


def _find_cases_over(first: date) -> list[str]:
    """The references of cases without a decision of which nothing was entered since a day, and that no list held since.

    One whose objection to sharing stands, or that is shown to social care, is not over. Raises PublicationError where a
    list cannot be read.
    """
    since = _start_day(first)
    found = Case.objects.filter(opened_on__lt=first).exclude(_has(Decision))
    found = found.exclude(Exists(Edit.objects.filter(reference=OuterRef("pk"), at__gte=since)))
    found = found.exclude(_has(Objection, withdrawn_at=None)).exclude(_has(Release, ended_at=None))
    for kind, columns in ENTERED.items():
        later = Q()
        for column in columns:
            later |= Q(**{f"{column}__gte": since})
        found = found.exclude(Exists(kind._default_manager.filter(later, case=OuterRef("pk"))))
    codes = set(found.values_list("team_code", flat=True))
    days = [day for day in list_dates() if day >= first]
    listed = {one for day in days for code in codes for one in _require_references(day, code)}
    return sorted(set(found.values_list("pk", flat=True)) - listed)


def _require_references(day: date, team_code: str) -> frozenset[str]:
    references = find_references(day, team_code)
    if references is None:
        raise PublicationError(
            f"the list of {day} cannot be read, so which cases it held cannot be told, and nothing was deleted; "
            "restore that list, or withdraw it"
        )
    return references


def _has(kind: type[Model], **values: object) -> Exists:
    return Exists(kind._default_manager.filter(case=OuterRef("pk"), **values))


def _forget_log(first: date, told: Forgotten) -> None:
    """Looks and edits of before a day; the anchors of those days stay, and what says that they are empty now."""
    begins = _start_day(first)
    _delete("looks", Look.objects.filter(at__lt=begins), told)
    _delete("edits", Edit.objects.filter(at__lt=begins), told)


def _select_edits_of(rows: QuerySet[Any]) -> QuerySet[Edit]:
    """The lines of the log of edits that are about these rows, and so hold what they say."""
    names = rows.annotate(name=Cast("pk", CharField())).values("name")
    return Edit.objects.filter(what=str(rows.model._meta.verbose_name), row__in=names)


def _empty_edits(edits: QuerySet[Edit], told: Forgotten) -> set[date]:
    """Take what stood before and after out of lines of the log; who, when and what stay. Gives the days of those."""
    full = edits.exclude(before__isnull=True, after__isnull=True)
    days = {timezone.localdate(at) for at in full.values_list("at", flat=True)}
    told.rows["edits emptied"] = told.rows.get("edits emptied", 0) + full.update(before=None, after=None)
    return days


def _delete(name: str, rows: QuerySet[Any], told: Forgotten) -> None:
    _, by_kind = rows.delete()
    told.rows[name] = told.rows.get(name, 0) + by_kind.get(rows.model._meta.label, 0)


def _list_heads(touched: set[date], first_look: date) -> list[list[Any]]:
    days = [day for day in sorted(touched) if day >= first_look]
    anchored = Anchor.objects.filter(day__in=days).values_list("day", flat=True)
    return [[day.isoformat(), *compute_head(day)] for day in anchored]


def _start_day(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
