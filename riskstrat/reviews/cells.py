"""What stands in one cell, as text or as a day, whatever a spreadsheet made of it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from riskstrat.definitions.phrases import MONTHS

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR = r"(?P<year>\d{4}|\d{2})"
_FIGURES = re.compile(r"(?P<day>\d{1,2})([/.\-\s])\s?(?P<month>\d{1,2})\2\s?" + _YEAR, re.ASCII)
_ISO = re.compile(r"(?P<year>\d{4})([/.\-]?)(?P<month>\d{1,2})\2(?P<day>\d{1,2})", re.ASCII)
_DAY_MONTH, _MONTH_DAY = (
    re.compile(rf"(?:(?!the\b)(?P<weekday>[a-z]{{3,}})[\s,.]+)?{parts}(?:[\s,.\-/]*{_YEAR})?", re.ASCII)
    for parts in (
        r"(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s,.\-/]*(?:of )?(?P<month>[a-z]{3,})",
        r"(?P<month>[a-z]{3,})[\s,.\-/]*(?P<day>\d{1,2})(?:st|nd|rd|th)?(?!\d)",
    )
)
_TIME = re.compile(r"[t\s]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?([ap]m)?(z|[+-]\d{2}:?\d{2})?$", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class DayBounds:
    """The days between which a date is looked for, and the day that a date as a bare number counts from."""

    since: date
    until: date
    first_day: date

    def holds(self, day: date) -> bool:
        """Whether a day lies in it, both ends included."""
        return self.since <= day <= self.until


def clean_text(cell: object) -> str | None:
    """The cell as text on one line, None for nothing; a whole number without its point, a day as 2026-11-16."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        cell = cell.date()
    text = " ".join(str(cell).split())
    return text if _drop_formats(text).strip() else None


def fold(cell: object) -> str:
    """The cell as words are compared: small letters, plain blanks and hyphens, nothing that takes no room."""
    text = clean_text(cell) or ""
    if text.isascii():
        return text.casefold()
    wide = _drop_formats(unicodedata.normalize("NFKC", text))
    plain = "".join("-" if unicodedata.category(one) == "Pd" else one for one in wide)
    return " ".join(plain.split()).casefold()


def is_month_first(cell: object) -> bool:
    """Whether a text is a date in figures that can only be read with the month before the day."""
    found = _FIGURES.fullmatch(_TIME.sub("", fold(cell))) if isinstance(cell, str) else None
    return bool(found and int(found["day"]) <= 12 < int(found["month"]) <= 31)


def read_day(cell: object, about: DayBounds) -> date | None:
    """The day that a cell says, None where it says none that can be told.

    Figures are read with the day first. A year of two figures is one of this century. A day without a year is the first
    such day of the period, and a bare number is a day only if it lies there.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float):
        return None if isinstance(cell, bool) else _read_serial(cell, about)
    written = _TIME.sub("", fold(cell)).strip(" .,")
    if _SERIAL.fullmatch(written):
        return _read_serial(float(written), about)
    found = _FIGURES.fullmatch(written) or _ISO.fullmatch(written)
    if found:
        return _build_day(found["year"], int(found["month"]), int(found["day"]))
    if found := _DAY_MONTH.fullmatch(written):
        return _read_named(found, about)
    found = _MONTH_DAY.fullmatch(written)
    # "Nov 26" is a month of a year as well as a day.
    is_month = found and not found["year"] and about.since.year <= 2000 + int(found["day"]) <= about.until.year
    return _read_named(found, about) if found and not is_month else None


def _read_serial(number: float, about: DayBounds) -> date | None:
    try:
        day = about.first_day + timedelta(days=int(number))
    except (OverflowError, ValueError):
        return None
    return day if about.holds(day) else None


def _read_named(found: re.Match[str], about: DayBounds) -> date | None:
    """A day with the name of its month; one whose weekday is named otherwise than it fell is none."""
    month = next((place for place, name in enumerate(MONTHS, 1) if name.lower().startswith(found["month"])), 0)
    years = [found["year"]] if found["year"] else [str(about.since.year + more) for more in range(9)]
    days = [day for year in years if (day := _build_day(year, month, int(found["day"])))]
    day = next((day for day in days if found["year"] or day >= about.since), None)
    weekday = found["weekday"]
    return None if day and weekday and not _WEEKDAYS[day.weekday()].startswith(weekday) else day


def _build_day(year: str, month: int, day: int) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        return None


def _drop_formats(text: str) -> str:
    if text.isascii():
        return text
    return "".join(one for one in text if unicodedata.category(one) != "Cf")
