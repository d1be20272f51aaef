"""The names of the people of one page, asked of the identity install for one response: nothing here keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from riskstrat.errors import RiskstratError
from riskstrat.identity import REFERRAL
from riskstrat.naming import (
    MOST_PEOPLE,
    AnsweredPseudonym,
    AskedNames,
    AskedPerson,
    AskedPseudonym,
    NamedPerson,
    NamesService,
    prove_list,
    request_names,
    request_pseudonym,
)
from riskstrat.worklist.asking import open_names
from riskstrat.worklist.models import Case
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.signed_in import find_account

BRIEF = ("name", "date_of_birth", "nhs_number")
"""What stands beside a reference in a list; the page of a case has everything that the role is told."""

NOT_SET_UP = "Names could not be fetched: this server's own settings for them do not hold; ask your administrator"

NO_PSEUDONYM = "the identity install gave no pseudonym: use the one of the practice's file"


@dataclass(frozen=True)
class PageNames:
    """Who the references of a page are. `problem`: why nobody could be named, in one line; else blank."""

    people: Mapping[str, NamedPerson] = field(default_factory=dict, repr=False)
    problem: str = ""

    def tell(self, reference: str, *, briefly: bool = True) -> list[tuple[str, str]]:
        """Heading and text of what is told of somebody; why they are not named, where the identity install says so."""
        person = self.people.get(reference)
        if person is None:
            return []
        if person.why_not:
            return [("Not named", person.why_not)]
        shown = {name: text for name, text in person.told.items() if name in BRIEF or not briefly}
        return NamedPerson(shown).titled


def fetch_names(request: HttpRequest, current: CurrentList, team_code: str, references: Iterable[str]) -> PageNames:
    """The names of people on a team's list, for whoever is signed in; nobody where the site has no identity install.

    The identity install judges who is told what, and logs each look. Never raises: a page without names still serves.
    """
    wanted = list(references)
    if not settings.RISKSTRAT_RULES.names.url or not wanted:
        return PageNames()
    try:
        service = _open_own_service()
        parts = [wanted[place : place + MOST_PEOPLE] for place in range(0, len(wanted), MOST_PEOPLE)]
        asked = [_ask_for(request, current, team_code, part) for part in parts]
    except (RiskstratError, ValueError, OSError):
        return PageNames(problem=NOT_SET_UP)
    people: dict[str, NamedPerson] = {}
    try:
        for one in asked:
            people |= request_names(service, one)
    except RiskstratError as refused:
        return PageNames(problem=str(refused))
    return PageNames(people)


def fetch_referred_names(request: HttpRequest, team_code: str, cases: Iterable[Case]) -> PageNames:
    """The names of people who were put forward through the identity install, and may stand on no list yet.

    Those whose pseudonym came from a practice's file have none here. Never raises, as `fetch_names`.
    """
    vouched = [case for case in cases if case.proof][:MOST_PEOPLE]
    if not settings.RISKSTRAT_RULES.names.url or not vouched:
        return PageNames()
    people = tuple(
        AskedPerson(reference=case.reference, patient_id=case.patient_id, proof=case.proof) for case in vouched
    )
    user = find_account(request)
    try:
        service = _open_own_service()
        asked = AskedNames(user=user.username, role=user.role, purpose=REFERRAL, team=team_code, people=people)
    except (RiskstratError, ValueError, OSError):
        return PageNames(problem=NOT_SET_UP)
    try:
        return PageNames(request_names(service, asked))
    except RiskstratError as refused:
        return PageNames(problem=str(refused))


def ask_pseudonym(request: HttpRequest, team_code: str, nhs_number: str, born_on: date) -> AnsweredPseudonym:
    """The pseudonym of somebody put forward, with its proof, or why there is none; the number is kept nowhere."""
    user = find_account(request)
    try:
        service = _open_own_service()
        asked = AskedPseudonym(
            user=user.username, role=user.role, team=team_code, nhs_number=nhs_number, date_of_birth=born_on
        )
    except (RiskstratError, ValueError, OSError):
        return AnsweredPseudonym(why_not=NO_PSEUDONYM)
    try:
        return request_pseudonym(service, asked)
    except RiskstratError:
        return AnsweredPseudonym(why_not=NO_PSEUDONYM)


def _open_own_service() -> NamesService:
    """The identity install of this site. Raises as `open_names` does."""
    return open_names(Path(settings.RISKSTRAT_WORKSPACE.root), settings.RISKSTRAT_RULES.names)


def _ask_for(request: HttpRequest, current: CurrentList, team_code: str, references: Iterable[str]) -> AskedNames:
    team, patients = current.find_team(team_code), current.read_patients(team_code)
    listed = {one.reference: one for one in team.people} if team else {}
    people = tuple(
        AskedPerson(
            reference=reference,
            patient_id=patients[reference],
            age_band=listed[reference].age_band,
            index_date=listed[reference].index_date,
        )
        for reference in references
        if reference in listed and reference in patients
    )
    user = find_account(request)
    taken = any(one.reference in current.taken for one in people)
    published = prove_list(current.published, team_code, with_reserve=taken)
    asked = {"user": user.username, "role": user.role, "purpose": "direct_care", "team": team_code}
    return AskedNames(**asked, published=published, people=people)
