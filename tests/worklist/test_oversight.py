"""Pages without people: counts for the manager, the model for the analyst, logs for the auditor, accounts."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from riskstrat.definitions.vocabulary import NO_ACTION, PUT_OFF
from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE


def decide(team: str, number: int, due: Any = None, done: Any = None, outcome: str = "telecare") -> None:
    """Decide about the first `number` people of a team's list, with one outcome each."""
    from django.utils import timezone

    from riskstrat.worklist.models import Action, Decision
    from riskstrat.worklist.published import find_current
    from riskstrat.worklist.store import find_or_open_case

    current = find_current()
    assert current is not None
    for person in current.list_people(team)[:number]:
        case = find_or_open_case(person.reference, f"p-{person.reference.lower()}", LIST_DATE)
        now = timezone.now()
        decision = Decision.objects.create(case=case, list_date=LIST_DATE, team=team, entered_at=now, kept_as="entry")
        Action.objects.create(decision=decision, outcome=outcome, due_on=due, done_on=done)


def read_rows(page: str) -> list[list[str]]:
    """The cells of each row of the last table of a page."""
    import re

    body = page.rpartition("<tbody")[2].partition("</tbody>")[0]
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in body.split("<tr>")[1:]]


# ---- Manager ----


def test_a_manager_sees_rounded_counts_by_team_and_no_reference(sign_in) -> None:
    from riskstrat.worklist.published import find_current

    current = find_current()
    assert current is not None
    listed = len(current.list_people("KIR"))
    decide("KIR", 3, due=LIST_DATE - timedelta(days=400))
    page = sign_in(Role.MANAGER).get("/figures").content.decode()
    rounded = "1 to 7" if listed < 8 else str(5 * ((listed + 2) // 5))
    assert read_rows(page) == [
        ["Kirkby locality hub", rounded, "1 to 7", "0", "1 to 7", "1 to 7"],
        ["Huyton locality hub", rounded, "0 (0%)", "0", "0", "0"],
    ]
    assert not any(one.reference in page for code in ("KIR", "HUY") for one in current.list_people(code))


def test_an_action_that_is_done_is_neither_open_nor_overdue(sign_in) -> None:
    decide("HUY", 2, due=LIST_DATE - timedelta(days=400), done=LIST_DATE)
    page = sign_in(Role.MANAGER).get("/figures").content.decode()
    assert read_rows(page)[1][4:] == ["0", "0"]


def test_a_case_that_is_put_off_as_well_is_decided(sign_in) -> None:
    from riskstrat.worklist.models import Action, Decision

    decide("KIR", 8, outcome=PUT_OFF)
    assert read_rows(sign_in(Role.MANAGER).get("/figures").content.decode())[0][2:4] == ["0 (0%)", "10"]
    for decision in Decision.objects.all():
        Action.objects.create(decision=decision, outcome="telecare")
    assert read_rows(sign_in(Role.MANAGER).get("/figures").content.decode())[0][2:4] == ["10 (100%)", "0"]


@pytest.mark.parametrize("outcome", NO_ACTION)
def test_an_outcome_by_which_nothing_is_done_is_no_open_action_for_anybody(sign_in, outcome) -> None:
    decide("KIR", 3, due=LIST_DATE - timedelta(days=400), outcome=outcome)
    counted = read_rows(sign_in(Role.MANAGER).get("/figures").content.decode())[0]
    assert counted[2:] == (["0 (0%)", "1 to 7", "0", "0"] if outcome == PUT_OFF else ["1 to 7", "0", "0", "0"])
    assert "KIR-" not in sign_in(Role.COORDINATOR, "KIR").get("/teams/KIR/actions").content.decode()


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 30, "0 (0%)"), (7, 30, "1 to 7"), (8, 30, "10 (33%)"), (3, 6, "1 to 7"), (0, 4, "0")],
)
def test_a_share_is_of_rounded_counts_and_hidden_where_either_is_small(part, whole, said) -> None:
    from riskstrat.documents import format_share

    assert format_share(part, whole) == said


# ---- Analyst ----


def test_an_analyst_sees_model_data_and_kinds_of_faults_and_nobody(sign_in) -> None:
    from django.utils import timezone

    from riskstrat.worklist.models import FaultReport, User
    from riskstrat.worklist.published import find_current
    from riskstrat.worklist.store import find_or_open_case

    current = find_current()
    assert current is not None
    reference = current.list_people("KIR")[0].reference
    case = find_or_open_case(reference, "p-secret", LIST_DATE)
    teller = User.objects.create_user("teller", "Tess Teller", Role.CLINICIAN)
    facts = {"reported_by": teller, "reported_at": timezone.now(), "owner": "lead", "due_on": LIST_DATE}
    FaultReport.objects.create(case=case, kind="moved", words="gone to Wirral", **facts)
    settled = {"settled_at": timezone.now(), "was_right": True}
    FaultReport.objects.create(case=case, kind="moved", words="gone to Wirral", **facts, **settled)
    page = sign_in(Role.ANALYST).get("/model").content.decode()
    assert f"{current.weekly.model}, version {current.weekly.version}" in page
    assert ["The person has moved away", "1", "1", "0"] in read_rows(page)
    assert not any(hidden in page for hidden in (reference, "p-secret", "Wirral", "Tess"))


