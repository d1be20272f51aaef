"""The named copy as a workbook: the published one with the columns that say who people are put first."""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from math import ceil

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from riskstrat.errors import IdentityError
from riskstrat.identity.shifting import shift_table
from riskstrat.identity.store import IDENTIFIERS

SHEET, NOTES, KEY = "List", "Notes and limits", "Reference"
COPY_PROPERTY = "riskstrat_copy"
WARNING = "Names people: keep it where the team keeps patient records"
NOT_HELD = "not held here"
_WIDTHS = {"name": 22.0, "nhs_number": 14.0, "date_of_birth": 13.0, "contact": 26.0}
_OTHER_WIDTH = 17.0
_FROZEN = 2
_LINE, _TALLEST = 14.25, 409.0
_NARROWER = 1.3
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_CREATED = re.compile(rb"<dcterms:created[^>]*>([^<]*)</dcterms:created>")
# Excel's XML takes no control characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def references_in(published: bytes, code: str) -> list[str]:
    """The references of a published workbook, by row; none for a list of nobody.

    Raises IdentityError if it is not a list's workbook.
    """
    sheet = _opened(published)[SHEET]
    heading = _heading(sheet)
    if heading is None:
        return []
    row, place = heading
    cells = (sheet.cell(below, place).value for below in range(row + 1, sheet.max_row + 1))
    return [str(cell) for cell in cells if _is_reference(cell, code)]


def with_names(
    published: bytes, code: str, people: Mapping[str, Mapping[str, str]], notice: Sequence[tuple[str, str]]
) -> bytes:
    """The workbook with what `people` says of each reference in the first columns; the same gives the same bytes.

    Drop-downs, filter, print set-up and properties stay. `notice` is added to the notes: for whom and why it was made.
    """
    book = _opened(published)
    sheet = book[SHEET]
    heading = _heading(sheet)
    if heading is not None:
        _put_first(sheet, heading, code, people)
    _mark(book, sheet, notice)
    content = io.BytesIO()
    book.save(content)
    return _same_bytes(content.getvalue())


def _opened(published: bytes) -> Workbook:
    try:
        book = load_workbook(io.BytesIO(published), rich_text=True)
    except Exception as broken:  # openpyxl lets whatever a broken zip or XML raises pass
        raise IdentityError(
            f"the team's workbook cannot be opened ({type(broken).__name__}); copy the week anew"
        ) from None
    if SHEET not in book.sheetnames:
        raise IdentityError(f'the team\'s workbook has no sheet "{SHEET}"; copy the published week anew')
    return book


def _heading(sheet: Worksheet) -> tuple[int, int] | None:
    """Row and column of the heading "Reference"."""
    for row in sheet.iter_rows(max_row=min(sheet.max_row, 60)):
        for cell in row:
            if cell.value == KEY:
                return cell.row, cell.column
    return None


def _is_reference(cell: object, code: str) -> bool:
    return isinstance(cell, str) and re.fullmatch(rf"{re.escape(code)}-\d{{4}}-\d{{2,}}-[0-9A-Z]", cell) is not None


