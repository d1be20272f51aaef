"""Which tables hold anything about a case, or about a list of a team: asked at once, so that a page reads those alone.

Of most cases there is a decision and nothing else, and building a query takes Django longer than a database its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from django.db.models import Model

from riskstrat.worklist.fetching import adapt_day, fetch_rows
from riskstrat.worklist.models import (
    Attempt,
    FaultReport,
    Objection,
    Opinion,
    RecordEntry,
    Referral,
    Release,
    TakenUp,
)

Held = frozenset[type[Model]]
"""Tables of which a row may be found; of the others that were asked about none is."""

ABOUT_CASE: Mapping[type[Model], str] = {
    **dict.fromkeys((Attempt, FaultReport, Objection, Opinion, RecordEntry, Referral, Release), "case_id = %(case)s"),
    TakenUp: "%(case)s IN (case_id, in_place_of)",
}
_OF_TEAM = "case_id IN (SELECT reference FROM worklist_case WHERE team_code = %(team)s)"
ABOUT_LIST: Mapping[type[Model], str] = {
    FaultReport: f"settled_at IS NULL AND {_OF_TEAM}",
    Opinion: f"list_date = %(day)s AND {_OF_TEAM}",
    Referral: f"taken_back_at IS NULL AND {_OF_TEAM}",
    TakenUp: "list_date = %(day)s",
}
"""By table the rows that are meant, in words that both databases know."""


def find_held_of_case(reference: str) -> Held:
    """The tables that hold anything about a case now."""
    return _ask(ABOUT_CASE, {"case": reference})


def find_held_of_list(list_date: date, team_code: str) -> Held:
    """The tables that hold anything open about a team's cases, or anything about the list of a day."""
    return _ask(ABOUT_LIST, {"team": team_code, "day": adapt_day(list_date)})


def _ask(rows: Mapping[type[Model], str], meant: Mapping[str, object]) -> Held:
    (found,) = fetch_rows(_word_question(tuple(rows.items())), meant)
    return frozenset(table for table, holds in zip(rows, found, strict=True) if holds)


@lru_cache
def _word_question(rows: tuple[tuple[type[Model], str], ...]) -> str:
    """One question with an answer for each table; what is asked for is given beside it, never in it."""
    asked = (f"EXISTS (SELECT 1 FROM {table._meta.db_table} WHERE {where})" for table, where in rows)  # noqa: S608
    return f"SELECT {', '.join(asked)}"
