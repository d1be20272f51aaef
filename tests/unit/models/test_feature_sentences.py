"""explanation: one feature, one value, one date, one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature, Wording
from riskstrat.errors import DefinitionError
from riskstrat.explanation import render

DAY = date(2026, 3, 4)


def said(
    says: str,
    value: float,
    when: date | np.datetime64 | None = DAY,
    absent: str | None = None,
    *,
    words: Mapping[str, Any] | None = None,
    **facts,
) -> str | None:
    given_words = {"theme": "hospital use", "unit": "number", "why": "for the test", "sensitive": False}
    wording = Wording(says=says, absent=absent, **(given_words | dict(words or {})))
    given = {"verb": "count", "missing": 0, "lookback": 365, "name": "stays"} | facts
    return render(Feature(wording=wording, **given), value, when)


@pytest.mark.parametrize(
    ("value", "sentence"), [(1.0, "1 stay in the last 12 months."), (3.0, "3 stays in the last 12 months.")]
)
def test_a_count_is_a_whole_number_with_its_plural_and_lookback(value: float, sentence: str) -> None:
    assert said("{n} stay{s} in the last {lookback}", value) == sentence


@pytest.mark.parametrize(
    ("verb", "value", "sentence"),
    [
        ("count", 1, "1 stay in the last 12 months, on 4 March 2026."),
        ("count", 2, "2 stays in the last 12 months, the latest on 4 March 2026."),
        ("episodes", 1, "1 stay in the last 12 months, on 4 March 2026."),
        ("episodes", 2, "2 stays in the last 12 months, the latest on 4 March 2026."),
        ("distinct", 1, "1 stay in the last 12 months, the latest on 4 March 2026."),
    ],
)
def test_of_one_row_no_latest_is_said_and_of_one_kind_of_rows_it_is(verb: str, value: int, sentence: str) -> None:
    assert said("{n} stay{s} in the last {lookback}, the latest on {date}", value, verb=verb) == sentence


@pytest.mark.parametrize(("value", "words"), [(1, "once"), (2, "twice"), (3, "3 times"), (1200, "1,200 times")])
def test_times_are_said_as_people_say_them(value: int, words: str) -> None:
    assert said("taken to A&E {times}", value) == f"Taken to A&E {words}."


def test_a_change_a_year_has_one_decimal() -> None:
    words = {"says_negative": "fell by {n} a year"}
    assert said("rose by {n} a year", 2.345, verb="slope", words=words) == "Rose by 2.3 a year."
    assert said("rose by {n} a year", -3.68, verb="slope", words=words) == "Fell by 3.7 a year."


@pytest.mark.parametrize(
    ("value", "figure"),
    [
        (np.float32(0.1), "0.1"),
        (np.float32(0.237), "0.24"),
        (2.5, "2.5"),
        (27.46, "27.5"),
        (1500.0, "1,500"),
        (-3.25, "-3.25"),
        (12.04, "12"),
        (-0.001, "0"),
    ],
)
def test_other_numbers_have_as_many_decimals_as_a_person_reads(value: float, figure: str) -> None:
    assert said("score {n}", value) == f"Score {figure}."


def test_a_date_is_written_out() -> None:
    assert said("last stay on {date}", 1) == "Last stay on 4 March 2026."
    assert said("last stay on {date}", 1, np.datetime64("2026-12-31")) == "Last stay on 31 December 2026."
    assert said("last stay on {date}", 1, np.datetime64("2026-03-04T00:00:00")) == "Last stay on 4 March 2026."


@pytest.mark.parametrize("nobody_knows", [None, np.datetime64("NaT")])
def test_a_sentence_without_its_date_is_not_said(nobody_knows) -> None:
    assert said("last stay on {date}", 1, nobody_knows) is None
    assert said("{n} stay{s}", 1, nobody_knows) == "1 stay."


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_recorded_is_said_in_the_words_for_it_or_not_at_all(value: float) -> None:
    assert said("{n} stays", value, None, absent="no stays in the last {lookback}") == "No stays in the last 12 months."
    assert said("{n} stays", value, None) is None


def test_zero_days_since_or_a_measured_zero_is_a_value() -> None:
    assert said("last stay {n} days ago", 0, verb="days_since", missing=None) == "Last stay 0 days ago."
    assert said("change of {n} a year", 0, verb="slope", missing=None) == "Change of 0 a year."
    assert said("last stay {n} days ago", np.nan, None, "no stay", verb="days_since", missing=None) == "No stay."


def test_the_value_that_stands_for_missing_is_not_said_as_one() -> None:
    assert said("last stay {n} days ago", 9999, None, "no stay", verb="days_since", missing=9999) == "No stay."
    assert said("last stay {n} days ago", 9999, DAY, "no stay", verb="days_since", missing=9999) == (
        "Last stay 9,999 days ago."
    )


@pytest.mark.parametrize(
    ("value", "ago"),
    [
        (1, "1 day"),
        (89, "89 days"),
        (90, "3 months"),
        (213, "7 months"),
        (730, "24 months"),
        (731, "2 years"),
        (1095, "2 years"),
        (1096, "3 years"),
    ],
)
def test_a_number_of_days_is_said_as_a_person_would(value: float, ago: str) -> None:
    assert said("last stay {ago}", value, verb="days_since", missing=None) == f"Last stay {ago} ago."
    assert said("last stay {ago}", np.nan, verb="days_since", missing=None) is None


def test_what_happened_on_the_day_itself_was_today() -> None:
    assert said("last stay {ago}, on {date}", 0, verb="days_since", missing=None) == "Last stay today, on 4 March 2026."


@pytest.mark.parametrize(("age", "sentence"), [(74, None), (75, "HFRS 12."), (None, None), (np.nan, None)])
def test_a_score_that_is_not_valid_below_an_age_is_not_said_there(age: float | None, sentence: str | None) -> None:
    wording = Wording(
        theme="falls and frailty",
        unit="points",
        says="HFRS {n}",
        why="for the test",
        sensitive=False,
        absent="no HFRS",
        printed_from=75,
    )
    hfrs = Feature("weighted", wording, 0)
    assert render(hfrs, 12, DAY, age) == sentence
    assert render(hfrs, 0, None, age) == (sentence and "No HFRS.")


def test_a_sentence_begins_with_a_capital_and_ends_with_one_full_stop() -> None:
    assert said("eFI {n}.", 2) == "eFI 2."
    assert said("A&E attended", 1) == "A&E attended."
    assert said("stays {lookback}", 1, lookback=EVER) == "Stays on record."


@pytest.mark.parametrize("wrong", ["{count} stays", "{} stays", "{n stays", "{n.real} {n.x}"])
def test_a_placeholder_that_does_not_exist_is_refused_by_the_features_name(wrong: str) -> None:
    with pytest.raises(
        DefinitionError,
        match=r"stays: .* placeholders may be \{n\}, \{s\}, \{times\}, \{lookback\}, \{ago\}, \{roughly\} and \{date\}",
    ):
        said(wrong, 1)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (-0.13, None),
        (0.99, None),
        (0.0, None),
        (-1.0, "Weight loss: 1 a year."),
        (-2.25, "Weight loss: 2.2 a year."),
        (1.5, "Weight gain: 1.5 a year."),
        (np.nan, "It cannot be told."),
    ],
)
def test_a_change_is_said_by_its_direction_and_not_at_all_where_it_is_trivial(
    value: float, sentence: str | None
) -> None:
    words = {"says_negative": "weight loss: {n} a year", "said_from": 1}
    change = said("weight gain: {n} a year", value, DAY, "it cannot be told", words=words, verb="slope", missing=None)
    assert change == sentence


@pytest.mark.parametrize(("value", "sentence"), [(364.0, "364 days of care."), (365.0, "Care all year.")])
def test_days_that_fill_the_lookback_are_said_without_a_number(value: float, sentence: str) -> None:
    assert said("{n} days of care", value, words={"says_always": "care all year"}, verb="days_in") == sentence


@pytest.mark.parametrize(("value", "sentence"), [(0.0, "Never."), (2.0, "Now."), (7.0, "7.")])
def test_a_value_that_has_words_is_said_by_them(value: float, sentence: str) -> None:
    words = {"values": ("never", "once", "now")}
    assert said("{n}", value, words=words, verb="latest", missing=None) == sentence


@pytest.mark.parametrize(
    ("value", "band"), [(17.0, "under 18"), (64.0, "50 to 64"), (65.0, "65 to 74"), (101.0, "85 and over")]
)
def test_an_age_is_said_by_its_band(value: float, band: str) -> None:
    assert said("aged {n}", value, None, verb="age", missing=None) == f"Aged {band}."


@pytest.mark.parametrize(("value", "ago"), [(0, "less than 3 months"), (89, "less than 3 months"), (213, "7 months")])
def test_roughly_gives_no_day_away(value: float, ago: str) -> None:
    assert said("registered {roughly}", value, verb="days_since", missing=None) == f"Registered {ago} ago."


@pytest.mark.parametrize(("value", "ago"), [(0.1, "less than a year"), (0.9, "less than a year"), (1.0, "1 year")])
def test_a_part_of_a_year_is_said_without_a_decimal(value: float, ago: str) -> None:
    words = {"verb": "derive", "missing": None, "words": {"unit": "years"}}
    assert said("asthma was first recorded {n} year{s} ago", value, **words) == f"Asthma was first recorded {ago} ago."
