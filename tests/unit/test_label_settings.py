"""What a recipe may set aside: stays without a night, and periods that no label window may touch."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.expressions import none_of
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import AlreadyThere, CohortRecipe, LabelRecipe, Recipe
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.labels import events_by_provider, label
from riskstrat.site.apart import set_apart
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import admissions, attendances
from riskstrat.training import every_date, origins

PEOPLE = """patient_id,date_of_birth,sex
home the same day,1950-01-01,F
one night,1950-01-01,F
still there,1950-01-01,F
"""
ADMISSIONS = """patient_id,spell_id,admitted_on,method,provider,discharged_on
home the same day,s1,2023-03-10,21,RA1,2023-03-10
one night,s2,2023-03-20,21,RA1,2023-03-21
still there,s3,2023-04-02,21,,
"""
AS_AT = date(2024, 12, 31)
EMERGENCY = admissions.filter(admissions.method == "21")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("store")
    source = folder / "source"
    source.mkdir()
    (source / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (source / "admissions.csv").write_text(ADMISSIONS, encoding="utf-8")
    ingest(source, folder / "data", Settings(), as_at=AS_AT)
    return open_store(folder / "data")


def outcomes(store: Store, recipe: LabelRecipe, index: date) -> dict[str, tuple[object, str]]:
    rows = at_dates(store, CohortRecipe(), [index], ()).rows
    made = label(store, rows, EMERGENCY, recipe, AS_AT).rows
    outcome = made["outcome"].astype(object).where(made["outcome"].notna(), None)
    return dict(zip(made["patient_id"], zip(outcome, made["reason"], strict=True), strict=True))


@pytest.mark.parametrize(("min_nights", "same_day"), [(0, (1.0, "event")), (1, (0.0, "no event"))])
def test_a_stay_without_a_night_counts_unless_a_night_is_asked_for(
    store: Store, min_nights: int, same_day: tuple[float, str]
) -> None:
    assert outcomes(store, LabelRecipe(min_nights=min_nights), date(2023, 1, 1)) == {
        "home the same day": same_day,
        "one night": (1.0, "event"),
        "still there": (1.0, "event"),
    }


@pytest.mark.parametrize(
    ("period", "touched"),
    [
        ((date(2022, 1, 1), date(2023, 1, 1)), False),
        ((date(2022, 1, 1), date(2023, 1, 2)), True),
        ((date(2024, 1, 1), date(2024, 2, 1)), True),
        ((date(2024, 1, 2), date(2024, 2, 1)), False),
    ],
)
def test_a_window_that_touches_an_excluded_period_gives_no_outcome(
    store: Store, period: tuple[date, date], touched: bool
) -> None:
    found = outcomes(store, LabelRecipe(exclude_periods=(period,)), date(2023, 1, 1))
    expected = (None, "window in an excluded period") if touched else (1.0, "event")
    assert found["one night"] == expected


def test_index_dates_step_over_an_excluded_period() -> None:
    recipe = Recipe(title="t", sentence="s", outcome="o")
    period = (date(2020, 3, 1), date(2021, 6, 30))
    kept = recipe.model_copy(update={"label": LabelRecipe(exclude_periods=(period,))})
    plain, stepped = origins(recipe, date(2026, 11, 16)), origins(kept, date(2026, 11, 16))
    touched, left = ([day for day in every_date(each) if kept.label.excludes(day)] for each in (plain, stepped))
    assert touched
    assert left == []
    assert [[len(group) for group in each[1:]] for each in stepped] == [
        [len(group) for group in each[1:]] for each in plain
    ]
    assert [each.test for each in stepped] == [each.test for each in plain]


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="ends before it begins"):
        LabelRecipe(exclude_periods=((date(2021, 6, 30), date(2020, 3, 1)),))


def test_events_are_counted_by_provider_and_month(store: Store) -> None:
    expected = pd.DataFrame({"provider": ["RA1", "not recorded"], "month": ["2023-03", "2023-04"], "events": [2, 1]})
    pd.testing.assert_frame_equal(events_by_provider(store, EMERGENCY, AS_AT), expected, check_dtype=False)


ATTENDANCES = """patient_id,attended_on,category
five,2023-01-01,1
five,2023-01-02,1
five,2023-03-10,1
five,2023-03-10,1
five,2023-08-01,
five,2024-01-01,1
four and a day late,2023-01-02,1
four and a day late,2023-02-02,1
four and a day late,2023-03-02,1
four and a day late,2023-04-02,1
four and a day late,2024-01-02,1
follow-ups,2023-02-01,1
follow-ups,2023-02-02,2
follow-ups,2023-02-03,3
follow-ups,2023-02-04,4
follow-ups,2023-02-05,2
"""
"""The window of 1 January 2023 is 2 January 2023 to 1 January 2024."""


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("visited")
    source = folder / "source"
    source.mkdir()
    people = "".join(f"{name},1950-01-01,F\n" for name in ("five", "four and a day late", "follow-ups", "never"))
    (source / "people.csv").write_text(f"patient_id,date_of_birth,sex\n{people}", encoding="utf-8")
    stays = "patient_id,spell_id,admitted_on,method\nnever,s1,2023-03-10,21\n"
    (source / "admissions.csv").write_text(stays, encoding="utf-8")
    (source / "attendances.csv").write_text(ATTENDANCES, encoding="utf-8")
    ingest(source, folder / "data", Settings(), as_at=AS_AT)
    return open_store(folder / "data")


@pytest.mark.parametrize(("least", "expected"), [(5, {"five"}), (4, {"five", "four and a day late"}), (6, set())])
def test_an_outcome_of_several_events_happens_on_the_day_of_the_last_that_is_asked_for(
    visited: Store, least: int, expected: set[str]
) -> None:
    rows = at_dates(visited, CohortRecipe(), [date(2023, 1, 1)], ()).rows
    first = attendances.filter(none_of(attendances.category, ["2", "3", "4"]))
    made = label(visited, rows, first, LabelRecipe(least_events=least), AS_AT).rows.set_index("patient_id")
    assert set(made.index[made["outcome"] == 1]) == expected
    if least == 5:
        assert made.loc["five", "event_on"] == pd.Timestamp("2024-01-01")
    assert events_by_provider(visited, first, AS_AT).empty


SAME_DAY = """patient_id,spell_id,admitted_on,method,discharged_on,destination
came once,s1,2023-03-10,21,2023-03-10,19
came twice,s2,2023-03-10,21,2023-03-10,19
came twice,s3,2023-03-10,22,2023-03-10,19
came three times,s4,2023-03-10,21,2023-03-10,19
came three times,s5,2023-03-10,22,2023-03-10,19
came three times,s6,2023-03-10,23,2023-03-10,19
"""


def test_the_index_stay_is_no_event_of_its_own_wherever_it_stands_among_those_of_its_day(tmp_path: Path) -> None:
    people = "".join(f"{name},1950-01-01,F\n" for name in ("came once", "came twice", "came three times"))
    tables = {"people": f"patient_id,date_of_birth,sex\n{people}", "admissions": SAME_DAY}
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest(tmp_path, tmp_path / "store", Settings(), as_at=AS_AT)
    made = open_store(tmp_path / "store")
    rows = at_discharges(made, CohortRecipe(index="live_discharge"), admissions, AS_AT, ()).rows
    for least in (1, 2, 3):
        recipe = LabelRecipe(horizon="30d", includes_index_day=True, least_events=least)
        found = label(made, rows, admissions, recipe, AS_AT).rows.groupby("patient_id")["outcome"].agg(tuple)
        assert found.to_dict() == {
            "came once": (0.0,),
            "came twice": (float(least < 2),) * 2,
            "came three times": (float(least < 3),) * 3,
        }


def test_people_who_are_there_already_are_set_apart_and_counted() -> None:
    keys = pd.DataFrame({"patient_id": ["a", "b", "c"], "index_date": pd.Timestamp("2023-01-01")})
    values = np.array([[4.0], [5.0], [np.nan]], np.float32)
    matrix = FeatureMatrix(keys, values, ("first_ae_attendances_365d",), {})
    cohort = Cohort(keys, {"candidates": 4, "dead": 1, "eligible": 3})
    already = AlreadyThere(feature="first_ae_attendances_365d", at_least=5, says="had five")
    recipe = Recipe(title="t", sentence="s", outcome="o", cohort=CohortRecipe(already=already))
    left, rest, kept = set_apart(recipe, cohort, matrix)
    assert kept.tolist() == [True, False, True]
    assert left.rows["patient_id"].tolist() == rest.keys["patient_id"].tolist() == ["a", "c"]
    assert list(left.counts.items()) == [("candidates", 4), ("dead", 1), ("there already", 1), ("eligible", 2)]
    plain = set_apart(Recipe(title="t", sentence="s", outcome="o"), cohort, matrix)
    assert plain[0] is cohort
    with pytest.raises(SourceError, match="sets people apart by first_ae_attendances_365d"):
        set_apart(recipe, cohort, FeatureMatrix(keys, values, ("age",), {}))
