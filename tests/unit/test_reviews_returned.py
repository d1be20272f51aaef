"""What a returned list may look like: of another edition, emptied, merged, computed, retitled, contradictory."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from riskstrat import audit
from riskstrat.errors import RiskstratError, SourceError
from riskstrat.reviews import TITLES, FileReviewStore, Snapshot, count_changes
from riskstrat.verbs.reviews_import import import_reviews
from tests.unit.filled_lists import (
    DAY,
    ELSEWHERE,
    GONE,
    LATER,
    MONDAY,
    NEVER,
    TELECARE,
    TODAY,
    A,
    B,
    C,
    files,
    fill_book,
    filled,
    make_workspace,
    outcomes,
    place_of,
    publish,
    save_book,
    write_csv,
)

MONITOR = {"Outcome 1": "Monitor"}
Edit = Callable[[Worksheet], object]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with one published list of two teams, on a day two weeks later."""
    monkeypatch.setattr("riskstrat.audit.today", lambda: TODAY)
    return make_workspace(tmp_path / "workspace")


def refuse(root: Path, path: Path, given: str | None = None, **options: Any) -> str:
    """What the refusal says; nothing is written then."""
    before = files(root)
    with pytest.raises(RiskstratError) as refused:
        import_reviews(root, path, given, **options)
    assert files(root) == before
    return str(refused.value)


def edit(root: Path, rows: dict[str, dict[str, Any]], change: Edit) -> Path:
    """A filled-in workbook after somebody has done something to its sheet; headings in row 3, rows from 4."""
    book, page = fill_book(rows)
    change(page)
    return save_book(book, root)


# ---- Another edition ----


@pytest.fixture
def withdrawn(root: Path) -> Path:
    """The same, with the first edition among the withdrawn: it had one person more, and was withdrawn on a day."""
    publish(root / "lists" / "withdrawn" / f"{MONDAY}-1", MONDAY, 1, {"nhu": {A: "pa", GONE: "px"}, "hal": {}})
    with audit.log_withdrawing(root, str(MONDAY), "An opt-out came late.", {}):
        pass
    return root


def test_the_edition_that_was_withdrawn_is_named_with_its_day(withdrawn: Path) -> None:
    said = refuse(withdrawn, filled(withdrawn, {A: TELECARE}, list_of=f"NHU {MONDAY} edition 1"))
    day = audit.read(withdrawn)[0].at[:10]
    year, month, number = map(int, day.split("-"))
    assert f"edition 1 of the list of {MONDAY}, which was withdrawn on {number} " in said
    assert f" {year}, and edition 2 stands" in said
    assert month == date.fromisoformat(day).month


@pytest.mark.parametrize("gone", [TELECARE, {}])
def test_without_any_mark_the_references_say_that_it_is_the_withdrawn_edition(
    withdrawn: Path, gone: dict[str, Any]
) -> None:
    rows = [{"Reference": A} | TELECARE | {"Decided on": ""}, {"Reference": GONE.lower()} | gone | {"Decided on": ""}]
    said = refuse(withdrawn, write_csv(withdrawn, rows), str(MONDAY))
    assert f"it is of edition 1 of the list of {MONDAY}, which was withdrawn on" in said


def test_without_any_mark_the_references_say_of_which_date_a_file_is(root: Path) -> None:
    earlier = MONDAY - timedelta(weeks=1)
    publish(root / "lists" / str(earlier), earlier, 1, {"nhu": {A: "pa", GONE: "px"}, "hal": {}})
    said = refuse(root, write_csv(root, [{"Reference": A} | MONITOR, {"Reference": GONE}]), str(MONDAY))
    assert f"its references are those of the list of {earlier}, not of {MONDAY}" in said
    import_reviews(root, write_csv(root, [{"Reference": A} | MONITOR, {"Reference": GONE}]), str(earlier))
    assert outcomes(root) == [("pa", "monitor")]


