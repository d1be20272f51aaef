"""Moving the table of a worksheet to the right, with everything that points into it."""

from __future__ import annotations

import copy
import re

from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formula import Tokenizer
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.dimensions import DimensionHolder
from openpyxl.worksheet.worksheet import Worksheet

_REFERENCE = re.compile(r"(\$?)([A-Z]{1,3})(?=\$?\d|:|$)")


def shift_table(sheet: Worksheet, first_row: int, by: int, lines_to: int | None = None) -> None:
    """Move every cell from `first_row` down by so many columns, with widths, drop-downs, filter, rules and page breaks.

    What stands above stays at the left; merged lines there end in column `lines_to`, or grow with the sheet.
    """
    merged = [CellRange(found.coord) for found in sheet.merged_cells.ranges]
    for found in merged:
        sheet.unmerge_cells(found.coord)
    _move_cells(sheet, first_row, by)
    for found in merged:
        sheet.merge_cells(_grown(found, first_row, by, lines_to).coord)
    _move_widths(sheet, by)
    for rule in sheet.data_validations.dataValidation:
        rule.sqref = _moved(rule.sqref, first_row, by)
        rule.formula1, rule.formula2 = (_formula(each, sheet.title, by) for each in (rule.formula1, rule.formula2))
    _move_rules(sheet, first_row, by)
    for line in sheet.col_breaks.brk:
        line.id += by
    for table in sheet.tables.values():
        table.ref = _ref(table.ref, by)
        if table.autoFilter is not None:
            table.autoFilter.ref = table.ref
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = _ref(sheet.auto_filter.ref, by)


def _move_cells(sheet: Worksheet, first_row: int, by: int) -> None:
    for row in range(first_row, sheet.max_row + 1):
        for place in range(sheet.max_column, 0, -1):
            cell = sheet._cells.pop((row, place), None)
            if cell is None:
                continue
            cell.column = place + by
            sheet._cells[row, place + by] = cell
            if cell.hyperlink is not None:
                cell.hyperlink.ref = cell.coordinate


def _grown(found: CellRange, first_row: int, by: int, lines_to: int | None) -> CellRange:
    if found.min_row >= first_row:
        found.shift(col_shift=by)
    elif found.min_col == 1 and found.max_col > 1:
        found.expand(right=by if lines_to is None else lines_to - found.max_col)
    return found


def _move_widths(sheet: Worksheet, by: int) -> None:
    moved = DimensionHolder(worksheet=sheet, default_factory=sheet.column_dimensions.default_factory)
    for dimension in list(sheet.column_dimensions.values()):
        first = dimension.min or column_index_from_string(dimension.index)
        last = dimension.max or first
        new = copy.copy(dimension)
        new.index = get_column_letter(first + by)
        new.min, new.max = first + by, last + by
        moved[new.index] = new
    sheet.column_dimensions = moved


def _move_rules(sheet: Worksheet, first_row: int, by: int) -> None:
    before, sheet.conditional_formatting = sheet.conditional_formatting, ConditionalFormattingList()
    for area in before:
        ranges = _moved(area.sqref, first_row, by)
        for rule in area.rules:
            rule.formula = [_formula(each, sheet.title, by) for each in rule.formula]
            sheet.conditional_formatting.add(str(ranges), rule)


def _moved(ranges: MultiCellRange, first_row: int, by: int) -> MultiCellRange:
    return MultiCellRange([_ref(each.coord, by) if each.min_row >= first_row else each.coord for each in ranges.ranges])


def _ref(coordinates: str, by: int) -> str:
    area = CellRange(coordinates)
    area.shift(col_shift=by)
    return str(area.coord)


def _formula(formula: str | None, title: str, by: int) -> str | None:
    """The formula of a rule with its references to this sheet moved; texts and other sheets stay."""
    if not formula:
        return formula
    tokens = Tokenizer(f"={formula}").items
    return "".join(_token(token.value, title, by) if token.subtype == "RANGE" else token.value for token in tokens)


def _token(reference: str, title: str, by: int) -> str:
    sheet, mark, cells = reference.rpartition("!")
    if mark and sheet.strip("'") != title:
        return reference
    if not re.fullmatch(r"\$?[A-Z]{1,3}(\$?\d+)?(:\$?[A-Z]{1,3}(\$?\d+)?)?", cells):
        return reference
    return sheet + mark + _REFERENCE.sub(lambda found: found[1] + _later(found[2], by), cells)


def _later(letters: str, by: int) -> str:
    return get_column_letter(column_index_from_string(letters) + by)
