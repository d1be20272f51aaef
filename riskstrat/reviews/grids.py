"""A workbook or a CSV as grids of cells, with what a spreadsheet shows and a reader of values alone would miss."""

from __future__ import annotations

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.errors import SourceError, StorageError

LARGEST, MOST_ROWS, MOST_COLUMNS = 200_000_000, 20_000, 702
"""Bytes of an unpacked workbook, and rows and columns (up to ZZ) of a sheet: beyond, it is no list."""

FORMULA, BROKEN, STRUCK = (
    "holds a formula; put its value there",
    "holds an error",
    "is struck through; empty it, or not",
)

_COMMENTS = re.compile(r"xl/(comments/)?comments?\d*\.xml")
_OTHERWISE_PARTED = re.compile(
    r'^[^,]*(?<![^;\t"])reference"?[;\t][^,]*$|^[^,]*[;\t]"?reference"?[^,\w]*$', re.IGNORECASE
)
_SHARED = "xl/sharedStrings.xml"
_ERROR = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)")

Place = tuple[int, int]
"""Row and column of a cell, both from 1."""


@dataclass(frozen=True)
class Grid:
    """One sheet: its number in the book from 1, its name, and its rows from the first, each a tuple of values.

    `faults`: what makes a cell's value another than it looks, by its place. `hidden`: rows that do not show.
    `first_day`: what a date that stands there as a number counts from.
    """

    number: int
    name: str
    rows: tuple[tuple[Any, ...], ...]
    faults: Mapping[Place, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    first_day: date = date(1899, 12, 30)


@dataclass(frozen=True)
class Book:
    """The sheets of a file, its document properties by name, and the cells that have a comment, such as "C5"."""

    grids: tuple[Grid, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)
    commented: tuple[str, ...] = ()
    cells_are_typed: bool = True
    """Whether numbers and dates stand in it as such; in a CSV everything is text."""


def read_book(path: Path) -> Book:
    """A workbook (.xlsx, .xlsm) or a CSV. Raises SourceError for anything else, StorageError if it cannot be read."""
    endings = {".xlsx": parse_workbook, ".xlsm": parse_workbook, ".csv": _parse_csv}
    parse = endings.get(path.suffix.lower())
    if parse is None:
        raise SourceError(f"{path.name} ends in neither .xlsx nor .csv; save the filled-in list as one of these")
    try:
        content = path.read_bytes()
    except OSError as refused:
        raise StorageError(f"cannot read {path.name}: {refused.strerror or refused}; check where it is") from None
    return parse(content, path.name)


def name_column(number: int) -> str:
    """The letters of a column, from 1: A, Z, AA."""
    letters = ""
    while number:
        number, left = divmod(number - 1, 26)
        letters = chr(ord("A") + left) + letters
    return letters


def parse_workbook(content: bytes, name: str) -> Book:
    """The sheets of a workbook's bytes. Raises SourceError in one line, never with what stands in it."""
    from openpyxl import load_workbook

    with _wrap_read_errors(name), warnings.catch_warnings():
        # It warns of drop-downs and print settings that it does not keep; nothing is written back.
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST:
                raise SourceError(f"{name} is far larger than any list; export its sheet as CSV instead")
            book = load_workbook(io.BytesIO(content), read_only=True)
            struck = _find_struck_texts(packed)
            grids = tuple(
                _parse_sheet(packed, sheet, number, name, struck) for number, sheet in enumerate(book.worksheets, 1)
            )
            said = {each.name: each.value for each in book.custom_doc_props.props}
            return Book(grids, said, tuple(_find_comments(packed)))


def _parse_sheet(packed: zipfile.ZipFile, sheet: Any, number: int, name: str, struck: frozenset[str]) -> Grid:
    sheet.reset_dimensions()
    rows: list[tuple[Any, ...]] = []
    faults: dict[Place, str] = {}
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        values = [cell.value for cell in cells]
        _cut_tail(values)
        _require_size(row if values else 0, len(values), name)
        if row > MOST_ROWS:
            continue
        for column, cell in enumerate(cells[: len(values)], start=1):
            if fault := _find_cell_fault(cell):
                faults[row, column] = fault
        rows.append(tuple(values))
    merged, hidden, struck_out = _read_layout(packed, sheet, struck)
    faults |= {place: STRUCK for place in struck_out if place not in faults}
    for area in merged:
        faults |= _describe_merged(area, rows)
    return Grid(number, sheet.title, tuple(rows), faults, frozenset(hidden), sheet.parent.epoch.date())


def _require_size(rows: int, columns: int, name: str) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise SourceError(
            f"{name} has something beyond row {MOST_ROWS:,} or column {name_column(MOST_COLUMNS)}, where no list has "
            "anything; empty that, or cut the sheet to its list"
        )


def _cut_tail(values: list[Any]) -> None:
    while values and values[-1] is None:
        del values[-1]


def _find_cell_fault(cell: Any) -> str | None:
    if cell.value is None:
        return None
    if cell.data_type in ("f", "e"):
        return FORMULA if cell.data_type == "f" else BROKEN
    return STRUCK if cell.font and cell.font.strike else None


def _read_layout(
    packed: zipfile.ZipFile, sheet: Any, struck: Collection[str]
) -> tuple[list[str], list[int], list[Place]]:
    """What a reader of values passes by: merged areas, such as "B3:B5", hidden rows, cells with letters struck through.

    struck: the places of shared texts with letters that are struck through.
    """
    from openpyxl.utils.cell import coordinate_to_tuple
    from openpyxl.xml.functions import iterparse

    merged, hidden, struck_out = [], [], []
    with packed.open(sheet._worksheet_path) as part:
        for _, element in iterparse(part):
            tag = element.tag.rpartition("}")[2]
            if tag == "mergeCell":
                merged.append(element.get("ref"))
            elif tag == "c" and element.get("r") and _is_struck_cell(element, struck):
                struck_out.append(coordinate_to_tuple(element.get("r")))
            elif tag == "row":
                flat = element.get("ht") is not None and float(element.get("ht")) == 0
                if (flat or element.get("hidden") in ("1", "true")) and element.get("r"):
                    hidden.append(int(element.get("r")))
                element.clear()
    return merged, hidden, struck_out


def _find_struck_texts(packed: zipfile.ZipFile) -> frozenset[str]:
    """The places, from 0, of the texts that cells share in which letters are struck through, the cell itself not."""
    from openpyxl.xml.functions import iterparse

    found: set[str] = set()
    if _SHARED in packed.namelist():
        with packed.open(_SHARED) as part:
            texts = (each for _, each in iterparse(part) if each.tag.rpartition("}")[2] == "si")
            for place, text in enumerate(texts):
                if _has_struck_run(text):
                    found.add(str(place))
                text.clear()
    return frozenset(found)


def _is_struck_cell(cell: Any, struck: Collection[str]) -> bool:
    if cell.get("t") == "s":
        return any(part.tag.endswith("}v") and part.text in struck for part in cell)
    return cell.get("t") == "inlineStr" and _has_struck_run(cell)


def _has_struck_run(text: Any) -> bool:
    runs = (each for each in text.iter() if each.tag.rpartition("}")[2] in ("strike", "dstrike"))
    return any(each.get("val", "1") not in ("0", "false") for each in runs)


def _describe_merged(area: str, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Place, str]]:
    """The cells of a merged area that holds a value: each shows it, and all but the first hold nothing."""
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(area)
    first = rows[top - 1][left - 1 : left] if top <= len(rows) else ()
    if first and first[0] is not None:
        for row in range(top, min(bottom, len(rows)) + 1):
            for column in range(left, min(right, max(map(len, rows))) + 1):
                yield (row, column), f"is merged with others ({area}); part them, and write in each row what holds"