def test_a_list_that_was_withdrawn_and_not_made_again_is_named(withdrawn: Path) -> None:
    (withdrawn / "lists" / str(MONDAY) / "manifest.json").unlink()
    for path in sorted((withdrawn / "lists" / str(MONDAY)).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (withdrawn / "lists" / str(MONDAY)).rmdir()
    for list_of, given in ((f"NHU {MONDAY} edition 1", None), (None, str(MONDAY))):
        said = refuse(withdrawn, filled(withdrawn, {A: TELECARE}, list_of=list_of), given)
        assert f"it is of the list of {MONDAY}, which was withdrawn on" in said
        assert "and none stands for that date" in said


def test_an_edition_of_another_workspace_is_not_called_withdrawn(root: Path) -> None:
    said = refuse(root, filled(root, {A: TELECARE}, list_of=f"NHU {MONDAY} edition 3"))
    assert "edition 3 of the list of 2026-11-16, and here edition 2 is the latest" in said


def test_rows_of_two_teams_in_one_file_are_refused_whatever_they_say(root: Path) -> None:
    rows = {A: TELECARE, ELSEWHERE: TELECARE}
    assert "references of 2 teams" in refuse(root, filled(root, rows, list_of=None), str(MONDAY))
    assert "row 5, Reference: is not on the list of North Huyton" in refuse(root, filled(root, rows))
    marked = {A: TELECARE | {"List": f"NHU {MONDAY} edition 2"}, ELSEWHERE: {"List": f"HAL {MONDAY} edition 2"}}
    assert "holds rows of 2 lists" in refuse(root, filled(root, marked))


@pytest.mark.parametrize("typed", [A.lower(), A.replace("-", "\u2013"), A.replace("-", " "), A.replace("0", "O")])
def test_a_reference_typed_by_hand_finds_its_case_and_its_team(root: Path, typed: str) -> None:
    import_reviews(root, write_csv(root, [{"Reference": typed} | MONITOR]), str(MONDAY))
    assert outcomes(root) == [("pa", "monitor")]


def test_a_renamed_sheet_is_found_by_its_headings(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}, sheet="North Huyton, done"))
    assert outcomes(root) == [("pa", "telecare")]


# ---- Taking back ----

RIGHT = {"correct": True, "by": "Ann Coe", "reason": "Typed in the wrong row."}


def test_an_outcome_in_the_wrong_row_is_said_and_a_correction_takes_it_back(root: Path) -> None:
    import_reviews(root, filled(root, {A: MONITOR, B: {}, C: TELECARE}))
    first, read = files(root), FileReviewStore(root).take_snapshot(LATER)
    moved = filled(root, {A: {}, B: MONITOR, C: TELECARE})
    report = import_reviews(root, moved)
    assert outcomes(root) == [("pa", "monitor"), ("pb", "monitor"), ("pc", "telecare")]
    assert report.summary["recorded_but_emptied"] == [A]
    assert any(f"not in this file, and it stands: the review of 1 person ({A})" in line for line in report.lines)
    report = import_reviews(root, moved, **RIGHT)
    assert outcomes(root) == [("pb", "monitor"), ("pc", "telecare")]
    assert (report.summary["taken_back"], report.summary["corrected"]) == ([A], 0)
    assert f"taken back: the review of 1 person ({A}); what was recorded before is kept" in report.lines
    assert files(root) | first == files(root)
    rows = list(csv.DictReader(io.StringIO(files(root)[f"{MONDAY}-NHU-3.csv"])))
    assert [(row["patient_id"], row["outcome"], row["corrected_by"]) for row in rows] == [("pa", "", "Ann Coe")]
    assert audit.read(root)[-1].details["correction"] == "by Ann Coe: Typed in the wrong row."
    assert count_changes(read, FileReviewStore(root).take_snapshot(LATER)) == (1, 1)
    assert import_reviews(root, moved, **RIGHT).lines[0].endswith("nothing new")


def test_what_was_taken_back_can_be_given_again(root: Path) -> None:
    for rows, options in (({A: MONITOR}, {}), ({A: {}}, RIGHT), ({A: TELECARE}, {})):
        import_reviews(root, filled(root, rows), **options)
    assert outcomes(root) == [("pa", "telecare")]


def test_a_correction_takes_back_no_review_whose_row_is_not_there_or_was_left_out(root: Path) -> None:
    import_reviews(root, filled(root, {A: MONITOR, B: MONITOR, C: MONITOR}))
    report = import_reviews(root, filled(root, {A: {}, B: TELECARE}), leave_out=A, **RIGHT)
    assert outcomes(root) == [("pa", "monitor"), ("pb", "telecare"), ("pc", "monitor")]
    assert report.summary["recorded_but_not_given"] == [A, C]


