"""The list as an Excel workbook: the meeting, the list as a table, what changed, people in words, notes and limits.

Every text cell is written as text; no cell is ever a formula or a link, whatever it begins with. No sheet is protected:
a team may sort, filter and add to its own copy.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from riskstrat.documents.changes import (
    KIND_WORDS,
    KINDS,
    NOT_WORKED_OUT,
    MoveLine,
    change_sentences,
    move_lines,
    swap_lines,
    swap_sentences,
)
from riskstrat.documents.files import write_bytes
from riskstrat.documents.list_sheet import CHOICES, write_choices, write_list
from riskstrat.documents.meeting import write_meeting
from riskstrat.documents.named import COPY_PROPERTY, WARNING, Names
from riskstrat.documents.notes import Section, sections, title
from riskstrat.documents.people_sheet import write_people_sheet
from riskstrat.documents.sheets import FONT, Looks, looks_of, row_height, set_up_print, write_title
from riskstrat.documents.words import name_edition, printable
from riskstrat.publication import TeamList

LIST_PROPERTY = "riskstrat_list"
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
CHANGE_WIDTHS = (16.0, 16.0, 38.0, 50.0, *(11.0,) * (len(KINDS) + 1))
FIGURES_TITLE = "In log odds: {}"


def write_workbook(team_list: TeamList, path: Path) -> None:
    """Write the workbook; the same list gives the same bytes. Raises StorageError if the file cannot be written."""
    write_bytes(build_workbook(team_list), Path(path))


def build_workbook(team_list: TeamList, names: Names | None = None) -> bytes:
    """The workbook of a list, or its named copy, with what says who people are in the first columns.

    Its custom property `riskstrat_list` names team, date and edition of the list ("KIR 2026-11-16 edition 1"), so that
    a filled-in copy can be taken back.
    """
    content = io.BytesIO()
    # xlsxwriter adds to the properties it is given, so each workbook has a copy of its own.
    book = xlsxwriter.Workbook(content, OPTIONS | {"default_format_properties": dict(FONT)})
    day = team_list.index_date
    book.set_properties({"title": title(team_list), "created": datetime(day.year, day.month, day.day)})
    book.set_custom_property(LIST_PROPERTY, name_edition(team_list), "text")
    if names:
        book.set_custom_property(COPY_PROPERTY, "named", "text")
    looks = looks_of(book)
    write_meeting(book.add_worksheet("Meeting"), looks, team_list, names)
    write_list(book.add_worksheet("List"), looks, team_list, names)
    _write_changes(book.add_worksheet("What changed"), looks, team_list)
    write_people_sheet(book.add_worksheet("People"), looks, team_list, names)
    _write_notes(book.add_worksheet("Notes and limits"), looks, team_list, names)
    write_choices(book.add_worksheet(CHOICES), looks)
    book.close()
    return content.getvalue()


def _write_changes(sheet: Worksheet, looks: Looks, team: TeamList) -> None:
    for place, width in enumerate(CHANGE_WIDTHS):
        sheet.set_column(place, place, width)
    write_title(sheet, looks, f"What changed: {printable(team.team)}")
    row = _write_prose(sheet, looks, 1, change_sentences(team))
    moves = move_lines(team)
    if moves:
        row = _write_moves(sheet, looks, row, moves)
    if team.swaps:
        sheet.write_string(row, 0, "Places of services", looks["section"])
        row = _write_prose(sheet, looks, row + 1, swap_sentences(team))
        _write_swaps(sheet, looks, row, team)
    set_up_print(sheet, team)
    sheet.fit_to_pages(1, 0)


def _write_prose(sheet: Worksheet, looks: Looks, row: int, texts: tuple[str, ...]) -> int:
    """Sentences across the sheet, one a row; gives the row after a blank one."""
    for number, text in enumerate(texts, start=row):
        sheet.merge_range(number, 0, number, len(CHANGE_WIDTHS) - 1, "", looks["prose"])
        sheet.write_string(number, 0, text, looks["prose"])
        sheet.set_row(number, row_height([(text, sum(CHANGE_WIDTHS))]))
    return row + len(texts) + 1


def _write_moves(sheet: Worksheet, looks: Looks, row: int, moves: tuple[MoveLine, ...]) -> int:
    figures = [FIGURES_TITLE.format(KIND_WORDS[kind].lower()) for kind in KINDS] + [FIGURES_TITLE.format("in all")]
    headings = ["Reference", "Move", "Detail", "What moved the estimate", *figures]
    for place, heading in enumerate(headings):
        sheet.write_string(row, place, heading, looks["heading"])
    sheet.set_row(row, row_height([(text, width) for text, width in zip(headings, CHANGE_WIDTHS, strict=True)]))
    for number, move in enumerate(moves, start=row + 1):
        why = "\n".join(move.why) or NOT_WORKED_OUT
        texts = (move.reference, move.what, move.detail, why)
        for place, text in enumerate(texts):
            sheet.write_string(number, place, text, looks["text"])
        for place in range(len(figures)):
            text = move.figures[place] if move.figures else NOT_WORKED_OUT
            sheet.write_string(number, len(texts) + place, text, looks["figure"])
        sheet.set_row(number, row_height([(move.detail, CHANGE_WIDTHS[2]), (why, CHANGE_WIDTHS[3])]))
    sheet.autofilter(row, 0, row + len(moves), len(headings) - 1)
    sheet.repeat_rows(row)
    return row + len(moves) + 2


def _write_swaps(sheet: Worksheet, looks: Looks, row: int, team: TeamList) -> None:
    lines = [("Left out", "Taken", "Expected outcomes given up")]
    lines += [(one.left_out, one.taken, one.given_up) for one in swap_lines(team.swaps)]
    for number, line in enumerate(lines, start=row):
        for place, text in enumerate(line):
            sheet.write_string(number, place, text, looks["text" if number > row else "heading"])


def _write_notes(sheet: Worksheet, looks: Looks, team: TeamList, names: Names | None) -> None:
    sheet.set_column(0, 0, 52)
    sheet.set_column(1, 1, 98)
    write_title(sheet, looks, f"Notes and limits: {printable(team.team)}")
    row = 2
    for section in [*_copy_section(names), *sections(team)]:
        sheet.write_string(row, 0, section.title, looks["section"])
        row += 1
        for text in section.sentences:
            sheet.merge_range(row, 0, row, 1, "", looks["prose"])
            sheet.write_string(row, 0, text, looks["prose"])
            sheet.set_row(row, row_height([(text, 150)]))
            row += 1
        for label, value in section.pairs:
            sheet.write_string(row, 0, label, looks["text"])
            sheet.write_string(row, 1, value, looks["text"])
            sheet.set_row(row, row_height([(label, 52), (value, 98)]))
            row += 1
        row += 1
    set_up_print(sheet, team)
    sheet.fit_to_pages(1, 0)


def _copy_section(names: Names | None) -> list[Section]:
    return [Section("This copy", (WARNING,), names.notice)] if names else []
