"""The weekly list in a team's hands: CSV, workbook, page and index, read back and checked."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from riskstrat.documents import (
    CountColumn,
    TeamCounts,
    TeamList,
    ThemeReason,
    file_stem,
    long_date,
    natural_frequency,
    write_csv,
    write_index,
    write_page,
    write_workbook,
)
from riskstrat.documents.systems_csv import safe_cell
from riskstrat.documents.words import suppressed
from riskstrat.errors import PublicationError, StorageError

NOT_LISTED = "Not being listed does not mean low risk. People below the line have had no human review."
SUPPORTS = "This list supports clinical judgement. It does not replace it."
LONG_NAME = "Northwood, Tower Hill and Westvale Integrated Neighbourhood Health and Care Team"
RTL_NAME = "מרפאת צפון (الشمال)"

COUNTS = (
    CountColumn("emergency_admissions_12m", "Emergency admissions, last 12 months", "admissions"),
    CountColumn("days_since_discharge", "Days since last emergency discharge", "days", "none in 2 years"),
    CountColumn("attendances_12m", "A&E attendances, last 12 months", "attendances"),
    CountColumn("long_term_conditions", "Long-term conditions", "conditions"),
    CountColumn("falls_12m", "Recorded falls, last 12 months", "falls"),
)

PEOPLE = (
    # reference, risk, practice, age band, sex, the five counts
    ("KIR-1116-01-H", 0.6149, "Millbrook Medical Centre", "85 and over", "F", (5, 12, 7, 8, 2)),
    ("KIR-1116-02-T", 0.5230, "Wingate Medical Centre", "75 to 84", "M", (4, 31, 5, 6, 0)),
    ("KIR-1116-03-B", 0.4471, "Millbrook Medical Centre", "75 to 84", "F", (3, 64, 4, 5, 3)),
    ("KIR-1116-04-X", 0.4471, "St Laurence's Medical Centre", "65 to 74", "M", (3, 9, 3, 4, 0)),
    ("KIR-1116-05-C", 0.3962, "Trentham Medical Centre", "85 and over", "F", (2, 118, 2, 5, 1)),
    ("KIR-1116-06-K", 0.3420, "Wingate Medical Centre", "65 to 74", "F", (2, 203, 6, 3, 1)),
    ("KIR-1116-07-X", 0.3397, "Hillside House Surgery", "18 to 64", "M", (1, 40, 9, 2, 0)),
    ("KIR-1116-08-M", 0.2911, "Millbrook Medical Centre", "75 to 84", "U", (0, None, 1, 4, 2)),
)


def reasons(position: int) -> list[ThemeReason]:
    """The themes of one sample person; a different mix for each."""
    admissions, days, *_ = PEOPLE[position][-1]
    discharged = (
        ("no emergency discharge in the last 2 years",)
        if days is None
        else (f"last emergency discharge {days} days ago, on {long_date(date(2026, 11, 16) - timedelta(days=days))}",)
    )
    falls = ("2 recorded falls in the last 12 months, the latest on 4 March 2026",)
    themes = [
        ThemeReason(
            "hospital use",
            "raises",
            0.92 - 0.1 * position,
            (f"{admissions} emergency admissions in the last 12 months", *discharged),
        ),
        ThemeReason("long-term conditions", "raises", 0.41, ("COPD is recorded in hospital data since 2021",)),
        ThemeReason("falls and frailty", "raises", 0.22 + 0.05 * (position % 3), falls),
        ThemeReason("medicines", "raises", 0.12, ("11 different medicines issued in the last 90 days",)),
        ThemeReason("age and area", "raises", 0.02, ("aged 75 to 84",)),
        ThemeReason("other", "raises", 0.80, ("a sensitive fact that must never be printed",)),
        ThemeReason(
            "urgent care", "lowers", -0.31, ("no A&E attendance in the last 6 months, or may not be reaching services",)
        ),
        ThemeReason("social care", "lowers", -0.09, ("home care in place since 2 June 2026",)),
    ]
    return themes if position % 2 == 0 else themes[:3] + themes[5:6]


def rows() -> pd.DataFrame:
    """One row per listed person of the sample team, deliberately out of order."""
    table = [
        {
            "reference": reference,
            "rank": position + 1,
            "risk": risk,
            "practice": practice,
            "pcn": "Kirkby PCN",
            "locality": "Kirkby",
            "age_band": age_band,
            "sex": sex,
            "themes": reasons(position),
            **dict(zip([count.name for count in COUNTS], values, strict=True)),
        }
        for position, (reference, risk, practice, age_band, sex, values) in enumerate(PEOPLE)
    ]
    return pd.DataFrame(table[::-1])


def team_list(**changes: object) -> TeamList:
    """The sample list of Kirkby, with some fields changed."""
    sample = TeamList(
        team="Kirkby locality hub",
        team_code="KIR",
        index_date=date(2026, 11, 16),
        data_as_at=date(2026, 11, 14),
        data_as_at_by_table={
            "people": date(2026, 11, 14),
            "admissions": date(2026, 11, 14),
            "attendances": date(2026, 11, 14),
            "social_care": date(2026, 10, 31),
        },
        model="emergency_admission_12m",
        model_version="3",
        definitions="9f3c1a7e",
        horizon="at least one unplanned (emergency) admission in the 12 months after 16 November 2026",
        counts=TeamCounts(5230, 8, 5003, 212, {"in hospital now": 5, "reviewed in the last 12 weeks": 2}),
        intended_purpose=(
            "To help a multidisciplinary team choose adults to review who may have an unplanned hospital admission"
        ),
        clinical_use="Not for clinical use until the site's DCB0160 and medical-device position are signed",
        rows=rows(),
        counts_shown=COUNTS,
        notes=("no falls table: falls features use hospital records only",),
    )
    return replace(sample, **changes)  # type: ignore[arg-type]


def empty_team() -> TeamList:
    """A team in which nobody is listed."""
    return team_list(rows=rows().head(0), counts=TeamCounts(14, 0, 2, 12))


def changed_rows(**columns: object) -> TeamList:
    """The sample list with some columns of its rows replaced."""
    return team_list(rows=rows().assign(**columns))


def csv_rows(team: TeamList, folder: Path) -> list[dict[str, str]]:
    """The CSV of a list, read back."""
    write_csv(team, folder / "list.csv")
    return list(csv.DictReader(io.StringIO((folder / "list.csv").read_bytes().decode("utf-8"), newline="")))


def workbook(team: TeamList, folder: Path) -> openpyxl.Workbook:
    """The workbook of a list, read back."""
    write_workbook(team, folder / "list.xlsx")
    return openpyxl.load_workbook(folder / "list.xlsx")


def sheet_table(team: TeamList, folder: Path) -> list[dict[str, object]]:
    """The table on sheet "List", read back as one dictionary per person."""
    cells = list(workbook(team, folder)["List"].iter_rows(values_only=True))
    start = next(number for number, row in enumerate(cells) if row[0] == "Rank")
    return [dict(zip(map(str, cells[start]), row, strict=True)) for row in cells[start + 1 :]]


class Reader(HTMLParser):
    """What a page holds: its text, its tags with attributes, and the cells of its first table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(team: TeamList, folder: Path) -> Reader:
    """The page of a list, read back."""
    write_page(team, folder / "list.html")
    return Reader((folder / "list.html").read_text(encoding="utf-8"))


