"""Every address by every role, held against access.csv: a page without a rule or without a line there fails."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from riskstrat.worklist.roles import OF_TEAMS, SECOND_FACTOR, Role
from tests.suite.addresses import Address, list_addresses
from tests.suite.worklists import LIST_DATE, undo_after

TABLE = Path(__file__).with_name("access.csv")
STEPS = ("/sign-in", "/account/code", "/account/password", "/account/second-factor")
"""Where somebody is sent who has to do something first."""

LEAD_THERE = {"/admin/logout/", "/admin/password_change/"}
"""Pages whose very purpose is to lead to one of these."""

WAYS_IN = {"sign-in", "sign-in-provider", "sign-in-return"}
"""The pages that are open to everybody; those of a provider are tried in test_provider.py."""

OF_A_CODE = {"sign-out", "code", "second-factor", "begin-second-factor", "confirm-second-factor"}
OPEN_BEFORE_A_CODE = WAYS_IN | OF_A_CODE


SHOW_NOBODY = {"earlier-lists", "meeting"}
"""Pages of a team that show dates and the team's own words about its meeting, and no case."""


class Line(NamedTuple):
    """Who may open a page, as access.csv says: no roles for everybody, signed in or not."""

    roles: frozenset[str]
    of_team: bool


def read_table() -> dict[str, Line]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["page"] for row in rows}) == len(rows)
    return {row["page"]: Line(_read_roles(row["roles"]), row["of_team"] == "yes") for row in rows}


def _read_roles(said: str) -> frozenset[str]:
    everybody = {"everybody": frozenset[str](), "all": frozenset(role.value for role in Role)}
    return everybody[said] if said in everybody else frozenset(said.split(", "))


def find_line(address: Address, table: dict[str, Line]) -> Line | None:
    return table.get(address.name) or table.get(f"{address.name.partition(':')[0]}:*")


def fill(address: Address, team: str) -> str | None:
    from riskstrat.worklist.published import find_current

    current = find_current()
    assert current is not None
    reference = current.list_people(team)[0].reference
    return address.fill({"team_code": team, "reference": reference, "day": LIST_DATE.isoformat()}) or address.fill(
        {"team_code": team, "reference": reference}
    )


def is_refused(client: Any, method: str, path: str) -> bool:
    """Whether an address is closed to somebody; what it would have changed is taken back."""
    cookies = client.cookies.copy()
    with undo_after():
        response = getattr(client, method)(path)
    client.cookies = cookies
    sent_to = response.headers.get("Location", "").partition("?")[0]
    return response.status_code in (403, 404) or (sent_to in STEPS and path not in STEPS and path not in LEAD_THERE)


def test_every_address_has_a_line_and_every_line_an_address(site) -> None:
    table, addresses = read_table(), list_addresses()
    assert [each.name for each in addresses if find_line(each, table) is None] == []
    known = {each.name for each in addresses} | {f"{each.name.partition(':')[0]}:*" for each in addresses}
    assert set(table) - known == set()


def test_every_view_says_who_may_open_it_as_the_table_does(site) -> None:
    from riskstrat.worklist.access import find_rule

    table = read_table()
    for address in list_addresses():
        rule, line = find_rule(address.view), find_line(address, table)
        assert rule is not None, address.name
        assert line is not None, address.name
        open_to_all = not rule.roles and not rule.before_code
        assert (frozenset(rule.roles), rule.of_team) == line, address.name
        assert open_to_all == (address.name in WAYS_IN), address.name


def test_an_address_that_names_a_team_or_a_case_opens_to_those_who_work_with_that_team_alone(site) -> None:
    """Whatever access.csv says: so no manager or board comes to read a list of persons by a line added to both."""
    from riskstrat.worklist.access import REFERENCE, TEAM, find_rule

    named = [each for each in list_addresses() if {TEAM, REFERENCE} & set(each.parameters)]
    assert len(named) > 30
    for address in named:
        rule = find_rule(address.view)
        assert rule is not None, address.name
        assert rule.of_team, address.name
        assert rule.roles, address.name
        assert rule.roles <= OF_TEAMS, address.name


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_whoever_reads_counts_or_keeps_accounts_meets_no_person_at_any_address(sign_in, role) -> None:
    from riskstrat.worklist.published import find_current

    current = find_current()
    assert current is not None
    listed = [one.reference for code in ("KIR", "HUY") for one in current.list_people(code)]
    persons = {*listed, *current.read_patients("KIR").values(), *current.read_patients("HUY").values()}
    # Also where the account was made a member of a team: the role decides first.
    client, opened = sign_in(role, "KIR", "HUY"), 0
    for address in list_addresses():
        path = fill(address, "KIR")
        response = client.get(path) if path and address.name != "sign-out" else None
        if response is not None and response.status_code == 200:
            body = b"".join(response.streaming_content) if response.streaming else response.content
            text, opened = body.decode(errors="replace"), opened + 1
            assert not [who for who in persons if who in text], path
    assert opened > 3


