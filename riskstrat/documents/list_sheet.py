"""The sheet "List": who is listed and why on the left, what to consider and the fields to fill in on the right.

On paper each half is a sheet of A4 of its own, with rank and reference on both.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents.columns import (
    FIELDS,
    KEY_WIDTHS,
    RANK,
    REFERENCE,
    WHAT_TO_CONSIDER,
    WHO_AND_WHY,
    CellLine,
    FillInField,
)
from riskstrat.documents.named import WARNING, Names
from riskstrat.documents.notes import accounting, freshness_line, purpose, risk_meaning, run_line, title
from riskstrat.documents.notes import nobody as nobody_listed
from riskstrat.documents.person import PrintedPerson, people_of, status_check
from riskstrat.documents.sheets import LETTERS, LINE_HEIGHT, Looks, row_height, set_up_print
from riskstrat.documents.words import NOT_LISTED, SUPPORTS, long_date, printable
from riskstrat.publication import TeamList

CHOICES = "Choices"
AGREE, CHECKED = ("Yes", "No"), ("Yes",)
FACTS = (*WHO_AND_WHY, *WHAT_TO_CONSIDER)
WIDTHS = (*KEY_WIDTHS, *(column.width for column in FACTS), *(field.width for field in FIELDS))
FIRST_FIELD = len(KEY_WIDTHS) + len(FACTS)
LAST = len(WIDTHS) - 1
# The last column of the left sheet of paper.
LEFT_HALF = len(KEY_WIDTHS) + len(WHO_AND_WHY)
PAPER_SCALE = 66
FILL_IN = (
    "Fill in the columns from “Status checked” to “Next due”: choose outcomes from the lists (up to three), and say "
    "why if you do not agree. Leave a row blank until the team has discussed the person. Save the file and keep it: "
    "the outcomes can be read back from it."
)
EARLIEST, LATEST = date(2020, 1, 1), date(2199, 12, 31)


def write_list(sheet: Worksheet, looks: Looks, team: TeamList, names: Names | None = None) -> None:
    """Write the sheet: what it is, then one row per listed person, or the sentence that nobody is.

    With `names` the columns that say who people are stand first, on a sheet of paper of their own.
    """
    widths = (*(column.width for column in names.columns), *WIDTHS) if names else WIDTHS
    first = len(widths) - len(WIDTHS)
    left_end = first + (len(KEY_WIDTHS) if names else LEFT_HALF)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    heading_row = _write_preamble(sheet, looks, team, widths[:left_end], "Named copy. " if names else "")
    people = people_of(team)
    if people:
        _write_table(sheet, looks, people, heading_row, first)
        if names:
            _write_names(sheet, looks, people, heading_row, names)
    else:
        sheet.merge_range(heading_row, 0, heading_row, left_end - 1, nobody_listed(team), looks["strong"])
    set_up_print(sheet, team, WARNING if names else "")
    sheet.set_print_scale(PAPER_SCALE)
    sheet.set_v_pagebreaks([left_end, first + LEFT_HALF] if names else [LEFT_HALF])
    sheet.print_across()


def write_choices(sheet: Worksheet, looks: Looks) -> None:
    """Write the words that the drop-downs offer, on a sheet that does not show."""
    for row, words in enumerate(OUTCOME_WORDS.values()):
        sheet.write_string(row, 0, words, looks["plain"])
    sheet.set_column(0, 0, 40)
    sheet.hide()


def _write_preamble(
    sheet: Worksheet, looks: Looks, team: TeamList, widths: tuple[float, ...], before_title: str
) -> int:
    """The heading above the table, over columns of these widths; gives the row in which the table begins."""
    # The first two columns stand on both halves of the paper, so they say whose list it is.
    start = len(KEY_WIDTHS)
    sheet.write_string(0, start, f"{before_title}{title(team)}", looks["title"])
    sheet.set_row(0, 24)
    for row, (text, look) in enumerate(((printable(team.team_code), "title"), (long_date(team.index_date), "strong"))):
        sheet.merge_range(row, 0, row, start - 1, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
    lines = [
        (f"{NOT_LISTED} {SUPPORTS}", "strong"),
        (status_check(team), "strong"),
        (f"{purpose(team)} {run_line(team)} {freshness_line(team)}", "prose"),
        (f"{risk_meaning(team)} {accounting(team)}", "prose"),
        (FILL_IN, "prose"),
    ]
    for row, (text, look) in enumerate(lines, start=1):
        sheet.merge_range(row, start, row, len(widths) - 1, "", looks[look])
        sheet.write_string(row, start, text, looks[look])
        sheet.set_row(row, row_height([(text, sum(widths[start:]))]))
    return len(lines) + 1


def _write_table(sheet: Worksheet, looks: Looks, people: list[PrintedPerson], heading_row: int, first: int) -> None:
    """The list's own columns, from column `first` on."""
    titles = (RANK, REFERENCE, *(column.title for column in FACTS), *(field.title for field in FIELDS))
    for place, text in enumerate(titles):
        look = "field heading" if place >= FIRST_FIELD else "heading"
        sheet.write_string(heading_row, first + place, text, looks[look])
    # The last line is for the filter's buttons; bold letters are as wide as digits.
    widths = [(text, width / LETTERS) for text, width in zip(titles, WIDTHS, strict=True)]
    sheet.set_row(heading_row, LINE_HEIGHT + row_height(widths))
    for row, person in enumerate(people, start=heading_row + 1):
        _write_person(sheet, looks, row, person, first)
    last_row, last = heading_row + len(people), first + LAST
    for place, field in enumerate(FIELDS, start=first + FIRST_FIELD):
        sheet.data_validation(heading_row + 1, place, last_row, place, _build_validation(field))
    sheet.autofilter(heading_row, first, last_row, last)
    sheet.freeze_panes(heading_row + 1, len(KEY_WIDTHS))
    sheet.repeat_rows(heading_row)
    # Of a named copy the name stands on every sheet of paper, which is about as wide as rank and reference.
    sheet.repeat_columns(0, 0 if first else len(KEY_WIDTHS) - 1)
    sheet.protect("", {"autofilter": True, "format_rows": True, "format_columns": True})
    area = f"{xl_rowcol_to_cell(heading_row, 0)}:{xl_rowcol_to_cell(last_row, last)}"
    sheet.ignore_errors({"number_stored_as_text": area})


