"""The named copy of one team's list, and what a site without identities sends to the practice instead."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from riskstrat.audit import holds_nhs_number
from riskstrat.errors import IdentityError
from riskstrat.identity.authority import Authority
from riskstrat.identity.nhs_numbers import grouped
from riskstrat.identity.store import Identities
from riskstrat.identity.tables import as_csv
from riskstrat.identity.week import Week
from riskstrat.identity.workbook import references_in, with_names

_SHORTEST_NAME = 5


@dataclass(frozen=True)
class Named:
    """The bytes of the copy, how many references are on it, and for how many of them nobody is held."""

    content: bytes
    references: int
    not_held: int = 0


def named_copy(week: Week, identities: Identities, authority: Authority, file_name: str) -> Named:
    """The team's published workbook with what is held of each person in its first columns.

    A person who is not held stands with those words. Raises IdentityError for a list that was changed after
    publication, or a reason or file name that names a listed person: both are logged.
    """
    published = week.content(f"{authority.team.lower()}.xlsx")
    listed = _listed(week, published, authority)
    held = {reference: identities.people.get(patient, {}) for reference, patient in listed.items()}
    _require_names_nobody(held, authority.reason, file_name)
    people = {reference: _printed(person) for reference, person in held.items()}
    content = with_names(published, authority.team, people, _notice(week, authority))
    return Named(content, len(listed), sum(not person for person in held.values()))


def external_copy(week: Week, authority: Authority) -> Named:
    """CSV with reference and patient_id of one team's list, for the practice's own naming service."""
    listed = _listed(week, week.content(f"{authority.team.lower()}.xlsx"), authority)
    _require_names_nobody({}, authority.reason)
    return Named(as_csv(["reference", "patient_id"], list(listed.items())), len(listed), 0)


def _listed(week: Week, published: bytes, authority: Authority) -> dict[str, str]:
    """The patient_id of each reference on the team's list, by row."""
    people = week.people()
    references = references_in(published, authority.team)
    if len(set(references)) < len(references):
        raise IdentityError("a reference stands twice on the team's list; withdraw the list and publish it anew")
    if not set(references) <= set(people):
        raise IdentityError("the team's list has a reference that references.csv does not; copy the week anew")
    expected = {reference for reference in people if reference.startswith(f"{authority.team}-")}
    if expected - set(references):
        raise IdentityError("references.csv has people of the team that its list does not show; copy the week anew")
    return {reference: people[reference] for reference in references}


def _printed(person: Mapping[str, str]) -> dict[str, str]:
    printed = dict(person)
    if "nhs_number" in printed:
        printed["nhs_number"] = grouped(printed["nhs_number"])
    if "date_of_birth" in printed:
        printed["date_of_birth"] = _long_date(printed["date_of_birth"])
    return printed


def _long_date(written: str) -> str:
    """A date such as 4 March 2026; what is not one stays as it was written."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return written
    return f"{day.day} {month_name[day.month]} {day.year}"


def _require_names_nobody(held: Mapping[str, Mapping[str, str]], *texts: str) -> None:
    for text in texts:
        said = text.casefold()
        names = (person.get("name", "").casefold() for person in held.values())
        if holds_nhs_number(text) or any(name in said for name in names if len(name) >= _SHORTEST_NAME):
            raise IdentityError(
                "the reason and the file name are logged and may not say who a person is; say it without"
            )


def _notice(week: Week, authority: Authority) -> list[tuple[str, str]]:
    purpose = authority.purpose.replace("_", " ")
    lines = [
        ("Made for", f"Team {authority.team}, list of {week.list_date}"),
        ("Purpose and reason", f"{purpose.capitalize()}. {authority.reason}"),
        ("Made by", f"{authority.user} as {authority.role.replace('_', ' ')}"),
    ]
    if authority.standing:
        approved = f"{authority.standing.name}, approved by {authority.standing.approved_by}"
        lines.append(("Standing authorisation", f"{approved}, until {authority.standing.valid_until}"))
    return lines