def test_gates_and_papers_of_the_version_stand_on_the_page(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.views import oversight

    told = {"verdict": "It passed", "gates": [], "papers": ["model_card.md", "tripod.md"]}
    monkeypatch.setattr(oversight, "_describe_version", lambda current: told)
    page = sign_in(Role.ANALYST).get("/model").content.decode()
    assert "It passed" in page
    for name in told["papers"]:
        assert f'<a href="/model/papers/{name}">{name}</a>' in page


@pytest.mark.parametrize("name", ["nothing.md", "..%2f..%2friskstrat.toml", "%2Fetc%2Fpasswd", "model_card.md%00"])
def test_only_papers_of_the_version_are_sent(sign_in, name) -> None:
    assert sign_in(Role.ANALYST).get(f"/model/papers/{name}").status_code == 404


def test_a_paper_is_a_file_to_keep_and_never_a_page(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.views import oversight

    class Version:
        papers = {"model_card.md": b"# Card <script>alert(1)</script>"}  # noqa: RUF012

    monkeypatch.setattr(oversight, "_find_version", lambda current: Version())
    response = sign_in(Role.ANALYST).get("/model/papers/model_card.md")
    assert response.content == Version.papers["model_card.md"]
    assert response["Content-Disposition"] == 'attachment; filename="model_card.md"'
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")


# ---- Auditor ----


@pytest.fixture
def logged(sign_in):
    """Two people who looked at two cases, and one who changed something; the auditor's client."""
    from riskstrat.worklist.models import Edit, Look

    ann, bob = (sign_in(role, "KIR").user for role in (Role.CLINICIAN, Role.COORDINATOR))
    for user, reference in ((ann, "KIR-012-Q"), (bob, "KIR-013-X"), (ann, "KIR-013-X")):
        Look.objects.create(user=user, role=user.role, reference=reference, page="person")
    change = {"before": {"owner": "nurse", "version": 1}, "after": {"owner": "=HYPERLINK(1)", "version": 2}}
    Edit.objects.create(user=bob, reference="KIR-013-X", team_code="KIR", what="action", row="7", **change)
    return sign_in(Role.AUDITOR), ann, bob


def read_csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def test_an_auditor_finds_looks_by_account_reference_and_day(logged) -> None:
    from django.utils import timezone

    client, ann, _ = logged
    today = timezone.localdate()
    for query, lines in (
        ({}, 3),
        ({"user": ann.username}, 2),
        ({"user": ann.username.upper(), "reference": "kir-013-x"}, 1),
        ({"from_on": today, "to_on": today}, 3),
        ({"to_on": today - timedelta(days=1)}, 0),
        ({"from_on": today + timedelta(days=1)}, 0),
        ({"reference": "' OR 1=1 --"}, 0),
    ):
        assert f"{lines} line" in client.get("/log", query).content.decode(), query
        assert len(read_csv(client.get("/log/looks.csv", query))) == lines, query


@pytest.mark.parametrize(
    "query", [{"from_on": "yesterday"}, {"to_on": "2026-02-30"}, {"user": "a\x00b"}, {"user": "a" * 61}]
)
def test_a_filter_that_is_not_understood_is_said_and_shows_nothing(logged, query) -> None:
    response = logged[0].get("/log", query)
    assert response.status_code == 422
    assert "KIR-012-Q" not in response.content.decode()
    assert read_csv(logged[0].get("/log/looks.csv", query)) == []


def test_a_change_is_shown_from_what_to_what_and_its_csv_holds_no_formula(logged) -> None:
    client, _, bob = logged
    page = client.get("/log/edits").content.decode()
    assert "owner: nurse → =HYPERLINK(1)" in page
    assert "version: 1 → 2" in page
    (row,) = read_csv(client.get("/log/edits.csv"))
    assert (row["user_name"], row["reference"], row["what"]) == (bob.username, "KIR-013-X", "action")
    assert not any(cell.startswith("=") for cell in row.values())


def test_many_lines_are_leafed_through_and_the_filter_stays(logged) -> None:
    from riskstrat.worklist.models import Look

    client, ann, _ = logged
    Look.objects.bulk_create(Look(user=ann, role=ann.role, reference=f"KIR-{n:03}-A", page="person") for n in range(60))
    first = client.get("/log", {"user": ann.username}).content.decode()
    assert "62 lines" in first
    assert f"?page=2&amp;user={ann.username}" in first
    assert "KIR-059-A" in first
    assert "KIR-000-A" in client.get("/log", {"user": ann.username, "page": "2"}).content.decode()
    assert client.get("/log", {"page": "<script>"}).status_code == 200


def test_there_is_no_log_of_another_name(logged) -> None:
    assert logged[0].get("/log/users.csv").status_code == 404


# ---- Administrator ----


def save_account(client: Any, **changed: Any) -> Any:
    """Send the form of a new account with one team."""
    rows = {f"{kind}-{name}": 0 for kind in ("memberships", "standing_in") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = {"username": "new.one", "display_name": "New One", "role": "coordinator", "is_active": "on", **rows}
    team = {"memberships-TOTAL_FORMS": 1, "memberships-0-team_code": "KIR"}
    return client.post("/admin/worklist/user/add/", {**form, **team, **changed})


def test_a_made_account_gets_a_first_password_that_is_shown_once_and_must_be_changed(sign_in) -> None:
    import re

    from django.test import Client

    from riskstrat.worklist.models import Edit, User

    client = sign_in(Role.ADMINISTRATOR)
    page = save_account(client).content.decode()
    (password,) = re.findall(r"<code>([a-z2-9-]{24})</code>", page)
    user = User.objects.get(username="new.one")
    assert (user.check_password(password), user.must_change_password) == (True, True)
    assert user.team_codes() == {"KIR"}
    edit = Edit.objects.latest("pk")
    assert (edit.user, edit.before, edit.after["teams"]) == (client.user, None, ["KIR"])
    theirs = Client()
    theirs.post("/sign-in", {"username": "new.one", "password": password})
    assert theirs.get("/teams/KIR/list")["Location"].startswith("/account/password")
    shown = client.get(f"/admin/worklist/user/{user.pk}/change/").content.decode()
    assert not any(secret in shown for secret in (password, user.password, "scrypt"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "superuser"},
        {"memberships-0-team_code": "XXX"},
        {"username": "spaces in it"},
        {
            "standing_in-TOTAL_FORMS": 1,
            "standing_in-0-team_code": "HUY",
            "standing_in-0-for_whom": "Ann",
            "standing_in-0-from_on": "2026-11-20",
            "standing_in-0-to_on": "2026-11-19",
        },
    ],
)
def test_an_account_that_does_not_fit_is_refused_whole(sign_in, wrong) -> None:
    from riskstrat.worklist.models import Deputy, TeamMembership, User

    assert save_account(sign_in(Role.ADMINISTRATOR), **wrong).status_code == 200
    assert not User.objects.filter(username__in=["new.one", "spaces in it"]).exists()
    assert not TeamMembership.objects.exists()
    assert not Deputy.objects.exists()


def test_a_hash_that_is_sent_is_not_kept(sign_in) -> None:
    from riskstrat.worklist.models import User

    save_account(sign_in(Role.ADMINISTRATOR), password="scrypt$planted", must_change_password="", is_staff="on")
    user = User.objects.get(username="new.one")
    assert (user.password == "scrypt$planted", user.must_change_password, user.is_staff) == (False, True, False)


def run_action(client: Any, action: str, *users: Any) -> Any:
    return client.post("/admin/worklist/user/", {"action": action, "_selected_action": [user.pk for user in users]})


def test_an_administrator_mends_a_lost_password_and_a_lost_phone(sign_in) -> None:
    import re

    from django_otp.plugins.otp_totp.models import TOTPDevice

    administrator, other = sign_in(Role.ADMINISTRATOR), sign_in(Role.AUDITOR)
    page = run_action(administrator, "renew_password", other.user).content.decode()
    other.user.refresh_from_db()
    assert other.user.check_password(re.findall(r"<code>(.*?)</code>", page)[0])
    assert other.get("/log")["Location"].startswith("/sign-in")
    run_action(administrator, "remove_second_factor", other.user)
    assert not TOTPDevice.objects.filter(user=other.user).exists()


def test_nobody_resets_changes_or_closes_their_own_account_as_administrator(sign_in) -> None:
    client = sign_in(Role.ADMINISTRATOR)
    before = (client.user.password, client.user.role, client.user.is_active)
    run_action(client, "renew_password", client.user)
    run_action(client, "remove_second_factor", client.user)
    rows = {f"{kind}-{name}": 0 for kind in ("memberships", "standing_in") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    changed = {"username": client.user.username, "display_name": "Me", "role": "clinician", **rows}
    client.post(f"/admin/worklist/user/{client.user.pk}/change/", changed)
    client.user.refresh_from_db()
    assert (client.user.password, client.user.role, client.user.is_active) == before
    assert client.get("/admin/").status_code == 200


def test_a_locked_account_is_unlocked(sign_in) -> None:
    from django.test import Client

    from riskstrat.worklist.models import User

    user = User.objects.create_user("ann", "Ann", Role.MANAGER, "mallow-tern-43-gate")
    entry = {"username": "ann", "password": "a guess"}
    assert [Client().post("/sign-in", entry).status_code for _ in range(5)][-1] == 429
    run_action(sign_in(Role.ADMINISTRATOR), "unlock", user)
    assert Client().post("/sign-in", entry | {"password": "mallow-tern-43-gate"}).status_code == 302


def test_an_account_is_never_deleted(sign_in) -> None:
    client, other = sign_in(Role.ADMINISTRATOR), sign_in(Role.MANAGER)
    assert client.post(f"/admin/worklist/user/{other.user.pk}/delete/", {"post": "yes"}).status_code == 403
    run_action(client, "delete_selected", other.user)
    other.user.refresh_from_db()
    assert other.user.is_active
