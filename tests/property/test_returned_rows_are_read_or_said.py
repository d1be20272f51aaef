"""Whatever a team does to its list, each entry is read for the case it was written beside, or its row is named.

A sheet is made of rows whose meaning is known, edited as teams and spreadsheets do, and read back; the expectation is
worked out from the meanings alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from riskstrat.casefinding import reference
from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.errors import RiskstratError
from riskstrat.reviews import TITLES, Edition, Grid, Judged, Review, Terms, fold, judge, read_sheet
from riskstrat.reviews.filled import DECIDED, DUES, OUTCOMES, OWNERS
from riskstrat.reviews.grids import Book
from tests.suite.properties import pure_settings

LIST_DATE, TODAY = date(2026, 11, 16), date(2026, 12, 31)
PATIENTS = {reference("NHU", number): f"P{number}" for number in range(1, 8)}
EDITION = Edition("NHU", "North Huyton", LIST_DATE, PATIENTS)
FACTS = ("Rank", "Risk", "Practice")

Typed = tuple[Any, Any]
"""What stands in a cell, and what it means; a meaning of `WRONG` cannot be read."""

WRONG = object()


def write_day(day: date) -> st.SearchStrategy[Any]:
    """One day as a spreadsheet or a person may write it."""
    serial = (day - date(1899, 12, 30)).days
    ways = (
        datetime(day.year, day.month, day.day),
        serial,
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day:%y}",
        str(day),
    )
    return st.sampled_from(ways)


def days(first: date, last: date) -> st.SearchStrategy[Typed]:
    return st.dates(first, last).flatmap(lambda day: write_day(day).map(lambda cell: (cell, day)))


outcome_cells: st.SearchStrategy[Typed] = st.sampled_from(sorted(OUTCOME_WORDS)).flatmap(
    lambda key: st.sampled_from([key, OUTCOME_WORDS[key], f"  {OUTCOME_WORDS[key].upper()}\u200b "]).map(
        lambda cell: (cell, key)
    )
)
wrong_cells: st.SearchStrategy[Typed] = st.sampled_from(["Telekare", "?", "31/02/2027", "n/a"]).map(
    lambda cell: (cell, WRONG)
)
texts: st.SearchStrategy[Typed] = st.sampled_from(
    [("AB", "AB"), (" A\nB ", "A B"), (7.0, "7"), ("=1", "=1"), ("\u200b", None)]
)
nothing: st.SearchStrategy[Typed] = st.just((None, None))


@st.composite
def rows_filled_in(draw: st.DrawFn) -> dict[str, Typed]:
    """The entries of one row by title, each with its meaning; most rows hold what goes together, some do not."""
    entries: dict[str, Typed] = {}
    for outcome, owner, due in zip(OUTCOMES, OWNERS, DUES, strict=True):
        if draw(st.booleans()):
            entries[outcome] = draw(st.one_of(*[outcome_cells] * 9, wrong_cells))
        if outcome in entries or draw(st.integers(0, 9)) == 0:
            entries[owner] = draw(texts | nothing)
            entries[due] = draw(st.one_of(nothing, days(date(2027, 1, 1), date(2028, 10, 1))))
    entries["Note"], entries["Decided by"] = draw(texts | nothing), draw(texts | nothing)
    entries[DECIDED] = draw(nothing | st.one_of(*[days(LIST_DATE, TODAY)] * 5, wrong_cells))
    return entries if draw(st.integers(0, 3)) else {}


@dataclass
class Sheet:
    """A list as it is edited. `rows`: of whom each was published, None for a row of nobody, and its cells by column.

    `meanings`: by reference what was typed. `spoiled`: references whose rows must be named; `broken`: whether something
    of the whole file must be.
    """

    headings: list[Any]
    rows: list[tuple[str | None, list[Any]]]
    meanings: dict[str, dict[str, Any]]
    spoiled: set[str] = field(default_factory=set)
    faults: list[tuple[list[Any], int]] = field(default_factory=list)
    broken: bool = False

    def list_lines(self) -> list[list[Any]]:
        """The headings and the rows, each once, filled up to one width."""
        lines = {id(cells): cells for cells in (self.headings, *(cells for _, cells in self.rows))}
        for cells in lines.values():
            cells.extend([None] * (len(self.headings) - len(cells)))
        return list(lines.values())

    def draw_row(self, draw: st.DrawFn) -> tuple[str, list[Any]]:
        """One row of somebody."""
        return draw(st.sampled_from([(one, cells) for one, cells in self.rows if one is not None]))

    def find(self, title: str) -> int:
        return next(at for at, heading in enumerate(self.headings) if fold(heading) == fold(title))

    def build_book(self, preamble: int) -> Book:
        """The sheet below so many rows of other things."""
        lines = [*([["North Huyton"]] * preamble), self.headings, *(cells for _, cells in self.rows)]
        numbers = {id(cells): number for number, cells in enumerate(lines, start=1)}
        faults = {(numbers[id(cells)], at + 1): "holds a formula" for cells, at in self.faults if id(cells) in numbers}
        return Book((Grid(1, "List", tuple(map(tuple, lines)), faults),))


def make_sheet(filled_in: Mapping[str, Mapping[str, Typed]]) -> Sheet:
    rows: list[tuple[str | None, list[Any]]] = []
    for one, entries in filled_in.items():
        cells = {"Reference": one} | {title: cell for title, (cell, _) in entries.items()}
        rows.append((one, [*(f"{fact} of {one}" for fact in FACTS), *map(cells.get, TITLES)]))
    meanings = {one: {title: said for title, (_, said) in entries.items()} for one, entries in filled_in.items()}
    return Sheet([*FACTS, *TITLES], rows, meanings)


def expect(one: str, typed: Mapping[str, Any]) -> set[Review] | None:
    """The reviews that a row means, worked out from what was typed alone; None where it must be named."""
    told = {title: said for title, said in typed.items() if said is not None}
    outcomes = [told[title] for title in OUTCOMES if title in told]
    alone = any(
        title in told and outcome not in told
        for outcome, *beside in zip(OUTCOMES, OWNERS, DUES, strict=True)
        for title in beside
    )
    if WRONG in told.values() or len(set(outcomes)) < len(outcomes) or alone or (told and not outcomes):
        return None
    shared = (told.get("Note"), None, told.get(DECIDED), told.get("Decided by"))
    return {
        Review(PATIENTS[one], LIST_DATE, EDITION.team, told[outcome], *shared, told.get(due), told.get(owner))
        for outcome, owner, due in zip(OUTCOMES, OWNERS, DUES, strict=True)
        if outcome in told
    }


# ---- What teams do to a list ----


def sort_rows(sheet: Sheet, draw: st.DrawFn) -> None:
    sheet.rows = draw(st.permutations(sheet.rows))


def insert_row(sheet: Sheet, draw: st.DrawFn) -> None:
    sheet.rows.insert(draw(st.integers(0, len(sheet.rows))), (None, draw(st.sampled_from([[], [None] * 4, ["", " "]]))))


def repeat_headings(sheet: Sheet, draw: st.DrawFn) -> None:
    sheet.rows.insert(draw(st.integers(0, len(sheet.rows))), (None, sheet.headings))


def insert_column(sheet: Sheet, draw: st.DrawFn) -> None:
    at = draw(st.integers(0, len(sheet.headings)))
    for cells in sheet.list_lines():
        cells.insert(at, "Mine" if cells is sheet.headings else "theirs")


def move_column(sheet: Sheet, draw: st.DrawFn) -> None:
    places = st.integers(0, len(sheet.headings) - 1)
    taken, put = draw(places), draw(places)
    for cells in sheet.list_lines():
        cells.insert(put, cells.pop(taken))


def respace_heading(sheet: Sheet, draw: st.DrawFn) -> None:
    at = sheet.find(draw(st.sampled_from(TITLES)))
    change = draw(
        st.sampled_from([str.upper, str.lower, lambda text: text.replace(" ", "\n"), lambda text: f" {text} "])
    )
    sheet.headings[at] = change(sheet.headings[at])


def retype_reference(sheet: Sheet, draw: st.DrawFn) -> None:
    _, cells = sheet.draw_row(draw)
    at = sheet.find("Reference")
    change = draw(
        st.sampled_from([str.lower, lambda text: text.replace("-", " \u2013 "), lambda text: f"{text}\u00a0"])
    )
    cells[at] = change(cells[at] or "")


def delete_column(sheet: Sheet, draw: st.DrawFn) -> None:
    at = sheet.find(draw(st.sampled_from([title for title in TITLES if title != "List"])))
    for cells in sheet.list_lines():
        del cells[at]
    sheet.broken = True


def retitle_column(sheet: Sheet, draw: st.DrawFn) -> None:
    at = sheet.find(draw(st.sampled_from([title for title in TITLES if title != "List"])))
    sheet.headings[at] = f"{sheet.headings[at]} (optional)"
    sheet.broken = True


def double_column(sheet: Sheet, draw: st.DrawFn) -> None:
    sheet.headings.append(draw(st.sampled_from([title for title in TITLES if title != "List"])))
    sheet.broken = True


def slip_in_reference(sheet: Sheet, draw: st.DrawFn) -> None:
    one, cells = sheet.draw_row(draw)
    cells[sheet.find("Reference")] = draw(st.sampled_from([f"{one[:-1]}#", reference("HAL", 1), "see above", None]))
    sheet.spoiled.add(one)


def copy_row(sheet: Sheet, draw: st.DrawFn) -> None:
    one, cells = sheet.draw_row(draw)
    sheet.rows.insert(draw(st.integers(0, len(sheet.rows))), (one, list(cells)))
    sheet.spoiled.add(one)


def compute_cell(sheet: Sheet, draw: st.DrawFn) -> None:
    one, cells = sheet.draw_row(draw)
    at = sheet.find(draw(st.sampled_from([title for title in TITLES if title != "List"])))
    cells.extend([None] * (at + 1 - len(cells)))
    sheet.faults.append((cells, at))
    sheet.spoiled.add(one)


HARMLESS = (sort_rows, insert_row, insert_column, move_column, respace_heading, retype_reference)
OF_A_ROW = (slip_in_reference, copy_row)
OF_THE_FILE = (delete_column, retitle_column, double_column)


@st.composite
def returned_sheets(draw: st.DrawFn) -> Sheet:
    """A sheet after some harmless edits, then at most a few others."""
    ones = draw(st.lists(st.sampled_from(sorted(PATIENTS)), min_size=1, max_size=5, unique=True))
    sheet = make_sheet({one: draw(rows_filled_in()) for one in ones})
    for edit in draw(st.lists(st.sampled_from(HARMLESS), max_size=5)):
        edit(sheet, draw)
    for edit in draw(st.lists(st.sampled_from(OF_A_ROW), max_size=1)):
        edit(sheet, draw)
    for edit in draw(st.sampled_from([(), (), (), (compute_cell,), (repeat_headings,)])):
        edit(sheet, draw)
    for edit in draw(st.sampled_from([(), (), (), *((each,) for each in OF_THE_FILE)])):
        edit(sheet, draw)
    return sheet


TERMS = Terms(TODAY, (), confirmed=frozenset(PATIENTS))


def judge_sheet(sheet: Sheet, preamble: int, left_out: frozenset[str] = frozenset()) -> Judged:
    return judge(read_sheet(sheet.build_book(preamble), "filled.xlsx"), EDITION, replace(TERMS, left_out=left_out))


@pure_settings(120)
@given(returned_sheets(), st.integers(0, 2))
def test_each_entry_is_read_for_the_case_it_was_written_beside_or_its_row_is_named(sheet: Sheet, preamble: int) -> None:
    try:
        judged = judge_sheet(sheet, preamble)
    except RiskstratError:
        assert sheet.broken
        return
    assert bool(judged.problems) or not sheet.broken
    named = {problem.where for problem in judged.problems}
    for one, typed in sheet.meanings.items():
        expected = expect(one, typed)
        rows = {f"row {preamble + 2 + at}" for at, (whose, _) in enumerate(sheet.rows) if whose == one}
        if sheet.broken or (one in sheet.spoiled and any(said is not None for said in typed.values())):
            assert sheet.broken or named & {one, *rows}
        elif expected is None:
            assert named & {one, *rows}
        elif one not in sheet.spoiled:
            assert set(judged.reviews.get(one, ())) == expected
    assert set(judged.reviews) <= set(sheet.meanings)


@pure_settings(50)
@given(returned_sheets(), st.integers(0, 2))
def test_what_is_left_out_by_name_changes_nothing_of_the_rest(sheet: Sheet, preamble: int) -> None:
    assume(not sheet.broken)
    judged = judge_sheet(sheet, preamble)
    named = frozenset(problem.where for problem in judged.problems)
    again = judge_sheet(sheet, preamble, named)
    assert again.problems == []
    assert again.reviews == {one: reviews for one, reviews in judged.reviews.items() if one not in named}
