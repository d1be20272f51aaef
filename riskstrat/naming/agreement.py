"""Whether who is held under a pseudonym can be the person on the list: by date of birth and age band."""

from __future__ import annotations

import re
from datetime import date

_BANDS = (
    (re.compile(r"(\d+) to (\d+)", re.ASCII), lambda found: (int(found[1]), int(found[2]))),
    (re.compile(r"(\d+) and over", re.ASCII), lambda found: (int(found[1]), 200)),
    (re.compile(r"under (\d+)", re.ASCII), lambda found: (0, int(found[1]) - 1)),
)


def is_of_age(date_of_birth: str, age_band: str, at: date) -> bool | None:
    """Whether somebody born on that day is of the age band on another; None where either cannot be read.

    A list may rest on the month of birth alone: the first of the month counts as well as the day.
    """
    limits = _read_band(age_band)
    try:
        born = date.fromisoformat(date_of_birth)
    except ValueError:
        return None
    if limits is None:
        return None
    return any(limits[0] <= _count_years(day, at) <= limits[1] for day in (born, born.replace(day=1)))


def _read_band(words: str) -> tuple[int, int] | None:
    for shape, limits in _BANDS:
        found = shape.fullmatch(words.strip())
        if found:
            return limits(found)
    return None


def _count_years(born: date, at: date) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))