def test_a_list_that_read_what_was_taken_back_has_it_still(root: Path) -> None:
    import_reviews(root, filled(root, {A: MONITOR}))
    read = FileReviewStore(root).take_snapshot(LATER)
    import_reviews(root, filled(root, {A: {}}), **RIGHT)
    assert FileReviewStore(root).take_snapshot(LATER) == Snapshot(())
    assert b"pa" in read.dump()


# ---- Typed, and not in an outcome ----


@pytest.mark.parametrize("title", [title for title in TITLES if title not in ("Reference", "Status checked", "List")])
def test_each_field_that_stands_alone_is_named_and_can_be_left_out(root: Path, title: str) -> None:
    if title.startswith("Outcome"):
        import_reviews(root, filled(root, {A: {title: "Monitor"}, B: MONITOR}))
        assert outcomes(root) == [("pa", "monitor"), ("pb", "monitor")]
        return
    cell = DAY if title.startswith(("Due", "Decided on")) else "No" if title == "Agree" else "AB"
    path = filled(root, {A: {title: cell}, B: MONITOR})
    assert f"{A}, {title}: stands there, but no outcome does" in refuse(root, path)
    report = import_reviews(root, path, leave_out=A)
    assert (outcomes(root), report.summary["left_out"]) == ([("pb", "monitor")], [A])


def test_a_column_that_is_left_out_by_its_title_is_not_read(root: Path) -> None:
    path = filled(root, {A: TELECARE | {"Due 1": "soon", "Note": "x"}, B: {"Due 1": DAY}})
    report = import_reviews(root, path, leave_out="due 1, Note")
    ((review,),) = FileReviewStore(root).read_standing(MONDAY, "NHU").values()
    assert (review.outcome, review.due_on, review.reason) == ("telecare", None, None)
    assert report.lines[1] == f"left out as asked: Note, Due 1, {B}"


def test_columns_that_are_left_out_take_no_review_back(root: Path) -> None:
    import_reviews(root, filled(root, {A: TELECARE}))
    standing = FileReviewStore(root).read_standing(MONDAY, "NHU")
    why = {"by": "Dr Asha Rao", "reason": "The outcomes of the meeting stand elsewhere."}
    columns = ", ".join(TELECARE)
    report = import_reviews(root, filled(root, {A: TELECARE}), leave_out=columns, correct=True, **why)
    assert report.summary["taken_back"] == []
    assert FileReviewStore(root).read_standing(MONDAY, "NHU") == standing


def test_a_tick_alone_is_no_review_and_is_said(root: Path) -> None:
    report = import_reviews(root, filled(root, {A: {"Status checked": "Yes"}, B: MONITOR}))
    assert report.summary["ticked_without_outcome"] == [A]
    assert f"status ticked, and nothing else filled in: {A}" in report.lines


@pytest.mark.parametrize(
    ("title", "heading"),
    list(
        zip(
            [title for title in TITLES if title not in ("Reference", "Outcome 1", "List")],
            itertools.cycle([None, "{} (optional)", "My {}"]),
            strict=False,
        )
    ),
)
def test_a_heading_that_is_gone_or_another_stops_the_import(root: Path, title: str, heading: str | None) -> None:
    def change(page: Worksheet) -> None:
        page.cell(3, place_of(title)).value = heading and heading.format(title)

    path = edit(root, {A: TELECARE | {title: TELECARE.get(title)}}, change)
    assert f'column "{title}": is not there' in refuse(root, path)
    report = import_reviews(root, path, leave_out=title.upper())
    assert report.summary["columns_not_found"] == [title]


@pytest.mark.parametrize("heading", ["Due\n1", " due  1 ", "DUE\u00a01", "Due\u200b 1"])
def test_a_heading_that_was_wrapped_or_respaced_is_the_same(root: Path, heading: str) -> None:
    def change(page: Worksheet) -> None:
        page.cell(3, place_of("Due 1")).value = heading

    import_reviews(root, edit(root, {A: TELECARE | {"Due 1": "4 March"}}, change))
    ((review,),) = FileReviewStore(root).read_standing(MONDAY, "NHU").values()
    assert review.due_on == date(2027, 3, 4)


def merge(area: str) -> Edit:
    return lambda page: page.merge_cells(area)


