"""A filled-in list as a file: its columns by title, cell by cell; no other column is ever kept.

Rows may have been sorted or filtered and columns moved or added: each is found by its title alone. The named copy has
names and NHS numbers beside these columns: they are passed over while the file is read.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from riskstrat.errors import SourceError, StorageError

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

LARGEST, MOST_ROWS, HEADING_WITHIN = 200_000_000, 20_000, 100
"""Bytes of an unpacked workbook, rows of a sheet, and rows in which the headings must stand: beyond, it is no list."""

_MARK = re.compile(r"([A-Z]{3}) (\d{4}-\d{2}-\d{2})(?: edition (\d{1,4}))?", re.ASCII)


@dataclass(frozen=True)
class FilledRow:
    """One row: its number in the file from 1, and the cell under each title; a title that is not there has none."""

    number: int
    cells: Mapping[str, Any]

    def __getitem__(self, title: str) -> Any:
        return self.cells.get(title)


class ListMark(NamedTuple):
    """Which list a file is of; `edition` is None where an earlier version published it."""

    team_code: str
    list_date: date
    edition: int | None


@dataclass(frozen=True)
class Filled:
    """`rows`: one per row below the headings, empty ones too. `mark`: which list it is, where it says so.

    `absent`: titles of a published list that no column has.
    """

    rows: tuple[FilledRow, ...]
    mark: ListMark | None = None
    absent: tuple[str, ...] = ()


def read_filled(path: Path) -> Filled:
    """A workbook's sheet "List", or a CSV with the same headings.

    Raises SourceError for a file that is neither, or without the headings; StorageError if it cannot be read.
    """
    endings = {".xlsx": _read_workbook, ".xlsm": _read_workbook, ".csv": _read_csv}
    read = endings.get(path.suffix.lower())
    if read is None:
        raise SourceError(f"{path.name} ends in neither .xlsx nor .csv; save the filled-in list as one of these")
    try:
        content = path.read_bytes()
    except OSError as refused:
        raise StorageError(f"cannot read {path.name}: {refused.strerror or refused}; check where it is") from None
    return read(content, path.name)


def _read_workbook(content: bytes, name: str) -> Filled:
    from openpyxl import load_workbook

    with _wrap_read_errors(name), warnings.catch_warnings():
        # It warns of drop-downs and print settings that it does not keep; nothing is written back.
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST:
                raise SourceError(f"{name} is far larger than any list; export the sheet {SHEET} as CSV instead")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        if SHEET not in book.sheetnames:
            raise SourceError(f'{name} has no sheet "{SHEET}"; give the workbook that the list was published as')
        said = {each.name: each.value for each in book.custom_doc_props.props}.get(PROPERTY)
        sheet = book[SHEET]
        sheet.reset_dimensions()
        rows = _read_below_headings(sheet.iter_rows(values_only=True), name)
    return _build_filled(rows, said, name)


def _build_filled(rows: _Rows, said: Any, name: str) -> Filled:
    """The rows with what the document and its rows say of the list, which must be one and the same."""
    marks = {_parse_mark(mark, name) for mark in (said, *(row[LIST] for row in rows.kept)) if mark not in (None, "")}
    if len(marks) > 1:
        raise SourceError(f"{name} holds rows of {len(marks)} lists; give one list at a time, as it was published")
    return Filled(tuple(rows.kept), next(iter(marks), None), rows.absent)


def _parse_mark(said: Any, name: str) -> ListMark:
    found = _MARK.fullmatch(" ".join(str(said).split()))
    try:
        if found:
            return ListMark(found[1], date.fromisoformat(found[2]), int(found[3]) if found[3] else None)
    except ValueError:
        pass
    raise SourceError(f"{name} says in a way of its own which list it is; give the workbook as it was published")


def _read_csv(content: bytes, name: str) -> Filled:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # what a spreadsheet on Windows saves as plain CSV
    with _wrap_read_errors(name):
        rows = _read_below_headings(csv.reader(io.StringIO(text, newline=""), strict=True), name)
    return _build_filled(rows, None, name)


@contextmanager
def _wrap_read_errors(name: str) -> Iterator[None]:
    """Whatever a reader of foreign files stumbles over is one line; never what it read. Raises SourceError."""
    try:
        yield
    except SourceError:
        raise
    except Exception as stumbled:
        raise SourceError(
            f"{name} cannot be read ({type(stumbled).__name__}); open it, save it again as .xlsx, and import that"
        ) from None


class _Rows(NamedTuple):
    """The rows below the headings, and the titles that stand over none of the columns."""

    kept: list[FilledRow]
    absent: tuple[str, ...]


def _read_below_headings(rows: Iterable[Sequence[Any]], name: str) -> _Rows:
    places: dict[str, int] = {}
    kept = []
    for number, row in enumerate(rows, start=1):
        if number > (MOST_ROWS if places else HEADING_WITHIN):
            break
        if places:
            kept.append(FilledRow(number, {title: row[at] for title, at in places.items() if at < len(row)}))
        else:
            places = _find_title_places(row, name)
    if not places:
        raise SourceError(
            f'{name} has no row of headings with "{REFERENCE}" and "{OUTCOMES[0]}"; give a published list'
        )
    return _Rows(kept, tuple(title for title in TITLES if title not in places and title != LIST))


def _find_title_places(row: Sequence[Any], name: str) -> dict[str, int]:
    """The place of each title in a row of headings; empty for any other row."""
    written = [" ".join(cell.split()).casefold() if isinstance(cell, str) else "" for cell in row]
    found = {title: written.index(title.casefold()) for title in TITLES if title.casefold() in written}
    if REFERENCE not in found or OUTCOMES[0] not in found:
        return {}
    twice = next((title for title in found if written.count(title.casefold()) > 1), None)
    if twice:
        raise SourceError(f'{name} has two columns "{twice}"; leave the one that was published')
    return found
