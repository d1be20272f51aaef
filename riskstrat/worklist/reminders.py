"""Due dates as a calendar file (RFC 5545): references and dates, and nothing clinical."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from riskstrat import __version__
from riskstrat.worklist.models import Action, RecordEntry

LONGEST_LINE = 75
"""Bytes of a line, without its end; what is longer goes on in the next line behind a blank."""


@dataclass(frozen=True)
class DueDate:
    """What is due about a case; key, since and version are what a calendar knows it again by."""

    key: str
    reference: str
    due_on: date
    since: datetime
    version: int
    words: str


def list_due_dates(actions: Iterable[Action], entries: Iterable[RecordEntry]) -> list[DueDate]:
    """Of actions that have a day, and of entries for GP records."""
    found = [
        DueDate(
            *(f"action-{one.pk}", one.decision.case_id, one.due_on, one.decision.entered_at, one.version),
            "an action is due",
        )
        for one in actions
        if one.due_on is not None
    ]
    return found + [
        DueDate(
            *(f"record-{one.pk}", one.case_id, one.due_on, one.confirmed_at, one.version),
            "an entry for the GP record is due",
        )
        for one in entries
    ]


def build_calendar(due: Iterable[DueDate], team: str, host: str, warned: Collection[str] = ()) -> bytes:
    """One all-day event for each due date. `host` makes the identifiers of events this server's own.

    warned: the references of cases about which nobody is to be contacted, which no event calls due.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//riskstrat//worklist {__version__}//EN",
        f"X-WR-CALNAME:{escape_text(f'Due dates, {team}')}",
        *(line for one in due for line in _list_event_lines(one, host, warned)),
        "END:VCALENDAR",
    ]
    return "".join(f"{fold_line(line)}\r\n" for line in lines).encode("utf-8")


def _list_event_lines(due: DueDate, host: str, warned: Collection[str]) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{due.key}@{escape_text(host)}"
    yield f"DTSTAMP:{due.since.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    # A later number where nobody is to be contacted, so that a calendar that knows the event takes the new words.
    yield f"SEQUENCE:{2 * (due.version - 1) + (due.reference in warned)}"
    yield f"DTSTART;VALUE=DATE:{due.due_on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due.due_on + timedelta(days=1):%Y%m%d}"
    what = "contact nobody, open the worklist first" if due.reference in warned else due.words
    yield f"SUMMARY:{escape_text(f'{due.reference}: {what}')}"
    yield "TRANSP:TRANSPARENT"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def escape_text(text: str) -> str:
    """A text as the value of a property."""
    for written, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(written, escaped)
    return text


def fold_line(line: str) -> str:
    """A line in pieces of at most `LONGEST_LINE` bytes, never within a character."""
    pieces, room = [""], LONGEST_LINE
    for character in line:
        size = len(character.encode("utf-8"))
        if size > room:
            pieces.append("")
            room = LONGEST_LINE - 1
        pieces[-1] += character
        room -= size
    return "\r\n ".join(pieces)
