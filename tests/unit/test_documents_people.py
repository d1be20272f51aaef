"""One page for each listed person: its ten parts, its timeline, and what it never holds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from riskstrat.definitions.purpose import PURPOSE
from riskstrat.documents import build_people
from riskstrat.documents.timeline import strip
from riskstrat.errors import PublicationError
from riskstrat.publication import FallsCheck, Lane, PersonPage, TimelineEvent
from tests.browser.listed_team import LIST_DATE, changed_people, person_page, team_list, timeline
from tests.browser.reading_back import people_pages

SECTIONS = (
    "How likely",
    "What raised the estimate",
    "What lowered the estimate",
    "Health and recent use",
    "What could be changed",
    "Who is involved now",
    "What matters to this person",
    "The last 24 months",
    "What the model cannot see",
    "How reliable for people like this one",
    "The review",
)


def first_person(folder: Path, **changes: object) -> str:
    """The text of the first person's page."""
    words = people_pages(changed_people(**changes), folder).words()
    pages = words.split("KIR-0")
    return next(page for page in pages if page.startswith("12-Q") and "How likely" in page)


def test_every_person_has_every_part_in_order(tmp_path: Path) -> None:
    page = first_person(tmp_path)
    places = [page.index(section) for section in SECTIONS]
    assert places == sorted(places)


def test_the_risk_stands_beside_the_typical_one_with_range_band_and_trend(tmp_path: Path) -> None:
    page = first_person(tmp_path)
    assert "About 61 in 100 , range between 55 and 71 in 100. Band: very high . Typical for women aged 75 to 84" in page
    assert "Earlier estimates: about 27 in 100 on 2 November 2026; about 31 in 100 on 9 November 2026." in page
    nothing = first_person(tmp_path, page=[PersonPage(None, "")] * 8)
    assert "Too few people of this age and sex are here to say what is typical." in nothing
    assert "earlier" not in nothing[: nothing.index("What raised the estimate")]
    assert "Not known: there are too few people like this one to say." in nothing


def test_the_estimate_of_this_list_is_not_called_an_earlier_one(tmp_path: Path) -> None:
    page = first_person(tmp_path, page=[PersonPage(0.1, "men", trend=((LIST_DATE, 0.61),))] * 8)
    assert "Earlier estimates" not in page


def test_pathways_stand_with_what_to_consider_and_the_facts_that_met_the_rule(tmp_path: Path) -> None:
    page = first_person(tmp_path)
    assert (
        "Consider: falls service . Consider a referral to the falls service for a full assessment. "
        "Met: 2 recorded falls in the last 12 months, the latest on 4 March 2026."
    ) in page
    assert "Urgent community response" not in page


@pytest.mark.parametrize(
    ("answer", "words"), [("met", "Met:"), ("not met", "Not met:"), ("cannot tell", "Cannot tell:")]
)
def test_the_falls_criteria_are_answered_in_three_ways(answer: str, words: str, tmp_path: Path) -> None:
    check = FallsCheck(answer, "as the records say")  # type: ignore[arg-type]
    assert f"NG249 falls criteria: {words} as the records say." in first_person(tmp_path, falls_check=[check] * 8)


def test_every_page_says_purpose_data_date_model_and_that_it_supports_judgement(tmp_path: Path) -> None:
    words = people_pages(team_list(), tmp_path).words()
    for sentence in (
        "Supports, does not replace, clinical judgement. Status not checked since 9 November 2026.",
        "Data as at 14 November 2026. Model emergency_admission_12m, version 3.",
        "To help a multidisciplinary team choose adults to review who may have an unplanned hospital admission.",
    ):
        assert words.count(sentence) == 8


def test_a_page_says_once_that_it_supports_judgement_and_does_not_replace_it(tmp_path: Path) -> None:
    words = people_pages(replace(team_list(), intended_purpose=PURPOSE), tmp_path).words()
    assert words.count("choose whom to review for proactive care. Not for clinical use") == 8
    assert words.count("Supports, does not replace, clinical judgement.") == 8
    assert "supports clinical judgement" not in words


