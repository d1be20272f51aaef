"""The coordinator's list, agenda, meeting, actions and history: for its own team alone, and losing nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from riskstrat.publication import Move
from riskstrat.worklist.roles import Role
from tests.suite.pages import read_form
from tests.suite.worklists import BEFORE, LIST_DATE, name_patient, name_reserved

CASE = "KIR-012-Q"
XSS = "<img src=x onerror=alert(1)>"
PAGES = (
    *("/teams/KIR/list", "/teams/KIR/lists", "/teams/KIR/lists/2026-11-09", "/teams/KIR/changes"),
    *("/teams/KIR/agenda", "/teams/KIR/agenda/paper", "/teams/KIR/agenda/order", "/teams/KIR/meeting"),
    *("/teams/KIR/actions", "/teams/KIR/actions.ics", "/cases/KIR-012-Q/history"),
)
ORDER = ["KIR-012-Q", "KIR-061-Q", "KIR-031-K", "KIR-057-I", "KIR-058-P", "KIR-059-5", "KIR-060-J", "KIR-062-O"]
"""As the list proposes: to escalate, referred in, carried over, new."""


def list_rows(response: Any) -> list[str]:
    """The references of the rows of a page's first table, or of its sections."""
    content = response.content.decode()
    body = content[: content.index("</table>")] if "</table>" in content else content
    return re.findall(r'class="wl-reference">(KIR-[^<]+)<', body)


def make_action(reference: str = CASE, **fields: Any) -> Any:
    from django.utils import timezone

    from riskstrat.worklist.models import Action, Decision
    from riskstrat.worklist.store import find_or_open_case

    case = find_or_open_case(reference, name_patient(reference), BEFORE)
    about = {"list_date": BEFORE, "team": "Kirkby locality hub", "entered_at": timezone.now(), "kept_as": "test"}
    decision = Decision.objects.filter(case=case).first() or Decision.objects.create(case=case, **about)
    return Action.objects.create(decision=decision, **({"outcome": "telecare", "owner": "AB"} | fields))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_to_its_own_team_alone(sign_in, page) -> None:
    assert sign_in(Role.COORDINATOR, "KIR").get(page).status_code == 200
    assert sign_in(Role.COORDINATOR, "HUY").get(page).status_code == 404


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("practice=Wingate+Medical+Centre", ["KIR-057-I", "KIR-031-K"]),
        ("flag=Lives+in+a+care+home", ["KIR-060-J"]),
        ("falls=Met&practice=Millbrook+Medical+Centre", ["KIR-012-Q", "KIR-058-P"]),
        ("condition=diabetes&arrival=Referred+in", []),
        ("service=Falls+service", ["KIR-012-Q", "KIR-059-5", "KIR-061-Q"]),
        ("arrival=Carried+over&sort=reference", ["KIR-012-Q", "KIR-031-K"]),
        ("status=Decided", []),
        ("practice=Elsewhere", []),
        ("sort=weeks&arrival=Carried+over", ["KIR-012-Q", "KIR-031-K"]),
    ],
)
def test_a_list_is_filtered_and_sorted_by_its_address(sign_in, asked, expected) -> None:
    assert list_rows(sign_in(Role.COORDINATOR, "KIR").get(f"/teams/KIR/list?{asked}")) == expected


