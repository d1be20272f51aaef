"""What each page asks before anything else, in SQL that both databases know: Django takes longer to word it anew."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection


def list_taken_up(day: date) -> tuple[str, ...]:
    """The references of those who were taken up from the reserve of the list of a day, in that order."""
    asked = "SELECT case_id FROM worklist_takenup WHERE list_date = %s ORDER BY taken_at, id"
    return tuple(reference for (reference,) in fetch_rows(asked, [adapt_day(day)]))


def list_teams(user_id: int, day: date) -> frozenset[str]:
    """The codes of the teams that an account works with, or stands in for on a day."""
    asked = (
        "SELECT team_code FROM worklist_teammembership WHERE user_id = %(user)s UNION "
        "SELECT team_code FROM worklist_deputy WHERE user_id = %(user)s AND %(day)s BETWEEN from_on AND to_on"
    )
    meant = {"user": user_id, "day": adapt_day(day)}
    return frozenset(code for (code,) in fetch_rows(asked, meant))


def adapt_day(day: date) -> Any:
    """A day as the database compares it."""
    return connection.ops.adapt_datefield_value(day)


def fetch_rows(asked: str, meant: Any) -> list[tuple[Any, ...]]:
    """The rows that answer a question; what is meant by its places stands beside it, never in it."""
    with connection.cursor() as cursor:
        cursor.execute(asked, meant)
        return cursor.fetchall()
