"""A filled-in list as a file: its columns by title, cell by cell; no other column is ever kept.

Rows may have been sorted or filtered, columns moved or added, and the sheet renamed: each column is found by its title
alone. The named copy has names and NHS numbers beside these columns: they are passed over while the file is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from riskstrat.casefinding import is_sound, parse_reference
from riskstrat.errors import SourceError
from riskstrat.reviews.cells import clean_text, fold
from riskstrat.reviews.grids import Book, Grid, name_column, read_book

REFERENCE, CHECKED, AGREE, NOTE, LIST = "Reference", "Status checked", "Agree", "Note", "List"
OUTCOMES = ("Outcome 1", "Outcome 2", "Outcome 3")
OWNERS = ("Owner 1", "Owner 2", "Owner 3")
DUES = ("Due 1", "Due 2", "Due 3")
DECIDED, DECIDED_BY = "Decided on", "Decided by"
ENTRIES = (AGREE, NOTE, *OWNERS, *DUES, DECIDED, DECIDED_BY)
"""What a team may write beside its outcomes."""

TITLES = (REFERENCE, CHECKED, *OUTCOMES, *ENTRIES, LIST)

SHEET, PROPERTY = "List", "riskstrat_list"
"""The sheet that a team fills in, and the document property that says which list it is; so does each row under `LIST`:
`NHU 2026-11-16 edition 1`."""

HEADING_WITHIN = 100
"""Rows in which the headings must stand."""

_MARK = re.compile(r"([A-Z]{3}) (\d{4}-\d{2}-\d{2})(?: edition (\d{1,4}))?", re.ASCII)
_ROW_IN_CELL = re.compile(r"^\W*[A-Za-z]{3}-\d{3,}-[0-9A-Za-z]\b", re.ASCII | re.MULTILINE)


class ListMark(NamedTuple):
    """Which list a file is of; `edition` is None where an earlier version published it."""

    team_code: str
    list_date: date
    edition: int | None


@dataclass(frozen=True)
class FilledRow:
    """One row: its number in the sheet from 1, the cell under each title, and by title what is wrong with a cell.

    A title that is not there has no cell. `shows`: whether the row is in view.
    """

    number: int
    cells: Mapping[str, Any]
    faults: Mapping[str, str]
    shows: bool = True

    def __getitem__(self, title: str) -> Any:
        return self.cells.get(title)

    def holds(self, title: str) -> bool:
        """Whether anything stands under a title."""
        return clean_text(self.cells.get(title)) is not None

    def leave_out(self, titles: Collection[str]) -> FilledRow:
        """The row without what stands under some titles."""
        cells = {title: cell for title, cell in self.cells.items() if title not in titles}
        faults = {title: fault for title, fault in self.faults.items() if title not in titles}
        return replace(self, cells=cells, faults=faults)

    @property
    def where(self) -> str:
        """What to call the row: its reference as printed, or its number where that cannot be told."""
        return self.reference or f"row {self.number}"

    @property
    def reference(self) -> str | None:
        """The reference as printed, whoever it is of; None where what stands there is none."""
        found = parse_reference(clean_text(self[REFERENCE]) or "")
        return found if found and is_sound(found) else None


@dataclass(frozen=True)
class Filled:
    """`rows`: one per row below the headings, empty ones too. `mark`: which list it is, where it says so.

    `absent`: titles of a published list that no column has. `places`: the column of each title that is there, from 1.
    `wrong`: where something stands that would be lost, such as "row 3", "rows from 9" or "sheet 7", and what is wrong.
    """

    rows: tuple[FilledRow, ...]
    mark: ListMark | None
    absent: tuple[str, ...]
    wrong: Mapping[str, str]
    places: Mapping[str, int]
    heading_row: int
    grid: Grid
    book: Book


def read_filled(path: Path) -> Filled:
    """The sheet of a workbook that has the headings of a list, or a CSV with the same headings.

    Raises SourceError for a file that is neither, or without the headings; StorageError if it cannot be read.
    """
    return read_sheet(read_book(path), path.name)


def read_sheet(book: Book, name: str) -> Filled:
    """The same of a file that is read. `name`: what to call it in a refusal."""
    grid, others = _choose_sheet(book, name)
    row, places = _require_headings(grid, name)
    rows = tuple(_gather_rows(grid, row, places))
    said = [book.properties.get(PROPERTY), *(each[LIST] for each in rows)]
    absent = tuple(title for title in TITLES if title not in places and title != LIST)
    wrong = dict(_find_lost_rows(grid, row, places)) | {
        f"sheet {other.number}": "has a filled-in list too; leave one sheet with outcomes" for other in others
    }
    return Filled(rows, _find_mark(said, name), absent, wrong, places, row, grid, book)


def _choose_sheet(book: Book, name: str) -> tuple[Grid, list[Grid]]:
    """The sheet with the headings of a list and something filled in, and others like it."""
    lists = [grid for grid in book.grids if _find_headings(grid, name)]
    if not lists:
        where = "sheet with a" if book.cells_are_typed else ""
        raise SourceError(
            f'{name} has no {where} row of headings with "{REFERENCE}" and "{OUTCOMES[0]}"; give a published list'
        )
    lists.sort(key=lambda grid: (not _is_filled_in(grid, name), fold(grid.name) != fold(SHEET), grid.number))
    return lists[0], [grid for grid in lists[1:] if _is_filled_in(grid, name)]


def _is_filled_in(grid: Grid, name: str) -> bool:
    row, places = _require_headings(grid, name)
    return any(each.holds(title) for each in _gather_rows(grid, row, places) for title in (*OUTCOMES, *ENTRIES))


def _require_headings(grid: Grid, name: str) -> tuple[int, dict[str, int]]:
    found = _find_headings(grid, name)
    if found is None:
        raise SourceError(f"{name} has no headings of a list; give a published list")
    return found


def _find_headings(grid: Grid, name: str) -> tuple[int, dict[str, int]] | None:
    """The row of the headings, from 1, and the column of each title that stands there; None without."""
    for number, row in enumerate(grid.rows[:HEADING_WITHIN], start=1):
        if places := _find_title_places(row, name):
            return number, places
    return None


def _find_title_places(row: Sequence[object], name: str) -> dict[str, int]:
    """The column of each title in a row of headings; empty for any other row."""
    written = [fold(cell) for cell in row]
    found = {title: written.index(fold(title)) + 1 for title in TITLES if fold(title) in written}
    if REFERENCE not in found or OUTCOMES[0] not in found:
        return {}
    twice = next((title for title in found if written.count(fold(title)) > 1), None)
    if twice:
        raise SourceError(f'{name} has two columns "{twice}"; leave the one that was published')
    return found


def _gather_rows(grid: Grid, heading_row: int, places: Mapping[str, int]) -> Iterator[FilledRow]:
    """The rows below the headings, without those that say the same once more, up to where others stand."""
    headings = grid.rows[heading_row - 1]
    for number, row in enumerate(grid.rows[heading_row:], start=heading_row + 1):
        if _is_other_headings(row, headings):
            return
        if list(map(fold, row)) != list(map(fold, headings)):
            cells = {title: row[at - 1] for title, at in places.items() if at <= len(row)}
            faults = {title: grid.faults[number, at] for title, at in places.items() if (number, at) in grid.faults}
            yield FilledRow(number, cells, faults, number not in grid.hidden)


def _find_lost_rows(grid: Grid, heading_row: int, places: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Rows that a reader of the rows below the headings would pass over or take for others."""
    at = places[REFERENCE] - 1
    headings = grid.rows[heading_row - 1]
    for number, row in enumerate(grid.rows, start=1):
        reference = parse_reference(clean_text(row[at]) or "") if at < len(row) else None
        if number < heading_row and reference and is_sound(reference):
            yield f"row {number}", "stands above the headings; put it below them"
        if number > heading_row and _is_other_headings(row, headings):
            yield f"rows from {number}", "have headings of their own; give one table with one row of headings"
        swallowed = next((name_column(column) for column, cell in enumerate(row, 1) if _holds_row(cell)), None)
        if number > heading_row and swallowed:
            yield f"row {number}", f"has whole rows inside its cell {swallowed}{number}; put each on a row of its own"


