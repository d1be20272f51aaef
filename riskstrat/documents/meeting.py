"""The sheet "Meeting": what the list is and how to use it, then the agenda in the order in which to take the cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from xlsxwriter.worksheet import Worksheet

from riskstrat.definitions.vocabulary import Arrival
from riskstrat.documents.columns import describe_pathways
from riskstrat.documents.named import Names
from riskstrat.documents.notes import accounting, freshness_line, nobody, purpose, risk_meaning, run_line, title
from riskstrat.documents.person import PrintedPerson, people_of, status_check
from riskstrat.documents.sheets import Looks, row_height, set_up_print, write_title
from riskstrat.documents.words import NOT_LISTED, SUPPORTS, number, people, printable
from riskstrat.publication import ListedPerson, TeamList

MINUTES: Mapping[Arrival, int] = {"referred in": 5, "new": 5, "carried over": 3}
"""Minutes to plan for one case: a start, which the team changes as it learns."""

HEADINGS = (
    *(("Order", 7.0), ("Reference", 14.0), ("Minutes", 9.0), ("Why it is on the agenda", 34.0)),
    *(("About the person", 32.0), ("Pathways to consider", 30.0), ("Last decision", 40.0), ("Who is asked", 18.0)),
)
FILL_IN = (
    "Use the sheet “List” to record what is decided. Beside each reference, tick that the status was checked. Choose "
    "up to three outcomes, each with an owner and a due date, and write a note. Leave a row blank until the team has "
    "discussed the person. You may sort, filter, and add columns of your own. Save the file and give it back."
)


class AgendaCase(NamedTuple):
    """One case of the agenda: the listed person as printed, and the minutes to plan."""

    person: PrintedPerson
    minutes: int


def build_agenda(team: TeamList) -> list[AgendaCase]:
    """Cases to escalate first, then those referred in, carried over and new; the longest on the list first, by rank."""
    pairs = sorted(zip(people_of(team), team.people, strict=True), key=lambda pair: _order_case(pair[1]))
    return [AgendaCase(printed, MINUTES[listed.arrival]) for printed, listed in pairs]


def describe_why(person: PrintedPerson) -> str:
    """Why a person is on the agenda."""
    why = (person.escalation, f"{person.arrival}.", person.rising, person.known_before, f"Risk {person.risk}.")
    return " ".join(filter(None, why))


def describe_about(person: PrintedPerson) -> str:
    """Age, sex and places of a person, each by its label."""
    return " ".join(f"{label}: {text}." for label, text in person.about)


def write_meeting(sheet: Worksheet, looks: Looks, team: TeamList, names: Names | None = None) -> None:
    """Write what the list is, then one row per case. In a named copy the name stands after the minutes."""
    named = [(column.title, column.width) for column in names.columns[:1]] if names else []
    headings = [*HEADINGS[:3], *named, *HEADINGS[3:]]
    for place, (_, width) in enumerate(headings):
        sheet.set_column(place, place, width)
    write_title(sheet, looks, f"{'Named copy. ' if names else ''}{title(team)}")
    row = _write_preamble(sheet, looks, team, [width for _, width in headings])
    agenda = build_agenda(team)
    if agenda:
        _write_agenda(sheet, looks, row, headings, [_tell_item(*one, names) for one in enumerate(agenda, start=1)])
    set_up_print(sheet, team)
    sheet.fit_to_pages(1, 0)


def _write_preamble(sheet: Worksheet, looks: Looks, team: TeamList, widths: list[float]) -> int:
    """The sentences above the agenda; gives the row in which it begins."""
    minutes = sum(item.minutes for item in build_agenda(team))
    planned = f"Agenda: {people(len(team.people))}, {number(minutes)} minutes." if team.people else nobody(team)
    lines = [
        (f"{NOT_LISTED} {SUPPORTS}", "strong"),
        (status_check(team), "strong"),
        (f"{purpose(team)} {run_line(team)} {freshness_line(team)}", "prose"),
        (f"{risk_meaning(team)} {accounting(team)}", "prose"),
        (FILL_IN, "prose"),
        (planned, "strong"),
    ]
    for row, (text, look) in enumerate(lines, start=1):
        sheet.merge_range(row, 0, row, len(widths) - 1, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
        sheet.set_row(row, row_height([(text, sum(widths))]))
    return len(lines) + 1


def _write_agenda(
    sheet: Worksheet, looks: Looks, row: int, headings: list[tuple[str, float]], items: list[list[int | str]]
) -> None:
    for place, (heading, _) in enumerate(headings):
        sheet.write_string(row, place, heading, looks["heading"])
    for number_of_row, cells in enumerate(items, start=row + 1):
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(number_of_row, place, cell, looks["whole"])
            else:
                sheet.write_string(number_of_row, place, cell, looks["strong text" if place == 1 else "text"])
        texts = [(str(cell), width) for cell, (_, width) in zip(cells, headings, strict=True)]
        sheet.set_row(number_of_row, row_height(texts))
    sheet.repeat_rows(row)


def _tell_item(order: int, item: AgendaCase, names: Names | None) -> list[int | str]:
    """The cells of one case."""
    person = item.person
    name = [printable(names.texts_of(person.reference)[0])] if names else []
    texts = (describe_why(person), describe_about(person), describe_pathways(person), person.last_review, "")
    return [order, person.reference, item.minutes, *name, *texts]


def _order_case(listed: ListedPerson) -> tuple[bool, int, int, int]:
    turn = ("referred in", "carried over", "new").index(listed.arrival)
    return not listed.escalate, turn, -listed.weeks_on_list, listed.rank
