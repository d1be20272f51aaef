"""Everything that the worklist tells the next lists, gathered for a workspace on another machine."""

from __future__ import annotations

from datetime import date, timedelta

from riskstrat.reviews import ListDecisions, Notices, Review
from riskstrat.worklist.models import Decision
from riskstrat.worklist.store import DatabaseReviewStore


def gather_decisions(store: DatabaseReviewStore) -> tuple[ListDecisions, ...]:
    """What stands of each team's list of which anything was ever entered, by date and team."""
    entered = Decision.objects.filter(stands=True).values_list("list_date", "case__team_code").distinct()
    gathered = []
    for list_date, code in sorted(entered):
        standing = store.read_standing(list_date, code)
        reviews = sorted((one for each in standing.values() for one in each), key=Review.sort_key)
        gathered.append(ListDecisions(list_date, code, tuple(reviews)))
    return tuple(gathered)


def gather_notices(store: DatabaseReviewStore, today: date) -> Notices:
    """Who was put forward or taken up until today, and who is in question on it or later."""
    now, tomorrow = store.take_notices(today), store.take_notices(today + timedelta(days=1))
    in_question = {*now.in_question, *tomorrow.in_question}
    return Notices(tomorrow.put_forward, tuple(sorted(in_question, key=str)), tomorrow.taken_up)
