"""A clinician's opinion: given, changed, shown to colleagues, and refused where it names somebody."""

from __future__ import annotations

import html

import pytest

from riskstrat.definitions.vocabulary import OUTCOMES
from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE

HERE, ADDRESS = "KIR-060-J", "/cases/KIR-060-J/opinion"
ATTACK = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
GIVEN = {"agrees": "yes", "reason": "", "outcome": "", "note": "", "version": "0", "edition": f"{LIST_DATE} 1"}


def send(client, **changes: str):
    return client.post(ADDRESS, GIVEN | changes)


def test_an_opinion_is_kept_with_who_gave_it_and_an_edit(sign_in) -> None:
    from riskstrat.worklist.models import Edit, Opinion

    client = sign_in(Role.CLINICIAN, "KIR")
    response = send(client, reason="Lives alone", outcome="falls_service", note="Ask about stairs")
    assert (response.status_code, response["Location"]) == (302, f"/cases/{HERE}")
    one = Opinion.objects.get()
    assert (one.case_id, one.given_by, one.agrees) == (HERE, client.user, True)
    assert (one.reason, one.outcome, one.note, one.version) == ("Lives alone", "falls_service", "Ask about stairs", 1)
    edit = Edit.objects.get(what="opinion")
    assert (edit.user, edit.reference, edit.team_code, edit.before) == (client.user, HERE, "KIR", None)
    assert b"is kept" in client.get(f"/cases/{HERE}").content


@pytest.mark.parametrize(("answer", "agrees"), [("yes", True), ("no", False), ("none", None)])
def test_one_may_agree_disagree_or_have_no_view(sign_in, answer: str, agrees: bool | None) -> None:
    from riskstrat.worklist.models import Opinion

    send(sign_in(Role.CLINICIAN, "KIR"), agrees=answer, reason="Seen last week")
    assert Opinion.objects.get().agrees is agrees


def test_each_outcome_of_a_review_may_be_proposed(site) -> None:
    from riskstrat.worklist.views.opinions import OpinionForm

    assert [outcome for outcome in OUTCOMES if not OpinionForm(GIVEN | {"outcome": outcome}).is_valid()] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agrees": ""}, "Choose whether you agree"),
        ({"agrees": "perhaps"}, "Choose one of the answers that are offered"),
        ({"agrees": "no"}, "Enter why this person should not be listed"),
        ({"outcome": "no_such_thing"}, "Choose one of the answers that are offered"),
        ({"version": ""}, "Open the page again"),
        ({"version": "one"}, "Open the page again"),
        ({"version": str(10**30)}, "Open the page again"),
        ({"note": "x" * 2001}, "Use 2,000 characters or fewer"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(sign_in, changes: dict[str, str], said: str) -> None:
    from riskstrat.worklist.models import Opinion

    response = send(sign_in(Role.CLINICIAN, "KIR"), **changes)
    assert response.status_code == 200
    assert said in html.unescape(response.content.decode())
    assert "no_such_thing" not in response.content.decode()
    assert not Opinion.objects.exists()


@pytest.mark.parametrize("field", ["reason", "note"])
@pytest.mark.parametrize("number", ["943 476 5919", "9434765919", "0151 496 0123", "9 4 3 4 7 6 5 9 1 9"])
def test_a_number_that_says_who_somebody_is_is_refused(sign_in, field: str, number: str) -> None:
    from riskstrat.worklist.models import Opinion

    response = send(sign_in(Role.CLINICIAN, "KIR"), **{field: f"Ring {number}"})
    said = response.content.decode()
    assert "nothing here may say who somebody is" in said
    assert f'href="#id_{field}"' in said
    assert not Opinion.objects.exists()


def test_an_error_is_linked_to_its_field(sign_in) -> None:
    said = send(sign_in(Role.CLINICIAN, "KIR"), agrees="").content.decode()
    assert 'href="#id_agrees"' in said
    assert 'id="id_agrees"' in said


def test_changing_an_opinion_changes_the_one_row_and_logs_what_stood(sign_in) -> None:
    from riskstrat.worklist.models import Edit, Opinion

    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, note="First")
    assert 'value="1"' in client.get(ADDRESS).content.decode()
    send(client, note="Second", version="1")
    one = Opinion.objects.get()
    assert (one.note, one.version) == ("Second", 2)
    edit = Edit.objects.order_by("-pk").first()
    assert (edit.before["note"], edit.after["note"]) == ("First", "Second")


def test_two_windows_at_once_lose_nothing(sign_in) -> None:
    from riskstrat.worklist.models import Opinion

    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, note="From the first window")
    clash = send(client, note="From the second window")
    said = clash.content.decode()
    assert clash.status_code == 409
    assert "From the first window" in said
    assert "From the second window" in said
    assert Opinion.objects.get().note == "From the first window"
    assert 'name="version" value="1"' in said
    send(client, note="From the second window", version="1")
    assert Opinion.objects.get().note == "From the second window"


def test_colleagues_see_the_opinion_with_the_name_escaped(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    client.user.display_name = "Dr <i>A</i>"
    client.user.save()
    send(client, reason=ATTACK, note=ATTACK, agrees="no", outcome="telecare")
    for role in (Role.CLINICIAN, Role.COORDINATOR):
        said = sign_in(role, "KIR").get(f"/cases/{HERE}").content.decode()
        assert "Dr &lt;i&gt;A&lt;/i&gt;" in said
        assert "does not agree, proposes telecare." in " ".join(said.split())
        assert said.count("&lt;script&gt;alert(") == 2
        assert "<script>alert(" not in said
        assert "<img" not in said


def test_ones_own_opinion_stands_in_the_form_and_not_among_those_of_others(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    send(client, reason=ATTACK)
    said = client.get(f"/cases/{HERE}").content.decode()
    assert said.count("&lt;script&gt;alert(") == 1
    assert "<script>alert(" not in said
    assert "No other opinion has been given for this list." in said


def test_keeping_may_lead_to_the_next_person(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    assert send(client, next="1")["Location"] == "/cases/KIR-031-K"


def test_an_opinion_changes_nothing_that_the_weekly_run_reads(site, sign_in) -> None:
    from datetime import date

    from riskstrat.worklist.store import DatabaseReviewStore

    before = DatabaseReviewStore(site).take_snapshot(date(2027, 1, 1))
    send(sign_in(Role.CLINICIAN, "KIR"), note="A note", outcome="falls_service")
    assert DatabaseReviewStore(site).take_snapshot(date(2027, 1, 1)) == before