def write(title: str, cell: Any, row: int = 5) -> Edit:
    def change(page: Worksheet) -> None:
        page.cell(row, place_of(title)).value = cell

    return change


def strike(page: Worksheet) -> None:
    page.cell(4, place_of("Outcome 1")).font = Font(strike=True)


def strike_letters(page: Worksheet) -> None:
    struck = TextBlock(InlineFont(strike=True), "Tele")
    page.cell(4, place_of("Outcome 1")).value = CellRichText(struck, TextBlock(InlineFont(), "care"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (merge("E4:E6"), f"{B}, Outcome 1: is merged with others (E4:E6)"),
        (merge("E4:F4"), f"{A}, Outcome 1: is merged with others (E4:F4)"),
        (write("Outcome 1", "=E4"), f"{B}, Outcome 1: holds a formula"),
        (write("Outcome 1", '="Tele"&"care"'), f"{B}, Outcome 1: holds a formula"),
        (write("Decided on", "=TODAY()", 4), f"{A}, Decided on: holds a formula"),
        (write("Note", "=#REF!", 4), f"{A}, Note: holds a formula"),
        (write("Note", "#N/A", 4), f"{A}, Note: holds an error"),
        (write("Reference", '="NHU-"&"001-4"', 4), "row 4, Reference: holds a formula"),
        (strike, f"{A}, Outcome 1: is struck through"),
        (strike_letters, f"{A}, Outcome 1: is struck through"),
    ],
)
def test_a_cell_that_shows_another_value_than_it_holds_is_named(root: Path, change: Edit, said: str) -> None:
    assert said in refuse(root, edit(root, {A: TELECARE, B: {}, C: {}}, change))


def test_an_error_in_a_csv_is_no_text(root: Path) -> None:
    path = write_csv(root, [{"Reference": A, "Outcome 1": "Monitor", "Note": "#REF!"}])
    assert f"{A}, Note: holds an error" in refuse(root, path, str(MONDAY))


def test_merged_cells_that_hold_nothing_are_no_matter(root: Path) -> None:
    import_reviews(root, edit(root, {A: TELECARE, B: {}, C: {}}, merge("F5:F6")))
    assert outcomes(root) == [("pa", "telecare")]


def test_rows_that_are_filtered_out_or_hidden_are_read_and_said(root: Path) -> None:
    def hide(page: Worksheet) -> None:
        page.auto_filter.ref = "A3:T6"
        page.row_dimensions[4].hidden = True

    report = import_reviews(root, edit(root, {A: TELECARE, B: MONITOR}, hide))
    assert outcomes(root) == [("pa", "telecare"), ("pb", "monitor")]
    assert report.summary["hidden"] == [A]


@pytest.mark.parametrize(
    ("dress", "said"),
    [
        (lambda text: text.replace(",", ";").encode(), "is parted by semicolons"),
        (lambda text: text.replace(",", "\t").encode(), "is parted by tabs"),
        (lambda text: f"Kirkby, for the meeting\n{text.replace(',', ';')}".encode(), "is parted by semicolons"),
        (lambda text: text.encode("utf-16"), "is UTF-16"),
        (lambda text: text.encode() + bytes(9), "no text"),
    ],
)
def test_a_csv_that_was_saved_otherwise_is_told_how_to_save_it(
    root: Path, dress: Callable[[str], bytes], said: str
) -> None:
    path = write_csv(root, [{"Reference": A, "Outcome 1": "Monitor"}])
    path.write_bytes(dress(path.read_text("utf-8")))
    assert said in refuse(root, path, str(MONDAY))


def test_a_title_above_the_headings_may_hold_semicolons(root: Path) -> None:
    path = write_csv(root, [{"Reference": A, "Outcome 1": "Monitor"}])
    path.write_text(f"Kirkby; the meeting of 16 November; reference copy\n{path.read_text('utf-8')}", "utf-8")
    import_reviews(root, path, str(MONDAY))
    assert outcomes(root) == [("pa", "monitor")]


@pytest.mark.parametrize("title", ["Outcome 1", "Note", "Due 2"])
def test_a_row_added_by_hand_is_named_by_its_number(root: Path, title: str) -> None:
    cell = {"Outcome 1": "Monitor", "Note": "And the neighbour", "Due 2": DAY}[title]
    path = edit(root, {A: TELECARE}, write(title, cell, 9))
    assert "row 9, Reference: is empty beside what is filled in" in refuse(root, path)
    import_reviews(root, path, leave_out="Row 9")
    assert outcomes(root) == [("pa", "telecare")]