@pytest.mark.parametrize("role", sorted(OF_TEAMS))
def test_each_page_that_shows_a_case_or_a_teams_cases_is_logged_as_a_look(sign_in, role) -> None:
    from riskstrat.worklist.access import find_rule
    from riskstrat.worklist.models import Look

    client, opened = sign_in(role, "KIR"), 0
    for address in list_addresses():
        rule, path = find_rule(address.view), fill(address, "KIR")
        if not (rule and rule.of_team and path) or address.name in SHOW_NOBODY:
            continue
        before = Look.objects.count()
        if client.get(path).status_code == 200:
            assert Look.objects.count() > before, address.name
            opened += 1
    assert opened > 10 or role == Role.SOCIAL_CARE


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", list(Role))
def test_each_page_opens_to_its_roles_and_teams_and_to_nobody_else(sign_in, role, method) -> None:
    from django.db import connection

    tried = try_addresses(sign_in, role, method, of_any_role=False, refused=connection.vendor == "sqlite")
    assert tried > (10 if connection.vendor == "sqlite" else 3)


@pytest.mark.exhaustive
@pytest.mark.parametrize("role", list(Role))
def test_no_page_of_another_role_or_team_opens_on_any_database(sign_in, role) -> None:
    assert try_addresses(sign_in, role, "get", of_any_role=True, refused=True) > 10


def try_addresses(sign_in: Any, role: Role, method: str, *, of_any_role: bool, refused: bool) -> int:
    """Holds what an address answers to a role against the table; gives how many were tried.

    of_any_role: for both teams also where the role alone keeps somebody out. refused: also what the role may not open;
    that is refused before any query, so SQLite tells it for both databases.
    """
    table = read_table()
    client = sign_in(role, *(["KIR"] if role in OF_TEAMS else []))
    tried = 0
    for address in list_addresses():
        line = find_line(address, table)
        assert line is not None
        both = line.of_team and (of_any_role or role.value in line.roles)
        for team in ("KIR", "HUY") if both else ("KIR",):
            path = fill(address, team)
            if path is None or not line.roles or address.name in OPEN_BEFORE_A_CODE:
                continue
            if address.name in ("released-case", "take-back", "take-back-referral"):
                continue  # nothing is released, decided or put forward here; tests of their own look at them
            may = role.value in line.roles and (team == "KIR" or not line.of_team)
            if not may and not refused:
                continue
            is_closed = is_refused(client, method, path)
            if may and set(address.parameters) - {"team_code", "reference", "day"}:
                continue  # what such an address names may not be there
            assert is_closed != may, f"{method} {path} as {role}"
            tried += 1
    return tried


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_who_is_not_signed_in_opens_anything_but_the_way_in(site, method) -> None:
    from django.test import Client

    client = Client()
    for address in list_addresses():
        path = fill(address, "KIR")
        if path is not None and address.name not in WAYS_IN:
            client.cookies.clear()
            response = getattr(client, method)(path)
            assert response.status_code == 302, path
            assert response["Location"].partition("?")[0] == "/sign-in", path


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", sorted(SECOND_FACTOR))
def test_without_the_code_a_role_that_needs_one_opens_nothing(sign_in, role, method) -> None:
    client = sign_in(role)
    session = client.session
    del session["otp_device_id"]
    session.save()
    for address in list_addresses():
        path = fill(address, "KIR")
        if path is not None and address.name not in OPEN_BEFORE_A_CODE:
            response = getattr(client, method)(path)
            assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/account/code"), path


@pytest.mark.parametrize("role", sorted(OF_TEAMS))
def test_a_member_of_no_team_sees_no_team(sign_in, role) -> None:
    client = sign_in(role)
    assert client.get("/teams/KIR/list").status_code in (403, 404)


def test_a_deputy_sees_a_team_on_the_days_agreed_and_no_longer(sign_in) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from riskstrat.worklist.models import Deputy

    today = timezone.localdate()
    client = sign_in(Role.COORDINATOR, "KIR")
    for begins, ends, status in ((1, 9, 404), (-9, -1, 404), (0, 0, 200)):
        days = {"from_on": today + timedelta(days=begins), "to_on": today + timedelta(days=ends)}
        Deputy.objects.create(user=client.user, team_code="HUY", for_whom="A colleague", **days)
        assert client.get("/teams/HUY/list").status_code == status


def test_a_view_that_says_nothing_opens_to_nobody(sign_in) -> None:
    from django.core.exceptions import PermissionDenied
    from django.test import RequestFactory

    from riskstrat.worklist.access import RequireRule

    request = RequestFactory().get("/")
    request.user = sign_in(Role.ADMINISTRATOR).user  # type: ignore[assignment]
    with pytest.raises(PermissionDenied):
        RequireRule(lambda _: None).process_view(request, lambda _: None, (), {})  # type: ignore[arg-type,return-value]


def test_the_administration_knows_accounts_and_nothing_about_people(site) -> None:
    from riskstrat.worklist.models import User
    from riskstrat.worklist.views import administration

    assert list(administration.site._registry) == [User]
    inlines = {row.model.__name__ for row in administration.AccountAdmin.inlines}
    assert inlines == {"TeamMembership", "Deputy"}
