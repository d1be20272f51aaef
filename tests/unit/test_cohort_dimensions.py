"""Small people, whole tables: the groups that an evaluation is looked at by, as known at the index date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from riskstrat.cohort import at_dates, at_discharges, groups
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.sources import tables
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store

INDEX, EXTRACT = date(2025, 1, 1), date(2025, 12, 31)
EVERYBODY = CohortRecipe(min_age=0)

PEOPLE = """
a , 1985-01-02 , F , A  , 1  ,
b , 1985-01-01 , M , B  , 2  , 2025-01-01
c , 1975-01-01 , I , C  , 3  , 2025-01-02
d , 1960-01-01 , U , D  , 4  , 2020-05-01
e , 1959-12-31 , F , G  , 5  ,
f , 1950-01-01 , M , H  , 6  ,
g , 1940-01-01 , F , R  , 7  ,
h , 1939-12-31 , F , P  , 8  ,
i , 1930-01-01 , M , S  , 9  ,
j , 2010-01-01 , M , Z  , 10 ,
k , 1970-01-01 , F , 99 ,    ,
l , 1970-01-01 , F ,    , 10 ,
"""
"""patient, born, sex, ethnic category, IMD decile, in a care home from."""

STAYS = """
a , 2023-01-03 , 2023-01-04
b , 2023-01-02 , 2023-01-03
c , 2025-01-01 , 2025-01-01
d , 2024-12-31 , 2025-01-02
e , 2024-06-01 , 2024-06-02
e , 2024-12-31 , 2025-01-02
f , 2025-01-02 , 2025-01-03
"""
"""patient, admitted, known: the window is 3 January 2023 to 1 January 2025."""

GROUPS = """
a , 18 to 39    , female        , White        , 1 most deprived  , not in one     , admitted in 24 months
b , 40 to 49    , male          , White        , 1 most deprived  , in a care home , no admission in 24 months
c , 50 to 64    , indeterminate , White        , 2                , not in one     , admitted in 24 months
d , 65 to 74    , not recorded  , Mixed        , 2                , in a care home , no admission in 24 months
e , 65 to 74    , female        , Mixed        , 3                , not in one     , admitted in 24 months
f , 75 to 84    , male          , Asian        , 3                , not in one     , no admission in 24 months
g , 85 and over , female        , Asian        , 4                , not in one     , no admission in 24 months
h , 85 and over , female        , Black        , 4                , not in one     , no admission in 24 months
i , 85 and over , male          , Other        , 5 least deprived , not in one     , no admission in 24 months
j , under 18    , male          , not recorded , 5 least deprived , not in one     , no admission in 24 months
k , 50 to 64    , female        , not recorded , not recorded     , not in one     , no admission in 24 months
l , 50 to 64    , female        , not recorded , 5 least deprived , not in one     , no admission in 24 months
"""
"""Aged 39, 40, 50, 65, 65, 75, 85, 85, 95, 15, 55 and 55."""

COLUMNS = ["age_band", "sex", "ethnicity", "imd_quintile", "care_home", "no_admission_24m"]


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def land(folder: Path, people: list[str], admissions: list[str]) -> Store:
    (folder / "source").mkdir(parents=True)
    for name, lines in {"people": people, "admissions": admissions}.items():
        (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    strict = Settings.model_validate({"data": {"quarantine_limit": 0}})
    ingest(folder / "source", folder / "store", strict, as_at=EXTRACT)
    return open_store(folder / "store")


def whole(folder: Path) -> Store:
    people = ["patient_id,date_of_birth,sex,ethnicity,imd_decile,care_home_from"]
    stays = ["spell_id,method,patient_id,admitted_on,known_on"]
    stays += [f"s{number},11,{','.join(row)}" for number, row in enumerate(written(STAYS))]
    return land(folder, people + [",".join(row) for row in written(PEOPLE)], stays)


def test_each_person_has_a_group_in_every_dimension_as_known_at_the_index_date(tmp_path: Path) -> None:
    store = whole(tmp_path)
    cohort = at_dates(store, EVERYBODY, [INDEX], ()).rows
    found = groups(store, cohort)
    assert list(found.columns) == COLUMNS
    assert sorted(np.column_stack([cohort["patient_id"], found.astype(object)]).tolist()) == written(GROUPS)


def test_groups_stand_in_an_order_that_reads_and_only_those_that_occur(tmp_path: Path) -> None:
    store = whole(tmp_path)
    cohort = at_dates(store, CohortRecipe(min_age=18), [INDEX], ()).rows
    found = groups(store, cohort)
    assert {name: list(found[name].cat.categories) for name in found} == {
        "age_band": ["18 to 39", "40 to 49", "50 to 64", "65 to 74", "75 to 84", "85 and over"],
        "sex": ["female", "male", "indeterminate", "not recorded"],
        "ethnicity": ["Asian", "Black", "Mixed", "White", "Other", "not recorded"],
        "imd_quintile": ["1 most deprived", "2", "3", "4", "5 least deprived", "not recorded"],
        "care_home": ["in a care home", "not in one"],
        "no_admission_24m": ["no admission in 24 months", "admitted in 24 months"],
    }
    assert all(found[name].cat.ordered for name in found)


def test_conditions_are_grouped_where_their_number_is_given(tmp_path: Path) -> None:
    store = whole(tmp_path)
    cohort = at_dates(store, EVERYBODY, [INDEX], ()).rows
    numbers = np.array([0, 1, 2, 3, 4, 11, np.nan], np.float32)
    found = groups(store, cohort.iloc[: len(numbers)], number_of_conditions=numbers)
    assert list(found.columns) == [*COLUMNS[:4], "conditions", *COLUMNS[4:]]
    assert found["conditions"].tolist() == ["none", "1", "2 or 3", "2 or 3", "4 or more", "4 or more", "not recorded"]


def test_rows_in_any_order_and_of_several_dates_have_their_own_groups(tmp_path: Path) -> None:
    store = whole(tmp_path)
    cohort = at_dates(store, EVERYBODY, [date(2024, 12, 31), INDEX, date(2025, 1, 2)], ()).rows
    turned = cohort.iloc[np.random.default_rng(1).permutation(len(cohort))]
    pd.testing.assert_frame_equal(
        groups(store, turned), groups(store, cohort).iloc[turned.index].reset_index(drop=True)
    )
    of_b = groups(store, cohort[cohort["patient_id"] == "b"])[["age_band", "care_home", "no_admission_24m"]]
    assert of_b.astype(object).to_numpy().tolist() == [
        ["18 to 39", "not in one", "admitted in 24 months"],
        ["40 to 49", "in a care home", "no admission in 24 months"],
        ["40 to 49", "in a care home", "no admission in 24 months"],
    ]


def test_the_stay_that_gives_the_index_date_is_not_an_earlier_admission(tmp_path: Path) -> None:
    stays = ["spell_id,method,patient_id,admitted_on,discharged_on"]
    stays += ["s1,21,a,2024-02-01,2024-02-03", "s2,21,a,2024-05-01,2024-05-03", "s3,21,b,2024-05-01,2024-05-03"]
    store = land(tmp_path, ["patient_id,date_of_birth,sex", "a,1950-01-01,F", "b,1950-01-01,F"], stays)
    cohort = at_discharges(store, EVERYBODY, tables.admissions, EXTRACT, ()).rows
    assert groups(store, cohort)["no_admission_24m"].tolist() == [
        "no admission in 24 months",
        "admitted in 24 months",
        "no admission in 24 months",
    ]


def test_columns_that_were_not_landed_leave_their_dimension_out(tmp_path: Path) -> None:
    store = land(
        tmp_path, ["patient_id,date_of_birth,sex", "a,1950-01-01,F"], ["patient_id,spell_id,admitted_on,method"]
    )
    cohort = at_dates(store, EVERYBODY, [INDEX], ()).rows
    found = groups(store, cohort)
    assert found.astype(object).to_dict("records") == [
        {"age_band": "75 to 84", "sex": "female", "no_admission_24m": "no admission in 24 months"}
    ]
    empty = groups(store, cohort.iloc[:0])
    assert (list(empty.columns), len(empty)) == (["age_band", "sex", "no_admission_24m"], 0)
