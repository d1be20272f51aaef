"""Putting somebody forward: one answer to whoever is not served, a number that is given once, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from riskstrat.casefinding import REFERRED
from riskstrat.casefinding import reference as build_reference
from riskstrat.worklist.roles import Role
from riskstrat.workspace import Workspace
from tests.suite.worklists import name_patient

ADDRESS = "/teams/KIR/refer"
NOT_SERVED = "This person is not served by this team, or may not be listed"
FIRST, SECOND = (build_reference("KIR", REFERRED.start + place) for place in (0, 1))


def send(client, patient: str = "p-below-kir-1", reason: str = "Two falls since Friday"):
    return client.post(ADDRESS, {"patient_id": patient, "reason": reason})


def test_somebody_below_the_line_gets_a_reference_at_once(sign_in) -> None:
    from riskstrat.worklist.models import Case, Edit, Referral

    client = sign_in(Role.CLINICIAN, "KIR")
    assert send(client)["Location"] == f"/cases/{FIRST}"
    case = Case.objects.get()
    assert (case.reference, case.team_code, case.patient_id) == (FIRST, "KIR", "p-below-kir-1")
    referral = Referral.objects.get()
    assert (referral.case, referral.reason, referral.referred_by) == (case, "Two falls since Friday", client.user)
    said = client.get(f"/cases/{FIRST}").content.decode()
    assert f"Put forward as {FIRST}." in said
    assert "This case has stood on no list so far" in said
    assert "p-below" not in said
    assert "p-below" not in "".join(str((one.before, one.after)) for one in Edit.objects.all())


def test_each_team_counts_for_itself_and_no_number_comes_twice(sign_in) -> None:
    from riskstrat.worklist.models import Referral

    client = sign_in(Role.CLINICIAN, "KIR", "HUY")
    send(client)
    client.post(f"/cases/{FIRST}/referral/take-back")
    send(client, "p-below-kir-2")
    client.post("/teams/HUY/refer", {"patient_id": "p-below-huy-1", "reason": "New care package"})
    found = set(Referral.objects.values_list("case_id", flat=True))
    assert found == {FIRST, SECOND, build_reference("HUY", REFERRED.start)}


STRANGERS = ("p-below-huy-1", "no-such-person", "9434765919", "x" * 200, "' OR 1=1 --", "<b>p</b>")


@pytest.mark.parametrize("patient", [*STRANGERS, name_patient("HUY-101")])
def test_whoever_is_not_served_gets_the_one_answer_and_nothing_is_kept_or_repeated(sign_in, patient: str) -> None:
    from riskstrat.worklist.models import Case, Edit

    response = send(sign_in(Role.CLINICIAN, "KIR"), patient)
    said = response.content.decode()
    assert response.status_code == 200
    assert said.count(NOT_SERVED) == 2
    assert patient not in said
    assert not Case.objects.exists()
    assert not Edit.objects.exists()


@pytest.mark.parametrize("reason", ["", "  ", "Ring 0151 496 0123", "NHS 943 476 5919"])
def test_a_reason_is_needed_and_names_nobody(sign_in, reason: str) -> None:
    from riskstrat.worklist.models import Case

    assert b'href="#id_reason"' in send(sign_in(Role.CLINICIAN, "KIR"), reason=reason).content
    assert not Case.objects.exists()


def test_somebody_on_the_list_has_a_reference_already(sign_in) -> None:
    from riskstrat.worklist.models import Referral

    client = sign_in(Role.CLINICIAN, "KIR")
    assert send(client, name_patient("KIR-031-K"))["Location"] == "/cases/KIR-031-K"
    assert b"has the case KIR-031-K already" in client.get("/cases/KIR-031-K").content
    assert not Referral.objects.exists()


def test_somebody_put_forward_already_keeps_the_reference(sign_in) -> None:
    from riskstrat.worklist.models import Referral

    send(sign_in(Role.CLINICIAN, "KIR"), reason="The first reason")
    again = sign_in(Role.CLINICIAN, "KIR")
    assert send(again, reason="Another")["Location"] == f"/cases/{FIRST}"
    assert Referral.objects.get().reason == "The first reason"


def test_somebody_with_an_earlier_case_is_put_forward_under_its_reference(sign_in) -> None:
    from riskstrat.worklist.models import Case, Referral

    earlier = build_reference("KIR", 44)
    from tests.browser.listed_team import LIST_DATE

    Case.objects.create(
        reference=earlier, team_code="KIR", patient_id="p-below-kir-3", opened_on=LIST_DATE - timedelta(weeks=9)
    )
    assert send(sign_in(Role.CLINICIAN, "KIR"), "p-below-kir-3")["Location"] == f"/cases/{earlier}"
    assert Referral.objects.get().case_id == earlier


def test_a_case_of_a_list_that_nobody_wrote_about_keeps_its_number_too(sign_in, monkeypatch) -> None:
    from riskstrat.worklist import referring
    from riskstrat.worklist.models import Referral

    rows = [(44, "p-below-kir-4"), (REFERRED.start, ""), (7, "")]
    monkeypatch.setattr(referring, "_read_cases", lambda current, team_code: rows)
    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, "p-below-kir-4")
    send(client, "p-below-kir-1")
    assert set(Referral.objects.values_list("case_id", flat=True)) == {build_reference("KIR", 44), SECOND}


def test_a_case_of_more_than_a_year_ago_is_another_one(sign_in) -> None:
    from riskstrat.worklist.models import Case
    from tests.browser.listed_team import LIST_DATE

    Case.objects.create(
        reference=build_reference("KIR", 44),
        team_code="KIR",
        patient_id="p-below-kir-3",
        opened_on=LIST_DATE - timedelta(weeks=53),
    )
    assert send(sign_in(Role.CLINICIAN, "KIR"), "p-below-kir-3")["Location"] == f"/cases/{FIRST}"


def test_what_was_taken_back_is_on_the_next_list_no_more_and_may_be_put_forward_again(sign_in) -> None:
    from riskstrat.worklist.models import Edit, Referral
    from riskstrat.worklist.referring import list_waiting_referrals

    client = sign_in(Role.CLINICIAN, "KIR")
    send(client)
    assert [one.case_id for one in list_waiting_referrals("KIR")] == [FIRST]
    assert list_waiting_referrals("HUY") == []
    assert client.get(f"/cases/{FIRST}/referral/take-back").status_code == 200
    client.post(f"/cases/{FIRST}/referral/take-back")
    assert list_waiting_referrals("KIR") == []
    assert Edit.objects.order_by("-pk").first().before["taken_back_at"] is None
    assert client.post(f"/cases/{FIRST}/referral/take-back").status_code == 404
    assert send(client, reason="Again")["Location"] == f"/cases/{FIRST}"
    assert [one.reason for one in list_waiting_referrals("KIR")] == ["Again"]
    assert Referral.objects.count() == 1


def test_a_referral_waits_until_a_list_holds_it(sign_in, monkeypatch) -> None:
    from riskstrat.worklist import referring

    send(sign_in(Role.CLINICIAN, "KIR"))
    assert len(referring.list_waiting_referrals("KIR")) == 1
    monkeypatch.setattr(referring, "read_references", lambda day, team_code: frozenset({FIRST}))
    assert referring.list_waiting_referrals("KIR") == []


def test_reasons_are_shown_escaped(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, reason="<script>alert(1)</script>")
    for address in (f"/cases/{FIRST}", f"/cases/{FIRST}/referral/take-back"):
        said = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in said
        assert "<script>alert(1)" not in said


def test_a_number_taken_in_the_same_moment_is_asked_for_again(sign_in, monkeypatch) -> None:
    from riskstrat.worklist import referring

    client = sign_in(Role.CLINICIAN, "KIR")
    send(client)
    real, answers = referring._find_next_number, [REFERRED.start, REFERRED.start]

    def find_late(*given):
        return answers.pop() if answers else real(*given)

    monkeypatch.setattr(referring, "_find_next_number", find_late)
    assert send(client, "p-below-kir-2")["Location"] == f"/cases/{SECOND}"
    assert answers == []


@pytest.fixture
def open_site(started_site: Workspace) -> Iterator[Workspace]:
    """The site without a transaction around the test, so that threads write to it; what they wrote is deleted."""
    from riskstrat.worklist import point_at
    from riskstrat.worklist.models import Case, Edit, Referral, User

    point_at(started_site)
    yield started_site
    for kind in (Edit, Referral, Case):
        kind.objects.all().delete()
    User.objects.filter(username__startswith="busy").delete()


def test_two_clinicians_at_once_make_one_case_for_each_person(open_site) -> None:
    from django.db import connections

    from riskstrat.worklist.models import Case, Referral, User
    from riskstrat.worklist.published import find_current
    from riskstrat.worklist.referring import put_forward

    users = [User.objects.create_user(f"busy-{place}", "Busy", Role.CLINICIAN) for place in range(2)]
    current = find_current()
    assert current is not None

    def refer(turn: int) -> tuple[str, str]:
        patient = f"p-below-kir-{1 + turn // 2}"
        try:
            done = put_forward(current, "KIR", patient, "At once", users[turn % 2])
        finally:
            connections.close_all()
        return patient, done.reference if done else ""

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(refer, range(8)))
    assert len(set(given)) == 4
    assert {reference for _, reference in given} == {
        build_reference("KIR", REFERRED.start + place) for place in range(4)
    }
    assert Case.objects.count() == Referral.objects.count() == 4
