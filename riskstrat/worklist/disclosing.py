"""What the worklist holds of one person, for a request of theirs to see it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db.models import Model, QuerySet

from riskstrat.worklist.models import (
    Action,
    AgendaItem,
    Attempt,
    Case,
    Decision,
    Edit,
    FaultReport,
    Look,
    Objection,
    Opinion,
    RecordEntry,
    Referral,
    Release,
    TakenUp,
)

OF_A_CASE: tuple[type[Model], ...] = (
    *(Decision, Opinion, Referral, TakenUp, FaultReport, Release, Objection, Attempt),
    RecordEntry,
)
LOGS: tuple[type[Model], ...] = (AgendaItem, Edit, Look)

OF_THE_OTHER = ("in_place_of", "why", "words")
"""Columns of `TakenUp` that are about the person whose case fell through, and not about whoever was taken up."""

NOT_TOLD = ("proof",)
"""Columns that say nothing of the person, and by which the identity install would name them."""


def gather_held_in_worklist(patient: str) -> list[dict[str, Any]]:
    """Each table that holds anything of a patient_id: title, what it says, and its rows as text by column."""
    cases = Case.objects.filter(patient_id=patient)
    own = list(cases.values_list("reference", flat=True))
    found: list[tuple[str, QuerySet[Any]]] = [("cases", cases)]
    found += [(_name(kind), kind._default_manager.filter(case__in=own)) for kind in OF_A_CASE]
    found.append(("actions", Action.objects.filter(decision__case__in=own)))
    found += [(_name(kind), kind._default_manager.filter(reference__in=own)) for kind in LOGS]
    told = [_tell(title, _read(rows)) for title, rows in found if rows.exists()]
    fell = TakenUp.objects.filter(in_place_of__in=own)
    return [*told, _tell("cases that fell through", _read_fallen(fell))] if fell.exists() else told


def _tell(title: str, rows: Iterator[dict[str, str]]) -> dict[str, Any]:
    return {"title": f"worklist: {title}", "says": "As the worklist's database holds it.", "rows": list(rows)}


def _name(kind: type[Model]) -> str:
    return str(kind._meta.verbose_name_plural)


def _read(rows: QuerySet[Any]) -> Iterator[dict[str, str]]:
    of_taken = str(TakenUp._meta.verbose_name)
    for row in rows.order_by("pk").values():
        if rows.model is TakenUp:
            row = _leave_out(row, OF_THE_OTHER)
        if rows.model is Edit and row["what"] == of_taken:
            row |= {name: row[name] and _leave_out(row[name], OF_THE_OTHER) for name in ("before", "after")}
        yield _write(_leave_out(row, NOT_TOLD))


def _read_fallen(rows: QuerySet[Any]) -> Iterator[dict[str, str]]:
    """That a case fell through, how, and what was said of it; not who was taken up in its place."""
    yield from (_write(_leave_out(row, ("case_id",))) for row in rows.order_by("pk").values())


def _leave_out(row: Mapping[str, object], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _write(row: Mapping[str, object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in row.items()}