def test_an_earlier_list_says_so_and_is_in_its_own_order(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    page = client.get("/teams/KIR/lists/2026-11-09")
    assert b"This is an earlier list" in page.content
    assert list_rows(page)[0] == "KIR-062-O"
    for wrong in ("2026-11-10", "2026-13-01", "../../etc/passwd", "20261109"):
        assert client.get(f"/teams/KIR/lists/{wrong}").status_code == 404


def test_the_agenda_stands_as_the_list_proposes_until_the_team_changes_it(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    agenda = client.get("/teams/KIR/agenda")
    assert list_rows(agenda) == ORDER
    assert b"8 cases, 36 minutes." in agenda.content
    form = read_form(client.get("/teams/KIR/agenda/order"))
    form |= {"place-KIR-062-O": "1", "place-KIR-012-Q": "2", "minutes-KIR-062-O": "15", "asked-KIR-062-O": XSS}
    assert client.post("/teams/KIR/agenda/order", form).status_code == 302
    changed = client.get("/teams/KIR/agenda")
    assert list_rows(changed) == ["KIR-062-O", "KIR-012-Q", *ORDER[1:-1]]
    assert b"8 cases, 46 minutes." in changed.content
    assert XSS not in changed.content.decode()
    assert "onerror=alert" in client.get("/teams/KIR/agenda/paper").content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("place", "0"),
        ("place", "x"),
        ("minutes", "121"),
        ("minutes", "-5"),
        ("asked", "943 476 5919"),
        ("asked", "x" * 201),
    ],
)
def test_an_agenda_with_a_wrong_field_is_shown_again_and_not_kept(sign_in, field, typed) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    form = read_form(client.get("/teams/KIR/agenda/order")) | {"place-KIR-062-O": "1"}
    refused = client.post("/teams/KIR/agenda/order", form | {f"{field}-KIR-057-I": typed})
    assert refused.status_code == 400
    assert f'href="#{field}-KIR-057-I"' in refused.content.decode()
    assert read_form(refused)["place-KIR-062-O"] == "1"
    assert list_rows(client.get("/teams/KIR/agenda")) == ORDER


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({}, "ABCDE"),
        ({"E": 1}, "EABCD"),
        ({"A": 3}, "BCADE"),
        ({"A": 5}, "BCDEA"),
        ({"B": 999}, "ACDEB"),
        ({"B": 4, "D": 2}, "ADCBE"),
        ({"E": 1, "D": 1}, "DEABC"),
        ({"E": 1, "A": 2}, "EABCD"),
        ({"A": 50, "B": 40}, "CDEBA"),
        ({"A": 10, "B": 20, "C": 30, "D": 40, "E": 5}, "EABCD"),
    ],
)
@pytest.mark.usefixtures("site")
def test_a_case_whose_number_was_changed_is_taken_there_and_the_others_make_room(typed, expected) -> None:
    from riskstrat.worklist.agendas import PlannedItem, move_changed

    items = [PlannedItem(one, typed.get(one, place), 5, "") for place, one in enumerate("ABCDE", start=1)]
    assert "".join(item.reference for item in move_changed(items)) == expected


