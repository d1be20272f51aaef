"""Pages to hold against the GP record without knowing the score: facts alone, in an order that is not that of risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.people_page import list_facts
from riskstrat.documents.person import FALLS_TITLE, NO_SUPPORT, Pairs, PrintedPerson, people_of
from riskstrat.documents.rendering import write_html
from riskstrat.documents.timeline import strip
from riskstrat.documents.words import printable
from riskstrat.publication import TeamList
from riskstrat.storage import compute_digest

INVOLVED_TITLE = "Who is involved now"


@dataclass(frozen=True)
class BlindPage:
    """What one page says of a person, each fact to be ticked; its number alone leads to the person, by the key."""

    number: int
    about: Pairs
    facts: Pairs


def write_blind_pages(team_list: TeamList, path: Path) -> tuple[str, ...]:
    """Write a page for each listed person, without estimate, reasons, rank or reference.

    Returns the reference of each page in their order, for the key that stands apart. Raises StorageError.
    """
    people = order_blindly(people_of(team_list), team_list.index_date.isoformat())
    write_html(
        "blind.html.j2",
        path,
        title=f"Pages to hold against the GP record: {printable(team_list.team)}",
        date=team_list.index_date.isoformat(),
        index_date=long_date(team_list.index_date),
        data_as_at=long_date(team_list.data_as_at),
        pages=[_build_page(number, person) for number, person in enumerate(people, 1)],
    )
    return tuple(person.reference for person in people)


def order_blindly(people: Sequence[PrintedPerson], salt: str) -> list[PrintedPerson]:
    """The people in an order that tells nothing of their risk, and is the same each time."""
    return sorted(people, key=lambda person: compute_digest(f"{salt} {person.reference}"))


def _build_page(number: int, person: PrintedPerson) -> BlindPage:
    lanes = strip(person.page.timeline, person.index_date, person.untold).lanes
    events = tuple((f"{lane.name}, 24 months", " ".join((*lane.events, *lane.earlier)) or lane.empty) for lane in lanes)
    involved = (INVOLVED_TITLE, " ".join(person.support) or NO_SUPPORT)
    falls = (FALLS_TITLE, dict(person.health)[FALLS_TITLE])
    return BlindPage(number, person.about, (*list_facts(person), falls, involved, *events))