def test_a_text_below_the_table_is_said(root: Path) -> None:
    report = import_reviews(root, edit(root, {A: TELECARE}, write("Reference", "AB to check", 12)))
    assert report.summary["rows_not_read"] == ["row 12"]
    assert "AB" not in "".join(report.lines)


def test_headings_once_more_are_passed_over_and_others_refused(root: Path) -> None:
    def repeat(page: Worksheet) -> None:
        for at, cell in enumerate(page[3], start=1):
            page.cell(7, at).value = cell.value
        page.cell(8, place_of("Reference")).value = B
        page.cell(8, place_of("Outcome 1")).value = "Monitor"

    def turn(page: Worksheet) -> None:
        repeat(page)
        page.cell(7, place_of("Owner 1")).value, page.cell(7, place_of("Outcome 2")).value = "Outcome 2", "Owner 1"

    import_reviews(root, edit(root, {A: TELECARE}, repeat))
    assert outcomes(root) == [("pa", "telecare"), ("pb", "monitor")]
    assert "rows from 7: have headings of their own" in refuse(root, edit(root, {A: TELECARE}, turn))


def test_a_row_that_was_sorted_above_the_headings_is_not_lost(root: Path) -> None:
    def sort(page: Worksheet) -> None:
        page.cell(1, place_of("Reference")).value, page.cell(1, place_of("Outcome 1")).value = B, "Monitor"

    assert "row 1: stands above the headings" in refuse(root, edit(root, {A: TELECARE}, sort))


def test_rows_that_a_stray_quotation_mark_swallowed_are_not_lost(root: Path) -> None:
    path = write_csv(root, [{"Reference": A, "Outcome 1": "Monitor"}])
    lines = path.read_text(encoding="utf-8").splitlines()
    at = TITLES.index("Note")
    stray = [A, "", "Monitor", *[""] * (at - 3), '"unquoted']
    rest = [B, "", "Monitor", *[""] * (at - 3), 'said "yes",']
    path.write_text("\n".join([lines[0], ",".join(stray), ",".join(rest)]) + "\n", encoding="utf-8")
    said = refuse(root, path, str(MONDAY))
    assert "whole rows inside" in said or "cannot be read" in said
    rest[-1] = 'said",,'
    path.write_text("\n".join([lines[0], ",".join(stray), ",".join(rest)]) + "\n", encoding="utf-8")
    assert "row 2: has whole rows inside its cell" in refuse(root, path, str(MONDAY))


def test_a_second_filled_in_sheet_is_named_and_an_untouched_copy_is_not(root: Path) -> None:
    book, page = fill_book({A: TELECARE})
    copy = book.copy_worksheet(page)
    assert "sheet 2: has a filled-in list too" in refuse(root, save_book(book, root))
    for title in (*TELECARE, "Decided on"):
        page.cell(4, place_of(title)).value = None
    copy.cell(4, place_of("Outcome 1")).value = "Monitor"
    import_reviews(root, save_book(book, root, None), str(MONDAY), leave_out="Due 1")
    assert outcomes(root) == [("pa", "monitor")]


def test_comments_are_said_to_be_unread(root: Path) -> None:
    def comment(page: Worksheet) -> None:
        page.cell(4, 2).comment = Comment("Died last week", "AB")

    report = import_reviews(root, edit(root, {A: TELECARE}, comment))
    assert report.lines[-1] == "comments, not read, at: B4"


def test_what_a_team_added_to_its_workbook_is_said(root: Path) -> None:
    rows: dict[str, dict[str, Any]] = {A: {}, B: {}}
    book, page = fill_book(rows)
    book.create_sheet("Notes")["A1"] = "As published"
    published = save_book(book, root).read_bytes()
    folder = root / "lists" / str(MONDAY)
    publish(folder, MONDAY, 2, {"nhu": {A: "pa", B: "pb"}, "hal": {}}, {"nhu/nhu.xlsx": published})
    assert import_reviews(root, save_book(book, root)).summary["columns_not_read"] == []
    page.insert_cols(3)
    page.cell(3, 3).value, page.cell(4, 3).value = "Mine", "x"
    page.cell(5, place_of("List") + 2).value = "no heading"
    page.cell(5, 2).value = "99 in 100"
    book["Notes"]["B7"] = "Typed"
    book.create_sheet("Empty")
    book.create_sheet("More")["C3"] = "Typed"
    summary = import_reviews(root, save_book(book, root)).summary
    assert summary["columns_not_read"] == ["C", get_column_letter(place_of("List") + 2)]
    assert summary["facts_changed"] == ["B5"]
    assert summary["sheets_not_read"] == ["sheet 2", "sheet 4"]


