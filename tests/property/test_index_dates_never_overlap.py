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
from riskstrat.training import (
    Origin,
    Period,
    earlier,
    every_date,
    origins,
    slices_by_person,
    slices_by_time,
    spare_calibration_dates,
    without_the_tested,
)

LENGTHS = st.integers(1, 500).map(lambda number: f"{number}d")
COUNTS = st.integers(1, 6)


@st.composite
def recipes(draw: st.DrawFn, index: str = "calendar") -> Recipe:
    on_the_day = draw(st.booleans())
    # A gap lies after the index day, so that a window with a gap does not include it.
    gap = 0 if on_the_day else draw(st.integers(0, 40))
    label = LabelRecipe(horizon=draw(LENGTHS), gap_days=gap, includes_index_day=on_the_day, delay=draw(LENGTHS))
    split = SplitRecipe(
        every=draw(LENGTHS),
        train_dates=draw(COUNTS),
        calibration_dates=draw(st.integers(0, 6)),
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


def days_of(periods: tuple[Period, ...]) -> list[date]:
    """The first and the last day of a group of periods."""
    return [min(first for first, _ in periods), max(last for _, last in periods)]


def check_origin(recipe: Recipe, origin: Origin) -> None:
    """Each group is closed before the next, and what is learned from was final on the day the model was made."""
    if origin.calibration:
        check_order(recipe, days_of(origin.train)[1], days_of(origin.calibration)[0])
    newest = days_of(origin.learned_from)[1]
    assert final_on(recipe, newest) <= origin.made_on
    if origin.test:
        assert origin.made_on == origin.test[0].first
        check_order(recipe, newest, origin.test[0].first)


@given(recipes() | recipes("live_discharge"), AS_AT, st.none() | st.integers(1, 9000))
def test_no_model_learns_from_a_label_that_was_not_final_when_it_was_made(
    recipe: Recipe, as_at: date, length: int | None
) -> None:
    start = None if length is None else max(as_at - timedelta(days=length), date(1, 1, 1))
    try:
        newest, *tested = origins(recipe, as_at, records_from=start)
    except IndexDateError:
        assert length is not None
        return
    for origin in (newest, *tested):
        check_origin(recipe, origin)
        assert start is None or min(days_of(origin.train + origin.calibration)) >= start
    assert (newest.made_on, newest.test) == (as_at, ())
    assert 1 <= len(tested) <= recipe.split.test_dates
    assert final_on(recipe, tested[0].test[0].last) == as_at
    for later, sooner in pairwise(tested):
        assert sooner.test[0].last < later.test[0].first


@given(recipes(), AS_AT)
def test_calendar_dates_are_as_many_and_as_far_apart_as_the_recipe_says_latest_first(
    recipe: Recipe, as_at: date
) -> None:
    newest, *tested = origins(recipe, as_at)
    split, apart = recipe.split, {timedelta(days=days(recipe.split.every))}
    for origin in (newest, *tested):
        assert (len(origin.train), len(origin.calibration)) == (split.train_dates, split.calibration_dates)
        for group in (origin.train, origin.calibration):
            assert {one.first - two.first for one, two in pairwise(group)} <= apart
    assert {one.made_on - two.made_on for one, two in pairwise(tested)} <= apart
    assert len(tested) == split.test_dates


@given(recipes(), AS_AT, st.integers(0, 6000))
def test_records_that_begin_late_cost_dates_and_change_no_other(recipe: Recipe, as_at: date, length: int) -> None:
    start = as_at - timedelta(days=length)
    whole = origins(recipe, as_at)
    inside = [(one, tuple(day for day in one.train if day.first >= start)) for one in whole]
    left = tuple(one._replace(train=train) for one, train in inside if train)
    if not any(one.test for one in left):
        with pytest.raises(IndexDateError, match="no complete index dates"):
            origins(recipe, as_at, records_from=start)
    else:
        assert origins(recipe, as_at, records_from=start) == left


@given(recipes("live_discharge"), AS_AT)
def test_periods_of_discharges_follow_each_other_without_a_gap(recipe: Recipe, as_at: date) -> None:
    split = recipe.split
    for origin in origins(recipe, as_at):
        groups = ((origin.train, split.train_dates), (origin.calibration, split.calibration_dates))
        assert bool(origin.calibration) == bool(split.calibration_dates)
        for group, number in (each for each in groups if each[0]):
            first, last = days_of(group)
            assert (last - first).days + 1 == number * days(split.every)


@given(recipes(), AS_AT, st.integers(0, 2000))
def test_an_earlier_origin_is_made_so_much_earlier_and_tested_on_the_same_dates(
    recipe: Recipe, as_at: date, age: int
) -> None:
    tested = origins(recipe, as_at)[1]
    found = earlier(recipe, tested, age)
    assert found is not None
    assert (found.made_on, found.test) == (tested.made_on - timedelta(days=age), tested.test)
    assert final_on(recipe, days_of(found.learned_from)[1]) <= found.made_on


@given(recipes() | recipes("live_discharge"), AS_AT, st.integers(0, 6000))
def test_dates_to_calibrate_on_are_spared_only_where_records_are_too_short_for_them(
    recipe: Recipe, as_at: date, length: int
) -> None:
    start = as_at - timedelta(days=length)
    spared = spare_calibration_dates(recipe, as_at, start)
    try:
        origins(recipe, as_at, records_from=start)
    except IndexDateError:
        assert spared.split.calibration_dates == 0
        assert spared.model_copy(update={"split": recipe.split}) == recipe
    else:
        assert spared == recipe


@given(recipes(), AS_AT, st.integers(0, 6000))
def test_what_is_too_short_even_so_is_told_the_days_it_takes_and_a_horizon_that_fits(
    recipe: Recipe, as_at: date, length: int
) -> None:
    start = as_at - timedelta(days=length)
    spared = spare_calibration_dates(recipe, as_at, start)
    if length >= 2 * spared.label.complete_after or spared.split.calibration_dates:
        assert origins(spared, as_at, records_from=start)
        return
    with pytest.raises(IndexDateError, match=f"at least {2 * spared.label.complete_after} days") as refused:
        origins(spared, as_at, records_from=start)
    longest = int(str(refused.value).split("at most ")[1].split(" days")[0])
    shorter = spared.model_copy(update={"label": spared.label.model_copy(update={"horizon": f"{longest}d"})})
    if length >= 2 * shorter.label.complete_after:
        assert origins(shorter, as_at, records_from=start)
    else:
        assert longest == 1


def test_three_years_of_records_train_without_dates_to_calibrate_on() -> None:
    recipe = Recipe(name="emergency_admission_12m", title="t", sentence="s", outcome="o")
    begin, as_at = date(2023, 11, 16), date(2026, 11, 16)
    with pytest.raises(IndexDateError, match="at least 1320 days"):
        origins(recipe, as_at, records_from=begin)
    newest, *tested = origins(spare_calibration_dates(recipe, as_at, begin), as_at, records_from=begin)
    assert [one.name for one in tested] == ["2025-09-02", "2025-03-04"]
    assert [str(day.first) for day in tested[0].train] == ["2024-06-19", "2023-12-20"]
    assert [str(day.first) for day in newest.train] == ["2025-09-02", "2025-03-04", "2024-09-03", "2024-03-05"]
    assert {one.calibration for one in (newest, *tested)} == {()}


def test_the_shipped_defaults_give_these_dates() -> None:
    recipe = Recipe(name="emergency_admission_12m", title="t", sentence="s", outcome="o")
    newest, *tested = origins(recipe, date(2026, 11, 1))
    assert [one.name for one in tested] == ["2025-08-18", "2025-02-17", "2024-08-19", "2024-02-19", "2023-08-21"]
    assert tested[0].calibration == (Period(date(2024, 6, 4), date(2024, 6, 4)),)
    assert tested[0].train[0].first == date(2023, 3, 22)
    assert tested[0].train[-1].first == date(2021, 3, 24)
    assert newest.calibration == tested[0].test
    assert newest.train[0] == tested[0].calibration[0]


def test_the_dates_of_several_origins_are_given_once_and_in_order() -> None:
    recipe = Recipe(title="t", sentence="s", outcome="o")
    chosen = origins(recipe, date(2026, 11, 1))
    dates = every_date(chosen)
    assert list(dates) == sorted(set(dates))
    assert set(dates) == {period.first for one in chosen for group in one[1:] for period in group}


@pytest.mark.parametrize("index", ["calendar", "live_discharge"])
def test_dates_before_the_calendar_begins_are_refused_in_words(index: str) -> None:
    recipe = Recipe(name="far", title="t", sentence="s", outcome="o", cohort=CohortRecipe(index=index))
    with pytest.raises(IndexDateError, match=r"data as at 0003-01-01 give no complete index dates .* at least"):
        origins(recipe, date(3, 1, 1))


def test_the_days_that_the_refusal_names_are_just_enough() -> None:
    recipe = Recipe(name="far", title="t", sentence="s", outcome="o")
    as_at = date(2026, 11, 1)
    newest = origins(recipe, as_at)[1].train[0].first
    assert len(origins(recipe, as_at, records_from=newest)) == 2
    with pytest.raises(IndexDateError, match=f"at least {(as_at - newest).days} days"):
        origins(recipe, as_at, records_from=newest + timedelta(days=1))


@given(recipes() | recipes("live_discharge"), AS_AT, st.lists(st.integers(0, 9000), max_size=60))
def test_index_dates_get_the_slice_of_their_period_and_the_embargo_none(
    recipe: Recipe, as_at: date, ago: list[int]
) -> None:
    for origin in origins(recipe, as_at):
        groups = {name: getattr(origin, name) for name in ("train", "calibration", "test")}
        edges = [
            day + timedelta(days=step)
            for group in groups.values()
            for one in group
            for day in one
            for step in (-1, 0, 1)
        ]
        chosen = [as_at - timedelta(days=number) for number in ago] + edges
        given_slices = slices_by_time(origin, np.array(chosen, "datetime64[D]").astype("datetime64[s]"))
        for day, name in zip(chosen, given_slices, strict=True):
            inside = [
                group for group, periods in groups.items() if any(one.first <= day <= one.last for one in periods)
            ]
            assert inside == ([name] if name else [])


@given(st.lists(st.sampled_from(["train", "calibration", "test", ""]), min_size=1, max_size=80), st.integers(0, 9))
def test_people_held_out_are_only_tested_on_and_the_others_only_learned_from(
    given_slices: list[str], seed: int
) -> None:
    recipe = Recipe(title="t", sentence="s", outcome="o", learner=LearnerRecipe(seed=seed))
    before = np.array(given_slices, dtype="<U11")
    people = np.array([f"P{place // 4}" for place in range(len(before))], dtype=object)
    after = without_the_tested(recipe, before, people)
    assert ((after == before) | (after == "")).all()
    assert not set(people[after == "test"]) & set(people[np.isin(after, ("train", "calibration"))])
    assert (after[(before != "test") & (after != before)] == "").all()
    held_out = set(people[(before != "test") & (before != "") & (after == "")])
    assert not held_out & set(people[np.isin(after, ("train", "calibration"))])


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=60), st.integers(0, 10), st.randoms())
def test_shifted_dates_split_by_person_and_never_split_a_person(people: list[str], seed: int, random) -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.3, calibration_share=0.2)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split, learner=LearnerRecipe(seed=seed))
    rows = people * 3
    random.shuffle(rows)
    days_apart = np.datetime64("2150-01-01") + np.arange(len(rows))
    cohort = pd.DataFrame({"patient_id": rows, "index_date": days_apart.astype("datetime64[s]")})
    given_slices = slices_by_person(recipe, cohort["patient_id"])
    by_person = pd.Series(given_slices).groupby(pd.Series(rows)).unique()
    assert (by_person.map(len) == 1).all()
    alone = pd.DataFrame({"patient_id": [people[0]], "index_date": [pd.Timestamp("1999-01-01")]})
    assert slices_by_person(recipe, alone["patient_id"])[0] == by_person[people[0]][0]


