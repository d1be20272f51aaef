"""The reserve: shown apart, taken up once in place of a case that fell through, and listed from then on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from riskstrat.casefinding import DIED, KNOWN, KeptOff
from riskstrat.reviews import FromReserve
from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE, name_reserved

FIRST, SECOND = name_reserved("KIR", 1), name_reserved("KIR", 2)
FELL, OTHER_CASE = "KIR-012-Q", "KIR-057-I"
RESERVE = "/teams/KIR/reserve"
GIVEN = {"in_place_of": FELL, "why": "declined", "words": "", "checked": "yes", "edition": f"{LIST_DATE} 1"}


def send(client: Any, reference: str = FIRST, **changes: str) -> Any:
    return client.post(f"/reserve/{reference}", GIVEN | changes)


def read(client: Any, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return str(response.content.decode())


@pytest.fixture
def coordinator(sign_in: Callable[..., Any]) -> Any:
    return sign_in(Role.COORDINATOR, "KIR")


def test_the_reserve_stands_apart_and_nobody_of_it_has_a_page(coordinator, sign_in) -> None:
    clinician = sign_in(Role.CLINICIAN, "KIR")
    for client in (coordinator, clinician):
        said = read(client, RESERVE)
        assert "Nobody here is listed." in said
        assert said.index(FIRST) < said.index(SECOND)
        assert "p-below" not in said
        assert FIRST not in read(client, "/teams/KIR/list") + read(client, "/teams/KIR/agenda")
        assert client.get(f"/cases/{FIRST}").status_code == 404
        assert client.get(f"/cases/{FIRST}/decision").status_code == 404
    assert f'href="/reserve/{FIRST}"' in read(coordinator, RESERVE)
    assert f'href="/reserve/{FIRST}"' not in read(clinician, RESERVE)


def test_whoever_is_taken_up_is_listed_from_then_on(coordinator, monday_after) -> None:
    from riskstrat.worklist.models import Case, Edit, Look, TakenUp

    assert "Take up" in read(coordinator, f"/reserve/{FIRST}")
    assert send(coordinator)["Location"] == f"/cases/{FIRST}"
    case, row = Case.objects.get(), TakenUp.objects.get()
    assert (case.reference, case.patient_id) == (FIRST, "p-below-kir-1")
    assert (row.case, row.list_date, row.in_place_of, row.why) == (case, LIST_DATE, FELL, "declined")
    assert row.taken_by == coordinator.user
    assert Edit.objects.get(reference=FIRST).after["in_place_of"] == FELL
    page = read(coordinator, f"/cases/{FIRST}")
    assert f"in place of {FELL}" in page
    for path in ("list", "agenda", "agenda/paper", "agenda/order"):
        assert FIRST in read(coordinator, f"/teams/KIR/{path}"), path
    assert f"{FIRST} was taken up in its place" in read(coordinator, "/teams/KIR/list")
    assert FIRST not in read(coordinator, RESERVE).partition("Taken up</h2>")[0]
    assert "Taken up from the reserve" in read(coordinator, f"/cases/{FIRST}/history")
    assert "Fell through" in read(coordinator, f"/cases/{FELL}/history")
    looks = set(Look.objects.values_list("page", "reference"))
    assert {("reserve", "KIR"), ("take up from the reserve", FIRST), ("person", FIRST)} <= looks


def test_a_decision_about_them_is_kept_as_about_anybody_listed(site, coordinator) -> None:
    from riskstrat.worklist.exporting import gather_decisions, gather_notices
    from riskstrat.worklist.store import DatabaseReviewStore

    send(coordinator)
    day = f"{LIST_DATE:%d/%m/%Y}"
    entered = {"edition": f"{LIST_DATE} 1", "checked": "yes", "outcome-1": "telecare", "owner-1": "AB", "agree": "yes"}
    done = coordinator.post(f"/cases/{FIRST}/decision", entered | {"decided-on": day, "decided-by": "Dr Aspin"})
    assert done.status_code == 302
    store, today = DatabaseReviewStore(site), timezone.localdate()
    (review,) = store.take_snapshot(date.max).reviews
    assert (review.patient_id, review.list_date, review.outcome) == ("p-below-kir-1", LIST_DATE, "telecare")
    (told,) = store.take_notices(today + timedelta(days=1)).taken_up
    assert told == FromReserve("p-below-kir-1", "KIR", 201, LIST_DATE, today)
    assert store.take_notices(today).taken_up == ()
    assert gather_notices(store, today).taken_up == (told,)
    assert [one.reviews for one in gather_decisions(store)] == [(review,)]


def test_nobody_is_taken_up_twice_nor_two_in_place_of_one(sign_in) -> None:
    from riskstrat.worklist.models import TakenUp

    ann, ben = (sign_in(Role.COORDINATOR, "KIR") for _ in range(2))
    send(ann)
    again = send(ben, in_place_of=OTHER_CASE)
    assert again.status_code == 409
    assert f"{ann.user.display_name} has taken up {FIRST} already" in again.content.decode()
    second = send(ben, SECOND)
    assert second.status_code == 400
    assert (
        "Choose a case of this list that is not decided and that nobody was taken up in place of"
        in second.content.decode()
    )
    assert TakenUp.objects.count() == 1
    assert send(ben, SECOND, in_place_of=FIRST).status_code == 302


@pytest.mark.parametrize(
    ("outcome", "offered"),
    [
        *((kept, False) for kept in ("telecare", "monitor", "deferred", "other")),
        *((ended, True) for ended in ("died", "declined", "in_hospital", "no_action_well_supported")),
        *((ended, True) for ended in ("could_not_contact", "data_error")),
    ],
)
@pytest.mark.usefixtures("monday_after")
def test_a_decided_case_is_offered_only_where_it_ended(coordinator, outcome: str, offered: bool) -> None:
    entered = {"edition": f"{LIST_DATE} 1", "based-on": "", "outcome-1": outcome, "decided-on": f"{LIST_DATE:%d/%m/%Y}"}
    assert coordinator.post(f"/cases/{FELL}/decision", entered).status_code == 302
    page = read(coordinator, f"/reserve/{FIRST}")
    assert (f'value="{FELL}"' in page, f'value="{OTHER_CASE}"' in page) == (offered, True)
    assert send(coordinator).status_code == (302 if offered else 400)


def test_the_agenda_leads_to_the_reserve(coordinator) -> None:
    assert f'href="{RESERVE}"' in read(coordinator, "/teams/KIR/agenda")


def test_of_two_coordinators_at_once_one_wins(sign_in, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen the same reserve; the second to write finds the row of the first."""
    from riskstrat.worklist import reserving
    from riskstrat.worklist.models import TakenUp
    from riskstrat.worklist.published import find_current

    ann, ben = (sign_in(Role.COORDINATOR, "KIR") for _ in range(2))
    before = find_current()
    assert before is not None
    send(ann)
    seen = [
        (FIRST, reserving.ReserveReason(OTHER_CASE, "died"), f"has taken up {FIRST} already"),
        (SECOND, reserving.ReserveReason(FELL, "died"), f"has taken up {FIRST} in place of {FELL} already"),
    ]
    monkeypatch.setattr(reserving, "list_replaceable", lambda *given: [FELL, OTHER_CASE])
    for reference, reason, words in seen:
        with pytest.raises(reserving.NotTakenUpError, match=words):
            reserving.take_up(before, before.weekly.team("KIR"), reference, reason, ben.user)
    assert TakenUp.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"checked": ""}, "then tick that you have"),
        ({"why": "bored"}, "Choose one of the answers that are offered"),
        ({"why": ""}, "Choose how the case fell through"),
        ({"in_place_of": "HUY-101-0"}, "Choose a case of this list"),
        ({"in_place_of": SECOND}, "Choose a case of this list"),
        ({"words": "NHS 943 476 5919"}, "Leave out NHS numbers"),
    ],
)
def test_what_does_not_hold_is_said_beside_its_field_and_nothing_is_kept(coordinator, changes, words) -> None:
    from riskstrat.worklist.models import Case, TakenUp

    refused = send(coordinator, **changes)
    assert refused.status_code == 400
    assert words in refused.content.decode()
    assert not TakenUp.objects.exists()
    assert not Case.objects.exists()


