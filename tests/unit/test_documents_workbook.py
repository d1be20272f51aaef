"""The workbook that a coordinator prints and fills in, read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import write_workbook
from riskstrat.publication import Change, FallsCheck, Move, Suggestion, ThemeReason
from tests.browser.listed_team import causes, changed_people, empty_team, team_list
from tests.browser.reading_back import header_row, sheet_table, workbook

FIELDS = (
    *("Status checked", "Outcome 1", "Outcome 2", "Outcome 3", "Agree"),
    *("Reason", "Owner", "Decided on", "Next due"),
)


def test_the_list_shows_every_fact_filled_and_every_field_blank(tmp_path: Path) -> None:
    table = sheet_table(team_list(), tmp_path)
    assert [row["Rank"] for row in table] == list(range(1, 9))
    for row in table:
        assert all((cell is None) == (title in FIELDS) for title, cell in row.items())
    assert tuple(table[0])[-9:] == FIELDS


def test_one_persons_row_says_what_the_team_needs(tmp_path: Path) -> None:
    row = sheet_table(team_list(), tmp_path)[0]
    assert {title: str(row[title]).split("\n") for title in list(row)[2:11]} == {
        "Status": ["CARRIED OVER"],
        "Risk": ["About 61 in 100", "Range: between 55 and 71 in 100", "Band: Very high"],
        "Since the last list": [
            "Escalate: 4 weeks without a decision.",
            "Up from rank 3.",
            "New events raised it: hospital use and urgent care.",
            "Earlier events growing older lowered it a little: falls and frailty.",
            "Week 4 on the list.",
        ],
        "About the person": [
            "Age: 85 and over",
            "Sex: Female",
            "Practice: Millbrook Medical Centre",
            "PCN: Kirkby PCN",
            "Locality: Kirkby",
        ],
        "Recent use": [
            "Emergency admissions, 12 months: 5",
            "Days since emergency discharge: 12",
            "A&E attendances, 12 months: 7",
            "Long-term conditions: 8",
            "Falls, 12 months: 2",
            "Medicines, 3 months: 11",
        ],
        "Health": [
            "Main conditions: COPD, heart failure and type 2 diabetes.",
            "Frailty: Electronic frailty index 0.31, moderate, on 2 October 2026.",
            "NG249 falls criteria: Met: aged 65 or over, with 2 falls in the last 12 months.",
            "Flags: Status today: unknown.",
        ],
        "What moved the estimate": [
            "Raised: Hospital use (a lot). 5 emergency admissions in the last 12 months.",
            "Raised: Long-term conditions. COPD is recorded in hospital data since 2021.",
            "Raised: Falls and frailty. 2 recorded falls in the last 12 months, the latest on 4 March 2026.",
            "Lowered: Urgent care. No A&E attendance in the last 6 months, or may not be reaching services.",
            "Lowered: Social care (a little). Home care in place since 2 June 2026.",
            "Or the person may not be reaching services.",
        ],
        "Pathways to consider": ["Falls service.", "Medication review.", "Proactive care plan."],
        "Support in place, caution, last review": [
            "Support: Home care since 2 June 2026, 7 hours a week. Pendant alarm.",
            "Last review: No review recorded.",
        ],
    }


def test_the_rule_of_every_pathway_on_the_list_stands_once_among_the_notes(tmp_path: Path) -> None:
    rows = list(workbook(team_list(), tmp_path)["Notes and limits"].iter_rows(max_col=2, values_only=True))
    start = next(number for number, row in enumerate(rows) if row[0] == "Pathways to consider")
    assert [row[0] for row in rows[start + 3 : start + 6]] == [
        "Falls service",
        "Medication review",
        "Proactive care plan",
    ]
    assert rows[start + 3][1] == (
        "Consider a referral to the falls service for a full assessment. Rule: 2 or more falls in the last 12 months."
    )
    none = workbook(changed_people(pathways=[()] * 8), tmp_path)["Notes and limits"]
    assert "Nobody on this list meets the rule of a pathway." in [row[0] for row in none.values]


def test_a_person_about_whom_little_is_known_has_no_blank_cell_of_facts(tmp_path: Path) -> None:
    nothing = [()] * 8
    team = changed_people(
        change=[Change("")] * 8, themes=(), top_conditions=nothing, flags=nothing, pathways=nothing,
        support=nothing, caution="", last_review="", falls_check=[FallsCheck("cannot tell", "")] * 8,
    )  # fmt: skip
    row = sheet_table(team, tmp_path)[7]
    assert row["Since the last list"] == "Week 1 on the list."
    assert row["Pathways to consider"] == "No pathway's rule is met. The team may know of one."
    assert "Main conditions: None recorded." in str(row["Health"])
    assert "NG249 falls criteria: Cannot tell." in str(row["Health"])
    assert "Support: None recorded." in str(row["Support in place, caution, last review"])


def test_the_list_has_frozen_header_filter_and_a4_landscape_print(tmp_path: Path) -> None:
    book = workbook(team_list(), tmp_path)
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        ("List", "visible"),
        ("What changed", "visible"),
        ("Notes and limits", "visible"),
        ("Choices", "hidden"),
    ]
    sheet = book["List"]
    first = header_row(sheet)
    assert sheet.freeze_panes == f"C{first + 1}"
    assert sheet.auto_filter.ref == f"A{first}:T{first + 8}"
    assert (sheet.print_title_rows, sheet.print_title_cols) == (f"${first}:${first}", "$A:$B")
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert sheet.page_setup.pageOrder == "overThenDown"
    assert [cut.id for cut in sheet.col_breaks.brk] == [9]
    assert sheet.oddHeader.center.text == "Kirkby locality hub"
    assert sheet.oddHeader.right.text == "Index date 16 November 2026"
    assert "&P" in sheet.oddFooter.right.text or "&[Page]" in sheet.oddFooter.right.text
    assert sheet.cell(first + 1, 9).alignment.wrap_text


def test_both_halves_of_the_list_fit_the_width_of_a4(tmp_path: Path) -> None:
    sheet = workbook(team_list(), tmp_path)["List"]
    # A digit of Arial 10 is 7 pixels wide at 96 to the inch and a column has 5 more; 297 mm less two margins of 0.3 in.
    pixels = [7 * sheet.column_dimensions[letter].width + 5 for letter in "ABCDEFGHIJKLMNOPQRST"]
    room = (297 / 25.4 - 0.6) * 96 / (sheet.page_setup.scale / 100)
    assert sum(pixels[:9]) <= room
    assert sum(pixels[:2]) + sum(pixels[9:]) <= room


def test_only_the_fields_to_fill_in_are_unlocked(tmp_path: Path) -> None:
    sheet = workbook(team_list(), tmp_path)["List"]
    first = header_row(sheet)
    titles = [cell.value for cell in sheet[first]]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert not sheet.protection.autoFilter
    for row in sheet.iter_rows(min_row=first + 1):
        assert [title for title, cell in zip(titles, row, strict=True) if not cell.protection.locked] == list(FIELDS)


def test_the_drop_downs_offer_every_outcome_in_words(tmp_path: Path) -> None:
    book = workbook(team_list(), tmp_path)
    sheet = book["List"]
    first = header_row(sheet)
    columns = {cell.value: cell.column_letter for cell in sheet[first]}
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert [cell.value for (cell,) in book["Choices"].iter_rows()] == list(OUTCOME_WORDS.values())
    for field in ("Outcome 1", "Outcome 2", "Outcome 3"):
        assert rules[f"{columns[field]}{first + 1}"].formula1 == f"Choices!$A$1:$A${len(OUTCOME_WORDS)}"
    assert rules[f"{columns['Agree']}{first + 1}"].formula1 == '"Yes,No"'
    assert rules[f"{columns['Status checked']}{first + 1}"].formula1 == '"Yes"'
    for field in ("Decided on", "Next due"):
        assert rules[f"{columns[field]}{first + 1}"].type == "date"
    assert {str(rule.sqref).split(":")[1][1:] for rule in rules.values()} == {str(first + 8)}


def test_the_workbook_names_its_list_for_a_reader_program(tmp_path: Path) -> None:
    held = workbook(team_list(), tmp_path).custom_doc_props["riskstrat_list"]
    assert held.value == "KIR 2026-11-16"


def test_the_workbook_never_holds_a_formula_or_a_link(tmp_path: Path) -> None:
    hostile = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "http://x.example", "ok", "=cmd|' /C calc'!A0"]
    team = changed_people(
        practice=hostile, reference=[f"={n}" for n in range(8)], age_band=hostile, frailty=hostile, caution=hostile,
        last_review=hostile, band=hostile, change=[Change(text) for text in hostile],
        support=[(text,) for text in hostile], flags=[(text,) for text in hostile],
        top_conditions=[(text,) for text in hostile], pathways=[(Suggestion(text, text, text),) for text in hostile],
        themes=[(ThemeReason(text, "raises", 1.0, (text,)),) for text in hostile],
    )  # fmt: skip
    team = replace(team, moves=(Move("=1+1", "entered", "@SUM(A1)", causes()),), team="=Team()")
    book = workbook(team, tmp_path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert {cell.value for cell in cells} >= {f"={n}" for n in range(8)}


def test_the_workbook_carries_the_index_date_and_no_clock(tmp_path: Path) -> None:
    properties = workbook(team_list(), tmp_path).properties
    assert properties.created == properties.modified == datetime(2026, 11, 16)


def test_an_ampersand_in_a_team_name_is_not_a_header_code(tmp_path: Path) -> None:
    write_workbook(team_list(team="Bed&Page &P team"), tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["List"]
    assert "Bed&&Page &&P team" in str(sheet.oddHeader.center.text)


@pytest.mark.parametrize("team", [team_list(), empty_team()], ids=["a team", "a team of nobody"])
def test_no_row_is_taller_than_excel_allows(team: object, tmp_path: Path) -> None:
    book = workbook(team, tmp_path)  # type: ignore[arg-type]
    heights = [held.height for sheet in book for held in sheet.row_dimensions.values() if held.height]
    assert heights
    assert max(heights) <= 409


# What changed


def changed_sheet(folder: Path, **changes: object) -> list[tuple[object, ...]]:
    """The rows of sheet "What changed" that hold anything."""
    rows = workbook(team_list(**changes), folder)["What changed"].iter_rows(values_only=True)
    return [row for row in rows if any(cell is not None for cell in row)]


def test_every_move_stands_with_its_four_parts_and_their_sum(tmp_path: Path) -> None:
    rows = changed_sheet(tmp_path)
    start = next(number for number, row in enumerate(rows) if row[0] == "Reference")
    assert [row[:3] for row in rows[start + 1 : start + 4]] == [
        ("KIR-1116-02-T", "Entered", "Rank 2, from below the line."),
        ("KIR-1109-04-Q", "Left", "A review was recorded."),
        ("KIR-1116-01-H", "Moved", "Up from rank 3 to rank 1."),
    ]
    assert rows[start + 1][4:] == ("+0.80", "\u22120.12", "0.00", "0.00", "+0.68")
    assert rows[start + 2][4:] == ("Not worked out",) * 5
    assert rows[start][4] == "In log odds: new events"


def test_a_first_list_and_an_unmoved_one_are_said(tmp_path: Path) -> None:
    assert "This is the first list of this team" in str(changed_sheet(tmp_path, previous_list=None, moves=()))
    still = str(changed_sheet(tmp_path, no_source_moved=True, moves=()))
    assert "No source has moved since the last list." in still
    assert "Nobody entered, left or moved." in still


def test_exchanges_for_the_places_of_services_say_what_they_give_up(tmp_path: Path) -> None:
    rows = changed_sheet(tmp_path)
    assert rows[-2][:3] == ("rank 6", "KIR-1116-06-K", "0.03")
    assert "2 exchanges were made" in str(rows)
    assert "about 0.1 admissions more" in str(rows)
    assert "exchange" not in str(changed_sheet(tmp_path, swaps=()))
