"""The weekly list in a team's hands: what every document of a team says, and its CSV and page, read back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from riskstrat.casefinding import NO_CASELOAD
from riskstrat.documents import (
    STATUS_UNKNOWN,
    long_date,
    natural_frequency,
    write_csv,
    write_page,
    write_people,
    write_workbook,
)
from riskstrat.documents.systems_csv import safe_cell
from riskstrat.documents.words import OTHER_NOT_SET_OUT, risk_range, suppressed
from riskstrat.errors import PublicationError, StorageError
from riskstrat.publication import (
    Change,
    FallsCheck,
    TeamCounts,
    TeamList,
    ThemeReason,
    WeeklyList,
    dump_list,
    name_files,
    parse_list,
)
from tests.browser.listed_team import (
    COUNTS,
    LIST_DATE,
    LONG_NAME,
    PEOPLE,
    RTL_NAME,
    SECRET,
    changed_people,
    empty_team,
    long_list,
    people,
    team_list,
)
from tests.browser.reading_back import csv_rows, everything, index, page, people_pages, sheet_table, workbook

NOT_LISTED = "Not being listed does not mean low risk. People below the line have had no human review."
SUPPORTS = "This list supports clinical judgement. It does not replace it."

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


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.25, 0.43, "between 25 and 43 in 100"),
        (0.001, 0.03, "up to 3 in 100"),
        (0.0, 0.0, "up to 1 in 100"),
        (0.95, 0.999, "95 in 100 or more"),
        (1.0, 1.0, "99 in 100 or more"),
        (0.301, 0.304, "about 30 in 100"),
    ],
)
def test_a_range_is_said_in_natural_frequencies(low: float, high: float, words: str) -> None:
    assert risk_range(low, high) == words


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
        "team_code", "index_date", "edition", "data_as_at", "reference", "opened_on", "rank", "arrival", "known_before",
        "rising_since", "risk_before", "risk", "risk_low", "risk_high", "band",
        "weeks_on_list", "escalate", "change", "change_new_events", "change_ageing", "change_late_data", "change_model",
        "practice", "pcn", "locality", "age_band", "sex", *(count.name for count in COUNTS), "cannot_be_told",
        "top_conditions", "frailty", "falls_check", "falls_check_why", "flags", "cohorts", "cohorts_not_told",
        "reasons", "pathways", "support",
        "caution",
        "last_decided_on", "last_outcomes", "last_owners", "last_due", "last_note",
        "statuses_as_at", "model", "model_version", "definitions",
    ]  # fmt: skip
    assert [line["reference"] for line in lines] == [person[0] for person in PEOPLE]
    first, last = lines[0], lines[7]
    assert (first["risk"], first["risk_low"], first["risk_high"]) == ("0.6149", "0.5500", "0.7100")
    assert (first["index_date"], first["statuses_as_at"]) == ("2026-11-16", "2026-11-09")
    assert (first["arrival"], first["weeks_on_list"], first["escalate"]) == ("carried over", "4", "yes")
    assert (first["opened_on"], first["edition"], first["known_before"]) == ("2026-10-26", "1", "")
    assert (last["days_since_discharge"], last["emergency_admissions_12m"], last["escalate"]) == ("", "0", "no")
    assert first["top_conditions"] == "COPD | heart failure | diabetes"
    assert first["pathways"].startswith("Falls service: 2 or more falls in the last 12 months | Medication review: ")


def test_the_csv_says_what_came_of_a_case_and_what_has_risen(tmp_path: Path) -> None:
    _, second, third, *_ = csv_rows(team_list(), tmp_path)
    assert second["known_before"] == "Reviewed on 3 February 2026: telecare, monitor"
    assert [second[name] for name in ("last_decided_on", "last_outcomes", "last_owners", "last_due", "last_note")] == [
        "2026-02-03",
        "Telecare | Monitor",
        "AB | Community matron",
        "2026-03-04 | ",
        "Prefers to be called in the morning",
    ]
    assert (third["rising_since"], third["risk_before"], second["rising_since"]) == ("2026-08-24", "0.2700", "")


def test_a_case_says_the_same_on_page_persons_page_and_in_the_workbook(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    decided = "3 February 2026: telecare (AB, due 4 March 2026); monitor (Community matron)."
    for name in ("page", "people", "Meeting", "People"):
        assert f"{decided} Note: Prefers to be called in the morning." in said[name]
        assert "Rising: about 27 in 100 on 24 August 2026, about 45 in 100 now." in said[name]
        assert "On the caseload of Kirkby locality hub until 1 May 2026." in said[name]
    again = changed_people(arrival="carried over", weeks_on_list=1)
    assert "Discussed since the last list" in page(again, tmp_path).words()


def test_the_parts_of_a_change_are_plain_numbers_that_add_up(tmp_path: Path) -> None:
    first, second, *_ = csv_rows(team_list(), tmp_path)
    parts = [first[name] for name in ("change_new_events", "change_ageing", "change_late_data", "change_model")]
    assert parts == ["0.4", "-0.12", "0.0", "0.0"]
    assert sum(map(float, parts)) == pytest.approx(0.28)
    assert second["change_new_events"] == ""


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


def test_no_text_of_a_person_reaches_the_csv_as_a_formula(tmp_path: Path) -> None:
    hostile = "=HYPERLINK(1)"
    team = changed_people(practice=hostile, band=hostile, frailty=hostile, caution=hostile, known_before=hostile,
                        age_band=hostile, change=[Change(hostile)] * 8, support=[(hostile,)] * 8,
                        flags=[(hostile,)] * 8, falls_check=[FallsCheck("met", hostile)] * 8)  # fmt: skip
    assert not [cell for line in csv_rows(team, tmp_path) for cell in line.values() if cell.startswith("=")]


# Page


def test_the_page_stands_alone_and_is_marked_up_for_screen_readers(tmp_path: Path) -> None:
    for read in (page(team_list(), tmp_path), people_pages(team_list(), tmp_path)):
        assert read.named("html") == [{"lang": "en-GB"}]
        assert not [tag for tag, _ in read.tags if tag in ("script", "link", "img", "iframe", "form")]
        assert not [
            value for _, held in read.tags for value in held.values() if value and re.match(r"https?:|//", value)
        ]
        assert len(read.named("h1")) == 1
        assert len(read.named("main")) == 1
    raw = (tmp_path / "list.html").read_text() + (tmp_path / "list-people.html").read_text()
    assert "url(" not in raw
    assert "@import" not in raw


def test_every_table_of_the_page_has_a_caption_and_scoped_headings(tmp_path: Path) -> None:
    read = page(team_list(), tmp_path)
    headings = [heading for heading in read.named("th") if "colspan" not in heading]
    assert all(heading.get("scope") in ("col", "row") for heading in headings)
    assert len(read.named("caption")) == len(read.named("table")) == 11


def test_the_page_says_the_same_as_the_workbook(tmp_path: Path) -> None:
    words = page(team_list(), tmp_path).words()
    book = workbook(team_list(), tmp_path)
    for row in book["Notes and limits"].iter_rows(min_row=2, values_only=True):
        for cell in row:
            assert cell is None or " ".join(cell.split()) in words
    for person in sheet_table(team_list(), tmp_path):
        assert str(person["Reference"]) in words
        assert str(person["Came to the list"]) in words
        for title in (
            "Known before",
            "Rising",
            "Escalate",
            "Range",
            "Practice",
            "Frailty",
            "Flags",
            "Since the last list",
        ):
            assert str(person[title] or "") in words
        for count in team_list().counts_shown:
            assert f"{count.title}: {person[count.title]}" in words
        assert f"about {person['Risk']} in 100" in words


def test_each_row_of_the_page_leads_to_the_persons_own_page(tmp_path: Path) -> None:
    links = [link["href"] for link in page(team_list(), tmp_path).named("a")]
    anchors = [article["id"] for article in people_pages(team_list(), tmp_path).named("article")]
    assert [f"kir-people.html#{anchor}" for anchor in anchors] == [
        link for link in links if "people.html#" in str(link)
    ]
    assert anchors == [person[0] for person in PEOPLE]


def test_text_from_a_source_cannot_become_markup(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x>"
    team = changed_people(
        practice=hostile, support=[(hostile,)] * 8, caution=hostile, reference=[f"{hostile}{n}" for n in range(8)]
    )
    for read in (page(team, tmp_path), people_pages(team, tmp_path)):
        assert hostile in read.words()
        assert not read.named("script")
        assert not read.named("img")


def test_the_colours_of_the_page_have_the_contrast_of_wcag_aa(tmp_path: Path) -> None:
    page(team_list(), tmp_path)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", (tmp_path / "list.html").read_text()))
    pairs = [
        ("text", "page"),
        ("text", "shade"),
        ("text", "focus"),
        ("link", "page"),
        ("link", "shade"),
        ("quiet", "shade"),
    ]
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


def test_every_document_states_its_limits_dates_and_purpose(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    for name in ("What changed", "List", "People"):
        del said[name]
    for name, words in said.items():
        for sentence in (
            "Not for clinical use until the site's DCB0160 and medical-device position are signed.",
            "Status not checked since 9 November 2026.",
            "14 November 2026",
            "31 October 2026",
            "at least one unplanned (emergency) admission in the 12 months after 16 November 2026.",
            "emergency_admission_12m",
        ):
            assert sentence in words, (name, sentence)
    for name in ("page", "Meeting", "Notes and limits"):
        assert NOT_LISTED in said[name]
        assert SUPPORTS in said[name]


@pytest.mark.parametrize(
    ("checked", "words"),
    [
        (date(2026, 11, 16), "Status checked on 16 November 2026."),
        (date(2026, 11, 2), "Status not checked since 2 November 2026. Before any contact, check"),
        (None, "Status not checked. Before any contact, check"),
    ],
)
def test_the_status_check_is_said_everywhere(checked: date | None, words: str, tmp_path: Path) -> None:
    team = team_list(statuses_as_at=checked)
    said = everything(team, tmp_path)
    assert all(words in said[name] for name in ("page", "people", "Meeting", "Notes and limits"))
    assert words in index([team], tmp_path).words()
    assert all("unknown" not in text for text in said.values())


def test_a_page_says_that_its_person_was_not_checked_where_no_status_of_theirs_came(tmp_path: Path) -> None:
    team = team_list(statuses_as_at=date(2026, 11, 16))
    first, *others = team.people
    missed = replace(first, flags=(STATUS_UNKNOWN, *first.flags))
    team = replace(team, people=(missed, *others))
    said = everything(team, tmp_path)
    words = "Status checked on 16 November 2026. No status of that day came for 1 person on this list."
    assert all(words in said[name] for name in ("page", "Meeting", "Notes and limits"))
    words = said["people"]
    assert words.count("Status not checked: no status of 16 November 2026 came for this person.") == 1
    assert words.count("Status checked on 16 November 2026.") == len(others)


def test_each_exclusion_that_was_not_checked_is_named_once_on_every_page(tmp_path: Path) -> None:
    named = "Not checked: in hospital now (last said by a same-day status 7 days ago)."
    team = team_list(not_checked=(named.removesuffix("."),))
    said = everything(team, tmp_path)
    assert said["people"].count(named) == len(team.people)
    assert said["page"].count(named) == 2
    assert all(named in said[name] for name in ("Meeting", "Notes and limits"))
    nothing = everything(team_list(not_checked=()), tmp_path)
    assert all("Not checked:" not in text for text in nothing.values())


def test_what_cannot_be_told_is_said_with_its_reason_and_is_no_none(tmp_path: Path) -> None:
    why = "A&E visits end on 28 June 2026"
    counts = [
        {name: None if name == "attendances_12m" else number for name, number in one.counts.items()}
        for one in team_list().people
    ]
    untold = {"attendances_12m": why, "A&E": why, "conditions": "the codes are not understood here"}
    team = changed_people(counts=counts, untold=[untold] * 8, conditions=[()] * 8)
    said = everything(team, tmp_path)
    assert all(f"cannot be told: {why}" in said[name] for name in ("page", "people", "List", "People"))
    assert all("Cannot be told: the codes are not understood here" in said[name] for name in ("people", "List"))
    assert all("None recorded. Frailty" not in text for text in said.values())
    (line, *_) = csv_rows(team, tmp_path)
    assert line["attendances_12m"] == ""
    assert f"attendances_12m: {why}" in line["cannot_be_told"]


def test_a_count_that_may_be_too_low_is_the_least_that_there_was_and_says_why(tmp_path: Path) -> None:
    why = "A&E visits begin on 1 May 2026"
    counts = [{**one.counts, "attendances_12m": 1.0} for one in team_list().people]
    team = changed_people(counts=counts, untold=[{"attendances_12m": why}] * 8)
    said = everything(team, tmp_path)
    assert all(said[name].count(f"at least 1: {why}") == 8 for name in ("page", "people", "List"))
    (line, *_) = csv_rows(team, tmp_path)
    assert line["attendances_12m"] == "1"
    assert f"attendances_12m: at least that many: {why}" in line["cannot_be_told"]


def test_an_escalation_is_marked_in_words_in_every_document(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    for name in ("page", "people", "List"):
        assert said[name].count("Escalate: 4 weeks without a decision.") == 1


def test_risk_is_never_a_bare_percentage_and_sensitive_facts_are_never_printed(tmp_path: Path) -> None:
    said = everything(team_list(), tmp_path)
    said["csv"] = str(csv_rows(team_list(), tmp_path))
    assert not [name for name, words in said.items() if SECRET in words or "Other raised" in words]
    assert not [name for name, words in said.items() if re.search(r"\d%", words)]


def test_the_theme_other_leaves_no_trace_of_its_size_or_presence(tmp_path: Path) -> None:
    without = changed_people(
        themes=[tuple(one for one in person.themes if one.theme != "other") for person in people()]
    )
    assert everything(team_list(), tmp_path) == everything(without, tmp_path)
    assert csv_rows(team_list(), tmp_path) == csv_rows(without, tmp_path)


def test_other_information_stands_on_every_persons_page_in_the_same_words(tmp_path: Path) -> None:
    assert people_pages(team_list(), tmp_path).words().count(OTHER_NOT_SET_OUT) == 8
    assert OTHER_NOT_SET_OUT in page(team_list(), tmp_path).words()


def test_a_person_without_a_clear_reason_is_said_to_have_none(tmp_path: Path) -> None:
    said = everything(changed_people(themes=()), tmp_path)
    for name in ("page", "people"):
        assert said[name].count("No group of facts raised the estimate clearly.") == 8
    assert said["List"].count("No group of facts lowered the estimate clearly.") == 8


def test_an_absence_of_contact_may_mean_that_services_are_not_reached(tmp_path: Path) -> None:
    lowering = (ThemeReason("community and GP contact", "lowers", -0.4, ("No GP contact in 12 months",)),)
    said = everything(changed_people(themes=lowering), tmp_path)
    assert said["page"].count("Or the person may not be reaching services.") == 8
    assert said["people"].count("or that a person may not be reaching services.") == 8
    assert said["List"].count("Or the person may not be reaching services.") == 8


NO_CONTACTS = (ThemeReason("community and GP contact", "lowers", -0.4, ()),)


def test_where_a_part_of_the_contacts_came_their_absence_may_be_the_persons(tmp_path: Path) -> None:
    why = "registered here only since 3 May 2026"
    said = everything(changed_people(themes=NO_CONTACTS, untold={"Contacts": why}), tmp_path)
    for name in ("page", "people", "List"):
        assert said[name].count(f"Contacts cannot be told: {why}. That may have lowered the estimate.") == 8
    assert said["page"].count("Or the person may not be reaching services.") == 8


@pytest.mark.parametrize(
    "why",
    [
        "this practice sends no GP, community and outpatient contacts",
        "GP, community and outpatient contacts are not in these data",
    ],
)
def test_where_no_contacts_came_nothing_is_made_of_their_absence(tmp_path: Path, why: str) -> None:
    said = everything(changed_people(themes=NO_CONTACTS, untold={"Contacts": why}), tmp_path)
    for name in ("page", "people", "List"):
        assert said[name].count(f"Contacts cannot be told: {why}. That may have lowered the estimate.") == 8
    assert "Or the person may not be reaching services." not in said["page"] + said["List"]
    assert "or that a person may not be reaching services." not in said["people"]


def test_a_service_that_is_in_place_is_no_absence_of_contact(tmp_path: Path) -> None:
    lowering = (ThemeReason("social care", "lowers", -0.4, ("Support for a carer in place since 7 March 2025.",)),)
    said = everything(changed_people(themes=lowering), tmp_path)
    assert "Or the person may not be reaching services." not in said["page"] + said["List"]
    assert "or that a person may not be reaching services." not in said["people"]


def test_who_is_known_on_a_caseload_that_was_not_landed_is_not_counted_as_nobody(tmp_path: Path) -> None:
    counted = everything(team_list(), tmp_path)
    unknown = everything(team_list(not_checked=(NO_CASELOAD,)), tmp_path)
    assert "already known on the caseload" in counted["page"]
    assert not [name for name, words in unknown.items() if "already known on the caseload" in words]
    for name in ("page", "Notes and limits"):
        assert "Known on the caseload, not listed cannot be told" in unknown[name]


def test_where_no_caseload_was_landed_the_list_holds_no_count_of_it_and_still_accounts_for_everybody(
    tmp_path: Path,
) -> None:
    counts = TeamCounts(20, 8, 12, None)
    words = everything(team_list(not_checked=(NO_CASELOAD,), counts=counts, routed={}, moves=()), tmp_path)
    assert "20 people in this team were eligible: 8 listed and 12 below the line." in words["page"]


def test_a_pathway_that_could_not_be_looked_for_is_told_from_one_that_is_not_met(tmp_path: Path) -> None:
    why = "GP prescriptions are not in these data"
    said = everything(changed_people(pathways=(), untold={"pathways": why}), tmp_path)
    for name in ("page", "people", "List"):
        assert said[name].count(f"No pathway's rule is met by what can be told here ({why}).") == 8
    assert "Nobody on this list meets the rule of a pathway by what can be told here." in said["page"]
    plain = everything(changed_people(pathways=()), tmp_path)
    assert plain["people"].count("No pathway's rule is met. The team may know of one.") == 8


def test_the_page_accounts_for_everybody_eligible(tmp_path: Path) -> None:
    words = page(team_list(), tmp_path).words()
    assert (
        "5,230 people in this team were eligible: 8 listed, 5,003 below the line, 212 already known on the caseload "
        "and not listed, 5 not listed (in hospital now) and 2 not listed (reviewed in the last 12 weeks)."
    ) in words
    assert "Of those not listed, for the hospital discharge team 5" in words


# Awkward lists


def test_a_team_of_nobody_prints_a_sentence_instead_of_a_table(tmp_path: Path) -> None:
    said = everything(empty_team(), tmp_path)
    for name in ("page", "people", "List", "Meeting", "People"):
        assert "Nobody is listed for this team on 16 November 2026." in said[name]
        assert "What raised the estimate" not in said[name]
    assert csv_rows(empty_team(), tmp_path) == []
    assert (
        (tmp_path / "list.csv")
        .read_text()
        .startswith("team_code,index_date,edition,data_as_at,reference,opened_on,rank,")
    )


def test_a_team_with_capacity_above_its_population_lists_everybody(tmp_path: Path) -> None:
    team = long_list(40)
    assert len(csv_rows(team, tmp_path)) == len(sheet_table(team, tmp_path)) == 40
    assert len(people_pages(team, tmp_path).named("article")) == 40


def test_two_people_with_equal_estimates_both_stand_in_rank_order(tmp_path: Path) -> None:
    table = sheet_table(team_list(), tmp_path)
    assert [(row["Reference"], row["Risk"]) for row in table[2:4]] == [("KIR-058-P", 45), ("KIR-059-5", 45)]
    assert "a fixed rule sets their order" in page(team_list(), tmp_path).words()


def test_long_and_right_to_left_names_survive_everywhere(tmp_path: Path) -> None:
    assert len(LONG_NAME) == 80
    team = replace(changed_people(practice=RTL_NAME, pcn=LONG_NAME), team=LONG_NAME)
    assert csv_rows(team, tmp_path)[0]["practice"] == RTL_NAME
    row = sheet_table(team, tmp_path)[0]
    assert (row["Practice"], row["PCN"]) == (RTL_NAME, LONG_NAME)
    for words in (page(team, tmp_path).words(), people_pages(team, tmp_path).words()):
        assert RTL_NAME in words
        assert words.count(LONG_NAME) >= 9
    assert workbook(team, tmp_path)["List"].oddHeader.center.text == LONG_NAME


def test_characters_that_no_document_may_hold_are_replaced(tmp_path: Path) -> None:
    team = replace(changed_people(practice="A\x00B\x1bC"), team="half a pair \ud800")
    assert csv_rows(team, tmp_path)[0]["practice"] == "A\ufffdB\ufffdC"
    assert sheet_table(team, tmp_path)[0]["Practice"] == "A\ufffdB\ufffdC"
    assert "A\ufffdB\ufffdC" in page(team, tmp_path).words()
    assert "A\ufffdB\ufffdC" in people_pages(team, tmp_path).words()
    assert "half a pair \ufffd" in index([team], tmp_path).words()


def test_a_place_that_no_source_gives_is_left_out_and_said(tmp_path: Path) -> None:
    team = changed_people(pcn=None, locality="")
    assert "pcn" not in csv_rows(team, tmp_path)[0]
    assert "Locality" not in sheet_table(team, tmp_path)[0]
    assert "Not shown, as no source gives it: PCN and Locality." in page(team, tmp_path).words()


def test_a_list_without_any_place_column_is_taken(tmp_path: Path) -> None:
    team = changed_people(practice=None, pcn=None, locality=None)
    assert "Practice" not in sheet_table(team, tmp_path)[0]


def test_a_place_missing_for_one_person_is_said_to_be_missing(tmp_path: Path) -> None:
    table = sheet_table(changed_people(practice=[None, *["A"] * 7]), tmp_path)
    assert [row["Practice"] for row in table] == ["not recorded"] + ["A"] * 7


def test_index_dates_of_their_own_are_shown_per_person(tmp_path: Path) -> None:
    team = changed_people(index_date=[date(2150, 1, day) for day in range(1, 9)])
    assert [line["index_date"] for line in csv_rows(team, tmp_path)][:2] == ["2150-01-01", "2150-01-02"]
    assert sheet_table(team, tmp_path)[7]["Index date"] == "8 January 2150"
    assert "Index date: 3 January 2150" in page(team, tmp_path).words()
    assert "3 January 2150" in people_pages(team, tmp_path).words()


@pytest.mark.parametrize("team", [team_list(), empty_team()], ids=["a team", "a team of nobody"])
def test_the_same_list_gives_the_same_bytes(team: TeamList, tmp_path: Path) -> None:
    for write, name in [
        (write_csv, "a.csv"),
        (write_workbook, "a.xlsx"),
        (write_page, "a.html"),
        (write_people, "a-people.html"),
    ]:
        write(team, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        write(parse_list(dump_list(WeeklyList(LIST_DATE, 1, "m", 1, (team,)))).teams[0], tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


# Refusals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk": 1.2}, "risk of"),
        ({"risk": float("nan")}, "risk of"),
        ({"risk_low": 0.9}, "risk_low of a listed person must not be above"),
        ({"risk_high": -0.1}, "risk_high of"),
        ({"rank": 1}, "ranks must be 1 to 8"),
        ({"rank": [2, 1, 3, 4, 5, 6, 7, 8]}, "ranks must be 1 to 8"),
        ({"reference": "KIR"}, "same reference"),
        ({"age_band": None}, "age_band of"),
        ({"band": " "}, "band of"),
        ({"frailty": None}, "frailty of"),
        ({"sex": "female"}, "sex of a listed person must be one of: F, M, I, U"),
        ({"arrival": "KNOWN"}, "arrival of a listed person must be one of: new"),
        ({"known_before": None}, "known_before of a listed person must be a str"),
        ({"weeks_on_list": 0}, "weeks_on_list of"),
        ({"weeks_on_list": float("nan")}, "weeks_on_list of"),
        ({"escalate": None}, "escalate of"),
        ({"caution": None}, "caution of a listed person must be a str"),
        ({"change": "up"}, "change of a listed person must be a Change"),
        ({"falls_check": "met"}, "falls_check of a listed person must be a FallsCheck"),
        ({"page": None}, "page of a listed person must be a PersonPage"),
        ({"themes": ("hospital use",)}, "themes of a listed person must be a tuple of ThemeReason"),
        ({"pathways": ("falls",)}, "pathways of"),
        ({"flags": "in hospital"}, "flags of a listed person must be a tuple of str"),
        ({"counts": {}}, "every person needs the counts emergency_admissions_12m"),
    ],
)
def test_a_list_that_would_print_a_wrong_cell_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(PublicationError, match=message):
        changed_people(**change)


def test_counts_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(PublicationError, match="19 people accounted for of 20"):
        TeamCounts(20, 8, 9, 2)
    with pytest.raises(PublicationError, match="8 people but 9 counted"):
        team_list(counts=TeamCounts(20, 9, 9, 2), routed={})
    with pytest.raises(PublicationError, match="more people routed than excluded"):
        team_list(routed={"palliative care team": 8})


def test_a_direction_against_its_contribution_is_refused() -> None:
    with pytest.raises(PublicationError, match="contradicts"):
        ThemeReason("medicines", "lowers", 0.3, ("11 medicines",))


def test_a_team_code_that_is_no_file_name_is_refused() -> None:
    with pytest.raises(PublicationError, match="team code"):
        name_files("../up")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        write_page(team_list(), tmp_path / "absent" / "list.html")
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(StorageError):
        write_csv(team_list(), tmp_path / "list.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