def index(teams: list[TeamList], folder: Path) -> Reader:
    """The index page, read back."""
    write_index(teams, folder / "index.html")
    return Reader((folder / "index.html").read_text(encoding="utf-8"))


# Words


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.0, "fewer than 1 in 100"),
        (0.0099, "fewer than 1 in 100"),
        (0.01, "about 1 in 100"),
        (0.3397, "about 34 in 100"),
        (0.345, "about 35 in 100"),
        (0.99, "about 99 in 100"),
        (0.9901, "more than 99 in 100"),
        (1.0, "more than 99 in 100"),
    ],
)
def test_risk_is_said_as_a_natural_frequency(risk: float, words: str) -> None:
    assert natural_frequency(risk) == words


def test_dates_are_said_without_leading_zero() -> None:
    assert long_date(date(2026, 3, 4)) == "4 March 2026"


def test_counts_that_leave_a_team_follow_the_small_number_rule() -> None:
    assert [suppressed(people) for people in (0, 1, 7, 8, 12, 13, 5230)] == [
        "0", "1 to 7", "1 to 7", "10", "10", "15", "5,230",
    ]  # fmt: skip


# CSV


def test_the_csv_has_tidy_columns_and_one_line_per_person_by_rank(tmp_path: Path) -> None:
    lines = csv_rows(team_list(), tmp_path)
    assert list(lines[0]) == [
        "team_code", "index_date", "data_as_at", "reference", "rank", "risk", "practice", "pcn", "locality",
        "age_band", "sex", *(count.name for count in COUNTS), "reasons", "model", "model_version", "definitions",
    ]  # fmt: skip
    assert [line["reference"] for line in lines] == [person[0] for person in PEOPLE]
    assert lines[0]["risk"] == "0.6149"
    assert lines[0]["index_date"] == "2026-11-16"
    assert lines[7]["days_since_discharge"] == ""
    assert lines[7]["emergency_admissions_12m"] == "0"


