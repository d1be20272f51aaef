"""A filled-in list as a file: its ten columns by title, cell by cell; no other column is ever kept.

The named copy has names and NHS numbers beside these columns: they are passed over while the file is read.
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
from typing import Any

from riskstrat.errors import SourceError, StorageError

REFERENCE, AGREE, REASON, OWNER = "Reference", "Agree", "Reason", "Owner"
OUTCOMES = ("Outcome 1", "Outcome 2", "Outcome 3")
DECIDED, DUE, CHECKED = "Decided on", "Next due", "Status checked"
TITLES = (REFERENCE, *OUTCOMES, AGREE, REASON, OWNER, DECIDED, DUE, CHECKED)

SHEET, PROPERTY = "List", "riskstrat_list"
"""The sheet that a team fills in, and the document property that says which list it is: `NHU 2026-11-16`."""

LARGEST, MOST_ROWS, HEADING_WITHIN = 200_000_000, 20_000, 100
"""Bytes of an unpacked workbook, rows of a sheet, and rows in which the headings must stand: beyond, it is no list."""

_LIST = re.compile(r"([A-Z]{3}) (\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass(frozen=True)
class FilledRow:
    """One row: its number in the file from 1, and the cell under each title; a title that is not there has none."""

    number: int
    cells: Mapping[str, Any]

    def __getitem__(self, title: str) -> Any:
        return self.cells.get(title)


@dataclass(frozen=True)
class Filled:
    """`rows`: one per row below the headings, empty ones too. `team_code, list_date`: which list, where it says so."""

    rows: tuple[FilledRow, ...]
    team_code: str | None = None
    list_date: date | None = None


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
    return Filled(rows, *_parse_list_property(said, name))


def _parse_list_property(said: Any, name: str) -> tuple[str | None, date | None]:
    if said is None:
        return None, None
    found = _LIST.fullmatch(str(said).strip())
    try:
        if found:
            return found[1], date.fromisoformat(found[2])
    except ValueError:
        pass
    raise SourceError(f"{name} says in a way of its own which list it is; give the workbook as it was published")


def _read_csv(content: bytes, name: str) -> Filled:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # what a spreadsheet on Windows saves as plain CSV
    with _wrap_read_errors(name):
        return Filled(_read_below_headings(csv.reader(io.StringIO(text, newline=""), strict=True), name))


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


def _read_below_headings(rows: Iterable[Sequence[Any]], name: str) -> tuple[FilledRow, ...]:
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
    return tuple(kept)


def _find_title_places(row: Sequence[Any], name: str) -> dict[str, int]:
    """The place of each title in a row of headings; empty for any other row."""
    written = [cell.strip().casefold() if isinstance(cell, str) else "" for cell in row]
    found = {title: written.index(title.casefold()) for title in TITLES if title.casefold() in written}
    if REFERENCE not in found or OUTCOMES[0] not in found:
        return {}
    twice = next((title for title in found if written.count(title.casefold()) > 1), None)
    if twice:
        raise SourceError(f'{name} has two columns "{twice}"; leave the one that was published')
    return found
