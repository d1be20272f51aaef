"""What a team wrote beside the fields of its list: it is not read, and that is said, by column, cell and sheet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from riskstrat.errors import RiskstratError
from riskstrat.identity import IDENTIFIERS
from riskstrat.publication import PublishedList, name_files
from riskstrat.reviews import Filled, FilledRow, Grid, clean_text, fold, name_column, parse_workbook, read_sheet

_NUMBERED = re.compile(r" \(\d+\)$")
_OF_A_NAMED_COPY = frozenset(map(fold, IDENTIFIERS.values()))


@dataclass(frozen=True)
class Additions:
    """Columns of the team's own by their letters, cells whose facts were changed, sheets with something of the team's
    own, and cells with a comment."""

    columns: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


def find_additions(filled: Filled, published: PublishedList, team_code: str) -> Additions:
    """What stands in a file beyond its fields, held against the workbook as published; where that cannot be read any
    more, comments alone."""
    stem = name_files(team_code)
    name = f"{stem}/{stem}.xlsx"
    try:
        book = parse_workbook(published.read_file(name), name)
        was = read_sheet(book, name)
    except RiskstratError:
        return Additions(comments=filled.book.commented)
    return Additions(
        tuple(_find_own_columns(filled, was)),
        tuple(_find_changed_facts(filled, was)) if filled.book.cells_are_typed else (),
        tuple(_find_own_sheets(filled, {fold(grid.name): grid for grid in book.grids})),
        filled.book.commented,
    )


def _name_headings(filled: Filled) -> dict[int, str]:
    """The heading of each column, from 1, without the number by which a doubled one is told apart."""
    headings = filled.grid.rows[filled.heading_row - 1]
    return {at: _NUMBERED.sub("", fold(heading)) for at, heading in enumerate(headings, start=1) if fold(heading)}


def _find_own_columns(filled: Filled, was: Filled) -> Iterator[str]:
    known, headings = set(_name_headings(was).values()) | _OF_A_NAMED_COPY, _name_headings(filled)
    below = filled.grid.rows[filled.heading_row :]
    for at in range(1, max(map(len, filled.grid.rows), default=0) + 1):
        holds = any(clean_text(row[at - 1]) is not None for row in below if at <= len(row))
        if holds and at not in filled.places.values() and headings.get(at) not in known:
            yield name_column(at)


def _find_changed_facts(filled: Filled, was: Filled) -> Iterator[str]:
    before = {row.reference: _read_facts(was, row) for row in was.rows if row.reference}
    places = {heading: at for at, heading in _name_headings(filled).items()}
    for row in filled.rows:
        facts = before.get(row.reference or "", {})
        for heading, said in _read_facts(filled, row).items():
            if heading in facts and said != facts[heading]:
                yield f"{name_column(places[heading])}{row.number}"


def _read_facts(filled: Filled, row: FilledRow) -> Mapping[str, str]:
    """By heading the facts of a row, as text; nothing of what a team fills in or a named copy says."""
    cells = filled.grid.rows[row.number - 1]
    return {
        heading: fold(cells[at - 1]) if at <= len(cells) else ""
        for at, heading in _name_headings(filled).items()
        if at not in filled.places.values() and heading not in _OF_A_NAMED_COPY
    }


def _find_own_sheets(filled: Filled, was: Mapping[str, Grid]) -> Iterator[str]:
    """Sheets that were not published, or in which something stands that was not; a named copy has names there."""
    named = bool(_OF_A_NAMED_COPY & set(_name_headings(filled).values()))
    for grid in filled.book.grids:
        before = _count_texts(was[fold(grid.name)]) if fold(grid.name) in was else Counter()
        is_known = fold(grid.name) in was and named
        if grid is not filled.grid and not is_known and _count_texts(grid) - before:
            yield f"sheet {grid.number}"


def _count_texts(grid: Grid) -> Counter[str]:
    return Counter(filter(None, (fold(cell) for row in grid.rows for cell in row)))
