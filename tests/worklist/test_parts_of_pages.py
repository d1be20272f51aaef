"""What pages make once and what they ask at once: it never outlives a change, and is of the list's words alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE, name_patient

CASE, OTHER = "KIR-012-Q", "KIR-013-J"
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)


@pytest.fixture
def user(sign_in: Any) -> Any:
    return sign_in(Role.CLINICIAN, "KIR").user


def keep_case(reference: str) -> Any:
    from riskstrat.worklist.store import find_or_open_case

    return find_or_open_case(reference, name_patient(reference), LIST_DATE)


def write_rows(user: Any) -> dict[str, Any]:
    """By table a row about the case, each as somebody enters it."""
    from riskstrat.worklist import models

    case, at = keep_case(CASE), {"case": keep_case(CASE)}
    tried = {"tried_on": LIST_DATE, "how": "visit", "tried_by": "AB", "reached": False, "entered_by": user}
    entry = {"list_date": LIST_DATE, "outcome": "telecare", "code": "1", "term": "T", "practice": "P"}
    reported = {"words": "w", "reported_by": user, "reported_at": NOW, "owner": "lead", "due_on": date(2099, 1, 1)}
    return {
        "Attempt": models.Attempt(**at, **tried, entered_at=NOW),
        "FaultReport": models.FaultReport(**at, kind="dead", **reported),
        "Objection": models.Objection(**at, words="no", recorded_by=user, recorded_at=NOW),
        "Opinion": models.Opinion(**at, list_date=LIST_DATE, given_by=user, given_at=NOW, agrees=True),
        "RecordEntry": models.RecordEntry(**at, **entry, confirmed_by=user, confirmed_at=NOW, due_on=LIST_DATE),
        "Referral": models.Referral(**at, reason="falls", referred_by=user, referred_at=NOW),
        "Release": models.Release(**at, basis="b", fields=[], released_by=user, released_at=NOW),
        "TakenUp": models.TakenUp(
            case=case, list_date=LIST_DATE, edition=1, in_place_of=OTHER, why="", words="", taken_by=user, taken_at=NOW
        ),
    }


def test_whatever_is_kept_about_a_case_is_found_at_once_and_for_that_case_alone(user) -> None:
    from riskstrat.worklist.holding import ABOUT_CASE, find_held_of_case

    rows = write_rows(user)
    assert {table.__name__ for table in ABOUT_CASE} == rows.keys()
    assert not find_held_of_case(CASE)
    for name, row in rows.items():
        row.save()
        assert name in {table.__name__ for table in find_held_of_case(CASE)}
    assert {table.__name__ for table in find_held_of_case(OTHER)} == {"TakenUp"}
    assert not find_held_of_case("KIR-014-C")


def test_what_stands_about_a_list_is_found_until_it_is_settled_and_for_its_team_alone(user) -> None:
    from riskstrat.worklist.holding import ABOUT_LIST, find_held_of_list

    rows = write_rows(user)
    for table in ABOUT_LIST:
        assert table not in find_held_of_list(LIST_DATE, "KIR")
        rows[table.__name__].save()
        assert table in find_held_of_list(LIST_DATE, "KIR")
    assert {table.__name__ for table in find_held_of_list(LIST_DATE, "HAL")} == {"TakenUp"}
    assert {table.__name__ for table in find_held_of_list(date(2026, 11, 9), "KIR")} == {"FaultReport", "Referral"}
    rows["FaultReport"].settled_at = NOW
    rows["FaultReport"].save()
    assert {table.__name__ for table in find_held_of_list(date(2026, 11, 9), "KIR")} == {"Referral"}


def test_parts_of_a_page_that_are_kept_say_nothing_that_somebody_entered(sign_in, user) -> None:
    from riskstrat.worklist.published import find_current

    client, typed = sign_in(Role.COORDINATOR, "KIR"), "Words typed here"
    before = client.get("/teams/KIR/list").content.decode()
    for row in write_rows(user).values():
        if type(row).__name__ != "TakenUp":
            row.words = row.reason = typed
            row.save()
    after = client.get("/teams/KIR/list").content.decode()
    client.get("/teams/KIR/agenda")
    assert "To be settled by" in after
    assert "To be settled by" not in before
    current = find_current()
    assert current is not None
    assert {name for name, _ in current.parts} == {"tell_arrival", "tell_listed", "tell_about"}
    kept = " ".join(current.parts.values())
    assert not [words for words in (typed, "href", "Reported", user.display_name) if words in kept]


def test_another_edition_of_a_list_begins_without_parts(sign_in, site) -> None:
    from riskstrat.worklist.published import CurrentList, find_current

    client = sign_in(Role.COORDINATOR, "KIR")
    client.get("/teams/KIR/list")
    current = find_current()
    assert current is not None
    assert current.parts
    assert not CurrentList(current.published, current.weekly).parts
    assert not current.count_taken_up([]).parts
