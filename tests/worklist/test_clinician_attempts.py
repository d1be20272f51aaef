"""Attempts to contact: after two in a row that failed, the case goes back to a clinician until that is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE

HERE, ADDRESS = "KIR-059-5", "/cases/KIR-059-5/attempts"
GIVEN = {"tried_on": "16/11/2026", "how": "telephone", "reached": "no", "tried_by": "Care coordinator"}


def send(client, **changes: str):
    return client.post(ADDRESS, GIVEN | changes)


@pytest.fixture(autouse=True)
def late_enough(monkeypatch) -> None:
    """The day is the 29th of November 2026, after every day that the tests enter."""
    from datetime import date

    from django.utils import timezone

    monkeypatch.setattr(timezone, "localdate", lambda *given: date(2026, 11, 29))


@pytest.mark.parametrize(
    ("reached", "flagged"),
    [("n", False), ("nn", True), ("ny", False), ("nyn", False), ("nynn", True), ("yy", False), ("nnn", True)],
)
def test_two_in_a_row_that_failed_go_back_to_a_clinician(sign_in, reached: str, flagged: bool) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    for place, answer in enumerate(reached):
        assert (
            send(client, tried_on=f"{10 + place}/11/2026", reached={"n": "no", "y": "yes"}[answer]).status_code == 302
        )
    assert (f"/cases/{HERE}".encode() in client.get("/teams/KIR/reports").content) == flagged
    assert (b"A clinician decides what is tried next" in client.get(f"/cases/{HERE}").content) == flagged


def test_the_day_decides_which_was_the_latest_not_the_order_of_entering(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    send(client, tried_on="20/11/2026", reached="yes")
    send(client, tried_on="10/11/2026")
    send(client, tried_on="11/11/2026")
    assert b"goes back to a clinician" not in client.get(ADDRESS).content


def test_a_clinicians_opinion_answers_it_and_a_further_failure_asks_again(sign_in) -> None:
    coordinator, clinician = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    for how in ("telephone", "carer"):
        send(coordinator, how=how)
    assert b"goes back to a clinician" in coordinator.get(ADDRESS).content
    opinion = {"agrees": "yes", "reason": "Try a visit", "version": "0", "edition": f"{LIST_DATE} 1"}
    clinician.post(f"/cases/{HERE}/opinion", opinion)
    assert b"goes back to a clinician" not in coordinator.get(ADDRESS).content
    send(coordinator, how="visit")
    assert b"goes back to a clinician" in coordinator.get(ADDRESS).content


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"tried_on": "30/11/2026"}, "tried_on"),
        ({"tried_on": "31/02/2026"}, "tried_on"),
        ({"tried_on": ""}, "tried_on"),
        ({"how": "pigeon"}, "how"),
        ({"reached": ""}, "reached"),
        ({"tried_by": ""}, "tried_by"),
        ({"tried_by": "0151 496 0123"}, "tried_by"),
        ({"tried_by": "x" * 81}, "tried_by"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(sign_in, changes: dict[str, str], where: str) -> None:
    from riskstrat.worklist.models import Attempt

    said = send(sign_in(Role.COORDINATOR, "KIR"), **changes).content.decode()
    assert f'href="#id_{where}"' in said
    assert not Attempt.objects.exists()


def test_one_failed_attempt_that_is_sent_by_a_double_click_flags_nobody(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    assert [send(client).status_code for _ in range(2)] == [302, 302]
    assert b"goes back to a clinician" not in client.get(ADDRESS).content


def test_an_attempt_is_kept_whole_with_an_edit_and_shown_escaped(sign_in) -> None:
    from riskstrat.worklist.models import Attempt, Edit

    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, tried_by="<b>AB</b>", how="carer")
    one = Attempt.objects.get()
    assert (one.tried_on.isoformat(), one.how, one.reached, one.entered_by) == (
        "2026-11-16",
        "carer",
        False,
        client.user,
    )
    assert Edit.objects.get().reference == HERE
    said = " ".join(client.get(ADDRESS).content.decode().split())
    assert "16 November 2026, through a carer or family, <bdi>&lt;b&gt;AB&lt;/b&gt;</bdi>: not reached" in said


def test_attempts_of_more_than_a_year_ago_flag_nobody(sign_in) -> None:
    from datetime import date

    from riskstrat.worklist.models import Attempt

    client = sign_in(Role.COORDINATOR, "KIR")
    for _ in range(2):
        send(client)
    Attempt.objects.update(tried_on=date(2026, 11, 29) - timedelta(weeks=53))
    assert f"/cases/{HERE}".encode() not in client.get("/teams/KIR/reports").content


def test_a_cancelled_meeting_does_not_answer_that_nobody_was_reached(sign_in) -> None:
    coordinator = sign_in(Role.COORDINATOR, "KIR")
    for how in ("telephone", "carer"):
        send(coordinator, how=how)
    cancelled = {"deed": "cancelled", "edition": f"{LIST_DATE} 1", "version": "0", "because": "Snow", "defer": "yes"}
    assert coordinator.post("/teams/KIR/meeting", cancelled).status_code == 302
    assert b"goes back to a clinician" in coordinator.get(ADDRESS).content
