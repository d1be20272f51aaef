"""One person's page in the worklist: the words of the printed page, its neighbours, and who may read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskstrat.casefinding import reference as build_reference
from riskstrat.definitions.settings import SensitiveSettings
from riskstrat.documents import build_people
from riskstrat.publication import ForClinicians, PublishedList, SensitiveFact, TeamList
from riskstrat.worklist import published as published_lists
from riskstrat.worklist.roles import Role
from tests.browser.listed_team import LIST_DATE
from tests.browser.reading_back import Reader
from tests.suite.worklists import build_teams, name_patient

HERE, ELSEWHERE = "KIR-057-I", build_reference("HUY", 101)


def read(client, reference: str = HERE) -> str:
    response = client.get(f"/cases/{reference}")
    assert response.status_code == 200
    return Reader(response.content.decode()).words()


def print_person(team: TeamList, rank: int) -> tuple[str, str]:
    """What the printed page says at its head and after it."""
    words = Reader(build_people(team).decode()).words()
    start = words.index(f"Rank {rank} of")
    likely = words.index("How likely", start)
    return words[start:likely], words[likely : words.index("The review of", likely)]


@pytest.mark.parametrize("rank", range(1, 9))
def test_the_page_has_every_word_of_the_printed_page_in_its_order(sign_in, rank: int) -> None:
    team = build_teams(LIST_DATE)[0]
    words = read(sign_in(Role.CLINICIAN, "KIR"), team.people[rank - 1].reference)
    head, body = print_person(team, rank)
    assert head in words
    assert body in words


@pytest.mark.parametrize(
    ("reference", "before", "after"),
    [("KIR-012-Q", None, "KIR-057-I"), ("KIR-057-I", "KIR-012-Q", "KIR-058-P"), ("KIR-062-O", "KIR-061-Q", None)],
)
def test_the_page_leads_to_the_neighbours_on_the_list(sign_in, reference, before, after) -> None:
    response = sign_in(Role.COORDINATOR, "KIR").get(f"/cases/{reference}").content.decode()
    for rel, neighbour in (("prev", before), ("next", after)):
        assert (f'<a rel="{rel}" href="/cases/{neighbour}">' in response) == (neighbour is not None)
        assert (f'rel="{rel}"' in response) == (neighbour is not None)


@pytest.mark.parametrize("reference", [ELSEWHERE, "KIR-058-Q", "KIR-999-Q", "kir-058-p", "KIR-5001-1", "KIR"])
def test_there_is_no_page_of_another_team_or_of_a_reference_that_nobody_gave(sign_in, reference: str) -> None:
    assert sign_in(Role.CLINICIAN, "KIR").get(f"/cases/{reference}").status_code == 404


def test_each_look_is_logged_before_the_page_is_shown(sign_in, monkeypatch) -> None:
    from riskstrat.worklist.models import Look
    from riskstrat.worklist.views import persons

    seen = []
    monkeypatch.setattr(persons, "tell_case", lambda found, **_: seen.append(Look.objects.count()) or {"found": found})
    client = sign_in(Role.CLINICIAN, "KIR")
    client.get(f"/cases/{HERE}")
    look = Look.objects.get()
    assert seen == [1]
    assert (look.user, look.role, look.reference, look.page) == (client.user, "clinician", HERE, "person")


def test_a_case_that_left_the_list_has_its_last_page_with_that_date(site, sign_in, monkeypatch) -> None:
    from riskstrat.worklist import published

    stands = published.find_current
    week_before = published.find_list(published.list_dates()[0])
    assert stands() is not week_before
    kept = [one for one in stands().weekly.teams[0].people if one.reference != HERE]
    shorter = replace(
        stands().weekly.teams[0],
        people=tuple(replace(one, rank=place) for place, one in enumerate(kept, start=1)),
        counts=replace(stands().weekly.teams[0].counts, listed=7, below_the_line=5004),
        reserve=(),
    )
    now = published.CurrentList(stands().published, replace(stands().weekly, teams=(shorter, stands().weekly.teams[1])))
    monkeypatch.setattr("riskstrat.worklist.finding.find_current", lambda: now)
    monkeypatch.setattr("riskstrat.worklist.finding.list_dates", lambda: published.list_dates()[:1])
    words = read(sign_in(Role.CLINICIAN, "KIR"))
    assert "Not on the list that stands now." in words
    assert "This page is from the list of 9 November 2026" in words
    assert "Your opinion" not in words
    assert "Enter decision" not in words
    assert sign_in(Role.CLINICIAN, "KIR").post(f"/cases/{HERE}/opinion", {"agrees": "yes"}).status_code == 404


def test_the_page_shows_what_was_decided_and_nothing_that_was_taken_back(sign_in) -> None:
    from django.utils import timezone

    from riskstrat.reviews import Review
    from riskstrat.worklist.store import find_or_open_case, keep_decision

    case = find_or_open_case(HERE, name_patient(HERE), LIST_DATE)
    values = ("p", LIST_DATE, "Kirkby locality hub")
    due = date(2026, 12, 4)
    made = Review(*values, "falls_service", "Two falls <b>at home</b>", True, LIST_DATE, "GH", due, "Falls team")
    keep_decision(case, [made], 1, "entry", timezone.now())
    client = sign_in(Role.COORDINATOR, "KIR")
    words = read(client)
    said = (
        "Decided on 16 November 2026: falls service (Falls team, due 4 December 2026). Note: Two falls <b>at home</b>."
    )
    assert said in words
    assert "By GH ." in words
    assert b"<b>at home" not in client.get(f"/cases/{HERE}").content
    keep_decision(case, [replace(made, outcome="")], 1, "entry", timezone.now())
    assert "No decision has been entered for this list." in read(client)


def test_a_page_names_nobody(site, sign_in) -> None:
    """The pseudonym stands on no page either."""
    content = sign_in(Role.CLINICIAN, "KIR").get(f"/cases/{HERE}").content.decode()
    assert name_patient(HERE) not in content


SHOWN = ForClinicians(
    {"Self-harm": "CG 1", "Prison": "CG 4"},
    {HERE: (SensitiveFact("Self-harm", "A&E visit", 2, date(2025, 1, 5), date(2026, 3, 4)),)},
)
TOLD = "Self-harm: 2 A&E visits from 5 January 2025 to 4 March 2026."


@pytest.fixture
def published_for_clinicians(site, monkeypatch) -> None:
    """The lists as if they had been published with what clinicians alone are shown."""
    monkeypatch.setattr(PublishedList, "read_for_clinicians", lambda published: SHOWN)
    monkeypatch.setattr(published_lists, "_kept", {})


def decide(site, monkeypatch, decisions: dict[str, str]) -> None:
    from django.conf import settings

    sensitive = SensitiveSettings(shown_to_clinicians=decisions)
    changed = site.settings.model_copy(update={"sensitive": sensitive})
    monkeypatch.setattr(settings, "RISKSTRAT_WORKSPACE", replace(site, settings=changed))


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.COORDINATOR])
def test_what_clinicians_alone_are_shown_stands_on_their_page_and_on_no_others(
    site, sign_in, monkeypatch, published_for_clinicians, role: Role
) -> None:
    decide(site, monkeypatch, {"Self-harm": "CG 1"})
    words = read(sign_in(role, "KIR"))
    assert (TOLD in words) == (role == Role.CLINICIAN)
    assert ("Shown by decision of the Caldicott guardian: Self-harm (CG 1)." in words) == (role == Role.CLINICIAN)
    assert "Prison" not in words, "a decision that was taken back since the list counts at once"


def test_without_a_decision_a_clinician_reads_what_a_coordinator_does(
    site, sign_in, monkeypatch, published_for_clinicians
) -> None:
    decide(site, monkeypatch, {})
    words = read(sign_in(Role.CLINICIAN, "KIR"))
    assert "Self-harm" not in words
    assert "Caldicott" not in words


def test_no_other_page_of_the_case_says_it(site, sign_in, monkeypatch, published_for_clinicians) -> None:
    decide(site, monkeypatch, dict(SHOWN.decisions))
    client = sign_in(Role.CLINICIAN, "KIR")
    pages = [
        *("teams/KIR/list", "teams/KIR/agenda", "teams/KIR/agenda/paper", "teams/KIR/actions"),
        *(f"cases/{HERE}/{page}" for page in ("release", "history", "decision", "attempts")),
    ]
    for page in pages:
        response = client.get(f"/{page}")
        assert response.status_code == 200, page
        assert b"A&amp;E visits from 5" not in response.content
        assert b"Caldicott" not in response.content
