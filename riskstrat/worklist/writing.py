"""Changing rows so that nothing is lost: each change is logged with what stood before, and two at once are noticed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.forms.models import model_to_dict
from django.http import HttpRequest

from riskstrat.worklist.models import Case, Edit, Look, User
from riskstrat.worklist.signed_in import find_account

Row = TypeVar("Row", bound=Model)

SENT_TWICE = timedelta(seconds=5)
"""Within which two equal entries are one: nobody opens a form, fills it in and sends it sooner."""


class ConflictError(Exception):
    """Somebody else changed a row since the page was opened. `current` is the row as it stands now."""

    def __init__(self, current: Model) -> None:
        super().__init__("somebody else changed this since the page was opened")
        self.current = current


def log_look(request: HttpRequest, reference: str, page: str) -> None:
    """Log that the signed-in user opens a page about one person, or one that shows cases of a team, before it is shown.

    reference: that of the case, or the code of the team.
    """
    user = find_account(request)
    Look.objects.create(user=user, role=user.role, reference=reference, page=page)


def log_looks(request: HttpRequest, team_codes: Iterable[str], page: str) -> None:
    """The same of a page that shows cases of several teams, once for each team."""
    for code in sorted(team_codes):
        log_look(request, code, page)


def create_row(row: Model, user: User | None, reference: str = "") -> None:
    """Write a new row and the edit that says so."""
    with transaction.atomic():
        row.save(force_insert=True)
        log_edit(row, user, reference, None, describe_row(row))


def create_once(row: Row, user: User, reference: str, at: str) -> Row:
    """Write a new row about a case unless the same was written moments ago: a form that was sent twice.

    at: the field of when it is written. Returns the row that stands.
    """
    with transaction.atomic():
        lock_case(reference)
        fields = [field.attname for field in row._meta.concrete_fields if not field.primary_key and field.name != at]
        same = {name: getattr(row, name) for name in fields} | {f"{at}__gte": getattr(row, at) - SENT_TWICE}
        standing = type(row)._default_manager.filter(**same).first()
        if standing is None:
            create_row(row, user, reference)
    return row if standing is None else standing


def update_row(row: Any, version: int, user: User | None, reference: str = "", **values: Any) -> None:
    """Set fields of a row that has a `version`, if it is still the one that somebody saw, and log from what to what.

    Raises ConflictError, changing nothing, where somebody else has changed it since.
    """
    with transaction.atomic():
        kind = type(row)
        before = describe_row(kind.objects.get(pk=row.pk))
        changed = kind.objects.filter(pk=row.pk, version=version).update(version=version + 1, **values)
        row.refresh_from_db()
        if not changed:
            raise ConflictError(row)
        log_edit(row, user, reference, before, describe_row(row))


def lock_case(reference: str) -> None:
    """Let whoever else writes about a case that way wait until this transaction ends."""
    Case.objects.select_for_update().filter(pk=reference).first()


def log_edit(row: Model, user: User | None, reference: str, before: object, after: object) -> Edit:
    """Add a line to the log of edits."""
    return Edit.objects.create(
        user=user,
        reference=reference,
        team_code=reference[:3],
        what=str(row._meta.verbose_name),
        row=str(row.pk),
        before=before,
        after=after,
    )


def describe_row(row: Model) -> dict[str, Any]:
    """The fields of a row as JSON can hold them."""
    fields = model_to_dict(row)
    return {
        name: value if isinstance(value, (str, int, bool, type(None), list, dict)) else str(value)
        for name, value in fields.items()
    }
