"""Dates as people give them on the command line."""

from __future__ import annotations

import re
from datetime import date, timedelta

from riskstrat.errors import IndexDateError

_WRITTEN = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def written_date(given: str, what: str) -> date:
    """The date written as `given`, in one spelling only, for it names folders. Raises IndexDateError naming `what`."""
    try:
        if _WRITTEN.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise IndexDateError(f'{what} "{given}" is not a date; write it as 2026-11-16')


def written_month(given: str, what: str) -> date:
    """The first day of the month written as `given`. Raises IndexDateError naming `what`."""
    try:
        return written_date(f"{given}-01", what)
    except IndexDateError:
        raise IndexDateError(f'{what} "{given}" is not a month; write it as 2026-10') from None


def find_latest_monday(data_as_at: date) -> date:
    """The latest Monday for which data are there: teams meet on Mondays."""
    return data_as_at - timedelta(days=data_as_at.weekday())
