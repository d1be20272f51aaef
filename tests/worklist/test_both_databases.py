"""What must hold of the database whichever it is: nothing lost, nothing twice, logs that only grow, digests alike."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from riskstrat.worklist.roles import Role
from riskstrat.workspace import Workspace
from tests.suite.postgres import PASSWORD
from tests.suite.worklists import LIST_DATE, make_site, make_site_on_postgres, name_reserved


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A started worklist on each kind of database."""
    from riskstrat.worklist.starting import start

    root = tmp_path_factory.mktemp(request.param) / "site"
    made = make_site_on_postgres(root) if request.param == "postgresql" else nullcontext(make_site(root))
    with made as workspace:
        start(workspace, demo=True)
        yield workspace


@pytest.fixture
def site(whole: Workspace) -> Workspace:
    """Django pointed at it; what a test writes stays, so each uses people of its own."""
    from riskstrat.worklist import point_at

    point_at(whole)
    return whole


def make_user(name: str) -> Any:
    from riskstrat.worklist.models import User

    return User.objects.create_user(name, name, Role.CLINICIAN)


def make_action(number: int) -> Any:
    from django.utils import timezone

    from riskstrat.worklist.models import Action, Decision
    from riskstrat.worklist.store import find_or_open_case

    case = find_or_open_case(f"KIR-{number}", f"p-{number}", LIST_DATE)
    facts = {"case": case, "list_date": LIST_DATE, "team": "Kirkby", "entered_at": timezone.now(), "kept_as": "entry"}
    return Action.objects.create(decision=Decision.objects.create(**facts), outcome="referred")


def test_a_change_on_an_old_page_is_refused_and_changes_nothing(site) -> None:
    from riskstrat.worklist.models import Edit
    from riskstrat.worklist.writing import ConflictError, update_row

    user, action = make_user("old.page"), make_action(500)
    update_row(action, 1, user, "KIR-500", owner="nurse")
    with pytest.raises(ConflictError) as refused:
        update_row(action, 1, user, "KIR-500", owner="doctor")
    assert refused.value.current.owner == "nurse"
    (edit,) = Edit.objects.filter(reference="KIR-500")
    assert (edit.before["owner"], edit.after["owner"]) == ("", "nurse")


def test_of_many_who_change_a_row_at_once_one_wins_and_the_others_are_told(site) -> None:
    from django.db import connection

    from riskstrat.worklist.models import Edit
    from riskstrat.worklist.writing import ConflictError, update_row

    user, action = make_user("at.once"), make_action(501)
    told: list[str] = []

    def change(owner: str) -> None:
        try:
            update_row(type(action).objects.get(pk=action.pk), 1, user, "KIR-501", owner=owner)
            told.append("kept")
        except ConflictError:
            told.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=(f"owner {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told.count("kept"), told.count("refused")) == (1, 7)
    assert Edit.objects.filter(reference="KIR-501").count() == 1


@pytest.mark.parametrize("entered", ["an attempt", "a report", "an objection"])
def test_a_form_that_is_sent_twice_at_once_is_kept_once_and_later_again(site, monkeypatch, entered: str) -> None:
    from django.db import connection
    from django.utils import timezone

    from riskstrat.worklist.models import Attempt, Case, Edit, FaultReport, Objection
    from riskstrat.worklist.releasing import record_objection
    from riskstrat.worklist.reporting import make_report
    from riskstrat.worklist.writing import create_once

    user = make_user(f"twice.{entered[-3:]}")
    case, _ = Case.objects.get_or_create(
        reference="KIR-012-Q",
        defaults={"team_code": "KIR", "patient_id": "p0", "opened_on": LIST_DATE},
    )
    now = timezone.now()

    def keep_attempt() -> None:
        given = {"tried_on": LIST_DATE, "how": "telephone", "reached": False, "tried_by": "AB"}
        create_once(
            Attempt(case=case, entered_by=user, entered_at=timezone.now(), **given), user, case.pk, "entered_at"
        )

    kind, enter = {
        "an attempt": (Attempt, keep_attempt),
        "a report": (FaultReport, lambda: make_report(case, "dead", "", user)),
        "an objection": (Objection, lambda: record_objection(case, "", user)),
    }[entered]
    kind.objects.filter(case=case).delete()
    edits = Edit.objects.count()

    def send() -> None:
        try:
            enter()
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (kind.objects.filter(case=case).count(), Edit.objects.count() - edits) == (1, 1)
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=60))
    send()
    assert (kind.objects.filter(case=case).count(), Edit.objects.count() - edits) == (2, 2)