@pytest.mark.parametrize("option", ["leave_out", "confirm"])
def test_a_name_of_nothing_in_the_file_is_refused_and_not_repeated(root: Path, option: str) -> None:
    said = refuse(root, filled(root, {A: TELECARE}), **{option: f"{A}, {NEVER}"})
    assert f"--{option.replace('_', '-')}: the 2nd name is of nothing in the file" in said
    assert NEVER not in said


# ---- Dates ----


@pytest.mark.parametrize("cell", ["19/11/26", "17th November 2026", "20 Nov", 46345, "46345", "2026-11-19 00:00:00"])
def test_a_decision_dated_in_another_way_is_read(root: Path, cell: Any) -> None:
    import_reviews(root, filled(root, {A: TELECARE | {"Decided on": cell}}))
    ((review,),) = FileReviewStore(root).read_standing(MONDAY, "NHU").values()
    assert review.decided_on is not None
    assert MONDAY < review.decided_on < TODAY


def test_a_clock_that_is_behind_the_list_says_nothing_of_when_it_was_decided(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskstrat.audit.today", lambda: MONDAY - timedelta(days=300))
    import_reviews(root, filled(root, {A: TELECARE}))
    assert "is more than 26 weeks after" in refuse(root, filled(root, {B: TELECARE | {"Decided on": "1/12/2027"}}))


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("text", [False, True])
def test_days_that_follow_each_other_from_row_to_row_are_asked_about(root: Path, step: int, text: bool) -> None:
    days = [datetime(2026, 11, 20) + timedelta(days=step * place) for place in range(3)]
    cells = [f"{day:%d/%m/%Y}" if text else day for day in days]
    path = filled(root, {one: MONITOR | {"Decided on": day} for one, day in zip((A, B, C), cells, strict=True)})
    said = refuse(root, path)
    for one in (A, B, C):
        assert f"{one}, Decided on: is a day from that of the next row" in said
    assert f"{A}," not in refuse(root, path, confirm=A)
    import_reviews(root, path, confirm=f"{A},{B},{C}")
    assert len(outcomes(root)) == 3


def test_due_dates_that_follow_each_other_are_taken_and_said(root: Path) -> None:
    dues = {one: MONITOR | {"Due 1": DAY + timedelta(days=place)} for place, one in enumerate((A, B, C))}
    report = import_reviews(root, filled(root, dues))
    assert report.summary["dues_in_series"] == [A, B, C]
    assert len(outcomes(root)) == 3


def test_one_day_for_all_and_two_days_are_nothing_to_ask_about(root: Path) -> None:
    days = {A: DAY, B: DAY, C: DAY + timedelta(days=1)}
    import_reviews(root, filled(root, {one: MONITOR | {"Decided on": day} for one, day in days.items()}))
    assert len(outcomes(root)) == 3


def test_one_date_that_fits_month_before_day_alone_puts_every_date_of_the_file_in_doubt(root: Path) -> None:
    rows = [
        {"Reference": A, "Outcome 1": "Deferred", "Due 1": "01/04/2027"},
        {"Reference": B, "Outcome 1": "Monitor", "Decided on": "11/17/2026"},
    ]
    for options in ({}, {"leave_out": B}):
        said = refuse(root, write_csv(root, rows), str(MONDAY), **options)
        assert f"dates: the month stands before the day in {B}, Decided on" in said
        assert "11/17/2026" not in said
    import_reviews(root, write_csv(root, rows[:1]), str(MONDAY))
    ((review,),) = FileReviewStore(root).read_standing(MONDAY, "NHU").values()
    assert review.due_on == date(2027, 4, 1)


# ---- What does not go together ----


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Outcome 1": "Died", "Outcome 2": "Telecare"}, "Outcome 2: does not go with Outcome 1"),
        ({"Outcome 1": "Case management", "Outcome 3": "Moved away"}, "Outcome 1: does not go with Outcome 3"),
        ({"Outcome 1": "Died", "Outcome 2": "Monitor"}, "Outcome 2: does not go with Outcome 1"),
        ({"Outcome 1": "Declined", "Outcome 2": "Reablement"}, "Outcome 2: does not go with Outcome 1"),
        ({"Outcome 1": "No action: well supported", "Outcome 2": "Telecare"}, "Outcome 2: does not go with Outcome 1"),
        ({"Outcome 2": "Died", "Due 2": DAY}, "Due 2: does not go with Outcome 2"),
        ({"Outcome 1": "Telecare", "Agree": "No"}, "Agree: does not go with Outcome 1"),
    ],
)
def test_entries_that_contradict_each_other_are_asked_about(root: Path, row: dict[str, Any], said: str) -> None:
    path = filled(root, {A: row, B: MONITOR})
    message = refuse(root, path)
    assert message.count("does not go with") == 1
    assert f"{A}, {said}" in message
    assert f"{A}, {said}" in refuse(root, path, confirm=B)
    import_reviews(root, path, confirm=A.lower())
    assert len(outcomes(root)) == 1 + sum(title.startswith("Outcome") for title in row)


