"""Dates of birth as systems write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST, LATEST = 1850, 2100
"""Years of birth; fillers such as 9999 lie outside, and no clock is read."""
_LONDON = ZoneInfo("Europe/London")
_FIRST_OF_SPREADSHEETS = date(1899, 12, 30)
"""The day that a spreadsheet counts as nought, for every day from March 1900 on."""

_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AP]M)?)?"
_ISO = re.compile(rf"([0-9]{{4}})-?([0-9]{{2}})-?([0-9]{{2}}){_TIME}", re.IGNORECASE)
_WITH_ZONE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*?) ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)")
_BRITISH = re.compile(rf"([0-9]{{1,2}})[/. -]([0-9]{{1,2}})[/. -]([0-9]{{4}}|[0-9]{{2}}){_TIME}", re.IGNORECASE)
_IN_WORDS = re.compile(
    rf"([0-9]{{1,2}})(?:st|nd|rd|th)?[ -]+([a-z]{{3,9}})[ ,-]+([0-9]{{4}}|[0-9]{{2}}){_TIME}", re.IGNORECASE
)
_SERIAL = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_UNAMBIGUOUS = range(30, 100)
"""Two digits of a year that can only be of the twentieth century; others could be of a child or of somebody over 95."""


def read_birth(cell: object) -> date | None:
    """The day of birth that a cell says; None where it says none, or could mean two.

    Read are 1952-03-04 and 19520304, 04/03/1952, 4 March 1952 and 04-Mar-52, each with or without a time of day, an
    instant with its zone as the day in London, and the serial number of a spreadsheet. Days come before months.
    """
    if isinstance(cell, datetime):
        return _read_moment(cell) if cell.tzinfo else _bound(cell.date())
    if isinstance(cell, date):
        return _bound(cell)
    text = " ".join(str(cell).split())
    instant = _WITH_ZONE.fullmatch(text)
    if instant:
        return _read_instant(*instant.groups())
    for shape, read in _READERS:
        found = shape.fullmatch(text)
        if found:
            return _bound(read(*found.groups()))
    return None


def is_month_first(cells: Iterable[object]) -> bool:
    """Whether more of the dates with strokes can only be month/day/year than can only be day/month/year."""
    parts = [found for cell in cells if isinstance(cell, str) and (found := _BRITISH.fullmatch(cell.strip()))]
    month_first = sum(int(found[1]) <= 12 < int(found[2]) for found in parts)
    return month_first > sum(int(found[2]) <= 12 < int(found[1]) for found in parts)


def _bound(day: date | None) -> date | None:
    return day if day is not None and EARLIEST <= day.year < LATEST else None


def _read_instant(moment: str, zone: str) -> date | None:
    try:
        whole = f"{moment.strip()}{'+00:00' if zone.upper() == 'Z' else zone}"
        return _read_moment(datetime.fromisoformat(whole))
    except ValueError:
        return None


def _read_moment(moment: datetime) -> date | None:
    try:
        return _bound(moment.astimezone(_LONDON).date())
    except OverflowError:
        # A filler at either end of the calendar, such as 0001-01-01T00:00:00+00:00, has no day in London.
        return None


def _make_day(year: str, month: int, day: str) -> date | None:
    if len(year) == 2:
        if int(year) not in _UNAMBIGUOUS:
            return None
        year = f"19{year}"
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def _read_word(day: str, word: str, year: str) -> date | None:
    months = [place for place, name in enumerate(_MONTHS, 1) if name.startswith(word.lower()) or word.lower() == "sept"]
    return _make_day(year, 9 if word.lower() == "sept" else months[0], day) if months else None


_READERS = (
    (_ISO, lambda year, month, day: _make_day(year, int(month), day)),
    (_BRITISH, lambda day, month, year: _make_day(year, int(month), day)),
    (_IN_WORDS, _read_word),
    (_SERIAL, lambda days: _FIRST_OF_SPREADSHEETS + timedelta(days=int(days))),
)
"""Each form with what makes a day of its parts."""
