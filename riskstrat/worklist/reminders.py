"""Due dates as a calendar file (RFC 5545): references and dates, and nothing clinical."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, timedelta

from riskstrat import __version__
from riskstrat.worklist.models import Action

LONGEST_LINE = 75
"""Bytes of a line, without its end; what is longer goes on in the next line behind a blank."""


def build_calendar(actions: Iterable[Action], team: str, host: str, warned: Collection[str] = ()) -> bytes:
    """One all-day event for each action with a due date. `host` makes the identifiers of events this server's own.

    warned: the references of cases about which nobody is to be contacted, which no event calls due.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//riskstrat//worklist {__version__}//EN",
        f"X-WR-CALNAME:{escape_text(f'Due dates, {team}')}",
        *(line for action in actions for line in _list_event_lines(action, host, warned)),
        "END:VCALENDAR",
    ]
    return "".join(f"{fold_line(line)}\r\n" for line in lines).encode("utf-8")


def _list_event_lines(action: Action, host: str, warned: Collection[str]) -> Iterator[str]:
    if action.due_on is None:
        return
    reference = action.decision.case_id
    yield "BEGIN:VEVENT"
    yield f"UID:action-{action.pk}@{escape_text(host)}"
    yield f"DTSTAMP:{action.decision.entered_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    # A later number where nobody is to be contacted, so that a calendar that knows the event takes the new words.
    yield f"SEQUENCE:{2 * (action.version - 1) + (reference in warned)}"
    yield f"DTSTART;VALUE=DATE:{action.due_on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{action.due_on + timedelta(days=1):%Y%m%d}"
    what = "contact nobody, open the worklist first" if reference in warned else "an action is due"
    yield f"SUMMARY:{escape_text(f'{reference}: {what}')}"
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