def test_the_csv_joins_reasons_largest_first_in_both_directions(tmp_path: Path) -> None:
    assert csv_rows(team_list(), tmp_path)[0]["reasons"] == (
        "Hospital use raised the estimate a lot: 5 emergency admissions in the last 12 months. Last emergency "
        "discharge 12 days ago, on 4 November 2026."
        " | Long-term conditions raised the estimate: COPD is recorded in hospital data since 2021."
        " | Falls and frailty raised the estimate: 2 recorded falls in the last 12 months, the latest on 4 March 2026."
        " | Medicines raised the estimate a little: 11 different medicines issued in the last 90 days."
        " | Urgent care lowered the estimate: No A&E attendance in the last 6 months, or may not be reaching services."
        " | Social care lowered the estimate a little: Home care in place since 2 June 2026."
    )


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "'=1", "＝1"])
def test_a_csv_cell_that_looks_like_a_formula_gets_exactly_one_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["St Laurence's", "'s-Gravenzande", "Kirkby - North", "0.34", "", "75 to 84"])
def test_any_other_csv_cell_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text


# Workbook


def test_the_workbook_list_shows_every_column_filled(tmp_path: Path) -> None:
    table = sheet_table(team_list(), tmp_path)
    assert [row["Rank"] for row in table] == list(range(1, 9))
    assert table[0]["Risk"] == "about 61 in 100"
    assert table[0]["Emergency admissions, last 12 months"] == 5
    assert table[7]["Days since last emergency discharge"] == "none in 2 years"
    assert table[7]["Sex"] == "Not known"
    assert all(cell not in (None, "") for row in table for cell in row.values())


def test_the_workbook_has_frozen_header_filter_and_a4_landscape_print(tmp_path: Path) -> None:
    book = workbook(team_list(), tmp_path)
    assert book.sheetnames == ["List", "Notes and limits"]
    sheet = book["List"]
    assert sheet.freeze_panes == "C8"
    assert sheet.auto_filter.ref == "A7:O15"
    assert sheet.print_title_rows == "$7:$7"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    # One page wide is what a file says by leaving the width out.
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.oddHeader.center.text == "Kirkby locality hub"
    assert sheet.oddHeader.right.text == "Index date 16 November 2026"
    assert sheet.oddFooter.right.text == "Page &[Page] of &N" or "&P" in sheet.oddFooter.right.text
    assert sheet["N8"].alignment.wrap_text


