"""The sheet "People": each listed person in words, one below the other, for whoever reads rather than sorts."""

from __future__ import annotations

from collections.abc import Iterator

from xlsxwriter.worksheet import Worksheet

from riskstrat.documents.columns import describe_reasons, describe_support, direction_title
from riskstrat.documents.named import Names
from riskstrat.documents.notes import nobody
from riskstrat.documents.person import PrintedPerson, people_of
from riskstrat.documents.sheets import Looks, row_height, set_up_print, write_title
from riskstrat.documents.words import VERB, printable
from riskstrat.publication import TeamList

WIDTHS = (26.0, 124.0)


def write_people_sheet(sheet: Worksheet, looks: Looks, team: TeamList, names: Names | None = None) -> None:
    """Write a heading for each person by rank and a row for each thing said of them."""
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    write_title(sheet, looks, f"People: {printable(team.team)}")
    if not team.people:
        sheet.write_string(1, 0, nobody(team), looks["plain"])
    row = 2
    for person in people_of(team):
        row = _write_person(sheet, looks, row, person, _name_person(person, names)) + 1
    set_up_print(sheet, team)
    sheet.fit_to_pages(1, 0)


def _write_person(sheet: Worksheet, looks: Looks, row: int, person: PrintedPerson, who: str) -> int:
    """Gives the row after the last."""
    sheet.write_string(row, 0, who, looks["section"])
    for label, text in _tell_person(person):
        row += 1
        sheet.write_string(row, 0, label, looks["strong text"])
        sheet.write_string(row, 1, text, looks["text"])
        sheet.set_row(row, row_height([(label, WIDTHS[0]), (text, WIDTHS[1])]))
    return row + 1


def _tell_person(person: PrintedPerson) -> Iterator[tuple[str, str]]:
    came = " ".join(filter(None, (person.escalation, f"{person.arrival}.", f"{person.week}.", person.rising)))
    yield "On the list", f"Rank {person.rank}. {came}"
    if person.known_before:
        yield "Known before", person.known_before
    yield "Risk", f"{person.risk[:1].upper()}{person.risk[1:]}. Range: {person.range}. Band: {person.band}."
    yield "Since the last list", " ".join(filter(None, (person.change, *person.causes))) or "No change is known."
    yield "About the person", " ".join(f"{label}: {text}." for label, text in person.about)
    if person.counts:
        yield "Recent use", ". ".join(f"{label}: {text}" for label, text in person.counts) + "."
    yield from person.health
    for direction in VERB:
        yield direction_title(direction), describe_reasons(person, direction)
    yield (
        "Pathways to consider",
        " ".join(f"{one.title}: {one.consider}" for one in person.pathways) or person.no_pathway,
    )
    yield "Support in place", describe_support(person)
    if person.caution:
        yield "Caution", person.caution
    yield "Last decision", person.last_review


def _name_person(person: PrintedPerson, names: Names | None) -> str:
    return f"{person.reference}, {printable(names.texts_of(person.reference)[0])}" if names else person.reference