SAME, OTHERS = ("KIR-012-Q", "KIR-012-Q"), ("KIR-057-I", "KIR-058-P")
RACES = {
    "the same person for the same case": (1, 1, SAME),
    "the same person for two cases": (2, 2, OTHERS),
    "two people for the same case": (1, 2, ("HUY-101-Q", "HUY-101-Q")),
}


@pytest.mark.parametrize("race", RACES)
def test_of_two_who_take_up_from_the_reserve_at_once_one_wins_and_the_other_is_told(site, monkeypatch, race) -> None:
    """Both have seen that the place is free before either writes."""
    from django.db import connection

    from riskstrat.worklist import reserving
    from riskstrat.worklist.models import Edit, TakenUp
    from riskstrat.worklist.published import find_current

    first, second, cases = RACES[race]
    code = cases[0][:3]
    people = [name_reserved(code, place) for place in (first, second)]
    users = [make_user(f"{race} {place}".replace(" ", ".")) for place in (1, 2)]
    meet, told = threading.Barrier(2, timeout=60), dict[str, str]()
    look = reserving.list_replaceable

    def look_together(*given: Any) -> list[str]:
        seen = look(*given)
        meet.wait()
        return seen

    monkeypatch.setattr(reserving, "list_replaceable", look_together)

    def take(place: int) -> None:
        try:
            current = find_current()
            assert current is not None
            team = current.find_team(code)
            assert team is not None
            reason = reserving.ReserveReason(cases[place], "declined")
            reserving.take_up(current, team, people[place], reason, users[place])
            told[users[place].username] = ""
        except reserving.NotTakenUpError as refused:
            told[users[place].username] = str(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (name for name, words in told.items() if not words)
    (words,) = filter(None, told.values())
    assert len(told) == 2
    assert words.startswith(f"{winner} has taken up "), words
    assert words.endswith("Nothing new was kept.")
    kept = TakenUp.objects.filter(taken_by__in=users)
    assert [one.taken_by.username for one in kept] == [winner]
    assert Edit.objects.filter(user__in=users).count() == 1


def test_of_one_case_on_one_list_one_decision_stands(site) -> None:
    from django.db import IntegrityError

    from riskstrat.worklist.models import Decision

    decision = make_action(502).decision
    values = {name: getattr(decision, name) for name in ("case", "list_date", "team", "entered_at", "kept_as")}
    with pytest.raises(IntegrityError):
        Decision.objects.create(**values)
    Decision.objects.filter(pk=decision.pk).update(stands=False)
    Decision.objects.create(**values)


def test_a_line_of_a_log_is_neither_changed_nor_deleted(site) -> None:
    from riskstrat.worklist.models import Look

    user = make_user("a.look")
    look = Look.objects.create(user=user, role=user.role, reference="KIR-503", page="person")
    with pytest.raises(TypeError):
        look.save()
    with pytest.raises(TypeError):
        look.delete()
    assert Look.objects.get(reference="KIR-503").page == "person"


def test_the_head_of_a_day_is_the_same_when_it_is_worked_out_again(site) -> None:
    from django.utils import timezone

    from riskstrat import audit
    from riskstrat.worklist import anchoring
    from riskstrat.worklist.models import Edit, Look

    user = make_user("a.head")
    Look.objects.create(user=user, role=user.role, reference="KIR-504", page="person")
    Edit.objects.create(user=user, reference="KIR-504", what="action", before={"b": 1, "a": None}, after={"ü": [True]})
    tomorrow = timezone.now() + timedelta(days=1, minutes=10)
    assert timezone.localdate() in anchoring.anchor(site.root, tomorrow)
    assert anchoring.find_changed_days(audit.read(site.root)) == []
    Edit.objects.filter(reference="KIR-504").update(after={"ü": [False]})
    assert len(anchoring.find_changed_days(audit.read(site.root))) == 1


def test_pages_and_filters_answer_on_either(site) -> None:
    from django.test import Client
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from riskstrat.worklist.models import User

    user, client = User.objects.get(role=Role.AUDITOR), Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.get(user=user).persistent_id
    session.save()
    for query, status in (
        ({}, 200),
        ({"user": "A.LOOK"}, 200),
        ({"reference": "' OR 1=1"}, 200),
        ({"user": "a\x00"}, 422),
    ):
        assert client.get("/log", query).status_code == status, query
    manager = User.objects.get(role=Role.MANAGER)
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/figures").status_code == 200


def test_no_address_of_a_database_is_written_to_the_folder(whole: Workspace) -> None:
    found = [path for path in Path(whole.root).rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert found == []