def test_the_drawings_have_a_title_and_a_description_and_the_list_says_the_same(tmp_path: Path) -> None:
    read = people_pages(team_list(), tmp_path)
    drawings = read.named("svg")
    named = {attributes["id"] for tag, attributes in read.tags if tag in ("title", "desc") and "id" in attributes}
    assert len(drawings) == 16
    assert all(drawing["role"] == "img" for drawing in drawings)
    assert {name for drawing in drawings for name in str(drawing["aria-labelledby"]).split()} == named
    assert len(named) == 32
    page = first_person(tmp_path)
    assert "Falls: 25 April 2026: recorded fall. 28 April 2025: recorded fall." in page
    assert "20 September 2025 to 19 November 2025: home care." in page


def test_a_person_without_events_is_said_to_have_none(tmp_path: Path) -> None:
    page = first_person(tmp_path, page=[person_page(0, events=0)] * 8)
    for lane in ("Hospital", "A&E", "Falls", "Care", "Contacts"):
        assert f"{lane}: none recorded." in page


def test_a_long_history_is_whole_on_a_screen_and_counted_on_paper(tmp_path: Path) -> None:
    page = first_person(tmp_path, page=[person_page(0, events=60)] * 8)
    assert page.count("recorded fall.") == 12
    assert "And 10 earlier." in page


def test_a_page_names_every_condition_in_order_and_each_kind_of_medicine(tmp_path: Path) -> None:
    page = first_person(tmp_path)
    assert (
        "Conditions, with the month first recorded: COPD (March 2021), heart failure (June 2019), "
        "diabetes (January 2004), osteoarthritis. Ended: depression (June 2015 to March 2018)." in page
    )
    assert "with the last issue: Opioid (3 November 2026), loop diuretic (20 October 2026)." in page
    assert "Main conditions" not in page
    assert "None recorded." in first_person(tmp_path, conditions=[()] * 8)


# The strip


def test_events_are_drawn_in_proportion_and_spells_as_bars() -> None:
    start, end = date(2024, 11, 16), date(2026, 11, 16)
    drawn = strip(
        [
            TimelineEvent(start, None, "A&E", "first"),
            TimelineEvent(end, None, "A&E", "last"),
            TimelineEvent(date(2025, 11, 16), date(2025, 11, 17), "Hospital", "one night"),
        ],
        end,
        {},
    )
    hospital, urgent, falls, *_ = drawn.lanes
    assert [mark.x for mark in urgent.marks] == [700.0, 96.0]
    assert [(mark.x, mark.width) for mark in hospital.marks] == [(398.0, 4.0)]
    assert falls.marks == ()
    assert drawn.ticks[0] == (134.1, "Jan 2025")


def test_events_outside_the_24_months_are_left_out_and_longer_ones_cut() -> None:
    drawn = strip(
        [
            TimelineEvent(date(2020, 1, 1), date(2025, 1, 1), "Care", "Home care"),
            TimelineEvent(date(2024, 11, 15), None, "Falls", "too early"),
            TimelineEvent(date(2026, 11, 17), None, "Falls", "too late"),
        ],
        LIST_DATE,
        {},
    )
    assert drawn.lanes[2].marks == ()
    assert drawn.lanes[3].marks[0].x == 96.0
    assert drawn.lanes[3].events == ("From before 16 November 2024 to 1 January 2025: home care.",)


@pytest.mark.parametrize(
    ("start", "lane", "words"),
    [
        (date(2024, 11, 15), "Care", "Since before 16 November 2024: telecare, no end recorded."),
        (date(2024, 11, 16), "Care", "Since 16 November 2024: telecare, no end recorded."),
        # A status of the day may say that the person has left, so nothing says that a stay goes on.
        (date(2024, 11, 15), "Hospital", "Admitted before 16 November 2024: telecare, no end recorded."),
        (date(2026, 10, 22), "Hospital", "Admitted 22 October 2026: telecare, no end recorded."),
    ],
)
def test_of_what_still_runs_no_end_is_told(start: date, lane: Lane, words: str) -> None:
    drawn = strip([TimelineEvent(start, LIST_DATE, lane, "Telecare, no end recorded", running=True)], LIST_DATE, {})
    assert next(one for one in drawn.lanes if one.name == lane).events == (words,)