def test_one_number_puts_a_case_first_and_the_page_says_how(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    page = client.get("/teams/KIR/agenda/order")
    assert page.content.decode().count("1 is first; others make room") == len(ORDER)
    assert client.post("/teams/KIR/agenda/order", read_form(page) | {"place-KIR-062-O": "1"}).status_code == 302
    assert list_rows(client.get("/teams/KIR/agenda")) == ["KIR-062-O", *ORDER[:-1]]


def test_two_who_order_the_agenda_at_once_see_both_orders(sign_in) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    form = read_form(first.get("/teams/KIR/agenda/order"))
    assert first.post("/teams/KIR/agenda/order", form | {"asked-KIR-012-Q": "Matron"}).status_code == 302
    refused = second.post("/teams/KIR/agenda/order", form | {"asked-KIR-012-Q": "Pharmacist"})
    assert refused.status_code == 409
    assert "asked: Matron" in refused.content.decode()
    assert read_form(refused)["asked-KIR-012-Q"] == "Pharmacist"
    assert second.post("/teams/KIR/agenda/order", read_form(refused)).status_code == 302
    assert b"Pharmacist" in first.get("/teams/KIR/agenda").content


def test_what_a_colleague_changed_meanwhile_stays_where_nobody_else_changed_it(sign_in) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    path, (one, other, third, *_) = "/teams/KIR/agenda/order", ORDER
    form = read_form(first.get(path))
    theirs = {f"minutes-{one}": "25", f"asked-{other}": "Matron", f"minutes-{third}": "7", f"asked-{third}": "GP"}
    mine = {f"asked-{one}": "Falls nurse", f"minutes-{other}": "12", f"minutes-{third}": "9", f"asked-{third}": "GP"}
    assert first.post(path, form | theirs).status_code == 302
    refused = second.post(path, form | mine)
    content, again = refused.content.decode(), read_form(refused)
    assert refused.status_code == 409
    assert content.count("A colleague entered") == content.count("A colleague entered “7” meanwhile") == 1
    assert {name: again[name] for name in theirs | mine} == theirs | mine
    assert second.post(path, again).status_code == 302
    kept = read_form(first.get(path))
    assert {name: kept[name] for name in theirs | mine} == theirs | mine


@pytest.mark.parametrize("shown", ["", "{", "[1]", "KIR-012-Q KIR-013-J", '{"minutes-KIR-012-Q": 5}'])
def test_a_form_that_does_not_say_what_it_showed_loses_nothing_that_was_typed(sign_in, shown: str) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    path, one = "/teams/KIR/agenda/order", ORDER[0]
    form = read_form(first.get(path))
    assert first.post(path, form | {f"minutes-{one}": "25"}).status_code == 302
    refused = second.post(path, form | {f"asked-{one}": "Matron", "shown": shown})
    assert refused.status_code == 409
    assert "A colleague entered “25” meanwhile" in refused.content.decode()
    assert read_form(refused)[f"asked-{one}"] == "Matron"


def test_whoever_moves_a_case_after_a_colleague_moved_another_moves_that_one_alone(sign_in) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    path, (*others, moved, last) = "/teams/KIR/agenda/order", ORDER
    form = read_form(first.get(path))
    assert first.post(path, form | {f"place-{last}": "1"}).status_code == 302
    typed = form | {f"place-{moved}": "1"}
    assert second.post(path, typed | {f"minutes-{moved}": "x"}).status_code == 400
    refused = second.post(path, typed)
    assert refused.status_code == 409
    again = read_form(refused)
    assert [again[f"place-{one}"] for one in (last, *others, moved)] == [str(n) for n in range(1, len(ORDER))] + ["1"]
    assert second.post(path, again).status_code == 302
    assert list_rows(first.get("/teams/KIR/agenda")) == [moved, last, *others]


def test_the_last_meetings_note_stands_beside_the_next_agenda(sign_in) -> None:
    from riskstrat.worklist.models import Meeting

    Meeting.objects.create(team_code="KIR", list_date=BEFORE, note="Ask the pharmacist first")
    Meeting.objects.create(team_code="HUY", list_date=BEFORE, note="Of another team")
    page = sign_in(Role.COORDINATOR, "KIR").get("/teams/KIR/agenda").content
    assert b"Ask the pharmacist first" in page
    assert b"Of another team" not in page


def test_a_meeting_is_held_once_and_a_second_word_on_it_loses_nothing(sign_in) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.COORDINATOR, "KIR")
    held = {"deed": "held", "edition": f"{LIST_DATE} 1", "version": "0", "held-on": "16/11/2026", "note": "All came"}
    assert first.post("/teams/KIR/meeting", held).status_code == 302
    refused = second.post("/teams/KIR/meeting", held | {"note": "Two were missing"})
    content = refused.content.decode()
    assert (refused.status_code, "All came" in content, "Two were missing" in content) == (409, True, True)
    for wrong in ({"held-on": ""}, {"held-on": "1/1/2020"}, {"note": "943 476 5919"}):
        assert first.post("/teams/KIR/meeting", held | {"version": "2"} | wrong).status_code == 400


@pytest.mark.usefixtures("monday_after")
def test_a_cancelled_meeting_defers_what_is_not_decided_and_nothing_else(site, sign_in) -> None:
    from riskstrat.worklist.models import Decision, Meeting
    from riskstrat.worklist.store import DatabaseReviewStore

    client = sign_in(Role.COORDINATOR, "KIR")
    decision = {"edition": f"{LIST_DATE} 1", "based-on": "", "outcome-1": "telecare", "decided-on": "16/11/2026"}
    assert client.post(f"/cases/{CASE}/decision", decision).status_code == 302
    cancelled = {"edition": f"{LIST_DATE} 1", "deed": "cancelled", "version": "0", "because": "Snow"}
    cancelled |= {"defer": "yes", "back-on": "soon"}
    for wrong in ({}, {"back-on": "12/25/2026"}, {"because": ""}):
        assert client.post("/teams/KIR/meeting", cancelled | wrong).status_code == 400
    assert (Decision.objects.count(), Meeting.objects.count()) == (1, 0)
    assert client.post("/teams/KIR/meeting", cancelled | {"back-on": "14/12/2026"}).status_code == 302
    reviews = DatabaseReviewStore(site).take_snapshot(date(2030, 1, 1)).reviews
    outcomes = {review.patient_id: (review.outcome, review.due_on) for review in reviews}
    back = ("deferred", date(2026, 12, 14))
    assert outcomes == {name_patient(one): back for one in ORDER} | {name_patient(CASE): ("telecare", None)}
    assert b"Cancelled: Snow" in client.get("/teams/KIR/agenda").content


