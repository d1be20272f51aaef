"""Entries typed into a team's workbook as a person would: what the demo's teams give back."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskstrat.reviews.filled import OUTCOMES, REFERENCE, SHEET
from riskstrat.storage import write_bytes

Entries = Mapping[str, Any]
"""What is typed into one row, by the title of its column."""


def fill_in(workbook: Path, out: Path, entries: Sequence[Entries]) -> int:
    """A copy of a published workbook with entries for its first people, in the order of the list; how many it took.

    Raises KeyError for an entry under a title that the workbook does not have.
    """
    from openpyxl import load_workbook

    book = load_workbook(workbook)
    sheet = book[SHEET]
    headings = next(row for row in sheet.iter_rows() if OUTCOMES[0] in [cell.value for cell in row])
    places = {cell.value: cell.column for cell in headings}
    filled = 0
    for row, entry in enumerate(entries, start=headings[0].row + 1):
        if not sheet.cell(row, places[REFERENCE]).value:
            break
        for title, value in entry.items():
            sheet.cell(row, places[title]).value = value
        filled += 1
    content = io.BytesIO()
    book.save(content)
    write_bytes(content.getvalue(), out, mode=0o600, parents=True)
    return filled