@pytest.mark.parametrize(("lane", "drawn_to_today"), [("Hospital", False), ("Care", True)])
def test_a_stay_without_a_discharge_is_drawn_as_its_beginning_and_a_service_that_runs_to_today(
    lane: Lane, drawn_to_today: bool
) -> None:
    event = TimelineEvent(date(2026, 9, 21), LIST_DATE, lane, "Stay; no end recorded", running=True)
    (mark,) = next(one for one in strip([event], LIST_DATE, {}).lanes if one.name == lane).marks
    assert (mark.width is not None) is drawn_to_today


@pytest.mark.parametrize(
    ("lane", "label"), [("Contacts", "3 GP contacts"), ("Hospital", "36 regular hospital attendances")]
)
def test_counts_of_stretches_side_by_side_are_drawn_apart(lane: Lane, label: str) -> None:
    days = [(date(2026, 5, 19), date(2026, 8, 17)), (date(2026, 8, 18), date(2026, 11, 16))]
    drawn = strip([TimelineEvent(*each, lane, label) for each in days], LIST_DATE, {})
    later, earlier = next(one for one in drawn.lanes if one.name == lane).marks
    assert earlier.width is not None
    assert earlier.x + earlier.width + 5 < later.x
    assert f"{lane}: counts of 2 periods." in drawn.description


def test_attendances_of_three_months_are_not_drawn_as_a_stay() -> None:
    stay = TimelineEvent(date(2026, 1, 5), date(2026, 3, 5), "Hospital", "Planned hospital stay")
    counted = TimelineEvent(date(2026, 5, 19), date(2026, 8, 17), "Hospital", "36 regular hospital attendances")
    pages = [replace(person_page(0, events=0), timeline=(stay, counted))] * 8
    html = build_people(changed_people(page=pages)).decode()
    bars = re.findall(r'<rect x="[\d.]+" y="12.0" width="[\d.]+" height="14" class="(\w+)"/>', html)
    assert bars == ["hollow", "solid"] * 8
    assert "Hospital: 1 and counts of 1 period." in html


@pytest.mark.parametrize(
    ("index_date", "first"), [(date(2028, 2, 29), "28 February 2026"), (date(2026, 11, 30), "30 November 2024")]
)
def test_the_strip_starts_24_months_earlier_to_the_day(index_date: date, first: str) -> None:
    assert strip([], index_date, {}).title.startswith(f"Recorded events from {first} to ")


def test_the_order_of_the_events_given_changes_nothing() -> None:
    assert strip(timeline(20), LIST_DATE, {}) == strip(timeline(20)[::-1], LIST_DATE, {})


@pytest.mark.parametrize(
    "make",
    [
        lambda: TimelineEvent(LIST_DATE, date(2026, 1, 1), "Falls", "backwards"),
        lambda: TimelineEvent(LIST_DATE, None, "GP", "no such lane"),  # type: ignore[arg-type]
        lambda: FallsCheck("maybe", ""),  # type: ignore[arg-type]
        lambda: PersonPage(1.4, ""),
        lambda: PersonPage(0.1, "", trend=((LIST_DATE, -0.1),)),
    ],
)
def test_a_page_that_cannot_be_true_is_refused(make: object) -> None:
    with pytest.raises(PublicationError):
        make()  # type: ignore[operator]


def test_a_lane_without_an_event_says_that_there_was_none_only_if_that_can_be_told() -> None:
    drawn = strip([], LIST_DATE, {"A&E": "A&E visits end on 28 June 2026"})
    said = {lane.name: lane.empty for lane in drawn.lanes}
    assert said["A&E"] == "cannot be told: A&E visits end on 28 June 2026"
    assert {empty for name, empty in said.items() if name != "A&E"} == {"none recorded"}
    assert "A&E: cannot be told: A&E visits end on 28 June 2026." in drawn.description
