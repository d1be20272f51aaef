"""How often a page asks the database: no more often for a team that has decided much than for one that begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from riskstrat.worklist.roles import Role
from tests.suite.gp_records import AGREED, CASE_MANAGEMENT
from tests.suite.worklists import LIST_DATE, load_with, name_patient

CASE = "KIR-012-Q"
MOST = {
    "/teams/KIR/list": 11,
    "/teams/KIR/agenda": 18,
    "/teams/KIR/actions": 9,
    "/teams/KIR/reports": 10,
    f"/cases/{CASE}": 14,
    f"/cases/{CASE}/decision": 15,
}
"""Queries of one request, those for the session, the account, its teams and the line in the log of looks among them."""

MORE = {"/teams/KIR/agenda": 5, "/teams/KIR/actions": 5, f"/cases/{CASE}": 6}
"""Further queries where codes for GP records are agreed and entries wait to be written, however many."""


@pytest.fixture
def client(sign_in) -> Any:
    return sign_in(Role.COORDINATOR, "KIR")


def count_queries(client: Any, page: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


def decide_everything(user: Any) -> None:
    """A decision with an action and an opinion about each person of the list, and two attempts that failed."""
    from riskstrat.worklist.models import Action, Attempt, Decision, Opinion
    from riskstrat.worklist.published import find_current
    from riskstrat.worklist.store import find_or_open_case

    current, now = find_current(), datetime(2026, 11, 16, 12, tzinfo=UTC)
    assert current is not None
    for person in current.list_people("KIR"):
        case = find_or_open_case(person.reference, name_patient(person.reference), LIST_DATE)
        made = {"team": "KIR", "entered_at": now, "kept_as": "entry", "entered_by": user}
        decision = Decision.objects.create(case=case, list_date=LIST_DATE, **made)
        Action.objects.create(decision=decision, outcome="telecare", owner="Falls nurse", due_on=LIST_DATE)
        Opinion.objects.create(case=case, list_date=LIST_DATE, given_by=user, given_at=now, agrees=True)
        for _ in range(2):
            tried = {"tried_on": LIST_DATE, "how": "visit", "tried_by": "AB", "reached": False}
            Attempt.objects.create(case=case, entered_by=user, entered_at=now, **tried)


def confirm_everything(user: Any) -> None:
    """An entry for the GP record that waits to be written about each person of the list, decided by now."""
    from riskstrat.worklist.models import Action, Decision, RecordEntry
    from riskstrat.worklist.published import find_current

    current, now = find_current(), datetime(2026, 11, 16, 12, tzinfo=UTC)
    assert current is not None
    practices = {one.reference: one.practice for team in current.weekly.teams for one in team.people}
    told = {"outcome": "case_management", "code": CASE_MANAGEMENT, "term": "Case management started"}
    for decision in Decision.objects.select_related("case"):
        Action.objects.create(decision=decision, outcome="case_management")
        about = {"case": decision.case, "list_date": LIST_DATE, "practice": practices[decision.case_id]}
        RecordEntry.objects.create(**about, **told, confirmed_by=user, confirmed_at=now, due_on=LIST_DATE)


def test_no_page_asks_the_database_once_for_each_entry_that_waits_to_be_written(client, site, monkeypatch) -> None:
    from django.conf import settings

    from riskstrat.worklist.recording import gather_confirmed

    monkeypatch.setattr(settings, "RISKSTRAT_RULES", load_with(site, AGREED).settings.worklist)
    decide_everything(client.user)
    confirm_everything(client.user)
    leaving, held_back = gather_confirmed()
    assert (len(leaving), held_back) == (8, ())
    for page in MORE:
        client.get(page)
    counted = {page: count_queries(client, page) for page in MORE}
    assert not {page: counted[page] for page in MORE if counted[page] > MOST[page] + MORE[page]}


def test_no_page_asks_the_database_once_for_each_person(client) -> None:
    for page in MOST:
        client.get(page)
    before = {page: count_queries(client, page) for page in MOST}
    decide_everything(client.user)
    after = {page: count_queries(client, page) for page in MOST}
    assert not {page: (before[page], after[page]) for page in MOST if after[page] > MOST[page]}
    # Actions, opinions, failed attempts and what answers those are asked for where there are any: once, not each.
    assert not {page: (before[page], after[page]) for page in MOST if after[page] > before[page] + 5}
