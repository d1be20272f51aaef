"""How every sheet of the workbook looks and prints: formats, row heights, A4 landscape."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import SUPPORTS, printable
from riskstrat.publication import TeamList

Looks = dict[str, Format]

# The widths of columns are counted in digits of this font.
FONT: dict[str, Any] = {"font_name": "Arial", "font_size": 10, "font_color": "#212b32"}
LINE_HEIGHT = 13.0
# Letters of running text to one digit's width, on the safe side.
LETTERS = 1.18
A4 = 9
IN_100 = '[<1]"fewer than 1 in 100";[>99]"more than 99 in 100";"about "0" in 100"'
"""A risk in hundreds, read in words and sorted as a number."""
# Excel's own limit, in points.
TALLEST_ROW = 409
# Excel refuses a header or footer of more than 255 characters, codes included.
LONGEST_HEADER_NAME = 80


def looks_of(book: Workbook) -> Looks:
    """The cell formats by name: dark text, light heading fill and ruled cells, so that it reads in black and white."""
    cell = {**FONT, "text_wrap": True, "valign": "top", "border": 1, "border_color": "#768692"}
    heading = {**cell, "bold": True, "bg_color": "#d8dde0", "bottom": 2}
    field = {**cell, "bg_color": "#fff9e6", "border_color": "#212b32"}
    prose = {**FONT, "text_wrap": True, "valign": "top"}
    return {
        "title": book.add_format({**FONT, "bold": True, "font_size": 16}),
        "prose": book.add_format(prose),
        "strong": book.add_format({**prose, "bold": True}),
        "section": book.add_format({**prose, "bold": True, "font_size": 12, "text_wrap": False}),
        "bold": book.add_format({**FONT, "bold": True}),
        "plain": book.add_format(FONT),
        "text": book.add_format({**cell, "align": "left"}),
        "strong text": book.add_format({**cell, "align": "left", "bold": True}),
        "name": book.add_format({**cell, "align": "left", "bold": True, "quote_prefix": True}),
        "identifier": book.add_format({**cell, "align": "left", "quote_prefix": True}),
        "whole": book.add_format({**cell, "align": "center", "num_format": "0"}),
        "number": book.add_format({**cell, "align": "left"}),
        "date": book.add_format({**cell, "align": "left", "num_format": "d mmm yyyy"}),
        "in 100": book.add_format({**cell, "align": "left", "num_format": IN_100}),
        "figure": book.add_format({**cell, "align": "right", "indent": 1}),
        "heading": book.add_format(heading),
        "field heading": book.add_format({**heading, "bg_color": "#fff0c2"}),
        "field": book.add_format({**field, "align": "left"}),
        "field date": book.add_format({**field, "align": "left", "num_format": "d mmm yyyy"}),
    }


def write_title(sheet: Worksheet, looks: Looks, text: str) -> None:
    """The title in the first row."""
    sheet.write_string(0, 0, text, looks["title"])
    sheet.set_row(0, 24)


def set_up_print(sheet: Worksheet, team: TeamList, warning: str = "", limit: str = SUPPORTS) -> None:
    """A4 landscape with team, date, page number, a limit and a warning, if any, on every sheet of paper."""
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.set_margins(left=0.3, right=0.3, top=0.7, bottom=0.7)
    name = printable(team.team)
    if len(name) > LONGEST_HEADER_NAME:
        name = f"{name[: LONGEST_HEADER_NAME - 1]}…"
    # In a header "&" begins a code; two of them print one.
    sheet.set_header(f"&L&A&C{name.replace('&', '&&')}&RIndex date {long_date(team.index_date)}")
    middle = f"&C{warning}" if warning else ""
    sheet.set_footer(f"&L{limit}{middle}&RPage &P of &N")


def row_height(cells: list[tuple[str, float]]) -> float:
    """The height in points of a row that shows the whole of its cells, given as (text, width in digits)."""
    # Some spreadsheets fit a row to its text on opening, others never do.
    lines = max(sum(_count_lines(part, width) for part in text.split("\n")) for text, width in cells)
    return min(LINE_HEIGHT * lines + 3, TALLEST_ROW)


def _count_lines(text: str, width: float) -> int:
    return max(1, len(wrap(text, max(4, int(LETTERS * width)))))