@pytest.mark.parametrize("reference", [name_reserved("HUY", 1), "KIR-5001-0", "KIR-012-Q", "../../etc", "x"])
def test_nobody_outside_the_reserve_of_the_own_team_is_taken_up(coordinator, reference: str) -> None:
    from riskstrat.worklist.models import Case, TakenUp

    assert send(coordinator, reference).status_code in (404, 409)
    assert not TakenUp.objects.exists()
    assert not Case.objects.exists()


def test_a_page_of_another_edition_keeps_nothing(coordinator) -> None:
    from riskstrat.worklist.models import TakenUp

    refused = send(coordinator, edition=f"{LIST_DATE} 2")
    assert refused.status_code == 409
    assert "Another list has taken the place" in refused.content.decode()
    assert not TakenUp.objects.exists()


def test_whoever_was_taken_up_of_an_edition_that_is_gone_changes_nothing_of_this_one(site, coordinator) -> None:
    from riskstrat.worklist.models import Case, TakenUp

    for reference in (FELL, "KIR-333-X"):
        case = Case.objects.create(reference=reference, team_code="KIR", patient_id="p", opened_on=LIST_DATE)
        told = {"taken_by": coordinator.user, "taken_at": timezone.now(), "why": "died", "in_place_of": reference}
        TakenUp.objects.create(case=case, list_date=LIST_DATE, edition=1, **told)
    for path in ("/teams/KIR/list", "/teams/KIR/agenda", RESERVE, f"/cases/{FELL}", f"/cases/{FELL}/decision"):
        assert "KIR-333-X</a>" not in read(coordinator, path).partition("Taken up</h2>")[0]
    assert send(coordinator, in_place_of=OTHER_CASE).status_code == 302


