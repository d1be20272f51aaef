"""training: whatever the recipe, label windows close and are final before the next slice begins."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe, LearnerRecipe, Recipe, SplitRecipe
from riskstrat.errors import IndexDateError, TrainingError
from riskstrat.training import index_dates, periods, slices

LENGTHS = st.integers(1, 500).map(lambda number: f"{number}d")
COUNTS = st.integers(1, 6)


@st.composite
def recipes(draw: st.DrawFn, index: str = "calendar") -> Recipe:
    label = LabelRecipe(
        horizon=draw(LENGTHS),
        gap_days=draw(st.integers(0, 40)),
        includes_index_day=draw(st.booleans()),
        delay=draw(LENGTHS),
    )
    split = SplitRecipe(
        every=draw(LENGTHS),
        train_dates=draw(COUNTS),
        calibration_dates=draw(COUNTS),
        test_dates=draw(COUNTS),
        shifted_dates=draw(st.just("person")),
    )
    cohort = CohortRecipe(index=index)
    return Recipe(name="any", title="t", sentence="s", outcome="o", cohort=cohort, label=label, split=split)


AS_AT = st.dates(date(2015, 1, 1), date(2200, 1, 1))


def window(recipe: Recipe, index: date) -> tuple[date, date]:
    """First and last day on which an outcome counts."""
    label = recipe.label
    first = index if label.includes_index_day else index + timedelta(days=label.gap_days + 1)
    return first, first + timedelta(days=days(label.horizon) - 1)


def final_on(recipe: Recipe, index: date) -> date:
    return window(recipe, index)[1] + timedelta(days=days(recipe.label.delay))


def check_order(recipe: Recipe, earlier: date, later: date) -> None:
    """The last index date of one slice against the first of the next."""
    assert final_on(recipe, earlier) <= later
    assert window(recipe, earlier)[1] < window(recipe, later)[0]


@given(recipes(), AS_AT)
def test_each_calendar_slice_is_closed_before_the_next_and_the_last_by_data_as_at(recipe: Recipe, as_at: date) -> None:
    dates = index_dates(recipe, as_at)
    check_order(recipe, max(dates.train), min(dates.calibration))
    check_order(recipe, max(dates.calibration), min(dates.test))
    assert final_on(recipe, max(dates.test)) == as_at


@given(recipes(), AS_AT)
def test_calendar_dates_are_as_many_and_as_far_apart_as_the_recipe_says_latest_first(
    recipe: Recipe, as_at: date
) -> None:
    dates, split = index_dates(recipe, as_at), recipe.split
    asked = (split.train_dates, split.calibration_dates, split.test_dates)
    assert tuple(len(each) for each in dates) == asked
    for each in dates:
        assert {one - two for one, two in pairwise(each)} <= {timedelta(days=days(split.every))}
    assert list(dates.all) == sorted({*dates.train, *dates.calibration, *dates.test})
    assert len(dates.all) == sum(asked)


@given(recipes(), AS_AT, st.integers(0, 6000))
def test_no_training_date_lies_before_the_records_begin(recipe: Recipe, as_at: date, length: int) -> None:
    start = as_at - timedelta(days=length)
    whole = index_dates(recipe, as_at)
    inside = tuple(day for day in whole.train if day >= start)
    if not inside:
        with pytest.raises(IndexDateError, match="no complete index dates"):
            index_dates(recipe, as_at, records_from=start)
    else:
        assert index_dates(recipe, as_at, records_from=start) == whole._replace(train=inside)


@given(recipes("live_discharge"), AS_AT)
def test_each_period_of_discharges_is_closed_before_the_next(recipe: Recipe, as_at: date) -> None:
    found, split = periods(recipe, as_at), recipe.split
    check_order(recipe, found.train.last, found.calibration.first)
    check_order(recipe, found.calibration.last, found.test.first)
    assert final_on(recipe, found.test.last) == as_at
    asked = (split.train_dates, split.calibration_dates, split.test_dates)
    for (first, last), number in zip(found, asked, strict=True):
        assert (last - first).days + 1 == number * days(split.every)


def test_the_shipped_defaults_give_these_dates() -> None:
    recipe = Recipe(name="emergency_admission_12m", title="t", sentence="s", outcome="o")
    dates = index_dates(recipe, date(2026, 11, 1))
    assert dates.test == (date(2025, 8, 18), date(2025, 2, 17))
    assert dates.calibration == (date(2023, 12, 5),)
    assert dates.train[0] == date(2022, 9, 21)
    assert dates.train[-1] == date(2020, 9, 23)
    assert dates.history_from(recipe) == date(2017, 9, 24)


@pytest.mark.parametrize("index", ["calendar", "live_discharge"])
def test_dates_before_the_calendar_begins_are_refused_in_words(index: str) -> None:
    recipe = Recipe(name="far", title="t", sentence="s", outcome="o", cohort=CohortRecipe(index=index))
    dates_of = index_dates if index == "calendar" else periods
    with pytest.raises(IndexDateError, match=r"data as at 0003-01-01 give no complete index dates .* at least"):
        dates_of(recipe, date(3, 1, 1))


def test_the_days_that_the_refusal_names_are_just_enough() -> None:
    recipe = Recipe(name="far", title="t", sentence="s", outcome="o")
    as_at = date(2026, 11, 1)
    newest = max(index_dates(recipe, as_at).train)
    with pytest.raises(IndexDateError, match=f"at least {(as_at - newest).days} days"):
        index_dates(recipe, as_at, records_from=newest + timedelta(days=1))


@given(recipes(), AS_AT, st.integers(0, 30))
def test_calendar_rows_get_the_slice_of_their_date_and_other_dates_none(
    recipe: Recipe, as_at: date, shift: int
) -> None:
    dates = index_dates(recipe, as_at)
    chosen = [*dates.all, *(day + timedelta(days=shift) for day in dates.all)]
    cohort = pd.DataFrame({"patient_id": "A", "index_date": pd.to_datetime(chosen)})
    expected = [
        next((name for name, group in zip(dates._fields, dates, strict=True) if day in group), "") for day in chosen
    ]
    assert slices(recipe, cohort, as_at, True).tolist() == expected


@given(recipes("live_discharge"), AS_AT, st.lists(st.integers(0, 9000), max_size=60))
def test_discharges_get_the_slice_of_their_period_and_the_embargo_none(
    recipe: Recipe, as_at: date, ago: list[int]
) -> None:
    found = periods(recipe, as_at)
    edges = [day + timedelta(days=step) for period in found for day in period for step in (-1, 0, 1)]
    chosen = [as_at - timedelta(days=number) for number in ago] + edges
    cohort = pd.DataFrame({"patient_id": "A", "index_date": np.array(chosen, "datetime64[D]").astype("datetime64[s]")})
    given_slices = slices(recipe, cohort, as_at, True)
    for day, name in zip(chosen, given_slices, strict=True):
        inside = [field for field, (first, last) in zip(found._fields, found, strict=True) if first <= day <= last]
        assert inside == ([name] if name else [])


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=60), st.integers(0, 10), st.randoms())
def test_shifted_dates_split_by_person_and_never_split_a_person(people: list[str], seed: int, random) -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.3, calibration_share=0.2)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split, learner=LearnerRecipe(seed=seed))
    rows = people * 3
    random.shuffle(rows)
    days_apart = np.datetime64("2150-01-01") + np.arange(len(rows))
    cohort = pd.DataFrame({"patient_id": rows, "index_date": days_apart.astype("datetime64[s]")})
    given_slices = slices(recipe, cohort, date(2200, 1, 1), False)
    by_person = pd.Series(given_slices).groupby(pd.Series(rows)).unique()
    assert (by_person.map(len) == 1).all()
    alone = pd.DataFrame({"patient_id": [people[0]], "index_date": [pd.Timestamp("1999-01-01")]})
    assert slices(recipe, alone, date(2000, 1, 1), False)[0] == by_person[people[0]][0]


def test_the_shares_of_a_split_by_person_are_those_of_the_recipe() -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.3, calibration_share=0.2)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split)
    cohort = pd.DataFrame({"patient_id": [f"P{n}" for n in range(20_000)], "index_date": pd.Timestamp("2150-01-01")})
    found = pd.Series(slices(recipe, cohort, date(2200, 1, 1), False)).value_counts(normalize=True)
    assert found["test"] == pytest.approx(0.3, abs=0.01)
    assert found["calibration"] == pytest.approx(0.2, abs=0.01)
    assert found["train"] == pytest.approx(0.5, abs=0.01)


def test_another_seed_splits_people_otherwise() -> None:
    split = SplitRecipe(shifted_dates="person")
    cohort = pd.DataFrame({"patient_id": [f"P{n}" for n in range(200)], "index_date": pd.Timestamp("2150-01-01")})
    one, two = (
        slices(
            Recipe(title="t", sentence="s", outcome="o", split=split, learner=LearnerRecipe(seed=seed)),
            cohort,
            date(2200, 1, 1),
            False,
        )
        for seed in (1, 2)
    )
    assert (one != two).mean() > 0.3


def test_shifted_dates_are_refused_where_the_recipe_refuses_them() -> None:
    recipe = Recipe(name="emergency_admission_12m", title="t", sentence="s", outcome="o")
    cohort = pd.DataFrame({"patient_id": ["A"], "index_date": [pd.Timestamp("2150-01-01")]})
    with pytest.raises(TrainingError, match=r'shifted from person to person, .* set shifted_dates = "person"'):
        slices(recipe, cohort, date(2200, 1, 1), False)


def test_shares_that_leave_nobody_to_train_on_are_refused() -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.6, calibration_share=0.4)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split)
    cohort = pd.DataFrame({"patient_id": ["A"], "index_date": [pd.Timestamp("2150-01-01")]})
    with pytest.raises(TrainingError, match="leave nobody to train on"):
        slices(recipe, cohort, date(2200, 1, 1), False)
