"""What a refresh knows of people on a list that stands is said wherever they are worked on."""

from __future__ import annotations

from datetime import date

import pytest

from riskstrat.casefinding import KeptOff
from riskstrat.sources.refreshed import locate_refreshed
from riskstrat.worklist.roles import Role
from tests.suite.worklists import LIST_DATE, name_patient

DEAD, PUT_FORWARD = "KIR-057-I", "p-below-kir-3"
PAGES = ("/teams/KIR/list", "/teams/KIR/agenda", "/teams/KIR/agenda/paper", f"/cases/{DEAD}", f"/cases/{DEAD}/decision")
SAID = "Died since 17 November 2026, as known on 18 November 2026. Contact nobody about this case."


@pytest.fixture
def refreshed(site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One person on the list has died, and one whom somebody may put forward has moved."""
    told = [
        KeptOff(name_patient(DEAD), DEAD, "KIR", "died", date(2026, 11, 17), date(2026, 11, 18)),
        KeptOff(PUT_FORWARD, None, None, "moved away", None, date(2026, 11, 18)),
        KeptOff("p-well-again", "KIR-012-Q", "KIR", "in hospital now", None, LIST_DATE, LIST_DATE),
    ]
    monkeypatch.setattr("riskstrat.casefinding.kept_off._read_kept_off", lambda root: iter(told))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("refreshed")
def test_a_death_is_said_wherever_the_case_is_worked_on_and_of_nobody_else(sign_in, page: str) -> None:
    content = sign_in(Role.COORDINATOR, "KIR").get(page).content.decode()
    assert content.count(SAID) == 1
    assert content.count("Contact nobody about this case") == 1
    other = sign_in(Role.COORDINATOR, "KIR").get("/cases/KIR-012-Q").content.decode()
    assert "Contact nobody about this case" not in other


@pytest.mark.usefixtures("refreshed")
def test_somebody_put_forward_is_found_by_the_person(sign_in) -> None:
    client = sign_in(Role.CLINICIAN, "KIR")
    assert client.post("/teams/KIR/refer", {"patient_id": PUT_FORWARD, "reason": "Two falls"}).status_code == 302
    content = client.get("/teams/KIR/list").content.decode()
    reference = content.partition("Put forward for the next list")[2].partition("/cases/")[2].partition('"')[0]
    assert "Moved away, as known on 18 November 2026." in client.get(f"/cases/{reference}").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_where_the_refresh_cannot_be_read_every_case_is_warned_of(site, sign_in, page: str) -> None:
    path = locate_refreshed(site.root)
    path.parent.mkdir()
    path.write_text("{", encoding="utf-8")
    try:
        response = sign_in(Role.COORDINATOR, "KIR").get(page)
        assert response.status_code == 200
        assert "The statuses of the day cannot be read" in response.content.decode()
    finally:
        path.unlink()
        path.parent.rmdir()