@pytest.mark.parametrize(
    "row",
    [
        {"Outcome 1": "Monitor", "Outcome 2": "Telecare", "Agree": "Yes"},
        {"Outcome 1": "Declined", "Agree": "No"},
        {"Outcome 1": "Deferred", "Outcome 2": "Medication review"},
        {"Outcome 1": "Died"},
    ],
)
def test_entries_that_go_together_are_taken(root: Path, row: dict[str, Any]) -> None:
    import_reviews(root, filled(root, {A: row}))
    assert outcomes(root)


def test_what_contradicts_is_what_the_site_says(root: Path) -> None:
    said = '[[reviews.contradictions]]\noutcomes = ["monitor"]\nbeside = ["telecare"]\n'
    (root / "riskstrat.toml").write_text(said, encoding="utf-8")
    import_reviews(root, filled(root, {A: {"Outcome 1": "Died", "Outcome 2": "Telecare"}}))
    path = filled(root, {B: {"Outcome 1": "Telecare", "Outcome 3": "Monitor"}})
    assert f"{B}, Outcome 1: does not go with Outcome 3" in refuse(root, path)
    (root / "riskstrat.toml").write_text(said.replace("telecare", "telecar"), encoding="utf-8")
    assert '"telecar" is neither an outcome nor a word for several; did you mean' in refuse(root, path)


def test_a_deferral_to_no_day_is_said(root: Path) -> None:
    report = import_reviews(
        root, filled(root, {A: {"Outcome 1": "Deferred"}, B: {"Outcome 1": "Deferred", "Due 1": DAY}})
    )
    assert report.summary["deferred_without_due"] == [A]


def test_everything_wrong_in_a_file_is_named_at_once_and_the_rest_can_be_had_without(root: Path) -> None:
    rows = {A: MONITOR | {"Due 1": "soon"}, B: {"Outcome 1": "Died", "Outcome 2": "Telecare"}, C: MONITOR}
    path = filled(root, rows)
    said = refuse(root, path)
    assert f"{A}, Due 1: is not a date" in said
    assert f"{B}, Outcome 2: does not go with Outcome 1" in said
    import_reviews(root, path, leave_out=f"{A},{B}")
    assert outcomes(root) == [("pc", "monitor")]


def test_a_list_with_a_cell_far_away_is_refused(root: Path) -> None:
    for row, column in ((30_000, 1), (4, 900)):

        def reach(page: Worksheet, row: int = row, column: int = column) -> None:
            page.cell(row, column).value = "x"

        with pytest.raises(SourceError, match="beyond row 20,000 or column ZZ"):
            import_reviews(root, edit(root, {A: TELECARE}, reach))


def test_the_log_and_the_summary_hold_nothing_that_was_typed(root: Path) -> None:
    report = import_reviews(root, filled(root, {A: TELECARE | {"Note": "Lives alone"}}))
    assert "Lives alone" not in json.dumps(report.summary, default=str) + repr(audit.read(root))