def test_the_workbook_never_holds_a_formula_or_a_link(tmp_path: Path) -> None:
    hostile = [
        '=HYPERLINK("http://x")',
        "+1",
        "-1+2",
        "@SUM(A1)",
        "\t=1",
        "http://x.example",
        "ok",
        "=cmd|' /C calc'!A0",
    ]
    book = workbook(changed_rows(practice=hostile, reference=[f"={n}" for n in range(8)]), tmp_path)
    cells = [cell for row in book["List"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert {cell.value for cell in cells if cell.column == 4} >= set(hostile)


def test_the_workbook_carries_the_index_date_and_no_clock(tmp_path: Path) -> None:
    properties = workbook(team_list(), tmp_path).properties
    assert properties.created == properties.modified == datetime(2026, 11, 16)


def test_an_ampersand_in_a_team_name_is_not_a_header_code(tmp_path: Path) -> None:
    write_workbook(team_list(team="Bed&Page &P team"), tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["List"]
    assert "Bed&&Page &&P team" in str(sheet.oddHeader.center.text)


# Page


def test_the_page_stands_alone_and_is_marked_up_for_screen_readers(tmp_path: Path) -> None:
    read = page(team_list(), tmp_path)
    assert read.named("html") == [{"lang": "en-GB"}]
    assert not [tag for tag, _ in read.tags if tag in ("script", "link", "img", "iframe", "form")]
    assert not [value for _, held in read.tags for value in held.values() if value and re.match(r"https?:|//", value)]
    assert len(read.named("caption")) == 1
    assert len(read.named("h1")) == 1
    assert all(heading.get("scope") in ("col", "row") or "colspan" in heading for heading in read.named("th"))
    assert "url(" not in read.words()
    assert "@import" not in read.words()


def test_the_page_says_the_same_as_the_workbook(tmp_path: Path) -> None:
    words = page(team_list(), tmp_path).words()
    book = workbook(team_list(), tmp_path)
    for row in book["Notes and limits"].iter_rows(min_row=2, values_only=True):
        for cell in row:
            assert cell is None or " ".join(cell.split()) in words
    for person in sheet_table(team_list(), tmp_path):
        assert str(person["Reference"]) in words
        assert str(person["Risk"]) in words
        assert str(person["Practice"]) in words


def test_text_from_a_source_cannot_become_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x>"
    read = page(changed_rows(practice=hostile), tmp_path)
    assert hostile in read.words()
    assert not read.named("script")
    assert not read.named("img")


def test_the_colours_of_the_page_have_the_contrast_of_wcag_aa(tmp_path: Path) -> None:
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", page(team_list(), tmp_path).words()))
    pairs = [("text", "page"), ("text", "shade"), ("text", "focus"), ("link", "page"), ("quiet", "page")]
    assert all(contrast(colours[ink], colours[paper]) >= 4.5 for ink, paper in pairs)
    assert contrast(colours["line"], colours["page"]) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours. Source: WCAG 2.2, relative luminance."""
    light = []
    for colour in (one, other):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(light) + 0.05) / (min(light) + 0.05)


# What every document says


def everything(team: TeamList, folder: Path) -> dict[str, str]:
    """All text of a list's page and of its workbook's two sheets."""
    book = workbook(team, folder)
    sheets = {
        sheet.title: " ".join(str(cell) for row in sheet.values for cell in row if cell is not None) for sheet in book
    }
    return {"page": page(team, folder).words(), **sheets}


def test_every_document_states_its_limits_dates_and_purpose(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    for name, words in said.items():
        for sentence in (
            NOT_LISTED,
            SUPPORTS,
            "Not for clinical use until the site's DCB0160 and medical-device position are signed.",
            "14 November 2026",
            "31 October 2026",
            "at least one unplanned (emergency) admission in the 12 months after 16 November 2026.",
            "emergency_admission_12m",
            "9f3c1a7e",
        ):
            assert sentence in words, (name, sentence)


def test_risk_is_never_a_bare_percentage_and_sensitive_facts_are_never_printed(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    said["csv"] = str(csv_rows(team_list(), tmp_path))
    style = re.compile(r"/\* Colours.*?(?=Skip to the list)")
    assert not [name for name, words in said.items() if "sensitive" in words or "Other raised" in words]
    assert not [name for name, words in said.items() if re.search(r"\d%", style.sub("", words))]


def test_the_theme_other_leaves_no_trace_of_its_size_or_presence(tmp_path: Path) -> None:
    without = changed_rows(themes=[[one for one in cell if one.theme != "other"] for cell in rows()["themes"]])
    assert everything(team_list(), tmp_path) == everything(without, tmp_path)
    assert csv_rows(team_list(), tmp_path) == csv_rows(without, tmp_path)


def test_a_person_without_a_clear_reason_is_said_to_have_none(tmp_path: Path) -> None:
    said = everything(changed_rows(themes=[[] for _ in PEOPLE]), tmp_path)
    assert said["page"].count("No group of facts raised the estimate clearly.") == 8
    assert said["List"].count("No group of facts lowered the estimate clearly.") == 8


def test_the_page_accounts_for_everybody_eligible(tmp_path: Path) -> None:
    assert (
        "5,230 people in this team were eligible: 8 listed, 5,003 below the line, 212 already known on the caseload "
        "and not listed, 5 not listed (in hospital now) and 2 not listed (reviewed in the last 12 weeks)."
    ) in page(team_list(), tmp_path).words()


# Awkward lists


def test_a_team_of_nobody_prints_a_sentence_instead_of_a_table(tmp_path: Path) -> None:
    said = everything(empty_team(), tmp_path)
    assert "Nobody is listed for this team on 16 November 2026." in said["page"]
    assert "Nobody is listed for this team on 16 November 2026." in said["List"]
    assert "What raised the estimate" not in said["page"]
    assert "What raised the estimate" not in said["List"]
    assert csv_rows(empty_team(), tmp_path) == []
    assert (tmp_path / "list.csv").read_text().startswith("team_code,index_date,data_as_at,reference,rank,risk,prac")


def test_two_people_with_equal_estimates_both_stand_in_rank_order(tmp_path: Path) -> None:
    table = sheet_table(team_list(), tmp_path)
    assert [(row["Reference"], row["Risk"]) for row in table[2:4]] == [
        ("KIR-1116-03-B", "about 45 in 100"),
        ("KIR-1116-04-X", "about 45 in 100"),
    ]
    assert "a fixed rule sets their order" in page(team_list(), tmp_path).words()


def test_long_and_right_to_left_names_survive_everywhere(tmp_path: Path) -> None:
    assert len(LONG_NAME) == 80
    team = replace(changed_rows(practice=RTL_NAME, pcn=LONG_NAME), team=LONG_NAME)
    assert csv_rows(team, tmp_path)[0]["practice"] == RTL_NAME
    assert sheet_table(team, tmp_path)[0]["Practice"] == RTL_NAME
    assert sheet_table(team, tmp_path)[0]["PCN"] == LONG_NAME
    words = page(team, tmp_path).words()
    assert RTL_NAME in words
    assert words.count(LONG_NAME) >= 9
    assert workbook(team, tmp_path)["List"].oddHeader.center.text == LONG_NAME


def test_characters_that_no_document_may_hold_are_replaced(tmp_path: Path) -> None:
    team = replace(changed_rows(practice="A\x00B\x1bC"), team="half a pair \ud800")
    assert csv_rows(team, tmp_path)[0]["practice"] == "A\ufffdB\ufffdC"
    assert sheet_table(team, tmp_path)[0]["Practice"] == "A\ufffdB\ufffdC"
    assert "A\ufffdB\ufffdC" in page(team, tmp_path).words()
    assert "half a pair \ufffd" in index([team], tmp_path).words()


def test_a_place_that_no_source_gives_is_left_out_and_said(tmp_path: Path) -> None:
    team = changed_rows(pcn=None, locality="")
    assert "pcn" not in csv_rows(team, tmp_path)[0]
    assert "Locality" not in sheet_table(team, tmp_path)[0]
    assert "Not shown, as no source gives it: PCN and Locality." in page(team, tmp_path).words()


def test_a_place_missing_for_one_person_is_said_to_be_missing(tmp_path: Path) -> None:
    table = sheet_table(changed_rows(practice=["A"] * 7 + [None]), tmp_path)
    assert [row["Practice"] for row in table] == ["not recorded"] + ["A"] * 7


def test_index_dates_of_their_own_are_shown_per_person(tmp_path: Path) -> None:
    team = changed_rows(index_date=[date(2150, 1, day) for day in range(8, 0, -1)])
    assert [line["index_date"] for line in csv_rows(team, tmp_path)][:2] == ["2150-01-01", "2150-01-02"]
    assert sheet_table(team, tmp_path)[7]["Index date"] == "8 January 2150"
    assert "Index date: 3 January 2150" in page(team, tmp_path).words()


@pytest.mark.parametrize("team", [team_list(), empty_team()], ids=["a team", "a team of nobody"])
def test_the_same_list_gives_the_same_bytes(team: TeamList, tmp_path: Path) -> None:
    for write, name in [(write_csv, "a.csv"), (write_workbook, "a.xlsx"), (write_page, "a.html")]:
        write(team, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        shuffled = replace(team, rows=team.rows.sample(frac=1, random_state=7))
        write(shuffled, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


# Index


def test_the_index_leads_to_the_three_files_of_every_team_by_name(tmp_path: Path) -> None:
    teams = [team_list(), replace(empty_team(), team="Huyton", team_code="HUY")]
    read = index(teams, tmp_path)
    links = [link["href"] for link in read.named("a") if not str(link["href"]).startswith("#")]
    assert links == ["huy.html", "huy.xlsx", "huy.csv", "kir.html", "kir.xlsx", "kir.csv"]
    assert [file_stem(team) for team in teams] == ["kir", "huy"]
    assert NOT_LISTED in read.words()
    assert SUPPORTS in read.words()


def test_the_index_shows_no_count_that_could_point_to_a_person(tmp_path: Path) -> None:
    words = index([replace(team_list(), counts=TeamCounts(1031, 8, 1020, 3))], tmp_path).words()
    table = words[words.index("Teams and their files") :]
    assert "Eligible 1,030 Listed 10 Below the line 1,020 Known on the caseload 1 to 7" in table
    assert "1,031" not in table


def test_an_index_of_no_team_of_two_dates_or_of_two_equal_codes_is_refused(tmp_path: Path) -> None:
    later = team_list(index_date=date(2026, 11, 23))
    for teams in ([], [team_list(), team_list(team_code="kir")], [team_list(), later]):
        with pytest.raises(PublicationError):
            write_index(teams, tmp_path / "index.html")
    assert list(tmp_path.iterdir()) == []


# Refusals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk": 1.2}, "column risk"),
        ({"risk": float("nan")}, "column risk"),
        ({"rank": 1}, "ranks must be 1 to 8"),
        ({"reference": "KIR"}, "same reference"),
        ({"age_band": None}, "column age_band"),
        ({"sex": "female"}, "column sex"),
        ({"themes": [["hospital use"]] * 8}, "column themes"),
    ],
)
def test_a_list_that_would_print_a_wrong_cell_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(PublicationError, match=message):
        changed_rows(**change)


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(PublicationError, match="19 people accounted for of 20"):
        TeamCounts(20, 8, 9, 2)
    with pytest.raises(PublicationError, match="8 rows but 9 people"):
        team_list(counts=TeamCounts(20, 9, 9, 2))


def test_a_direction_against_its_contribution_is_refused() -> None:
    with pytest.raises(PublicationError, match="contradicts"):
        ThemeReason("medicines", "lowers", 0.3, ("11 medicines",))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(PublicationError, match="lack the columns falls_12m"):
        team_list(rows=rows().drop(columns="falls_12m"))


def test_a_team_code_that_is_no_file_name_is_refused() -> None:
    with pytest.raises(PublicationError, match="team code"):
        file_stem(team_list(team_code="../up"))


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        write_page(team_list(), tmp_path / "absent" / "list.html")
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(StorageError):
        write_csv(team_list(), tmp_path / "list.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
