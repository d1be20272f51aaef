"""This is wrong: who is told by when, what is blocked meanwhile, how it is settled, and that it ends by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from riskstrat.reviews import Review
from riskstrat.worklist.roles import Role
from tests.suite.worklists import BEFORE

HERE, ADDRESS = "KIR-058-P", "/cases/KIR-058-P/report"
ATTACK = "<script>alert(1)</script>"


def report(client, kind: str = "dead", words: str = "The practice told us"):
    return client.post(ADDRESS, {"kind": kind, "words": words})


def settle(client, finding: str = "wrong", version: int = 1, words: str = "Looked up"):
    return client.post(address_of(), {"finding": finding, "words": words, "version": str(version)})


def address_of() -> str:
    from riskstrat.worklist.models import FaultReport

    return f"/cases/{HERE}/reports/{FaultReport.objects.latest('pk').pk}"


@pytest.mark.parametrize("kind", ["wrong person", "dead", "moved", "wrong fact"])
def test_a_report_reaches_its_owner_with_a_due_date_and_takes_the_person_off(sign_in, kind: str) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport
    from riskstrat.worklist.reporting import find_blocking_reports

    client = sign_in(Role.COORDINATOR, "KIR")
    assert find_blocking_reports("KIR") == {}
    assert report(client, kind)["Location"] == f"/cases/{HERE}"
    one = FaultReport.objects.get()
    assert (one.kind, one.owner, one.reported_by) == (kind, "data quality lead", client.user)
    assert one.due_on == timezone.localdate() + timedelta(days=5)
    assert set(find_blocking_reports("KIR")) == {HERE}
    said = client.get(f"/cases/{HERE}").content.decode()
    assert "Off the worked list." in said
    assert f"/cases/{HERE}/decision" not in said


@pytest.mark.parametrize(
    ("kind", "words", "where"),
    [("", "x", "kind"), ("gone", "x", "kind"), ("dead", "", "words"), ("dead", "NHS 943 476 5919", "words")],
)
def test_a_report_needs_its_kind_and_words_that_name_nobody(sign_in, kind: str, words: str, where: str) -> None:
    from riskstrat.worklist.models import FaultReport

    said = report(sign_in(Role.CLINICIAN, "KIR"), kind, words).content.decode()
    assert f'href="#id_{where}"' in said
    assert "943 476" not in said.split("<form")[0]
    assert not FaultReport.objects.exists()


@pytest.mark.parametrize(("late", "blocked"), [(0, True), (1, False)])
def test_an_unsettled_report_keeps_the_person_off_up_to_its_day_and_not_longer(sign_in, late: int, blocked) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport
    from riskstrat.worklist.reporting import find_blocking_report

    client = sign_in(Role.CLINICIAN, "KIR")
    report(client)
    FaultReport.objects.update(due_on=timezone.localdate() - timedelta(days=late))
    assert (find_blocking_report(HERE) is not None) == blocked
    assert ("Off the worked list." in client.get(f"/cases/{HERE}").content.decode()) == blocked
    said = client.get("/teams/KIR/reports").content.decode()
    assert ("so the person is on the worked list again" in said) != blocked
    assert HERE in said


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN])
def test_a_colleague_settles_it_and_the_person_is_back(sign_in, role: Role) -> None:
    from riskstrat.worklist.models import FaultReport
    from riskstrat.worklist.reporting import find_blocking_report

    report(sign_in(Role.CLINICIAN, "KIR"))
    client = sign_in(role, "KIR")
    assert settle(client)["Location"] == f"/cases/{HERE}"
    one = FaultReport.objects.get()
    assert (one.settled_by, one.was_right, one.settlement, one.version) == (client.user, False, "Looked up", 2)
    assert find_blocking_report(HERE) is None
    assert "Off the worked list." not in client.get(f"/cases/{HERE}").content.decode()
    assert "it is not right" in client.get(address_of()).content.decode()


def test_whoever_reported_does_not_settle(sign_in) -> None:
    from riskstrat.worklist.models import FaultReport

    client = sign_in(Role.CLINICIAN, "KIR")
    report(client)
    assert "so a colleague settles it" in client.get(address_of()).content.decode()
    settle(client)
    assert FaultReport.objects.get().settled_at is None


@pytest.mark.parametrize(("kind", "warned"), [("dead", True), ("moved", True), ("wrong fact", False)])
def test_what_was_found_right_is_said_until_a_decision_is_entered(sign_in, kind: str, warned: bool) -> None:
    from django.utils import timezone

    from riskstrat.reviews import Review
    from riskstrat.worklist.models import Case
    from riskstrat.worklist.reporting import find_reports
    from riskstrat.worklist.store import keep_decision
    from tests.browser.listed_team import LIST_DATE

    report(sign_in(Role.CLINICIAN, "KIR"), kind)
    client = sign_in(Role.COORDINATOR, "KIR")
    settle(client, "right")
    assert ("found right on" in client.get(f"/cases/{HERE}").content.decode()) == warned
    assert (find_reports(HERE)[1] is not None) == warned
    died = Review("p", LIST_DATE, "Kirkby", "died", None, True, LIST_DATE, "GH", None)
    keep_decision(Case.objects.get(), [died], 1, "entry", timezone.now())
    assert find_reports(HERE)[1] is None


def test_two_who_settle_at_once_are_told_and_the_first_stands(sign_in) -> None:
    from riskstrat.worklist.models import FaultReport

    report(sign_in(Role.CLINICIAN, "KIR"))
    client = sign_in(Role.COORDINATOR, "KIR")
    FaultReport.objects.update(version=2)
    assert settle(client)["Location"] == address_of()
    assert "has settled this report meanwhile" in client.get(address_of()).content.decode()
    assert FaultReport.objects.get().settled_at is None


def test_words_are_shown_escaped_to_the_team_and_not_at_all_to_the_analyst(sign_in) -> None:
    report(sign_in(Role.CLINICIAN, "KIR"), words=ATTACK)
    coordinator = sign_in(Role.COORDINATOR, "KIR")
    said = coordinator.get(address_of()).content.decode()
    assert "&lt;script&gt;alert(1)" in said
    assert ATTACK not in said
    settle(coordinator, words=ATTACK)
    assert ATTACK not in coordinator.get(address_of()).content.decode()
    report(sign_in(Role.CLINICIAN, "KIR"), words="A very telling sentence")
    analyst = sign_in(Role.ANALYST).get("/reports")
    assert HERE.encode() in analyst.content
    assert b"telling sentence" not in analyst.content


def test_a_report_of_another_case_is_not_found(sign_in) -> None:
    report(sign_in(Role.CLINICIAN, "KIR"))
    wrong = address_of().replace(HERE, "KIR-057-I")
    assert sign_in(Role.COORDINATOR, "KIR").get(wrong).status_code == 404


@pytest.mark.parametrize("kind", ["dead", "moved", "wrong person"])
def test_a_cancelled_meeting_brings_nobody_back_who_was_found_to_be_gone(site, sign_in, kind: str) -> None:
    from riskstrat.worklist.reporting import find_reports
    from riskstrat.worklist.store import DatabaseReviewStore
    from tests.suite.worklists import LIST_DATE

    report(sign_in(Role.CLINICIAN, "KIR"), kind)
    client = sign_in(Role.COORDINATOR, "KIR")
    settle(client, "right")
    cancelled = {"deed": "cancelled", "edition": f"{LIST_DATE} 1", "version": "0", "because": "Snow", "defer": "yes"}
    assert client.post("/teams/KIR/meeting", cancelled).status_code == 302
    assert find_reports(HERE)[1] is not None
    tomorrow = timezone.localdate() + timedelta(days=1)
    (asked,) = DatabaseReviewStore(site).take_notices(tomorrow).in_question
    assert asked.until == date.max


@pytest.mark.parametrize(("finding", "said"), [("", "Reported on"), ("right", "Found right on"), ("wrong", "")])
def test_whoever_is_reported_as_dead_is_nobody_to_contact_on_any_page_of_the_team(sign_in, finding, said: str) -> None:
    from riskstrat.worklist.models import Case
    from riskstrat.worklist.store import keep_decision

    report(sign_in(Role.CLINICIAN, "KIR"))
    client = sign_in(Role.COORDINATOR, "KIR")
    earlier = Review("p", BEFORE, "Kirkby", "telecare", None, True, BEFORE, "GH", BEFORE)
    keep_decision(Case.objects.get(), [earlier], 1, "entry", timezone.now() - timedelta(days=7))
    if finding:
        settle(client, finding)
    for page in ("teams/KIR/agenda", "teams/KIR/list", "teams/KIR/actions", f"cases/{HERE}/decision"):
        content = client.get(f"/{page}").content.decode()
        assert (f"{said} " in content and "the person has died. Contact nobody" in content) == bool(said), page
    assert (b"contact nobody" in client.get("/teams/KIR/actions.ics").content) == bool(said)
