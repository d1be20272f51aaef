"""Decisions entered on a page: kept as a returned workbook would be, refused for the same faults, never lost."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from riskstrat.reviews import Review
from riskstrat.worklist.roles import Role
from tests.suite.pages import find_link, read_form
from tests.suite.worklists import LIST_DATE, load_with, name_patient

CASE = "KIR-012-Q"
PAGE = f"/cases/{CASE}/decision"
TEAM = "Kirkby locality hub"
GOOD = {
    "edition": f"{LIST_DATE} 1",
    "based-on": "",
    "checked": "yes",
    "outcome-1": "medication_review",
    "owner-1": "Practice pharmacist",
    "due-1": "14/12/2026",
    "agree": "yes",
    "note": "Prefers mornings",
    "decided-on": "16/11/2026",
    "decided-by": "Dr Aspin",
}
CONTRADICTING = {"outcome-1": "died", "due-1": "14/12/2026"}
ORDER = ["KIR-012-Q", "KIR-061-Q", "KIR-031-K", "KIR-057-I", "KIR-058-P", "KIR-059-5", "KIR-060-J", "KIR-062-O"]
"""The agenda as the list proposes it."""

XSS = "<script>alert('x')</script>\"'>"


def read_snapshot(site) -> tuple[Review, ...]:
    from riskstrat.worklist.store import DatabaseReviewStore

    return DatabaseReviewStore(site).take_snapshot(LIST_DATE + timedelta(days=400)).reviews


def find_standing(reference: str = CASE) -> Any:
    from riskstrat.worklist.standing import find_decision

    return find_decision(LIST_DATE, reference)


def basis() -> str:
    from riskstrat.worklist.deciding import name_basis

    return name_basis(find_standing())


def test_a_decision_reaches_the_weekly_snapshot_as_it_was_entered(site, sign_in) -> None:
    entered = GOOD | {"outcome-2": "telecare", "owner-2": "", "due-2": "", "outcome-3": "monitor", "owner-3": "AB"}
    response = sign_in(Role.COORDINATOR, "KIR").post(PAGE, entered)
    assert (response.status_code, response["Location"]) == (302, "/teams/KIR/agenda")
    about = (name_patient(CASE), LIST_DATE, TEAM)
    shared = ("Prefers mornings", True, LIST_DATE, "Dr Aspin")
    assert read_snapshot(site) == (
        Review(*about, "medication_review", *shared, date(2026, 12, 14), "Practice pharmacist"),
        Review(*about, "monitor", *shared, None, "AB"),
        Review(*about, "telecare", *shared, None, None),
    )
    assert find_standing().status_checked is True


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"outcome-1": ""}, "outcome-1", "Choose an outcome"),
        ({"outcome-1": "teleport"}, "outcome-1", "not one of the outcomes"),
        ({"outcome-2": "medication_review"}, "outcome-2", "stands in this row already"),
        ({"owner-2": "AB"}, "owner-2", "stands beside no Outcome 2"),
        ({"due-1": "whenever"}, "due-1", "is not a date"),
        ({"due-1": "12/25/2026"}, "due-1", "has the month before the day"),
        ({"decided-on": "11-17-26"}, "decided-on", "has the month before the day"),
        ({"due-1": "15/11/2026"}, "due-1", "is before the date of the list, 16/11/2026"),
        ({"due-1": "16/11/2026", "decided-on": "17/11/2026"}, "due-1", "nothing is due before it was decided"),
        ({"due-1": "01/01/2030"}, "due-1", "more than 104 weeks after"),
        ({"decided-on": "15/11/2026"}, "decided-on", "is before the date of the list"),
        ({"agree": "perhaps"}, "agree", "neither yes nor no"),
        ({"note": "Ring 943 476 5919"}, "note", "nine digits or more"),
        ({"owner-1": "9434765919"}, "owner-1", "nine digits or more"),
        ({"decided-by": "0151 496 0123"}, "decided-by", "nine digits or more"),
        ({"note": "word " * 401}, "note", "2,000 characters"),
        ({"decided-by": "x" * 81}, "decided-by", "80 characters"),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_kept(site, sign_in, changed, field, words) -> None:
    response = sign_in(Role.COORDINATOR, "KIR").post(PAGE, GOOD | changed)
    page = response.content.decode()
    assert response.status_code == 400
    assert f'href="#{field}"' in page
    assert words in page
    assert "Nothing is kept yet. Put right what is named here" in page
    assert "Practice pharmacist" in page or "owner-1" in changed
    assert read_snapshot(site) == ()


def test_what_does_not_go_together_is_asked_about_and_kept_once_it_is_confirmed(site, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    asked = client.post(PAGE, GOOD | CONTRADICTING)
    assert (asked.status_code, read_snapshot(site)) == (400, ())
    doubts = read_form(asked)["confirm"]
    assert client.post(PAGE, GOOD | CONTRADICTING | {"confirm": doubts}).status_code == 302
    assert [review.outcome for review in read_snapshot(site)] == ["died"]


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        (CONTRADICTING, "“Died” takes no due date: leave Due 1 blank"),
        ({"outcome-2": "moved", "due-2": "15/12/2026", "outcome-1": ""}, "“Moved away” takes no due date: leave Due 2"),
        ({"agree": "no"}, "“Medication review” does not go with “No”: the team does not agree"),
        ({"outcome-2": "declined"}, "“Declined” means that nothing is done, and “Medication review” that something is"),
        (
            {"outcome-1": "died", "due-1": "", "outcome-2": "monitor"},
            "“Died” leaves nothing else to decide, so “Monitor”",
        ),
    ],
)
def test_what_does_not_go_together_is_asked_about_with_its_reason(sign_in, entered, words) -> None:
    blank = {"owner-1": "", "due-1": ""} if entered.get("outcome-1") == "" else {}
    page = sign_in(Role.COORDINATOR, "KIR").post(PAGE, GOOD | blank | entered).content.decode()
    assert words in page
    assert "does not go with Outcome" not in page
    assert "Nothing is kept yet. If it is meant, tick" in page


def test_what_does_not_go_together_by_a_rule_of_the_site_says_so(site, sign_in) -> None:
    from riskstrat.worklist import point_at

    point_at(load_with(site, '[[reviews.contradictions]]\noutcomes = ["telecare"]\nbeside = ["monitor"]\n'))
    entered = GOOD | {"outcome-1": "telecare", "outcome-2": "monitor"}
    page = sign_in(Role.COORDINATOR, "KIR").post(PAGE, entered).content.decode()
    assert "“Monitor” does not go with “Telecare”, by the rules of your site" in page


def test_the_form_says_which_outcomes_become_no_action_and_what_is_kept_says_it_again(sign_in) -> None:
    from riskstrat.definitions.vocabulary import NO_ACTION, OUTCOME_WORDS

    client = sign_in(Role.COORDINATOR, "KIR")
    said = client.get(PAGE).content.decode().partition("These do not: ")[2].partition(".</p>")[0]
    assert sorted(said.split(", ")) == sorted(OUTCOME_WORDS[one] for one in NO_ACTION)
    kept = client.post(PAGE, GOOD | {"outcome-1": "monitor", "owner-1": "GP"}, follow=True).content.decode()
    assert "the decision is kept. “Monitor” is no action, so it does not stand on “Actions”." in kept


def test_a_tick_confirms_no_other_contradiction_than_the_one_that_was_asked_about(site, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    doubts = read_form(client.post(PAGE, GOOD | CONTRADICTING))["confirm"]
    other = {"outcome-1": "telecare", "agree": "no", "confirm": doubts}
    assert client.post(PAGE, GOOD | other).status_code == 400
    assert read_snapshot(site) == ()


def test_two_who_enter_at_once_lose_nothing(site, sign_in) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.CLINICIAN, "KIR")
    assert first.post(PAGE, GOOD).status_code == 302
    theirs = GOOD | {"outcome-1": "telecare", "owner-1": "Second owner", "note": "Second note"}
    refused = second.post(PAGE, theirs)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert [review.outcome for review in read_snapshot(site)] == ["medication_review"]
    for words in ("medication review (Practice pharmacist", str(first.user), "Second owner", "Second note"):
        assert words in page
    again = theirs | {"based-on": read_form(refused)["based-on"], "reason": "We spoke"}
    assert second.post(PAGE, again).status_code == 302
    assert [review.outcome for review in read_snapshot(site)] == ["telecare"]


def test_a_changed_decision_needs_a_reason_and_keeps_what_stood_and_what_was_done(site, sign_in) -> None:
    from riskstrat.worklist.models import Action, Decision, Edit

    client = sign_in(Role.COORDINATOR, "KIR")
    client.post(PAGE, GOOD)
    Action.objects.update(done_on=LIST_DATE, done_by=client.user, done_note="Seen")
    changed = GOOD | {"based-on": basis(), "note": "Prefers evenings"}
    assert "#reason" in client.post(PAGE, changed).content.decode()
    assert client.post(PAGE, changed | {"reason": "Wrong time of day"}).status_code == 302
    assert list(Decision.objects.order_by("pk").values_list("note", "stands", "correction_reason")) == [
        ("Prefers mornings", False, ""),
        ("Prefers evenings", True, "Wrong time of day"),
    ]
    assert find_standing().actions.get().done_note == "Seen"
    edit = Edit.objects.get(before__isnull=False)
    assert (edit.user, edit.before["note"], edit.after["note"]) == (client.user, "Prefers mornings", "Prefers evenings")


@pytest.mark.parametrize("change", [{"deed": "change", "owner": "Matron", "due-on": "21/12/2026"}, {"deed": "done"}])
def test_what_a_colleague_changed_of_an_action_meanwhile_is_shown_first(sign_in, change) -> None:
    first, second = sign_in(Role.COORDINATOR, "KIR"), sign_in(Role.COORDINATOR, "KIR")
    first.post(PAGE, GOOD)
    form = {name: text for name, text in read_form(first.get(PAGE)).items() if name not in ("agree", "checked")}
    form |= GOOD | {"based-on": form["based-on"], "note": "Prefers evenings", "reason": "Wrong time of day"}
    action = f"/cases/{CASE}/actions/{find_standing().actions.get().pk}"
    change = {"version": "1", "done-on": f"{LIST_DATE:%d/%m/%Y}"} | change
    assert second.post(action, change).status_code == 302
    refused = first.post(PAGE, form)
    assert (refused.status_code, b"Prefers evenings" in refused.content) == (409, True)
    assert find_standing().note == "Prefers mornings"
    assert find_standing().actions.get().version == 2
    again = form | {"based-on": read_form(refused)["based-on"]}
    assert first.post(PAGE, again).status_code == 302
    assert find_standing().note == "Prefers evenings"


def test_an_action_of_a_decision_that_gave_way_meanwhile_is_not_changed(site, sign_in) -> None:
    from riskstrat.worklist.deciding import update_action
    from riskstrat.worklist.models import Action, Decision
    from riskstrat.worklist.writing import ConflictError

    client = sign_in(Role.COORDINATOR, "KIR")
    client.post(PAGE, GOOD)
    read = Action.objects.select_related("decision").get()
    Decision.objects.update(stands=False)
    with pytest.raises(ConflictError):
        update_action(read, 1, client.user, done_on=LIST_DATE)
    assert Action.objects.get().done_on is None


def test_a_decision_is_taken_back_with_a_reason_and_the_snapshot_holds_none(site, sign_in) -> None:
    from riskstrat.worklist.models import Decision

    client = sign_in(Role.COORDINATOR, "KIR")
    assert client.get(f"{PAGE}/take-back").status_code == 404
    client.post(PAGE, GOOD)
    stood = basis()
    assert client.post(f"{PAGE}/take-back", {"based-on": stood, "reason": " "}).status_code == 400
    assert client.post(f"{PAGE}/take-back", {"based-on": "0", "reason": "Wrong person"}).status_code == 409
    assert len(read_snapshot(site)) == 1
    assert client.post(f"{PAGE}/take-back", {"based-on": stood, "reason": "Wrong person"}).status_code == 302
    assert read_snapshot(site) == ()
    assert Decision.objects.count() == 2
    assert client.post(PAGE, GOOD | {"based-on": basis()}).status_code == 302
    assert len(read_snapshot(site)) == 1


def test_another_edition_of_the_list_is_never_decided_upon(site, sign_in) -> None:
    response = sign_in(Role.COORDINATOR, "KIR").post(PAGE, GOOD | {"edition": f"{LIST_DATE} 2"})
    assert response.status_code == 409
    assert b"withdrawn and made again" in response.content
    assert b"Practice pharmacist" in response.content
    assert read_snapshot(site) == ()


def test_a_case_of_no_list_that_stands_takes_no_decision(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    for address in (f"{PAGE}?list=2026-11-23", f"{PAGE}?list=../..", "/cases/KIR-999-X/decision"):
        assert client.post(address, GOOD).status_code == 404


def test_a_case_that_was_reported_as_wrong_takes_no_decision_until_the_report_is_due(site, sign_in) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport
    from riskstrat.worklist.store import find_or_open_case

    client = sign_in(Role.COORDINATOR, "KIR")
    case, today = find_or_open_case(CASE, name_patient(CASE), LIST_DATE), timezone.localdate()
    report = FaultReport.objects.create(
        case=case, kind="dead", words="Heard today", reported_by=client.user, reported_at=timezone.now(), due_on=today
    )
    assert client.post(PAGE, GOOD).status_code == 409
    assert b"Reported as wrong" in client.get("/teams/KIR/list").content
    assert read_snapshot(site) == ()
    FaultReport.objects.filter(pk=report.pk).update(due_on=today - timedelta(days=1))
    assert client.post(PAGE, GOOD).status_code == 302


def test_what_was_typed_is_shown_as_text_on_every_page(sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    typed = {"owner-1": XSS, "note": XSS, "decided-by": XSS}
    assert client.post(PAGE, GOOD | typed).status_code == 302
    changed = GOOD | typed | {"based-on": basis(), "reason": XSS}
    assert client.post(PAGE, changed).status_code == 302
    pages = (PAGE, f"{PAGE}/take-back", f"/cases/{CASE}/history", "/teams/KIR/list", "/teams/KIR/agenda")
    for page in (*pages, "/teams/KIR/actions", "/teams/KIR/agenda/paper"):
        content = client.get(page).content.decode()
        assert "alert(" in content
        assert XSS not in content
        assert "<script>alert" not in content


@pytest.mark.usefixtures("monday_after")
def test_eight_people_are_decided_one_after_the_other_in_under_sixty_clicks(site, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    entered = {name: GOOD[name] for name in ("checked", "outcome-1", "owner-1", "due-1", "agree")}
    page, clicks = find_link(client.get("/teams/KIR/list"), "Start with the first case"), len(("name", "in", "start"))
    decided = []
    while page.startswith("/cases/"):
        form = read_form(client.get(page))
        assert not form["owner-1"]
        decided.append(page)
        # One for each field and one more to open the choices; from the owner to the due date the Tab key leads.
        clicks += len(entered) + len(("open the choices", "keep")) - len(("Tab",))
        page = client.post(page, form | entered | {"then": "next"})["Location"]
    assert [f"/cases/{one}/decision" for one in ORDER] == decided
    assert len(read_snapshot(site)) == 8
    assert clicks < 60


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}/take-back"])
def test_another_team_can_neither_read_nor_write_a_decision(site, sign_in, page) -> None:
    sign_in(Role.COORDINATOR, "KIR").post(PAGE, GOOD)
    other = sign_in(Role.COORDINATOR, "HUY")
    assert other.get(page).status_code == 404
    assert other.post(page, GOOD | {"based-on": basis(), "reason": "x"}).status_code == 404
    assert [review.outcome for review in read_snapshot(site)] == ["medication_review"]


def test_a_look_is_logged_before_the_page_is_shown(sign_in) -> None:
    from riskstrat.worklist.models import Look

    client = sign_in(Role.COORDINATOR, "KIR")
    client.get(PAGE)
    client.get(f"/cases/{CASE}/history")
    assert list(Look.objects.filter(user=client.user).order_by("pk").values_list("reference", "page")) == [
        (CASE, "decision"),
        (CASE, "history"),
    ]


def test_an_outcome_that_no_page_repeats_stands_on_no_overview(site, sign_in) -> None:
    client = sign_in(Role.COORDINATOR, "KIR")
    assert client.post(PAGE, GOOD | {"outcome-1": "safeguarding", "note": "A private remark"}).status_code == 302
    for page in (
        "/teams/KIR/list?status=Decided",
        "/teams/KIR/agenda",
        "/teams/KIR/agenda/paper",
        "/teams/KIR/actions",
    ):
        content = client.get(page).content.decode()
        assert CASE in content
        assert "afeguarding" not in content
        assert "A private remark" not in content
