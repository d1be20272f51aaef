"""A practice's workbook of entries for its GP records: every cell is text, so that no program rounds a long code."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

from riskstrat.documents.named import WARNING
from riskstrat.documents.sheets import A4, FONT, looks_of, row_height
from riskstrat.documents.words import printable
from riskstrat.documents.workbook import OPTIONS

WIDTHS = {
    "nhs_number": 13.0,
    "date_of_birth": 14.0,
    "practice": 16.0,
    "practice_as_at": 15.0,
    "code_system": 12.0,
    "code": 20.0,
    "term": 32.0,
    "decided_on": 12.0,
    "confirmed_on": 13.0,
    "confirmed_by": 18.0,
    "reference": 13.0,
    "write_by": 12.0,
    "written_by": 18.0,
    "written_on": 12.0,
}
"""The columns by name, with their widths. `practice_as_at` is the date of the list that gave the practice; the last two
are for the practice, and are ticked in the worklist by the reference."""

FILLED_IN = 2


def build_records_workbook(rows: Iterable[Sequence[str]], made_on: date) -> bytes:
    """One row per entry, in the order of `WIDTHS` without the columns that the practice fills in.

    The same rows give the same bytes.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, OPTIONS | {"default_format_properties": dict(FONT)})
    created = datetime(made_on.year, made_on.month, made_on.day)
    book.set_properties({"title": "Entries for GP records", "created": created})
    looks, sheet = looks_of(book), book.add_worksheet("Entries")
    for column, (name, width) in enumerate(WIDTHS.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, looks["heading"])
    for place, cells in enumerate(rows, start=1):
        texts = [*map(printable, cells), *[""] * FILLED_IN]
        for column, text in enumerate(texts):
            sheet.write_string(place, column, text, looks["identifier" if text else "field"])
        sheet.set_row(place, row_height(list(zip(texts, WIDTHS.values(), strict=True))))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{WARNING}&RPage &P of &N")
    book.close()
    return content.getvalue()