def test_open_actions_stand_by_due_date_with_the_overdue_marked_and_are_carried_to_the_agenda(sign_in) -> None:
    today = date.today()
    make_action("KIR-057-I", due_on=today + timedelta(days=9), owner="CD")
    make_action("KIR-012-Q", due_on=today - timedelta(days=2))
    make_action("KIR-058-P", due_on=None, owner="")
    make_action("KIR-059-5", outcome="monitor", due_on=today)
    make_action("KIR-060-J", done_on=today, due_on=today)
    client = sign_in(Role.COORDINATOR, "KIR")
    page = client.get("/teams/KIR/actions")
    assert list_rows(page) == ["KIR-012-Q", "KIR-057-I", "KIR-058-P"]
    assert b"3 open, 1 overdue." in page.content
    assert list_rows(client.get("/teams/KIR/actions?owner=CD")) == ["KIR-057-I"]
    assert list_rows(client.get("/teams/KIR/actions?owner=nobody")) == ["KIR-058-P"]
    agenda = client.get("/teams/KIR/agenda").content.decode()
    assert agenda.count("Still open:") == 3
    assert agenda.count("Overdue") == 1


def test_an_action_is_done_opened_again_and_changed_and_the_log_says_by_whom(sign_in) -> None:
    from riskstrat.worklist.models import Edit

    action = make_action()
    client, page = sign_in(Role.COORDINATOR, "KIR"), f"/cases/{CASE}/actions/{action.pk}"
    done = {"deed": "done", "version": "1", "done-on": "16/11/2026", "done-note": XSS}
    assert client.post(page, done).status_code == 302
    action.refresh_from_db()
    assert (action.done_on, action.done_by, action.done_note) == (LIST_DATE, client.user, XSS)
    for address in (page, "/teams/KIR/actions", f"/cases/{CASE}/history"):
        assert XSS not in client.get(address).content.decode()
    assert client.post(page, {"deed": "reopen", "version": "2"}).status_code == 302
    change = {"deed": "change", "version": "3", "owner": "EF", "due-on": "1/12/2026"}
    assert client.post(page, change).status_code == 302
    action.refresh_from_db()
    assert (action.done_on, action.owner, action.due_on, action.version) == (None, "EF", date(2026, 12, 1), 4)
    assert list(Edit.objects.values_list("user", flat=True)) == [client.user.pk] * 3


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"deed": "done", "done-on": ""}, "done-on"),
        ({"deed": "done", "done-on": "31/12/2099"}, "done-on"),
        ({"deed": "done", "done-on": "16/11/2026", "done-note": "943 476 5919"}, "done-note"),
        ({"deed": "change", "owner": "x" * 81, "due-on": ""}, "owner"),
        ({"deed": "change", "owner": "AB", "due-on": "1/1/2020"}, "due-on"),
    ],
)
def test_an_action_with_a_wrong_field_is_not_changed(sign_in, form, field) -> None:
    action = make_action()
    page = f"/cases/{CASE}/actions/{action.pk}"
    refused = sign_in(Role.COORDINATOR, "KIR").post(page, form | {"version": "1"})
    assert (refused.status_code, f'href="#{field}"' in refused.content.decode()) == (400, True)
    action.refresh_from_db()
    assert action.version == 1


def test_two_who_change_an_action_at_once_lose_nothing(sign_in) -> None:
    action = make_action()
    page = f"/cases/{CASE}/actions/{action.pk}"
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    change = {"deed": "change", "version": "1", "owner": "First owner", "due-on": ""}
    assert first.post(page, change).status_code == 302
    refused = second.post(page, change | {"owner": "Second owner"})
    content = refused.content.decode()
    assert (refused.status_code, "First owner" in content, "Second owner" in content) == (409, True, True)
    action.refresh_from_db()
    assert action.owner == "First owner"


