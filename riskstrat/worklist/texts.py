"""What is typed into a field, judged: free text of bounded length that names nobody, and days."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.http import HttpRequest

from riskstrat.reviews import DayBounds, Grid, clean_text, is_numbered, read_day

SHORT = 80
"""Characters of a name or an owner, at most."""


class Fault(NamedTuple):
    """What is wrong with a field of a form; the words never repeat what was typed."""

    field: str
    words: str


def read_fields(request: HttpRequest, *names: str) -> dict[str, str]:
    """The fields of a form that was sent, each on one line; blank where one was left out."""
    return {name: (clean_text(request.POST.get(name, "").replace("\x00", "")) or "") for name in names}


def find_text_fault(title: str, text: str, most: int, *, required: bool = False) -> str:
    """What is wrong with a free text; blank where nothing is."""
    if required and not text:
        return f"Enter {title}"
    if len(text) > most:
        return f"Shorten {title} to {most:,} characters"
    if is_numbered(text):
        return f"Take the number out of {title}: nine digits or more may say who a person is"
    return ""


def read_day_between(title: str, text: str, since: date, until: date) -> tuple[date | None, str]:
    """The day that was typed, None for a blank field, and what is wrong with it, blank where nothing is."""
    if not text:
        return None, ""
    day = read_day(text, DayBounds(since, until, Grid.first_day))
    if day is None:
        return None, f"Write {title} as a date, such as 16/11/2026"
    if not since <= day <= until:
        return None, f"Give {title} as a date from {since:%d/%m/%Y} to {until:%d/%m/%Y}"
    return day, ""


def write_day(day: date | None) -> str:
    """A day as people type it into a field, 16/11/2026; blank without one."""
    return f"{day:%d/%m/%Y}" if day else ""