def _find_comments(packed: zipfile.ZipFile) -> Iterator[str]:
    from openpyxl.xml.functions import iterparse

    for part in sorted(name for name in packed.namelist() if _COMMENTS.fullmatch(name)):
        with packed.open(part) as content:
            for _, element in iterparse(content):
                if element.tag.rpartition("}")[2] == "comment":
                    yield str(element.get("ref"))


def _parse_csv(content: bytes, name: str) -> Book:
    rows: list[tuple[str | None, ...]] = []
    with _wrap_read_errors(name):
        text = _decode(content, name)
        _require_commas(text, name)
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            rows.append(tuple(_cut_blank(row)))
            _require_size(len(rows), len(rows[-1]), name)
    faults = {
        (row, column): BROKEN
        for row, cells in enumerate(rows, start=1)
        for column, cell in enumerate(cells, start=1)
        if cell and _ERROR.fullmatch(cell.strip())
    }
    return Book((Grid(1, "", tuple(rows), faults),), cells_are_typed=False)


def _require_commas(text: str, name: str) -> None:
    """Raises SourceError for a text whose headings are parted by semicolons or tabs; what stands above is no matter."""
    headings = next((line for line in text.splitlines() if _OTHERWISE_PARTED.search(line)), None)
    if headings is not None:
        parted = "semicolons" if ";" in headings else "tabs"
        raise SourceError(
            f'{name} is parted by {parted}, not by commas; save it as "CSV UTF-8" with commas, or as .xlsx'
        )


def _decode(content: bytes, name: str) -> str:
    """UTF-8, or what a spreadsheet on Windows saves as plain CSV. Raises SourceError for neither."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise SourceError(f'{name} is UTF-16, or no text; save it as "CSV UTF-8", or as .xlsx')
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceError(f'{name} is in an encoding that is not known; save it as "CSV UTF-8", or as .xlsx')


def _cut_blank(row: Iterable[str]) -> list[str | None]:
    values: list[str | None] = [cell or None for cell in row]
    _cut_tail(values)
    return values


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
