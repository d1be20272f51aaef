"""The workbook of a board pack: summary, every indicator, its months, its places, definitions and notes.

What is a number on the page is a number here, so that it can be charted; text cells are never formulas or links.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from riskstrat.definitions.phrases import long_date, word_month
from riskstrat.documents.board_records import BoardIndicator, BoardPack, BoardSeries, ShownRate
from riskstrat.documents.board_words import RULES, describe_mark, list_definition, title_pack
from riskstrat.documents.sheets import A4, FONT, Looks, looks_of, row_height, write_title
from riskstrat.documents.words import printable, sentence
from riskstrat.documents.workbook import OPTIONS

Row = Sequence[str | float | None]


def build_board_workbook(pack: BoardPack) -> bytes:
    """The workbook as bytes; the same pack gives the same bytes."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, OPTIONS | {"default_format_properties": dict(FONT)})
    day = pack.data_as_at
    book.set_properties({"title": title_pack(pack), "created": datetime(day.year, day.month, day.day)})
    looks = looks_of(book)
    _write_summary(book.add_worksheet("Summary"), looks, pack)
    for name, widths, titles, rows in _list_sheets(pack):
        _write_table(book.add_worksheet(name), looks, f"{name}: {title_pack(pack)}", widths, titles, rows)
    book.close()
    return content.getvalue()


def _write_summary(sheet: Worksheet, looks: Looks, pack: BoardPack) -> None:
    sheet.set_column(0, 0, 100)
    write_title(sheet, looks, title_pack(pack))
    lines = (pack.summary, f"Data as at {long_date(pack.data_as_at)}.", pack.purpose, *pack.notes, *RULES)
    for row, text in enumerate(lines, start=1):
        sheet.write_string(row, 0, printable(text), looks["prose"])
        sheet.set_row(row, row_height([(text, 100)]))
    _set_up_paper(sheet)


INDICATOR_TITLES = (
    *("Indicator", "Title", "Month", "Numerator", "Denominator", "Rate", "Unit", "Latest month", "What it shows"),
    *("12 months together", "Published before"),
)
MONTH_TITLES = (
    *("Indicator", "Place", "Month", "Numerator", "Denominator", "Rate"),
    *("Mean", "Lower limit", "Upper limit", "Flagged"),
)
PLACE_TITLES = ("Indicator", "Month", "Kind of place", "Place", "Numerator", "Denominator", "Rate")


def _list_sheets(pack: BoardPack) -> Iterable[tuple[str, Sequence[float], Sequence[str], list[Row]]]:
    """Name, widths of columns, headings and rows of each sheet after the summary."""
    indicators = [_list_indicator(told) for told in pack.told]
    yield "Indicators", (9, 44, 16, 13, 13, 11, 13, 18, 46, 34, 34), INDICATOR_TITLES, indicators
    months: list[Row] = [
        (told.indicator.name, series.place, *row)
        for told in pack.told
        for series in told.series
        for row in _list_months(series)
    ]
    yield "Months", (9, 26, 18, 13, 13, 11, 11, 11, 11, 46), MONTH_TITLES, months
    places: list[Row] = [
        (told.indicator.name, word_month(told.month), kind, place, *_list_figures(rate))
        for told in pack.told
        for kind, rows in told.parts
        for place, rate in rows
    ]
    yield "Places", (9, 18, 22, 34, 13, 13, 11), PLACE_TITLES, places
    every = (*(told.indicator for told in pack.told), *(one for one, _ in pack.untold))
    definitions: list[Row] = [(one.name, one.title, *row) for one in every for row in list_definition(one)]
    yield "Definitions", (9, 44, 28, 90), ("Indicator", "Title", "Heading", "Words"), definitions
    untold: list[Row] = [(one.name, one.title, sentence(reason)) for one, reason in pack.untold]
    yield "Cannot be told", (9, 60, 80), ("Indicator", "Title", "Why"), untold


def _list_indicator(told: BoardIndicator) -> Row:
    one = told.indicator
    return (
        *(one.name, one.title, word_month(told.month), *_list_figures(told.latest)),
        *(one.unit, describe_mark(told), told.finding, told.year, one.baseline or "none"),
    )


def _list_figures(rate: ShownRate) -> tuple[str | float | None, ...]:
    return _read_number(rate.numerator), _read_number(rate.denominator), "not shown" if rate.rate is None else rate.rate


def _read_number(words: str) -> str | float:
    digits = words.replace(",", "")
    return int(digits) if digits.isdigit() else words


def _list_months(series: BoardSeries) -> Iterable[Row]:
    for place, (month, rate) in enumerate(zip(series.months, series.rates, strict=True)):
        limits = series.limits
        ends = (limits.mean[place], limits.lower[place], limits.upper[place]) if limits else (None, None, None)
        flags = ", ".join(limits.flags[place]) if limits else ""
        yield (word_month(month), *_list_figures(rate), *ends, flags)


def _write_table(
    sheet: Worksheet, looks: Looks, title: str, widths: Sequence[float], titles: Sequence[str], rows: Sequence[Row]
) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    write_title(sheet, looks, title)
    for column, heading in enumerate(titles):
        sheet.write_string(2, column, heading, looks["heading"])
    for place, cells in enumerate(rows, start=3):
        _write_row(sheet, looks, place, cells, widths)
    sheet.freeze_panes(3, 1)
    sheet.repeat_rows(2)
    sheet.autofilter(2, 0, 2 + max(len(rows), 1), len(titles) - 1)
    _set_up_paper(sheet)


def _write_row(sheet: Worksheet, looks: Looks, place: int, cells: Row, widths: Sequence[float]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(place, column, printable(cell), looks["text"])
        elif cell is None:
            sheet.write_blank(place, column, None, looks["text"])
        else:
            sheet.write_number(place, column, round(cell, 2), looks["figure"])
    texts = [(cell, width) for cell, width in zip(cells, widths, strict=True) if isinstance(cell, str)]
    sheet.set_row(place, row_height(texts))


def _set_up_paper(sheet: Worksheet) -> None:
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P of &N")
