"""The sheet "List": a table of one row a person and one fact a column, with the fields to fill in beside the reference.

Its headings are the first row and alone stay in view, so that a laptop shows the whole list. It may be sorted, filtered
and given columns of the team's own: whatever reads it back finds the columns by their titles. The reference alone takes
no typing, so that no outcome is filed under a slip of the pen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from xlsxwriter.worksheet import Worksheet

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents.columns import (
    FIELDS,
    REFERENCE,
    REFERENCE_WIDTH,
    Cell,
    FactColumn,
    FillInField,
    Look,
    list_facts,
)
from riskstrat.documents.named import WARNING, Names
from riskstrat.documents.notes import nobody as nobody_listed
from riskstrat.documents.person import people_of
from riskstrat.documents.sheets import LETTERS, LINE_HEIGHT, Looks, row_height, set_up_print
from riskstrat.documents.words import NOT_LISTED, printable
from riskstrat.publication import TeamList
from riskstrat.reviews import DECIDED_WITHIN, DUE_WITHIN

CHOICES = "Choices"
AGREE, CHECKED = ("Yes", "No"), ("Yes",)
TALLEST_HEADING, TALLEST = 3 * LINE_HEIGHT + 3, 4 * LINE_HEIGHT + 3
"""In points: headings of up to 56 pixels; rows that leave eight people on a screen. What is longer is in "People"."""


class _Column(NamedTuple):
    """One column as written: its cells from top to bottom with the name of their look."""

    title: str
    width: float
    heading: str
    cells: list[tuple[Cell, str]]
    field: FillInField | None = None


def write_list(sheet: Worksheet, looks: Looks, team: TeamList, names: Names | None = None) -> None:
    """Write the table, or the sentence that nobody is listed. With `names` it says who people are."""
    set_up_print(sheet, team, WARNING if names else "", NOT_LISTED)
    sheet.fit_to_pages(1, 0)
    if not team.people:
        sheet.write_string(0, 0, nobody_listed(team), looks["section"])
        return
    columns = _build_columns(team, names)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        for row, (cell, look) in enumerate(column.cells, start=1):
            _write_cell(sheet, looks, row, place, cell, look)
        rule = _build_validation(column.field, team.index_date) if column.field else None
        if column.title == REFERENCE:
            rule = {"validate": "custom", "value": "=FALSE", **_build_error_message("The reference stays as it is.")}
        if rule:
            sheet.data_validation(1, place, len(team.people), place, rule)
    _set_up_table(sheet, looks, columns, len(team.people))


def write_choices(sheet: Worksheet, looks: Looks) -> None:
    """Write the words that the drop-downs offer, on a sheet that does not show."""
    for row, words in enumerate(OUTCOME_WORDS.values()):
        sheet.write_string(row, 0, words, looks["plain"])
    sheet.set_column(0, 0, 40)
    sheet.hide()


def _build_columns(team: TeamList, names: Names | None) -> list[_Column]:
    """From left to right: name if it is a named copy, reference, fields, the other identifiers, facts."""
    people = people_of(team)
    references = [(person.reference, "strong text") for person in people]
    who = [*_build_names(names, [person.reference for person in people])] if names else []
    facts = (_build_fact(column, list(zip(people, team.people, strict=True))) for column in list_facts(team, people))
    fields = (_build_field(field, len(people)) for field in FIELDS)
    key = _Column(REFERENCE, REFERENCE_WIDTH, "heading", [*references])
    return _tell_titles_apart([*who[:1], key, *fields, *who[1:], *facts])


def _tell_titles_apart(columns: list[_Column]) -> list[_Column]:
    """The columns with a number after a title that stands further to the left already: a table needs them apart."""
    seen: Counter[str] = Counter()
    told = []
    for column in columns:
        seen[column.title.casefold()] += 1
        times = seen[column.title.casefold()]
        told.append(column._replace(title=f"{column.title} ({times})") if times > 1 else column)
    return told


def _build_names(names: Names, references: list[str]) -> Iterator[_Column]:
    texts = [names.texts_of(reference) for reference in references]
    for place, column in enumerate(names.columns):
        look = "identifier" if place else "name"
        cells: list[tuple[Cell, str]] = [(printable(said[place]), look) for said in texts]
        yield _Column(column.title, column.width, "heading", cells)


def _build_field(field: FillInField, people: int) -> _Column:
    look = "field date" if field.takes == "date" else "field"
    return _Column(field.title, field.width, "field heading", [(None, look)] * people, field)


def _build_fact(column: FactColumn, people: list[Any]) -> _Column:
    looks: dict[Look, str] = {"text": "text", "number": "number", "date": "date", "in 100": "in 100"}
    cells = [(column.cell(printed, listed), looks[column.look]) for printed, listed in people]
    return _Column(column.title, column.width, "heading", cells)


def _write_cell(sheet: Worksheet, looks: Looks, row: int, place: int, cell: Cell, look: str) -> None:
    """A text as text whatever it begins with, a number as a number, a date as a date."""
    if cell is None:
        sheet.write_blank(row, place, None, looks[look])
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell, looks[look if look in ("name", "identifier", "strong text") else "text"])
    elif isinstance(cell, date):
        sheet.write_datetime(row, place, cell, looks[look])
    else:
        sheet.write_number(row, place, cell, looks[look])


def _set_up_table(sheet: Worksheet, looks: Looks, columns: list[_Column], people: int) -> None:
    """Headings, filters, what stays in view, and what is printed: everything up to the last field."""
    headings = [{"header": column.title, "header_format": looks[column.heading]} for column in columns]
    sheet.add_table(0, 0, people, len(columns) - 1, {"name": "People_listed", "style": None, "columns": headings})
    widths = [(column.title, column.width / LETTERS - 2) for column in columns]
    sheet.set_row(0, min(row_height(widths), TALLEST_HEADING))
    for row in range(people):
        texts = [(str(column.cells[row][0]), column.width) for column in columns if column.cells[row][0] is not None]
        sheet.set_row(1 + row, max(min(row_height(texts), TALLEST), 2 * LINE_HEIGHT + 3))
    kept = 1 + next(place for place, column in enumerate(columns) if column.title == REFERENCE)
    sheet.freeze_panes(1, kept)
    sheet.repeat_rows(0)
    last_field = max(place for place, column in enumerate(columns) if column.field)
    sheet.print_area(0, 0, people, last_field)
    sheet.ignore_errors({"number_stored_as_text": f"A1:ZZ{people + 1}"})


def _build_validation(field: FillInField, list_date: date) -> dict[str, Any] | None:
    """What a field takes; a wrong entry is refused with a sentence that says what is allowed. None for any text."""
    if field.takes == "outcome":
        source = f"={CHOICES}!$A$1:$A${len(OUTCOME_WORDS)}"
        return {"validate": "list", "source": source, **_build_error_message("Choose an outcome from the list.")}
    if field.takes in ("agree", "yes"):
        words = list(AGREE if field.takes == "agree" else CHECKED)
        message = _build_error_message(f"Choose {' or '.join(words)}, or leave it blank.")
        return {"validate": "list", "source": words, **message}
    if field.takes == "date":
        last = list_date + (DUE_WITHIN if field.title.startswith("Due") else DECIDED_WITHIN)
        between = {"validate": "date", "criteria": "between", "minimum": list_date, "maximum": last}
        return {**between, **_build_error_message("Type a date after the list's, such as 4 March 2026.")}
    return None


def _build_error_message(message: str) -> dict[str, str]:
    return {"error_title": "Not taken", "error_message": message}
