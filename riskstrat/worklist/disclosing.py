"""What the worklist holds of one person, for a request of theirs to see it."""

from __future__ import annotations

from collections.abc import Iterator
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
    Referral,
    Release,
)

OF_A_CASE: tuple[type[Model], ...] = (Decision, Opinion, Referral, FaultReport, Release, Objection, Attempt)
LOGS: tuple[type[Model], ...] = (AgendaItem, Edit, Look)

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
    return [
        {"title": f"worklist: {title}", "says": "As the worklist's database holds it.", "rows": list(_read(rows))}
        for title, rows in found
        if rows.exists()
    ]


def _name(kind: type[Model]) -> str:
    return str(kind._meta.verbose_name_plural)


def _read(rows: QuerySet[Any]) -> Iterator[dict[str, str]]:
    for row in rows.order_by("pk").values():
        told = {name: value for name, value in row.items() if name not in NOT_TOLD}
        yield {name: "" if value is None else str(value) for name, value in told.items()}
