"""A case is found by its reference or number however it is typed, and never another one in its place."""

from __future__ import annotations

import pytest

from riskstrat.casefinding import reference
from riskstrat.worklist.roles import Role
from tests.suite.worklists import name_reserved

CASE = "KIR-012-Q"
XSS = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    "typed",
    [
        *("kir 012 q", "KIR-O12-Q", "Kir.012.Q", "kir 12", "KIR12", "12", "012", "12 q", "kir-12-Q", "O12", "１２"),
        *("kir012q", "012q", "KIR-012Q", "12q"),
    ],
)
def test_a_case_is_found_by_its_reference_however_it_is_typed(sign_in, typed) -> None:
    found = sign_in(Role.COORDINATOR, "KIR").get("/teams/KIR/find", {"reference": typed})
    assert found["Location"] == f"/cases/{CASE}/history"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("KIR-021-Q", "slip of the pen"),
        (reference("HUY", 101), "of this team"),
        (XSS, "of this team"),
        ("9" * 5000, "of this"),
        ("943 476 5919", "of this team"),
        ("9434765919", "slip of the pen"),
        ("0012", "more than three figures"),
        ("kir12l", "slip of the pen"),
        ("kir 999", "has that number"),
        ("0", "has that number"),
        (name_reserved("KIR", 1), "has that number"),
        ("201", "has that number"),
        ("huy 101", "of this team"),
        ("12-4", "slip of the pen"),
        ("kir", "of this team"),
    ],
)
def test_what_is_no_reference_of_the_team_is_not_repeated(sign_in, typed, words) -> None:
    found = sign_in(Role.COORDINATOR, "KIR").get("/teams/KIR/find", {"reference": typed})
    page = found.content.decode()
    assert (found.status_code, words in page) == (404, True)
    assert f'value="{typed}"' not in page
    assert len(typed) < 5 or typed not in page


def test_a_text_that_two_cases_can_be_meant_by_opens_neither(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.views import lists

    number = next(one for one in range(1, 100) if reference("KIR", one)[-1].isdigit())
    other, typed = reference("KIR", number), f"{number}{reference('KIR', number)[-1]}"
    client = sign_in(Role.COORDINATOR, "KIR")
    for known in ({other}, {other, reference("KIR", int(typed))}):
        monkeypatch.setattr(lists, "has_case", known.__contains__)
        page = client.get("/teams/KIR/find", {"reference": typed})
        assert page.status_code == 200
        assert "Which case is meant?" in page.content.decode()
        assert {
            one for one in (other, reference("KIR", int(typed))) if f"/cases/{one}/" in page.content.decode()
        } == known


def test_whoever_searched_in_vain_can_search_again_and_sees_a_case_of_the_own_list(sign_in) -> None:
    from riskstrat.worklist.models import Look

    client = sign_in(Role.COORDINATOR, "KIR")
    for page in (client.get("/teams/KIR/list"), client.get("/teams/KIR/find?reference=kir+999")):
        assert 'name="reference"' in page.content.decode()
        assert f"Such as {CASE}, or its number alone" in page.content.decode()
    client.get("/teams/KIR/find?reference=12", follow=True)
    assert list(Look.objects.order_by("pk").values_list("page", "reference")) == [("list", "KIR"), ("history", CASE)]