def _put_first(sheet: Worksheet, heading: tuple[int, int], code: str, people: Mapping[str, Mapping[str, str]]) -> None:
    row, place = heading
    by = len(IDENTIFIERS)
    across = _columns_on_every_sheet(sheet)
    shift_table(sheet, row, by, by + across if across else None)
    place += by
    _write_row(sheet, row, list(IDENTIFIERS.values()), place, heading=True)
    for below in range(row + 1, sheet.max_row + 1):
        reference = sheet.cell(below, place).value
        if _is_reference(reference, code):
            known = people.get(str(reference), {})
            _write_row(sheet, below, [known.get(name, "") for name in IDENTIFIERS] if known else [NOT_HELD], place)
    for number, name in enumerate(IDENTIFIERS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _width(name)
    sheet.freeze_panes = sheet.cell(row + 1, _FROZEN + 1)
    _set_up_paper(sheet, row, by + across if across else None)


def _columns_on_every_sheet(sheet: Worksheet) -> int:
    """How many columns the published list repeats on each sheet of paper, where it breaks the paper by columns."""
    repeated = sheet.print_title_cols
    if not repeated or not sheet.col_breaks.brk:
        return 0
    return int(column_index_from_string(repeated.split(":")[-1].replace("$", "")))


def _set_up_paper(sheet: Worksheet, heading_row: int, first_sheet: int | None) -> None:
    """Who people are on a sheet of paper of its own, as far as column `first_sheet`; the name on every sheet.

    The name is as wide as what the published list repeats, so that the other sheets keep their size.
    """
    sheet.print_title_cols = "A:A"
    if first_sheet is None:
        sheet.page_setup.fitToWidth = 2
        return
    sheet.col_breaks.append(Break(id=first_sheet))
    sheet.col_breaks.brk.sort(key=lambda line: line.id)
    for row in range(2, heading_row):
        # The lines above the table have less width than they were measured for.
        height = sheet.row_dimensions[row].height
        sheet.row_dimensions[row].height = min(height * _NARROWER, _TALLEST) if height else None


def _write_row(sheet: Worksheet, row: int, texts: Sequence[str], like: int, heading: bool = False) -> None:
    model = sheet.cell(row, like)
    for number in range(1, len(IDENTIFIERS) + 1):
        cell = sheet.cell(row, number)
        cell._style = copy.copy(model._style)
        cell.font = _font(model, strong=heading or number == 1)
        cell.alignment = Alignment(wrap_text=True, vertical=model.alignment.vertical, horizontal="left")
        if number <= len(texts):
            cell.value = _CONTROL.sub(" ", texts[number - 1])
            # Text, whatever it begins with: never a formula, nor after somebody has typed in the cell.
            cell.data_type = "s"
            cell._style.quotePrefix = 1
    _make_room(sheet, row, texts)


def _font(model: Cell, strong: bool) -> Font:
    font = copy.copy(model.font)
    font.b = strong
    return font


def _make_room(sheet: Worksheet, row: int, texts: Sequence[str]) -> None:
    lines = [
        sum(max(1, ceil(len(part) / (_width(name) - 2))) for part in text.split("\n"))
        for name, text in zip(IDENTIFIERS, texts, strict=False)
    ]
    wanted = _LINE * max(lines, default=1) + 3
    sheet.row_dimensions[row].height = min(max(wanted, sheet.row_dimensions[row].height or 0), _TALLEST)


def _width(name: str) -> float:
    return _WIDTHS.get(name, _OTHER_WIDTH)


def _mark(book: Workbook, sheet: Worksheet, notice: Sequence[tuple[str, str]]) -> None:
    """Say on the sheet, on paper, in the notes and to programs that this copy names people."""
    first = sheet.cell(1, 1)
    first.value = f"Named copy. {first.value or ''}".strip()
    first.data_type = "s"
    sheet.oddFooter.center.text = WARNING
    if COPY_PROPERTY not in book.custom_doc_props.names:
        book.custom_doc_props.append(StringProperty(name=COPY_PROPERTY, value="named"))
    if NOTES in book.sheetnames:
        notes = book[NOTES]
        for label, text in [("This copy", WARNING), *notice]:
            row = notes.max_row + 1
            for place, said in ((1, label), (2, text)):
                cell = notes.cell(row, place, said)
                cell.data_type = "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _same_bytes(saved: bytes) -> bytes:
    """The saved workbook without the time at which it was saved."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as before, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/core.xml":
                created = _CREATED.search(content)
                when = created[1] if created else b"1980-01-01T00:00:00Z"
                content = _MODIFIED.sub(rb"\g<1>" + when + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            after.writestr(entry, content)
    return result.getvalue()