def _write_names(sheet: Worksheet, looks: Looks, people: list[PrintedPerson], heading_row: int, names: Names) -> None:
    """The columns that say who people are, as text whatever they begin with."""
    for place, column in enumerate(names.columns):
        sheet.write_string(heading_row, place, column.title, looks["heading"])
    for row, person in enumerate(people, start=heading_row + 1):
        texts = [printable(text) for text in names.texts_of(person.reference)]
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, looks["name" if place == 0 else "identifier"])
        cells = [(text, column.width) for text, column in zip(texts, names.columns, strict=True)]
        sheet.set_row(row, max(_compute_row_height(person), row_height(cells)))


def _write_person(sheet: Worksheet, looks: Looks, row: int, person: PrintedPerson, first: int) -> None:
    sheet.write_number(row, first, person.rank, looks["whole"])
    sheet.write_string(row, first + 1, person.reference, looks["strong text"])
    for place, column in enumerate(FACTS, start=first + len(KEY_WIDTHS)):
        _write_lines(sheet, looks, row, place, column.cell(person))
    for place, field in enumerate(FIELDS, start=first + FIRST_FIELD):
        sheet.write_blank(row, place, None, looks["field date" if field.takes == "date" else "field"])
    sheet.set_row(row, _compute_row_height(person))


def _compute_row_height(person: PrintedPerson) -> float:
    """The height of a row that shows all facts of one person, in points."""
    return row_height([("\n".join(line.plain() for line in column.cell(person)), column.width) for column in FACTS])


def _write_lines(sheet: Worksheet, looks: Looks, row: int, place: int, lines: list[CellLine]) -> None:
    """One cell of several lines, labels in bold."""
    if len(lines) == 1 and not (lines[0].label and lines[0].text):
        look = "strong text" if lines[0].label else "text"
        sheet.write_string(row, place, lines[0].plain(), looks[look])
        return
    parts: list[Any] = []
    for number, line in enumerate(lines, start=1):
        end = "\n" if number < len(lines) else ""
        if line.label:
            parts += [looks["bold"], line.label + (" " if line.text else end)]
        if line.text:
            parts += [looks["plain"], line.text + end]
    sheet.write_rich_string(row, place, *parts, looks["text"])


def _build_validation(field: FillInField) -> dict[str, Any]:
    """What a field takes; a wrong entry is refused with a sentence that says what is allowed."""
    if field.takes == "outcome":
        source = f"={CHOICES}!$A$1:$A${len(OUTCOME_WORDS)}"
        return {"validate": "list", "source": source, **_build_error_message("Choose an outcome from the list.")}
    if field.takes in ("agree", "yes"):
        words = list(AGREE if field.takes == "agree" else CHECKED)
        return {
            "validate": "list",
            "source": words,
            **_build_error_message(f"Choose {' or '.join(words)}, or leave it blank."),
        }
    if field.takes == "date":
        between = {"validate": "date", "criteria": "between", "minimum": EARLIEST, "maximum": LATEST}
        return {**between, **_build_error_message("Type a date, such as 4 March 2026.")}
    return {"validate": "any"}


def _build_error_message(message: str) -> dict[str, str]:
    return {"error_title": "Not taken", "error_message": message}
