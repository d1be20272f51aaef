"""Falls criteria and frailty scores by rules of a workspace of three features: numbers, names and words are its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.casefinding import FallsCriteria, FallsGuideline, falls_criteria
from riskstrat.definitions.frailty import FrailtyScore
from riskstrat.people.conditions import frailty_in_words
from riskstrat.workspace import load

SITE = load(Path(__file__).resolve().parents[1] / "three_features")
GUIDELINE = FallsGuideline(SITE.falls_rules, {score.name: score for score in SITE.frailty}, SITE.roles.age)
MARCH = np.datetime64("2026-03-04")


def judged(years: float, tumbles: float, stays: float, least: str | None = None) -> FallsCriteria:
    values = {"years_lived": [years], "tumbles_365d": [tumbles], "stays_365d": [stays]}
    reports = pd.DataFrame({"patient_id": ["p1"], "treated": [False]})
    more = {"p1": least} if least else None
    return falls_criteria(pd.DataFrame(values, index=["p1"]), GUIDELINE, reports, least=more).iloc[0]


@pytest.mark.parametrize(
    ("person", "answer", "why"),
    [
        ((69, 3, 9), "not met", "Aged 60 to 69, and none of the factors that raise the risk of falls is recorded."),
        ((59, 3, 9), "not met",
         "Under 60: the criteria are for people aged 70 or over, or 60 to 69 with a factor such as many stays."),
        ((70, 3, 2), "met", "Aged 70 or over: 3 recorded falls in the last 12 months."),
        ((70, 2, 5), "met", "Aged 70 or over: 2 recorded falls in the last 12 months; many stays."),
        ((70, 2, 4), "cannot tell",
         "Aged 70 or over: 2 recorded falls in the last 12 months; frailty is recorded as some, which is for a "
         "clinician to weigh."),
        ((70, 2, 1), "not met",
         "Aged 70 or over: 2 recorded falls in the last 12 months; none of the further criteria is recorded."),
        ((70, 2, 2), "met", "Aged 70 or over: 2 recorded falls in the last 12 months; was treated."),
        ((np.nan, 3, 2), "cannot tell", "Age is not recorded."),
        ((70, np.nan, 2), "cannot tell", "No record of falls is in the data."),
    ],
)  # fmt: skip
def test_the_criteria_are_those_that_the_workspace_declares(
    person: tuple[float, float, float], answer: str, why: str
) -> None:
    assert judged(*person) == FallsCriteria(answer, why)


def test_where_there_may_have_been_more_falls_the_criteria_are_met_or_cannot_be_told() -> None:
    why = "reported falls end on 28 June 2026"
    assert judged(70, 2, 1, why) == FallsCriteria(
        "cannot tell", f"Aged 70 or over: 2 recorded falls in the last 12 months, and there may have been more: {why}."
    )
    assert judged(70, 3, 2, why).answer == "met"
    assert judged(59, 3, 9, why).answer == "not met", "no number of falls matters at this age"


def test_they_read_the_features_that_the_rules_name_and_no_other() -> None:
    assert set(GUIDELINE.columns) == set(SITE.features)


def test_without_an_age_nobody_is_covered() -> None:
    nobody = FallsGuideline(GUIDELINE.rules, GUIDELINE.scores, None)
    rows = pd.DataFrame({"tumbles_365d": [9.0]}, index=["p1"])
    assert falls_criteria(rows, nobody)["p1"] == FallsCriteria("cannot tell", "Age is not recorded.")


def score(**changes: object) -> FrailtyScore:
    bands = [{"name": "low", "below": 5}, {"name": "middle", "up_to": 7.2}, {"name": "high"}]
    given = {"name": "a", "feature": "x", "from_age": 70, "says": "A {n}, {band}, {date}", "bands": bands}
    return FrailtyScore.model_validate(given | changes)


@pytest.mark.parametrize(
    ("value", "band"),
    [(0, "low"), (4.99, "low"), (5, "middle"), (7.2, "middle"), (np.float32(7.2), "middle"), (7.3, "high")],
)
def test_a_band_ends_below_its_number_or_with_it(value: float, band: str) -> None:
    assert score().band_of(value) == band


@pytest.mark.parametrize(
    ("age", "value", "day", "words"),
    [
        (69, 6.0, MARCH, "not scored under 70"),
        (np.nan, 6.0, MARCH, "not scored under 70"),
        (70, 6.0, MARCH, "A 6, middle, 4 March 2026"),
        (70, 6.0, np.datetime64("NaT"), "not recorded"),
        (70, np.nan, MARCH, "not recorded"),
        (70, 0.0, MARCH, "A 0, low, 4 March 2026"),
    ],
)
def test_a_score_is_told_at_the_age_it_is_valid_from_with_the_date_it_asks_for(
    age: float, value: float, day: np.datetime64, words: str
) -> None:
    assert frailty_in_words([score()], age, {"x": (value, day)}, MARCH) == words


@pytest.mark.parametrize(
    ("day", "current"), [("2026-03-04", True), ("2026-02-03", True), ("2026-02-02", False), ("NaT", False)]
)
def test_a_score_is_one_of_today_for_so_many_days_and_without_a_limit_always(day: str, current: bool) -> None:
    recorded = np.datetime64(day, "D")
    assert score(current_for="29d").is_current(recorded, MARCH) is current
    assert score().is_current(recorded, MARCH) is True


def test_a_limit_that_is_no_length_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a length of time"):
        score(current_for="a year")


def test_zero_is_said_as_not_recorded_where_it_means_none() -> None:
    assert frailty_in_words([score(zero_is_none=True)], 80, {"x": (0.0, MARCH)}, MARCH) == "not recorded"


def test_a_workspace_without_scores_records_none() -> None:
    assert frailty_in_words([], 80, {}, MARCH) == "not recorded"