def test_an_action_is_reached_by_its_own_reference_alone(sign_in) -> None:
    action = make_action()
    client = sign_in(Role.COORDINATOR, "KIR")
    assert client.get(f"/cases/KIR-057-I/actions/{action.pk}").status_code == 404
    assert client.get(f"/cases/{CASE}/actions/{action.pk + 1}").status_code == 404
    assert sign_in(Role.COORDINATOR, "HUY").get(f"/cases/{CASE}/actions/{action.pk}").status_code == 404


def test_the_calendar_file_holds_references_and_dates_and_nothing_clinical(sign_in) -> None:
    action = make_action(due_on=date(2026, 12, 31), owner="Somebody, by name")
    make_action("KIR-057-I", due_on=None)
    response = sign_in(Role.COORDINATOR, "KIR").get("/teams/KIR/actions.ics")
    lines = response.content.decode().split("\r\n")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert [line for line in lines if line.startswith(("SUMMARY", "DTSTART", "DTEND", "UID"))] == [
        f"UID:action-{action.pk}@testserver",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:KIR-012-Q: an action is due",
    ]
    assert not re.search("telecare|somebody|p-kir", response.content.decode(), re.IGNORECASE)


def test_a_line_of_a_calendar_is_escaped_and_folded_within_75_bytes_between_characters(site) -> None:
    from riskstrat.worklist.reminders import escape_text, fold_line

    assert escape_text("a\\b;c,d\ne") == "a\\\\b\\;c\\,d\\ne"
    line = "X-WR-CALNAME:" + "Ysbyty Gwynedd, tîm – " * 9
    folded = fold_line(line)
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == line


def test_the_history_of_a_case_tells_lists_decisions_from_both_stores_and_the_rest(site, sign_in) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import Attempt, FaultReport, Opinion, Release

    client = sign_in(Role.COORDINATOR, "KIR")
    case = make_action().decision.case
    form = {"edition": f"{LIST_DATE} 1", "based-on": "", "outcome-1": "reablement", "decided-on": "16/11/2026"}
    client.post(f"/cases/{CASE}/decision", form)
    by, at = client.user, timezone.now()
    Opinion.objects.create(case=case, list_date=LIST_DATE, given_by=by, given_at=at, agrees=False, reason="Too well")
    FaultReport.objects.create(
        case=case, kind="moved", words="To Leeds", reported_by=by, reported_at=at, owner="Lead", due_on=LIST_DATE
    )
    Release.objects.create(case=case, basis="Asked for", fields=[], released_by=by, released_at=at)
    Attempt.objects.create(
        case=case, tried_on=LIST_DATE, how="Telephone", reached=False, tried_by="AB", entered_by=by, entered_at=at
    )
    page = client.get(f"/cases/{CASE}/history").content.decode()
    for words in (
        *("Stood on the list of 16 November 2026", "Stood on the list of 9 November 2026"),
        *("from a workbook", "elecare (AB)", "eablement", "Too well", "To Leeds", "Asked for", "Not reached", str(by)),
    ):
        assert words in page
    assert client.get("/cases/KIR-999-X/history").status_code == 404


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("KIR-044-J", ["A review was recorded."]),
        (name_reserved("KIR", 2), ["Below the line: no room. In reserve."]),
        (name_reserved("KIR", 1), []),
        (CASE, []),
    ],
)
def test_the_history_of_a_case_that_left_the_list_says_where_it_went(site, monkeypatch, case, said) -> None:
    from riskstrat.worklist import histories
    from riskstrat.worklist.published import CurrentList, find_list

    latest = find_list(LIST_DATE)
    kirkby = latest.find_team("KIR")
    moves = (*kirkby.moves, Move(name_reserved("KIR", 2), "left", "below the line: no room"))
    told = CurrentList(latest.published, replace(latest.weekly, teams=(replace(kirkby, moves=moves),)))
    monkeypatch.setattr(histories, "find_list", lambda day: told if day == LIST_DATE else find_list(day))
    before = find_list(BEFORE)
    stood = histories.ListStanding(before, before.list_people("KIR")[0])
    events = histories.gather_events(case, [stood])
    assert [one.detail for one in events if one.what == "Not on the list of 16 November 2026 any more"] == said
    assert not [one for one in histories.gather_events(case, []) if one.what.startswith("Not on")]
    if said == ["Below the line: no room. In reserve."]:
        told = told.count_taken_up([case])
        events = histories.gather_events(case, [stood])
        assert not [one for one in events if one.what.startswith("Not on")]
