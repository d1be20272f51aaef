"""The page of `impact look` in every state that it can be in, from findings that are made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskstrat.documents.figures_page import MOST_WORDS, render_figures_page
from riskstrat.impact.comparing import ComparedOutcome, SiteLook
from riskstrat.impact.crossing import LineFound
from riskstrat.impact.expecting import LISTED, build_expected
from riskstrat.impact.found_page import build_impact_page, describe_found
from riskstrat.impact.judging import Beside, ImpactFound, conclude, find_deciding
from riskstrat.impact.measuring import MEASURES, PRIMARY, find_measure
from riskstrat.impact.planning import ImpactPlan, LoggedPlan
from riskstrat.impact.starting import StartsFound
from riskstrat.impact.verdicts import Verdict
from riskstrat.impact.words import list_summary, word_change, word_ratio
from tests.browser.reading_back import Reader

LOOKS = (date(2027, 6, 1), date(2027, 12, 1), date(2028, 12, 1))
PLAN = ImpactPlan("some_recipe", "emergency_admissions", date(2026, 11, 30), 26, LOOKS, 10)
LOGGED = LoggedPlan(PLAN, date(2026, 11, 29), 40, None, 1, 0)
FALL, SAME = (
    ComparedOutcome(640, -0.31, -0.5, -0.07, 0.21, 0.3, 0.27),
    ComparedOutcome(640, 0.02, -0.2, 0.3, 0.1, 0.1, 0.25),
)
LINE = LineFound(320, 4000, 410, {4: 120, 12: 160, 26: 5}, "", None, 0.4, -1.2)
STARTS = StartsFound((), 2, 0, "")
RISE, LITTLE = replace(SAME, low=0.1, high=0.4), replace(SAME, low=-0.05, high=0.05)
NONE = ComparedOutcome(640, untold="no table tells of it")


def find(
    *looks: SiteLook,
    deaths: ComparedOutcome = SAME,
    before: ComparedOutcome = SAME,
    logged: LoggedPlan = LOGGED,
    by_estimate: ComparedOutcome = FALL,
    at_line: ComparedOutcome = SAME,
    at_starts: ComparedOutcome = SAME,
) -> ImpactFound:
    others = {measure.name: SAME for measure in MEASURES[1:]} | {"deaths": deaths, "falls": NONE}
    beside = Beside(deaths, before, by_estimate, at_line, at_starts)
    verdict, withheld = conclude(find_deciding(looks).verdict, beside, PLAN.least_fall)
    expected = {LISTED: build_expected(640, 200, 210.0)}
    balance = {"Estimate (log-odds)": 0.02}
    people = {"Of them compared": 640, "Moved away before their time was over": 5}
    told = logged, looks, verdict, withheld, FALL, expected, others, before, balance, people
    return ImpactFound(*told, by_estimate, LINE, at_line, STARTS, at_starts)


def look(number: int, compared: ComparedOutcome, verdict: Verdict, critical: float | None = 2.4) -> SiteLook:
    return SiteLook(LOOKS[number], critical, compared, verdict)


def read_summary(found: ImpactFound) -> str:
    return " ".join(list_summary(found))


EARLY, WORKS = look(0, SAME, Verdict.TOO_FEW), look(1, FALL, Verdict.WORKS)


def test_the_first_look_that_tells_is_the_verdict_and_a_later_one_does_not_take_it_back() -> None:
    found = find(EARLY, WORKS, look(2, SAME, Verdict.TOO_FEW))
    assert found.verdict is Verdict.WORKS
    assert found.deciding.day == LOOKS[1]
    assert read_summary(found).startswith("Works: being listed lowered emergency admissions.")
    assert found.to_come == ()


def test_a_look_at_nobody_new_does_not_speak_over_the_one_before_it() -> None:
    none = look(1, ComparedOutcome(640, untold="nobody new was followed"), Verdict.TOO_FEW, None)
    assert find_deciding([EARLY, none]) is EARLY
    assert find_deciding([none]) is none


def test_before_and_after_is_never_said_without_what_it_is_worth() -> None:
    said = read_summary(find(EARLY))
    assert "A plain before and after shows -31%, and is no evidence" in said
    assert "More looks are to come, the last on 1 December 2028." in said


def test_the_longest_summary_is_short_enough_for_a_board() -> None:
    worse, unlike = replace(SAME, low=0.1, high=0.9), replace(SAME, low=0.1, high=0.4)
    changed = LoggedPlan(PLAN, date(2026, 12, 24), 41, "The board asked for it.", 3, 12)
    against = {"by_estimate": SAME, "at_line": unlike, "at_starts": unlike}
    found = find(EARLY, WORKS, deaths=worse, before=unlike, logged=changed, **against)
    assert len(found.withheld) == 4
    assert found.verdict is Verdict.TOO_FEW
    assert read_summary(found).startswith("It cannot be told whether being listed changed emergency admissions.")
    assert len(read_summary(found).split()) <= MOST_WORDS
    text = " ".join(Reader(render_figures_page(build_impact_page(found)).decode()).paragraphs())
    assert "after the fact: on 24 December 2026" in text
    assert "It was changed 2 times, last after 12 looks: “The board asked for it.”" in text


@pytest.mark.parametrize("outcome", PRIMARY)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_names_the_outcome_that_was_planned(verdict: Verdict, outcome: str) -> None:
    logged = replace(LOGGED, plan=replace(PLAN, outcome=outcome))
    says = {Verdict.WORKS: FALL, Verdict.HARMS: RISE, Verdict.NOT_WORTH: LITTLE, Verdict.TOO_FEW: SAME}
    found = find(look(2, FALL, verdict), logged=logged, by_estimate=says[verdict])
    assert (found.verdict, found.withheld) == (verdict, ())
    said = read_summary(found)
    assert find_measure(outcome).title in said.split(".")[0]
    assert len(said.split()) <= MOST_WORDS


def test_a_change_that_cannot_be_bounded_or_told_is_said_to_be_so() -> None:
    unbounded = replace(FALL, low=None, high=None)
    assert "no size of effect can be ruled out" in word_change(unbounded)
    assert word_change(NONE) == "The comparison gives no figure: no table tells of it."
    assert "It would find a fall of 27% in 8 trials of 10." in word_change(FALL)
    assert "It would find no fall of any size in 8 trials of 10." in word_change(replace(FALL, found=None))


def test_few_people_are_hidden_on_the_page_and_in_the_data() -> None:
    found = find(EARLY)
    text = Reader(render_figures_page(build_impact_page(found)).decode()).words()
    assert "1 to 7" in text
    assert describe_found(found)["people"] == {"Of them compared": 640, "Moved away before their time was over": None}


def test_the_line_is_told_with_how_many_just_below_were_listed_and_few_are_hidden() -> None:
    found = find(EARLY)
    text = Reader(render_figures_page(build_impact_page(found)).decode()).words()
    assert "Of those, listed within 12 weeks Found 39%" in text
    assert "Of those, listed within 26 weeks Found not shown" in text
    described = describe_found(found)["at_line"]
    assert described["just_below_listed"] == {
        "within_4_weeks": "29%",
        "within_12_weeks": "39%",
        "within_26_weeks": "not shown",
    }
    assert (described["above"], described["checks"]) == (320, {"density": 0.4, "year_before": -1.2})


@pytest.mark.parametrize(
    ("observed", "expected", "shown"), [(7, 20.0, False), (8, 20.0, True), (0, 9.0, True), (9, 7.9, False)]
)
def test_observed_over_expected_is_not_shown_of_few(observed: int, expected: float, shown: bool) -> None:
    assert (word_ratio(build_expected(100, observed, expected))[0] != "not shown") is shown


def test_a_table_that_is_not_there_is_said_and_gives_no_figure() -> None:
    described = describe_found(find(EARLY))["outcomes"]["falls"]
    assert (described["change"], described["untold"]) == (None, "no table tells of it")
