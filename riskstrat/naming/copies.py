"""The named copies of one team's list, and what a site without identities sends to the practice instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from riskstrat.audit import holds_nhs_number, holds_telephone_number
from riskstrat.documents import NamedColumn, Names, build_pdf, build_people, build_workbook
from riskstrat.errors import IdentityError, PublicationError
from riskstrat.identity import (
    IDENTIFIERS,
    Authority,
    Identities,
    SaidNames,
    as_csv,
    collect_names,
)
from riskstrat.naming.judging import count_judged, judge_naming, print_person
from riskstrat.publication import PublishedList, TeamList

ENDINGS = {"workbook": ".xlsx", "pages": ".html", "pdf": ".pdf"}
"""Each document that can name people with the ending of its file."""

_WIDTHS = {"name": 22.0, "nhs_number": 14.0, "date_of_birth": 13.0, "contact": 26.0, "contact_safely": 26.0}
_OTHER_WIDTH = 17.0


@dataclass(frozen=True)
class NamedCopy:
    """The bytes of the copy and how many references are on it.

    not_held: of those, nobody is held. of_another_age: somebody is held whose date of birth does not agree with the age
    on the list, so that they are not named. restricted: held, and neither named nor to be contacted. age_not_checked:
    named without a date of birth to hold against it.
    """

    content: bytes
    references: int
    not_held: int = 0
    of_another_age: int = 0
    restricted: int = 0
    age_not_checked: int = 0


def name_list(
    published: PublishedList, identities: Identities, authority: Authority, file_name: str, place: Path
) -> NamedCopy:
    """The team's workbook, or its pages, with what is held of each person; the same gives the same bytes.

    The ending of `file_name` says which document; what a browser reads to print it stands below `place` meanwhile. A
    person who is not held stands with those words, and so does one whose date of birth cannot be of the age band that
    the list gives: a wrong name is worse than none. One who is restricted has nothing of theirs on it. Raises
    IdentityError for a list that was changed after publication, for a reason or file name that names a listed person
    (both are logged), or where no PDF can be made.
    """
    team, patients = _read_team(published, authority.team)
    held = {reference: identities.people.get(patient, {}) for reference, patient in patients.items()}
    own = (authority.team, published.team_names.get(authority.team, ""))
    require_names_nobody(collect_names(identities.people.values()), own, authority.reason, file_name)
    columns = tuple(NamedColumn(title, _WIDTHS.get(name, _OTHER_WIDTH)) for name, title in IDENTIFIERS.items())
    judged = {
        listed.reference: judge_naming(held[listed.reference], listed.age_band, listed.index_date or team.index_date)
        for listed in team.people
    }
    people = {
        reference: _print_nobody(one.why_not) if one.why_not else tuple(print_person(held[reference]).values())
        for reference, one in judged.items()
    }
    names = Names(columns, people, _build_notice(published, authority))
    content = _build_document(team, names, Path(file_name).suffix, place)
    return NamedCopy(content, references=len(patients), **count_judged(judged.values()))


def list_pseudonyms(published: PublishedList, authority: Authority) -> NamedCopy:
    """CSV with reference and patient_id of one team's list, for the practice's own naming service."""
    _, patients = _read_team(published, authority.team)
    require_names_nobody(collect_names(()), (), authority.reason)
    return NamedCopy(as_csv(["reference", "patient_id"], list(patients.items())), len(patients), 0)


def _read_team(published: PublishedList, code: str) -> tuple[TeamList, dict[str, str]]:
    """The team's list as data, and the patient_id of each of its references by rank."""
    try:
        team, known = published.read_list().team(code), published.read_patients(code)
    except PublicationError as refused:
        raise IdentityError(f"{refused}; copy the folder of the published list anew, or check --team") from None
    listed = [person.reference for person in team.people]
    if set(listed) != set(known):
        raise IdentityError("the team's list and references.csv do not hold the same people; copy the folder anew")
    return team, {reference: known[reference] for reference in listed}


def _build_document(team: TeamList, names: Names, ending: str, place: Path) -> bytes:
    if ending == ENDINGS["workbook"]:
        return build_workbook(team, names)
    pages = build_people(team, names)
    if ending == ENDINGS["pages"]:
        return pages
    try:
        return build_pdf(pages, place)
    except PublicationError:
        raise IdentityError(
            "no Edge, Chrome or Chromium of this machine printed the pages; close other browsers and run again, or "
            "give a file that ends in .html and print it"
        ) from None


def _print_nobody(why: str) -> tuple[str, ...]:
    return (why, *("" for _ in list(IDENTIFIERS)[1:]))


def require_names_nobody(held: SaidNames, team: Iterable[str], *texts: str) -> None:
    """Raises IdentityError for a number, or a word of the name of anybody held; what the team is called is no name."""
    for text in texts:
        if holds_nhs_number(text) or holds_telephone_number(text) or held.has_word_in(text, team):
            raise IdentityError(
                "the reason and the file name are logged and may not say who a person is, not by one word of the name "
                "of anybody in the store either; say it without"
            )


def _build_notice(published: PublishedList, authority: Authority) -> tuple[tuple[str, str], ...]:
    purpose = authority.purpose.replace("_", " ")
    lines = [
        ("Made for", f"Team {authority.team}, list of {published.list_date}"),
        ("Purpose and reason", f"{purpose.capitalize()}. {authority.reason}"),
        ("Made by", f"{authority.user} as {authority.role.replace('_', ' ')}"),
    ]
    if authority.standing:
        approved = f"{authority.standing.name}, approved by {authority.standing.approved_by}"
        lines.append(("Standing authorisation", f"{approved}, until {authority.standing.valid_until}"))
    return tuple(lines)
