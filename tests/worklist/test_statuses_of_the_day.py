"""What a refresh knows of people on a list that stands is said wherever they are worked on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from riskstrat.casefinding import KeptOff
from riskstrat.errors import SourceError
from riskstrat.sources.refreshed import locate_refreshed
from riskstrat.worklist.roles import Role
from tests.suite.worklists import BEFORE, LIST_DATE, name_patient

DEAD, PUT_FORWARD = "KIR-057-I", "p-below-kir-3"
PAGES = (
    *("/teams/KIR/list", "/teams/KIR/agenda", "/teams/KIR/agenda/paper", f"/cases/{DEAD}", f"/cases/{DEAD}/decision"),
    *(f"/cases/{DEAD}/{page}" for page in ("history", "attempts", "release")),
)
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


def make_action(reference: str) -> Any:
    """An action to be done about a case of the list of before."""
    from riskstrat.worklist.models import Action, Decision
    from riskstrat.worklist.store import find_or_open_case

    case = find_or_open_case(reference, name_patient(reference), BEFORE)
    made = {"team": "KIR", "entered_at": datetime(2026, 11, 9, tzinfo=UTC), "kept_as": "entry"}
    decision = Decision.objects.create(case=case, list_date=BEFORE, **made)
    return Action.objects.create(decision=decision, outcome="telecare", due_on=LIST_DATE)


@pytest.mark.usefixtures("refreshed")
def test_no_action_is_chased_about_somebody_who_has_died(sign_in) -> None:
    action, _ = make_action(DEAD), make_action("KIR-012-Q")
    client = sign_in(Role.COORDINATOR, "KIR")
    for page, times in (("/teams/KIR/actions", 1), (f"/cases/{DEAD}/actions/{action.pk}", 1), ("/teams/KIR/agenda", 2)):
        assert client.get(page).content.decode().count(SAID) == times, page
    calendar = client.get("/teams/KIR/actions.ics").content.decode()
    assert f"SUMMARY:{DEAD}: contact nobody\\, open the worklist first" in calendar
    assert "SUMMARY:KIR-012-Q: an action is due" in calendar
    assert "died" not in calendar.lower()
    sequences = [line for line in calendar.splitlines() if line.startswith("SEQUENCE:")]
    assert sorted(sequences) == ["SEQUENCE:0", "SEQUENCE:1"]


@pytest.mark.usefixtures("refreshed")
def test_social_care_is_told_that_something_changed_and_no_fact_and_no_cause(sign_in) -> None:
    from riskstrat.worklist.releasing import release_case
    from riskstrat.worklist.store import find_or_open_case

    user = sign_in(Role.COORDINATOR, "KIR").user
    for reference in (DEAD, "KIR-012-Q"):
        case = find_or_open_case(reference, name_patient(reference), LIST_DATE)
        release_case(case, user, basis="Consent", fields=["age_band"], council_reference="")
    client = sign_in(Role.SOCIAL_CARE, "KIR")
    page = client.get(f"/released/{DEAD}").content.decode()
    assert "Something has changed about this person since the list" in page
    assert "Age band" not in page
    assert "ied since" not in page
    assert "Age band" in client.get("/released/KIR-012-Q").content.decode()
    assert client.get("/released/").content.decode().count("Something has changed") == 1


def test_where_it_cannot_be_told_social_care_is_not_told_that_something_changed(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.releasing import release_case
    from riskstrat.worklist.store import find_or_open_case

    def refuse(*_: object) -> Any:
        raise SourceError("damaged")

    user = sign_in(Role.COORDINATOR, "KIR").user
    case = find_or_open_case("KIR-012-Q", name_patient("KIR-012-Q"), LIST_DATE)
    release_case(case, user, basis="Consent", fields=["age_band"], council_reference="")
    monkeypatch.setattr("riskstrat.worklist.statuses.read_kept_off", refuse)
    client = sign_in(Role.SOCIAL_CARE, "KIR")
    for page in ("/released/", "/released/KIR-012-Q"):
        content = client.get(page).content.decode()
        assert "It cannot be told today whether anything has changed" in content
        assert "Something has changed" not in content
        assert "Age band" not in content


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
