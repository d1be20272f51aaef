"""The workbook that a coordinator prints and fills in, read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import write_workbook
from riskstrat.documents.columns import round_risk
from riskstrat.documents.words import natural_frequency
from riskstrat.publication import (
    CaseAction,
    CaseDecision,
    Change,
    FallsCheck,
    Move,
    RecordedCondition,
    Suggestion,
    ThemeReason,
)
from tests.browser.listed_team import COUNTS, LIST_DATE, causes, changed_people, empty_team, team_list
from tests.browser.reading_back import header_row, sheet_table, workbook

ACTIONS = tuple(f"{what} {number}" for number in (1, 2, 3) for what in ("Outcome", "Owner", "Due"))
FIELDS = ("Status checked", *ACTIONS, "Agree", "Note", "Decided on", "Decided by")


def test_the_list_has_one_row_a_person_the_fields_beside_the_reference_and_one_fact_a_column(tmp_path: Path) -> None:
    table = sheet_table(team_list(), tmp_path)
    assert [row["Rank"] for row in table] == list(range(1, 9))
    assert tuple(table[0])[: 1 + len(FIELDS)] == ("Reference", *FIELDS)
    for row in table:
        assert all(row[title] is None for title in FIELDS)


def test_one_persons_row_says_what_the_team_needs_as_words_numbers_and_dates(tmp_path: Path) -> None:
    first, second = sheet_table(team_list(), tmp_path)[:2]
    assert {title: cell for title, cell in first.items() if cell is not None} == {
        "Reference": "KIR-012-Q",
        "Rank": 1,
        "Came to the list": "Carried over",
        "Weeks on the list": 4,
        "Escalate": "Escalate: 4 weeks without a decision.",
        "Risk": 61,
        "Range": "between 55 and 71 in 100",
        "Band": "Very high",
        "Age": "85 and over",
        "Sex": "Female",
        "Practice": "Millbrook Medical Centre",
        "PCN": "Kirkby PCN",
        "Locality": "Kirkby",
        "Emergency admissions, 12 months": 5,
        "Days since emergency discharge": 12,
        "A&E attendances, 12 months": 7,
        "Long-term conditions": 8,
        "Falls, 12 months": 2,
        "Medicines, 3 months": 11,
        "Main conditions": "COPD, heart failure and diabetes.",
        "Frailty": "Electronic frailty index 0.31, moderate, on 2 October 2026.",
        "NG249 falls criteria": "Met: aged 65 or over, with 2 falls in the last 12 months.",
        "Flags": "None.",
        "Cohorts": "75 or over and frail. Cannot be told: housebound or end of life.",
        "What raised the estimate": (
            "Hospital use (a lot). 5 emergency admissions in the last 12 months. "
            "Long-term conditions. COPD is recorded in hospital data since 2021. "
            "Falls and frailty. 2 recorded falls in the last 12 months, the latest on 4 March 2026."
        ),
        "What lowered the estimate": (
            "Urgent care. No A&E attendance in the last 6 months, or may not be reaching services. "
            "Social care (a little). Home care in place since 2 June 2026."
        ),
        "Pathways to consider": "Falls service. Medication review. Proactive care plan.",
        "Support in place": "Home care since 2 June 2026, 7 hours a week. Pendant alarm.",
        "Since the last list": "Up from rank 3.",
        "What moved the estimate since": (
            "New events raised it: hospital use and urgent care. "
            "Earlier events growing older lowered it a little: falls and frailty."
        ),
        "Case opened on": datetime(2026, 10, 26),
        "List": "KIR 2026-11-16 edition 1",
    }
    assert {title: second[title] for title in second if title.startswith(("Last", "Known"))} == {
        "Known before": "Reviewed on 3 February 2026: telecare, monitor.",
        "Last decided on": datetime(2026, 2, 3),
        "Last outcomes": "Telecare; Monitor",
        "Last owners": "AB; Community matron",
        "Last due": datetime(2026, 3, 4),
        "Last note": "Prefers to be called in the morning.",
    }


def test_a_count_that_is_not_there_is_told_in_words_among_numbers(tmp_path: Path) -> None:
    counts = [row["Days since emergency discharge"] for row in sheet_table(team_list(), tmp_path)]
    assert counts == [12, 31, 64, 9, 118, 203, 40, "none in 2 years"]


@pytest.mark.parametrize(
    ("risk", "cell"), [(0.0, 0.5), (0.009, 0.5), (0.01, 1), (0.345, 35), (0.9851, 99), (0.99, 99), (0.995, 99.5)]
)
def test_a_risk_is_the_number_that_is_printed_in_words(risk: float, cell: float) -> None:
    assert round_risk(risk) == cell
    said = {0.5: "fewer than 1 in 100", 99.5: "more than 99 in 100"}.get(cell, f"about {cell} in 100")
    assert natural_frequency(risk) == said


def test_the_agenda_takes_who_waited_longest_first_and_says_minutes_and_who_could_be_asked(tmp_path: Path) -> None:
    sheet = workbook(team_list(), tmp_path)["Meeting"]
    rows = list(sheet.iter_rows(values_only=True))
    start = next(number for number, row in enumerate(rows) if row[0] == "Order")
    assert [row[1] for row in rows[start + 1 :]] == [
        *("KIR-012-Q", "KIR-061-Q", "KIR-031-K", "KIR-057-I", "KIR-058-P", "KIR-059-5", "KIR-060-J", "KIR-062-O"),
    ]
    assert [row[0] for row in rows[start + 1 :]] == list(range(1, 9))
    assert rows[start - 1][0] == "Agenda: 8 people, 36 minutes."
    assert sum(int(str(row[2])) for row in rows[start + 1 :]) == 36
    assert rows[start + 1][3] == "Escalate: 4 weeks without a decision. Carried over. Risk about 61 in 100."


def test_the_rule_of_every_pathway_on_the_list_stands_once_among_the_notes(tmp_path: Path) -> None:
    rows = list(workbook(team_list(), tmp_path)["Notes and limits"].iter_rows(max_col=2, values_only=True))
    start = next(number for number, row in enumerate(rows) if row[0] == "Pathways to consider")
    assert [row[0] for row in rows[start + 3 : start + 6]] == [
        "Falls service",
        "Medication review",
        "Proactive care plan",
    ]
    assert rows[start + 3][1] == "Consider a referral to the falls service for a full assessment."
    rules = next(number for number, row in enumerate(rows) if row[0] == "Rules of the pathways")
    assert rows[rules + 1] == ("Falls service", "2 or more falls in the last 12 months.")
    none = workbook(changed_people(pathways=[()] * 8), tmp_path)["Notes and limits"]
    assert "Nobody on this list meets the rule of a pathway." in [row[0] for row in none.values]


def test_of_a_person_about_whom_little_is_known_it_says_so(tmp_path: Path) -> None:
    nothing = [()] * 8
    team = changed_people(
        change=[Change("")] * 8, themes=(), conditions=nothing, flags=nothing, pathways=nothing,
        support=nothing, caution="", last_decision=None, falls_check=[FallsCheck("cannot tell", "")] * 8,
    )  # fmt: skip
    row = sheet_table(team, tmp_path)[7]
    titles = ("Pathways to consider", "Main conditions", "NG249 falls criteria", "Support in place", "Last outcomes")
    assert [row[title] for title in titles] == [
        *(
            "No pathway's rule is met. The team may know of one.",
            "None recorded.",
            "Cannot tell.",
            "None that can be shown here.",
            None,
        ),
    ]


def test_only_a_low_row_of_headings_stays_in_view_and_the_fields_fit_a_laptop_beside_the_reference(
    tmp_path: Path,
) -> None:
    book = workbook(team_list(), tmp_path)
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        *((title, "visible") for title in ("Meeting", "List", "What changed", "People", "Notes and limits")),
        ("Choices", "hidden"),
    ]
    sheet = book["List"]
    assert sheet.freeze_panes == "B2"
    assert sheet.row_dimensions[1].height * 4 / 3 < 60
    # A digit of Arial 10 is 7 pixels wide at 96 to the inch; widths in the file count the margins; row numbers take 30.
    letters = [cell.column_letter for cell in sheet[1]][: 1 + len(FIELDS)]
    assert sum(7 * sheet.column_dimensions[letter].width for letter in letters) + 30 <= 1366


def test_the_list_is_a_table_to_sort_filter_and_add_to(tmp_path: Path) -> None:
    sheet = workbook(team_list(), tmp_path)["List"]
    (table,) = sheet.tables.values()
    assert table.ref == f"A1:{sheet.cell(1, sheet.max_column).column_letter}9"
    assert table.autoFilter.ref == table.ref
    assert [column.name for column in table.tableColumns] == [cell.value for cell in sheet[1]]
    assert not sheet.merged_cells.ranges
    assert not any(held.protection.sheet for held in workbook(team_list(), tmp_path))


def test_a_count_with_the_title_of_another_column_is_told_apart(tmp_path: Path) -> None:
    counts = tuple(
        replace(count, title="note", unit="note") if count.name == "falls_12m" else count for count in COUNTS
    )
    sheet = workbook(team_list(counts_shown=counts), tmp_path)["List"]
    titles = [str(cell.value) for cell in sheet[1]]
    assert ("Note" in titles, "note (2)" in titles) == (True, True)
    assert [column.name for column in sheet.tables["People_listed"].tableColumns] == titles


def test_the_reference_alone_takes_no_typing(tmp_path: Path) -> None:
    rules = {str(rule.sqref): rule for rule in workbook(team_list(), tmp_path)["List"].data_validations.dataValidation}
    assert (rules["A2:A9"].type, rules["A2:A9"].formula1, rules["A2:A9"].errorStyle) == ("custom", "FALSE", None)


def test_on_paper_the_list_is_reference_and_fields_on_a4(tmp_path: Path) -> None:
    sheet = workbook(team_list(), tmp_path)["List"]
    assert sheet.print_area == f"'List'!$A$1:${sheet.cell(1, 1 + len(FIELDS)).column_letter}$9"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
    assert sheet.oddHeader.center.text == "Kirkby locality hub"
    assert sheet.oddHeader.right.text == "Index date 16 November 2026"
    assert "Not being listed does not mean low risk." in sheet.oddFooter.left.text
    assert "&P" in sheet.oddFooter.right.text or "&[Page]" in sheet.oddFooter.right.text


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
    for field, latest in (("Decided on", 46524), ("Due 1", 47070), ("Due 3", 47070)):
        rule = rules[f"{columns[field]}{first + 1}"]
        assert (rule.type, rule.formula1, rule.formula2) == ("date", "46342", str(latest))
    assert {str(rule.sqref).split(":")[1][1:] for rule in rules.values()} == {str(first + 8)}


def test_the_workbook_names_its_list_for_a_reader_program(tmp_path: Path) -> None:
    held = workbook(team_list(), tmp_path).custom_doc_props["riskstrat_list"]
    assert held.value == "KIR 2026-11-16 edition 1"
    again = workbook(team_list(edition=3), tmp_path)
    assert again.custom_doc_props["riskstrat_list"].value == "KIR 2026-11-16 edition 3"


def test_the_workbook_never_holds_a_formula_or_a_link(tmp_path: Path) -> None:
    hostile = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\t=1", "http://x.example", "ok", "=cmd|' /C calc'!A0"]
    team = changed_people(
        practice=hostile, reference=[f"={n}" for n in range(8)], age_band=hostile, frailty=hostile, caution=hostile,
        known_before=hostile, band=hostile,
        last_decision=CaseDecision(LIST_DATE, (CaseAction("=1", "@x"),), "=note"),
        change=[Change(text) for text in hostile],
        support=[(text,) for text in hostile], flags=[(text,) for text in hostile],
        conditions=[(RecordedCondition(text),) for text in hostile],
        pathways=[(Suggestion(text, text, text),) for text in hostile],
        themes=[(ThemeReason(text, "raises", 1.0, (text,)),) for text in hostile],
    )  # fmt: skip
    team = replace(team, moves=(Move("=1+1", "entered", "@SUM(A1)", causes()),), team="=Team()")
    book = workbook(team, tmp_path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
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
        ("KIR-057-I", "Entered", "Rank 2, from below the line."),
        ("KIR-044-J", "Left", "A review was recorded."),
        ("KIR-012-Q", "Moved", "Up from rank 3 to rank 1."),
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
    assert rows[-2][:3] == ("rank 6", "KIR-031-K", "0.03")
    assert "2 exchanges were made" in str(rows)
    assert "about 0.1 more of those left out than of those taken" in str(rows)
    assert "exchange" not in str(changed_sheet(tmp_path, swaps=()))
