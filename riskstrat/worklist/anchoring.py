"""The log of looks and edits anchored in the audit log: a digest of each day, which nobody changes unseen."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import Min, Model
from django.utils import timezone

from riskstrat import audit
from riskstrat.audit import Line
from riskstrat.errors import RiskstratError, StorageError
from riskstrat.storage import compute_digest, format_canonical_json
from riskstrat.worklist.emptied import EMPTIED, is_emptied
from riskstrat.worklist.models import Anchor, Edit, Look

LATE = timedelta(minutes=5)
"""After midnight, until a day is anchored: what was written just before it has arrived by then."""

LOOK_FOR_DAYS = timedelta(hours=1).total_seconds()
"""Seconds between two looks whether a day has ended."""


class DayHead(NamedTuple):
    """What a day's log is held by: how many lines it has, and the sha256 over all of them in order."""

    lines: int
    digest: str


EMPTY = DayHead(0, compute_digest(b""))
"""Of a day without a line."""


def compute_head(day: date) -> DayHead:
    """The head of one day by the time in London: its looks, then its edits, each in the order of writing."""
    lines = [line + b"\n" for line in _list_lines(day)]
    return DayHead(len(lines), compute_digest(b"".join(lines)))


def anchor(root: Path, now: datetime | None = None) -> list[date]:
    """Anchor each day that has ended and is not anchored yet, the empty ones between others too; gives those days.

    Raises AuditError and StorageError as the audit log does; a day that is not in it is not anchored.
    """
    done: list[date] = []
    for day in list(_list_days(timezone.localdate((now or timezone.now()) - LATE))):
        head = compute_head(day)
        # Killed after this line, the next run logs the same head once more, which says the same.
        audit.append(root, audit.ANCHORED, {"day": day.isoformat(), **head._asdict()})
        Anchor.objects.get_or_create(day=day, defaults=head._asdict())
        done.append(day)
    return done


def find_changed_days(lines: Sequence[Line]) -> list[str]:
    """A sentence for each day whose looks and edits are not those that the audit log has the head of; one if all went.

    Raises StorageError if the database cannot be read.
    """
    try:
        if is_emptied():
            return [EMPTIED]
        return [said for day, stated in _state_heads(lines).items() if (said := _judge(day, *stated))]
    except DatabaseError:
        raise StorageError("the worklist's database cannot be read; restore it from a backup") from None


def anchor_each_day(root: Path, stop: threading.Event) -> None:
    """Anchor days as they end and forget sessions that are over, until told to stop; what fails is tried in an hour."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    while True:
        with suppress(RiskstratError, OSError, DatabaseError):
            anchor(root)
            SessionStore.clear_expired()
        # A connection that broke is not used again.
        connection.close()
        if stop.wait(LOOK_FOR_DAYS):
            return


def _state_heads(lines: Sequence[Line]) -> dict[str, tuple[int, DayHead]]:
    """By day the line that says last how its log must stand, and its head.

    A deletion states the days anew of which it emptied lines; of those before the first that is kept nothing stands.
    """
    stated: dict[str, tuple[int, DayHead]] = {}
    for line in lines:
        if line.action == audit.ANCHORED:
            head = DayHead(int(line.details["lines"]), str(line.details["digest"]))
            stated[str(line.details["day"])] = (line.number, head)
        elif line.action == audit.DELETED:
            first = str(line.details["before"].get("looks", ""))
            stated |= {day: (line.number, EMPTY) for day in stated if day < first}
            stated |= {str(day): (line.number, DayHead(*head)) for day, *head in line.details["heads"]}
    return stated


def _judge(day: str, number: int, logged: DayHead) -> str | None:
    found = compute_head(date.fromisoformat(day))
    if found == logged:
        return None
    return (
        f"the worklist's log of {day} was changed: line {number} of the audit log has {logged.lines:,} looks and "
        f"edits, and {found.lines:,} stand, not all as they were"
    )


def _list_days(today: date) -> Iterator[date]:
    """From the day after the last that is anchored, or from the first with a line, to yesterday."""
    last = Anchor.objects.order_by("day").last()
    day = last.day + timedelta(days=1) if last else _find_first_day()
    while day is not None and day < today:
        yield day
        day += timedelta(days=1)


def _find_first_day() -> date | None:
    firsts = [each.objects.aggregate(first=Min("at"))["first"] for each in (Look, Edit)]
    return min((timezone.localdate(first) for first in firsts if first is not None), default=None)


def _list_lines(day: date) -> Iterator[bytes]:
    begins = timezone.make_aware(datetime.combine(day, time.min))
    ends = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    for kind in (Look, Edit):
        for row in kind.objects.filter(at__gte=begins, at__lt=ends).order_by("pk").iterator(chunk_size=2000):
            yield format_canonical_json(_list_values(row))


def _list_values(row: Model) -> list[object]:
    values = [getattr(row, field.attname) for field in row._meta.concrete_fields]
    told = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in values]
    return [row._meta.model_name, *told]
