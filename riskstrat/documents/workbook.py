"""The list as an Excel workbook: sheet "List" to work and print from, sheet "Notes and limits" to read.

Every text cell is written as text; no cell is ever a formula or a link, whatever it begins with.
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from riskstrat.documents.columns import Cell, Column, columns
from riskstrat.documents.content import TeamList
from riskstrat.documents.files import write_bytes
from riskstrat.documents.notes import accounting, nobody, purpose, risk_meaning, run_line, sections, title
from riskstrat.documents.words import NOT_LISTED, SUPPORTS, dates_by_table, long_date, printable

FONT: dict[str, Any] = {"font_name": "Arial", "font_size": 11, "font_color": "#212b32"}
OPTIONS = {
    # The widths of columns are counted in digits of this font.
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
LINE_HEIGHT = 14.25
# Letters of running text to one digit's width, on the safe side.
LETTERS = 1.12
A4 = 9
# Excel's own limit, in points.
TALLEST_ROW = 409
# Excel refuses a header or footer of more than 255 characters, codes included.
LONGEST_HEADER_NAME = 80


def write_workbook(team_list: TeamList, path: Path) -> None:
    """Write the two sheets; the same list gives the same bytes.

    Raises StorageError if the file cannot be written.
    """
    content = io.BytesIO()
    # xlsxwriter adds to the properties it is given, so each workbook has a copy of its own.
    book = xlsxwriter.Workbook(content, OPTIONS | {"default_format_properties": dict(FONT)})
    day = team_list.index_date
    book.set_properties({"title": title(team_list), "created": datetime(day.year, day.month, day.day)})
    looks = _looks(book)
    _write_list(book.add_worksheet("List"), looks, team_list)
    _write_notes(book.add_worksheet("Notes and limits"), looks, team_list)
    book.close()
    write_bytes(content.getvalue(), Path(path))


def _looks(book: Workbook) -> dict[str, Format]:
    """The cell formats by name: dark text, light heading fill and ruled cells, so that it reads in black and white."""
    cell = {**FONT, "text_wrap": True, "valign": "top", "border": 1, "border_color": "#768692"}
    heading = {**cell, "bold": True, "bg_color": "#d8dde0", "bottom": 2}
    figure = {**cell, "text_wrap": False, "align": "right", "indent": 1}
    prose = {**FONT, "text_wrap": True, "valign": "top"}
    return {
        "title": book.add_format({**FONT, "bold": True, "font_size": 16}),
        "prose": book.add_format(prose),
        "strong": book.add_format({**prose, "bold": True}),
        "section": book.add_format({**prose, "bold": True, "font_size": 13}),
        "text": book.add_format({**cell, "align": "left"}),
        "number": book.add_format({**figure, "num_format": "#,##0.0"}),
        "whole": book.add_format({**figure, "num_format": "#,##0"}),
        "heading text": book.add_format(heading),
        "heading number": book.add_format({**heading, "align": "right", "indent": 1}),
    }


def _write_list(sheet: Worksheet, looks: dict[str, Format], team: TeamList) -> None:
    shown = columns(team)
    for place, column in enumerate(shown):
        sheet.set_column(place, place, column.width)
    heading_row = _write_preamble(sheet, looks, team, shown)
    if team.rows.empty:
        sheet.merge_range(heading_row, 0, heading_row, len(shown) - 1, nobody(team), looks["strong"])
    else:
        _write_table(sheet, looks, team, shown, heading_row)
    _set_up_print(sheet, team)


def _write_preamble(sheet: Worksheet, looks: dict[str, Format], team: TeamList, shown: tuple[Column, ...]) -> int:
    """The heading above the table; gives the row in which the table begins."""
    sheet.write_string(0, 0, title(team), looks["title"])
    sheet.set_row(0, 24)
    wide = sum(column.width for column in shown)
    lines = [
        (f"{NOT_LISTED} {SUPPORTS}", "strong"),
        (purpose(team), "prose"),
        (run_line(team), "prose"),
        (f"Sources complete to {dates_by_table(team.data_as_at_by_table)}", "prose"),
        (f"{risk_meaning(team)} {accounting(team)}", "prose"),
    ]
    for row, (text, look) in enumerate(lines, start=1):
        sheet.merge_range(row, 0, row, len(shown) - 1, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
        sheet.set_row(row, _height([(text, wide)]))
    return len(lines) + 1


def _write_table(
    sheet: Worksheet, looks: dict[str, Format], team: TeamList, shown: tuple[Column, ...], heading_row: int
) -> None:
    for place, column in enumerate(shown):
        sheet.write_string(heading_row, place, column.title, looks[f"heading {column.kind}"])
    # The last line is for the filter's buttons; bold letters are as wide as digits.
    sheet.set_row(heading_row, LINE_HEIGHT + _height([(column.title, column.width / LETTERS) for column in shown]))
    people = team.ordered().to_dict("records")
    for row, person in enumerate(people, start=heading_row + 1):
        cells = [column.cell(person) for column in shown]
        sheet.set_row(row, _height([(str(cell), column.width) for cell, column in zip(cells, shown, strict=True)]))
        for place, cell in enumerate(cells):
            _write_cell(sheet, looks, row, place, cell)
    last_row = heading_row + len(people)
    sheet.autofilter(heading_row, 0, last_row, len(shown) - 1)
    sheet.freeze_panes(heading_row + 1, 2)
    sheet.repeat_rows(heading_row)
    sheet.ignore_errors({"number_stored_as_text": f"A{heading_row + 1}:XFD{last_row + 1}"})


def _write_cell(sheet: Worksheet, looks: dict[str, Format], row: int, place: int, value: Cell) -> None:
    if isinstance(value, str):
        sheet.write_string(row, place, value, looks["text"])
    else:
        sheet.write_number(row, place, value, looks["whole" if isinstance(value, int) else "number"])


def _write_notes(sheet: Worksheet, looks: dict[str, Format], team: TeamList) -> None:
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, 1, 78)
    sheet.write_string(0, 0, f"Notes and limits: {printable(team.team)}", looks["title"])
    sheet.set_row(0, 24)
    row = 2
    for section in sections(team):
        sheet.write_string(row, 0, section.title, looks["section"])
        row += 1
        for text in section.sentences:
            sheet.merge_range(row, 0, row, 1, "", looks["prose"])
            sheet.write_string(row, 0, text, looks["prose"])
            sheet.set_row(row, _height([(text, 120)]))
            row += 1
        for label, value in section.pairs:
            sheet.write_string(row, 0, label, looks["text"])
            sheet.write_string(row, 1, value, looks["text"])
            row += 1
        row += 1
    _set_up_print(sheet, team)


def _set_up_print(sheet: Worksheet, team: TeamList) -> None:
    """A4 landscape, one page wide, with team, date and page number on every sheet of paper."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.3, right=0.3, top=0.7, bottom=0.7)
    name = printable(team.team)
    if len(name) > LONGEST_HEADER_NAME:
        name = f"{name[: LONGEST_HEADER_NAME - 1]}…"
    # In a header "&" begins a code; two of them print one.
    sheet.set_header(f"&L&A&C{name.replace('&', '&&')}&RIndex date {long_date(team.index_date)}")
    sheet.set_footer(f"&L{SUPPORTS}&RPage &P of &N")


def _height(cells: list[tuple[str, float]]) -> float:
    """The height in points of a row that shows the whole of its cells, given as (text, width in digits)."""
    # Some spreadsheets fit a row to its text on opening, others never do.
    lines = max(sum(_lines(part, width) for part in text.split("\n")) for text, width in cells)
    return min(LINE_HEIGHT * lines + 3, TALLEST_ROW)


def _lines(text: str, width: float) -> int:
    return max(1, len(wrap(text, max(4, int(LETTERS * width)))))
