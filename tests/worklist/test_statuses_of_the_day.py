"""What a refresh knows of people on a list that stands is said wherever they are worked on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from riskstrat import casefinding
from riskstrat.casefinding import KeptOff
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.errors import PublicationError, SourceError
from riskstrat.publication import PublishedList
from riskstrat.sources.refreshed import COLUMNS, Refreshed, describe_refresh, locate_refreshed
from riskstrat.worklist import published
from riskstrat.worklist.roles import Role
from riskstrat.workspace import Workspace
from tests.suite.hand_made import MODEL
from tests.suite.worklists import BEFORE, LIST_DATE, change_everyone, forget_lists, name_patient

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


# ---- What no refresh brought, but an ingest: the list knows, and the case is on it no more ----

GONE = casefinding.reference("KIR", 99)
"""A case of an earlier list that is not on the latest."""

NOT_AMONG = "Not among the people from whom the list of 16 November 2026 was made for this team"


@pytest.fixture
def gone(sign_in) -> Any:
    """A client, and an action about somebody below the line of the latest list: `p-below-kir-1`."""
    from riskstrat.worklist.models import Case

    action = make_action("KIR-012-Q")
    case = Case.objects.create(reference=GONE, team_code="KIR", patient_id="p-below-kir-1", opened_on=BEFORE)
    action.decision.case = case
    action.decision.save()
    return sign_in(Role.COORDINATOR, "KIR"), action


def count_warnings(client: Any, action: Any) -> list[int]:
    """How often each page on which the case is worked on says so."""
    pages = ("/teams/KIR/actions", "/teams/KIR/agenda", f"/cases/{GONE}/actions/{action.pk}", f"/cases/{GONE}/attempts")
    told = [client.get(page).content.decode() for page in pages]
    return [page.count("Contact nobody about") for page in told]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, NOT_AMONG),
        ({"team": "Huyton locality hub"}, NOT_AMONG),
        ({"place": "excluded", "reason": "died"}, "Died, by the list of 16 November 2026."),
        ({"place": "excluded", "reason": "in hospital now"}, "In hospital now, by the list of 16 November 2026."),
    ],
)
def test_what_the_latest_list_alone_knows_is_said_wherever_an_earlier_case_is_worked_on(
    gone, monkeypatch, values, said
) -> None:
    change_everyone(monkeypatch, "p-below-kir-1", **values)
    client, action = gone
    assert count_warnings(client, action) == [1, 1, 1, 1]
    assert said in client.get("/teams/KIR/actions").content.decode()
    assert f"SUMMARY:{GONE}: contact nobody" in client.get("/teams/KIR/actions.ics").content.decode()


@pytest.fixture
def statuses(site) -> Any:
    """The module, which can be read once Django is set up."""
    from riskstrat.worklist import statuses

    return statuses


ALREADY = {"feature": "stays_365d", "at_least": 5, "says": "had five stays"}


@pytest.mark.parametrize(
    ("cohort", "told"),
    [
        ({"index": "live_discharge"}, False),
        ({"already": ALREADY}, False),
        ({"max_age": 74}, False),
        ({"min_age": 65}, True),
        (None, True),
    ],
)
def test_absence_is_told_only_where_nobody_well_drops_out_of_the_list_by_its_recipe(
    site, statuses, gone, monkeypatch, cohort, told
) -> None:
    from django.conf import settings

    recipe = site.recipes[MODEL]
    recipes = {MODEL: recipe.model_copy(update={"cohort": CohortRecipe.model_validate(cohort)})} if cohort else {}
    monkeypatch.setattr(settings, "RISKSTRAT_WORKSPACE", replace(site, recipes=recipes))
    change_everyone(monkeypatch, "p-below-kir-1", team="Huyton locality hub", place="excluded", reason="died")
    assert statuses.find_warning(GONE).startswith("Died, by the list of 16 November 2026.")
    change_everyone(monkeypatch, "p-below-kir-1")
    assert count_warnings(*gone) == [int(told)] * 4


def write_refresh(site: Workspace, as_at: date, what: str, known_on: date) -> None:
    """What a refresh left that says something of the person who is on the latest list no more."""
    told = KeptOff("p-below-kir-1", GONE, "KIR", what, None, known_on)
    found = describe_refresh(Refreshed(2, as_at, dict.fromkeys(COLUMNS, ())), {}) | {"kept_off": [told.describe()]}
    path = locate_refreshed(site.root)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")


@pytest.fixture
def unrefreshed(site) -> Iterator[Workspace]:
    """The site, whose refresh of a test is removed after it."""
    yield site
    shutil.rmtree(locate_refreshed(site.root).parent, ignore_errors=True)


@pytest.mark.parametrize(
    ("as_at", "known_on", "by_refresh", "by_list", "said"),
    [
        (12, 12, "in hospital now", "died", "Died, by the list of 16 November 2026"),
        (12, 12, "died", "in hospital now", "In hospital now, by the list of 16 November 2026"),
        (16, 16, "in hospital now", "died", "Died, by the list of 16 November 2026"),
        (16, 16, "died", "in hospital now", "Died, as known on 16 November 2026"),
        (18, 12, "died", "in hospital now", "Died, as known on 12 November 2026"),
        (12, 12, "in hospital now", None, "In hospital now, as known on 12 November 2026"),
    ],
)
def test_of_a_refresh_and_a_list_the_later_is_believed(
    unrefreshed, statuses, gone, monkeypatch, as_at, known_on, by_refresh, by_list, said
) -> None:
    write_refresh(unrefreshed, date(2026, 11, as_at), by_refresh, date(2026, 11, known_on))
    values = {"place": "excluded", "reason": by_list} if by_list else {}
    change_everyone(monkeypatch, "p-below-kir-1", **values)
    assert statuses.find_warning(GONE).startswith(said)


@pytest.mark.parametrize(("reason", "said"), [("died", "Died, by the list of 16 November"), (None, NOT_AMONG)])
def test_a_refresh_that_cannot_be_read_does_not_hide_what_the_list_says(
    unrefreshed, statuses, gone, monkeypatch, reason, said
) -> None:
    write_refresh(unrefreshed, LIST_DATE, "in hospital now", LIST_DATE)
    locate_refreshed(unrefreshed.root).write_text("{", encoding="utf-8")
    change_everyone(monkeypatch, "p-below-kir-1", **({"place": "excluded", "reason": reason} if reason else {}))
    assert statuses.find_warning(GONE).startswith(said)
    assert statuses.find_warning("KIR-012-Q") == statuses.UNREADABLE


MEANWHILE = {
    "made anew": ("published.CurrentList.read_patients", lambda self, code: {}),
    "withdrawn since": ("statuses.find_list", lambda day: None),
    "withdrawn before": ("statuses.find_latest_days", lambda references: {}),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_case_whose_person_is_found_on_no_list_is_warned_of(statuses, monkeypatch, meanwhile: str) -> None:
    name, answer = MEANWHILE[meanwhile]
    monkeypatch.setattr(f"riskstrat.worklist.{name}", answer)
    monkeypatch.setattr(published.CurrentList, "find_person", lambda self, reference: None)
    found = statuses.find_warnings(["KIR-012-Q", GONE], {GONE: "p-below-kir-1"})
    assert found == {"KIR-012-Q": statuses.UNREADABLE}


def test_where_no_list_stands_the_page_says_so_and_social_care_that_it_cannot_be_told(
    sign_in, statuses, gone, monkeypatch
) -> None:
    release_age("KIR-012-Q", sign_in(Role.COORDINATOR, "KIR").user)
    monkeypatch.setattr(published, "list_dates", list)
    monkeypatch.setattr(statuses, "list_dates", list)
    assert "No list stands now" in gone[0].get("/teams/KIR/actions").content.decode()
    client = sign_in(Role.SOCIAL_CARE, "KIR")
    assert "It cannot be told today" in client.get("/released/").content.decode()


@pytest.mark.parametrize("values", [{"place": "known"}, {"place": "excluded", "reason": "declined"}])
def test_nobody_is_warned_of_who_is_only_not_listed(gone, monkeypatch, values) -> None:
    change_everyone(monkeypatch, "p-below-kir-1", **values)
    assert count_warnings(*gone) == [0, 0, 0, 0]


def test_where_the_latest_list_cannot_be_read_an_earlier_case_is_warned_of(gone, monkeypatch) -> None:
    def fail(*given: object) -> Any:
        raise PublicationError("damaged")

    monkeypatch.setattr(PublishedList, "read_everyone", fail)
    forget_lists(monkeypatch)
    assert "statuses of the day cannot be read" in gone[0].get("/teams/KIR/actions").content.decode()


def test_a_case_of_an_earlier_list_that_nobody_wrote_about_is_warned_of_too(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.statuses import find_warning

    before = published.find_list(BEFORE)
    assert before is not None
    monkeypatch.setattr(published.CurrentList, "find_person", lambda self, reference: None)
    change_everyone(monkeypatch, name_patient("KIR-012-Q"), place="excluded", reason="died")
    assert find_warning("KIR-012-Q").startswith("Died, by the list of 16 November 2026.")
    assert find_warning("KIR-057-I") == ""


def release_age(reference: str, user: Any) -> None:
    """Release the age band of a person on the latest list to social care."""
    from riskstrat.worklist.releasing import release_case
    from riskstrat.worklist.store import find_or_open_case

    case = find_or_open_case(reference, name_patient(reference), LIST_DATE)
    release_case(case, user, basis="Consent", fields=["age_band"], council_reference="")


@pytest.mark.usefixtures("refreshed")
def test_social_care_is_told_that_something_changed_and_no_fact_and_no_cause(sign_in) -> None:
    user = sign_in(Role.COORDINATOR, "KIR").user
    for reference in (DEAD, "KIR-012-Q"):
        release_age(reference, user)
    client = sign_in(Role.SOCIAL_CARE, "KIR")
    page = client.get(f"/released/{DEAD}").content.decode()
    assert "Something has changed about this person since the list" in page
    assert "Age band" not in page
    assert "ied since" not in page
    assert "Age band" in client.get("/released/KIR-012-Q").content.decode()
    assert client.get("/released/").content.decode().count("Something has changed") == 1


def test_where_it_cannot_be_told_social_care_is_not_told_that_something_changed(sign_in, monkeypatch) -> None:
    def refuse(*_: object) -> Any:
        raise SourceError("damaged")

    release_age("KIR-012-Q", sign_in(Role.COORDINATOR, "KIR").user)
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