def test_a_place_that_somebody_held_in_an_edition_that_is_gone_can_be_filled_again(coordinator) -> None:
    from riskstrat.worklist.models import Case, TakenUp

    case = Case.objects.create(reference="KIR-333-X", team_code="KIR", patient_id="p", opened_on=LIST_DATE)
    told = {"taken_by": coordinator.user, "taken_at": timezone.now(), "why": "died", "in_place_of": FELL}
    TakenUp.objects.create(case=case, list_date=LIST_DATE, edition=2, **told)
    for path in ("/teams/KIR/list", "/teams/KIR/agenda", RESERVE, f"/cases/{FELL}"):
        assert "KIR-333-X" not in read(coordinator, path), path
    assert send(coordinator).status_code == 302
    assert f"{FIRST} was taken up in its place" in read(coordinator, f"/cases/{FELL}")
    assert send(coordinator, SECOND).status_code == 400


def test_a_status_of_the_day_bars_whoever_it_is_about(coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    from riskstrat.worklist import statuses
    from riskstrat.worklist.models import TakenUp

    said = KeptOff("p-below-kir-1", None, None, DIED, LIST_DATE, LIST_DATE)
    monkeypatch.setattr(statuses, "read_kept_off", lambda root, on: {})
    monkeypatch.setattr(statuses, "read_kept_off_patients", lambda root, on: {said.patient_id: said})
    shown = read(coordinator, RESERVE)
    assert "Died since 16 November 2026" in shown
    assert f'href="/reserve/{FIRST}"' not in shown
    assert f'href="/reserve/{SECOND}"' in shown
    refused = send(coordinator)
    assert (refused.status_code, TakenUp.objects.count()) == (409, 0)
    assert f"{FIRST} cannot be taken up. Died since" in refused.content.decode()


def test_that_a_team_holds_somebody_bars_the_reserve_of_another_and_warns_of_no_case_of_its_own(
    coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskstrat.worklist import statuses
    from riskstrat.worklist.models import Case

    Case.objects.create(reference=FELL, team_code="KIR", patient_id="p-kir-012", opened_on=LIST_DATE)
    Case.objects.create(reference="KIR-5001-1", team_code="KIR", patient_id="p-forward", opened_on=LIST_DATE)
    of_huyton = KeptOff("p-kir-012", name_reserved("HUY", 1), "Huyton locality hub", KNOWN, None, LIST_DATE)
    own = KeptOff("p-below-kir-1", FIRST, "Kirkby locality hub", KNOWN, None, LIST_DATE)
    without = KeptOff("p-forward", None, None, KNOWN, None, LIST_DATE)
    every = (of_huyton, own, without)
    by_reference = {one.reference: one for one in every if one.reference}
    monkeypatch.setattr(statuses, "read_kept_off", lambda root, on: by_reference)
    monkeypatch.setattr(statuses, "read_kept_off_patients", lambda root, on: {one.patient_id: one for one in every})
    assert list(statuses.find_warnings([FELL, "KIR-5001-1"])) == ["KIR-5001-1"]
    assert send(coordinator).status_code == 409
    assert send(coordinator, SECOND).status_code == 302


def test_where_the_statuses_cannot_be_read_nobody_is_taken_up(coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    from riskstrat.errors import SourceError
    from riskstrat.worklist import statuses
    from riskstrat.worklist.models import TakenUp

    def fail(root: object, on: object) -> None:
        raise SourceError("damaged")

    monkeypatch.setattr(statuses, "read_kept_off", fail)
    assert send(coordinator).status_code == 409
    assert not TakenUp.objects.exists()


def test_whoever_was_put_forward_or_reported_waits_under_their_own_case(coordinator, sign_in) -> None:
    from riskstrat.worklist.models import Case, FaultReport, TakenUp

    clinician = sign_in(Role.CLINICIAN, "KIR")
    clinician.post("/teams/KIR/refer", {"patient_id": "p-below-kir-1", "reason": "Two falls"})
    assert send(coordinator).status_code == 409
    other = Case.objects.create(reference="HUY-300-0", team_code="HUY", patient_id="p-below-kir-2", opened_on=LIST_DATE)
    told = {"kind": "dead", "words": "w", "owner": "o", "reported_by": clinician.user}
    now = timezone.now()
    FaultReport.objects.create(case=other, reported_at=now, due_on=timezone.localdate(now), **told)
    assert send(coordinator, SECOND).status_code == 409
    assert not TakenUp.objects.exists()


def test_nobody_is_taken_up_again_under_another_reference(coordinator) -> None:
    from riskstrat.worklist.models import Case, TakenUp

    case = Case.objects.create(reference="KIR-333-X", team_code="KIR", patient_id="p-below-kir-1", opened_on=LIST_DATE)
    told = {"taken_by": coordinator.user, "taken_at": timezone.now(), "why": "died", "in_place_of": OTHER_CASE}
    row = TakenUp.objects.create(case=case, list_date=LIST_DATE, edition=1, **told)
    refused = send(coordinator)
    assert refused.status_code == 409
    assert f"{FIRST} cannot be taken up. They were taken up already, as KIR-333-X." in refused.content.decode()
    assert send(coordinator, SECOND).status_code == 302
    TakenUp.objects.filter(pk=row.pk).update(list_date=LIST_DATE - timedelta(weeks=1))
    assert send(coordinator, in_place_of="KIR-058-P").status_code == 302


def test_how_a_case_fell_through_is_told_to_its_person_and_not_to_whoever_was_taken_up(coordinator) -> None:
    from riskstrat.worklist.disclosing import gather_held_in_worklist
    from riskstrat.worklist.models import Case

    Case.objects.create(reference=FELL, team_code="KIR", patient_id="p-fell", opened_on=LIST_DATE)
    assert send(coordinator, why="moved", words="Went to live with family").status_code == 302
    own = {one["title"]: one["rows"] for one in gather_held_in_worklist("p-fell")}
    ((row,),) = (rows for title, rows in own.items() if "fell through" in title)
    assert (row["in_place_of"], row["why"], row["words"]) == (FELL, "moved", "Went to live with family")
    assert FIRST not in str(own)
    other = str(gather_held_in_worklist("p-below-kir-1"))
    assert f"{LIST_DATE}" in other
    assert [word for word in (FELL, "moved", "live with family") if word in other] == []


def test_whoever_was_taken_up_is_not_put_forward_again(coordinator, sign_in) -> None:
    from riskstrat.worklist.models import Referral

    send(coordinator)
    clinician = sign_in(Role.CLINICIAN, "KIR")
    done = clinician.post("/teams/KIR/refer", {"patient_id": "p-below-kir-1", "reason": "Two falls"}, follow=True)
    assert f"has the case {FIRST} already" in done.content.decode()
    assert not Referral.objects.exists()


def test_a_list_without_a_reserve_says_nothing_of_one(coordinator) -> None:
    assert "Reserve" in read(coordinator, "/teams/KIR/list")
    before = LIST_DATE - timedelta(weeks=1)
    assert "Reserve" not in read(coordinator, f"/teams/KIR/lists/{before}")