def _is_other_headings(row: Sequence[object], headings: Sequence[object]) -> bool:
    said = [fold(cell) for cell in row]
    return fold(REFERENCE) in said and fold(OUTCOMES[0]) in said and said != [fold(cell) for cell in headings]


def _holds_row(cell: object) -> bool:
    """Whether a text of several lines has a line that begins with a reference, as a stray quotation mark makes it."""
    return isinstance(cell, str) and "\n" in cell and bool(_ROW_IN_CELL.search(cell.partition("\n")[2]))


def _find_mark(said: Sequence[object], name: str) -> ListMark | None:
    """What the document and its rows say of the list, which must be one and the same."""
    marks = {_parse_mark(mark, name) for mark in said if clean_text(mark) is not None}
    if len(marks) > 1:
        raise SourceError(f"{name} holds rows of {len(marks)} lists; give one list at a time, as it was published")
    return next(iter(marks), None)


def _parse_mark(said: object, name: str) -> ListMark:
    found = _MARK.fullmatch(" ".join(str(said).split()))
    try:
        if found:
            return ListMark(found[1], date.fromisoformat(found[2]), int(found[3]) if found[3] else None)
    except ValueError:
        pass
    raise SourceError(f"{name} says in a way of its own which list it is; give the workbook as it was published")