def test_the_shares_of_a_split_by_person_are_those_of_the_recipe() -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.3, calibration_share=0.2)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split)
    cohort = pd.DataFrame({"patient_id": [f"P{n}" for n in range(20_000)], "index_date": pd.Timestamp("2150-01-01")})
    found = pd.Series(slices_by_person(recipe, cohort["patient_id"])).value_counts(normalize=True)
    assert found["test"] == pytest.approx(0.3, abs=0.01)
    assert found["calibration"] == pytest.approx(0.2, abs=0.01)
    assert found["train"] == pytest.approx(0.5, abs=0.01)


def test_another_seed_splits_people_otherwise() -> None:
    split = SplitRecipe(shifted_dates="person")
    cohort = pd.DataFrame({"patient_id": [f"P{n}" for n in range(200)], "index_date": pd.Timestamp("2150-01-01")})
    one, two = (
        slices_by_person(
            Recipe(title="t", sentence="s", outcome="o", split=split, learner=LearnerRecipe(seed=seed)),
            cohort["patient_id"],
        )
        for seed in (1, 2)
    )
    assert (one != two).mean() > 0.3


def test_shifted_dates_are_refused_where_the_recipe_refuses_them() -> None:
    recipe = Recipe(name="emergency_admission_12m", title="t", sentence="s", outcome="o")
    cohort = pd.DataFrame({"patient_id": ["A"], "index_date": [pd.Timestamp("2150-01-01")]})
    with pytest.raises(TrainingError, match=r'shifted from person to person, .* set shifted_dates = "person"'):
        slices_by_person(recipe, cohort["patient_id"])


def test_shares_that_leave_nobody_to_train_on_are_refused() -> None:
    split = SplitRecipe(shifted_dates="person", test_share=0.6, calibration_share=0.4)
    recipe = Recipe(title="t", sentence="s", outcome="o", split=split)
    cohort = pd.DataFrame({"patient_id": ["A"], "index_date": [pd.Timestamp("2150-01-01")]})
    with pytest.raises(TrainingError, match="leave nobody to train on"):
        slices_by_person(recipe, cohort["patient_id"])
