"""One hand-made borough, read by eye: who is eligible, what happened to them, what was known of them, who is listed.

Everybody here stands for one edge, and is named after it. The index date is 1 January 2025; a window of 365 days that
begins the day after runs from 2 January 2025 to 1 January 2026. Labels are made on 1 April 2026 out of an extract of
30 June 2026. Unless said otherwise a person was born in 1950 and registered with one practice for many years.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pytest

from riskstrat.casefinding import CaseFacts, Memory, assign_teams, find_cases
from riskstrat.cohort import Cohort, at_dates
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import OptOutSettings, Settings, Team
from riskstrat.errors import IndexDateError
from riskstrat.features import engine
from riskstrat.labels import Labels, label
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, load

INDEX, AS_AT, EXTRACT = date(2025, 1, 1), date(2026, 4, 1), date(2026, 6, 30)
ADULTS = CohortRecipe(min_age=18)
YEAR = LabelRecipe(horizon="365d", delay="75d")
ALL_KINDS = OptOutSettings().applied

# ---- What was landed ----

PEOPLE = """
patient_id               , date_of_birth , sex , died_known_on , date_of_death
admitted_on_index_date   , 1950-01-01    , F   ,               ,
admitted_on_day_1        , 1950-01-01    , F   ,               ,
admitted_on_day_365      , 1950-01-01    , F   ,               ,
admitted_on_day_366      , 1950-01-01    , F   ,               ,
admitted_twice           , 1950-01-01    , F   ,               ,
transferred_2B           , 1950-01-01    , F   ,               ,
birth_2C                 , 1950-01-01    , F   ,               ,
came_from_a_ward         , 1950-01-01    , F   ,               ,
obstetrics               , 1985-01-01    , F   ,               ,
midwifery                , 1985-01-01    , F   ,               ,
day_case                 , 1950-01-01    , F   ,               ,
planned                  , 1950-01-01    , F   ,               ,
details_not_known        , 1950-01-01    , F   ,               ,
in_hospital_at_index     , 1950-01-01    , F   ,               ,
row_known_after_index    , 1950-01-01    , F   ,               ,
row_known_after_as_at    , 1950-01-01    , F   ,               ,
dead_and_known           , 1950-01-01    , F   , 2024-12-28    , 2024-12-20
dead_not_known           , 1950-01-01    , F   , 2025-01-02    , 2024-12-20
dead_known_undated       , 1950-01-01    , F   , 2024-12-28    ,
died_on_index_date       , 1950-01-01    , F   , 2025-01-01    , 2025-01-01
died_inside              , 1950-01-01    , F   , 2025-06-10    , 2025-06-01
died_after_admission     , 1950-01-01    , F   , 2025-06-10    , 2025-06-01
died_and_left_that_day   , 1950-01-01    , F   , 2025-06-10    , 2025-06-01
died_on_day_365          , 1950-01-01    , F   , 2026-01-05    , 2026-01-01
died_after_the_window    , 1950-01-01    , F   , 2026-01-05    , 2026-01-02
death_known_after_as_at  , 1950-01-01    , F   , 2026-04-02    , 2025-06-01
left                     , 1950-01-01    , F   ,               ,
left_then_died           , 1950-01-01    , F   , 2025-09-01    , 2025-08-31
left_admitted_that_day   , 1950-01-01    , F   ,               ,
left_before_admission    , 1950-01-01    , F   ,               ,
left_on_day_365          , 1950-01-01    , F   ,               ,
left_on_day_366          , 1950-01-01    , F   ,               ,
moved_after_28_days      , 1950-01-01    , F   ,               ,
moved_after_29_days      , 1950-01-01    , F   ,               ,
left_on_index_date       , 1950-01-01    , F   ,               ,
joined_on_index_date     , 1950-01-01    , F   ,               ,
joined_the_day_after     , 1950-01-01    , F   ,               ,
registration_known_late  , 1950-01-01    , F   ,               ,
eighteen_on_index_date   , 2007-01-01    , F   ,               ,
eighteen_the_day_after   , 2007-01-02    , F   ,               ,
opted_out_type1          , 1950-01-01    , F   ,               ,
opted_out_stratification , 1950-01-01    , F   ,               ,
opted_out_national       , 1950-01-01    , F   ,               ,
opted_out_after_index    , 1950-01-01    , F   ,               ,
opts_out_after_extract   , 1950-01-01    , F   ,               ,
opt_out_ended            , 1950-01-01    , F   ,               ,
"""

REGISTRATIONS = """
patient_id               , practice , registered_from , registered_to , known_on
died_and_left_that_day   , N83001   , 2010-01-01      , 2025-06-01    ,
left                     , N83001   , 2010-01-01      , 2025-07-01    ,
left_then_died           , N83001   , 2010-01-01      , 2025-07-01    ,
left_admitted_that_day   , N83001   , 2010-01-01      , 2025-07-01    ,
left_before_admission    , N83001   , 2010-01-01      , 2025-07-01    ,
left_on_day_365          , N83001   , 2010-01-01      , 2026-01-01    ,
left_on_day_366          , N83001   , 2010-01-01      , 2026-01-02    ,
moved_after_28_days      , N83001   , 2010-01-01      , 2025-07-01    ,
moved_after_28_days      , N83002   , 2025-07-29      ,               ,
moved_after_29_days      , N83001   , 2010-01-01      , 2025-07-01    ,
moved_after_29_days      , N83002   , 2025-07-30      ,               ,
left_on_index_date       , N83001   , 2010-01-01      , 2025-01-01    ,
joined_on_index_date     , N83002   , 2025-01-01      ,               , 2025-01-01
joined_the_day_after     , N83001   , 2025-01-02      ,               ,
registration_known_late  , N83001   , 2024-12-01      ,               , 2025-01-02
"""
"""Everybody who is not named here is registered with N83001 from 2010."""

ADMISSIONS = """
patient_id,spell_id,admitted_on,method,source,patient_class,known_on,discharged_on,specialty,settled_known_on
admitted_on_index_date, s01, 2025-01-01, 21, 19, 1, 2025-01-01, 2025-01-05, 300, 2025-01-20
admitted_on_day_1     , s02, 2025-01-02, 22, 19, 1, 2025-01-03, 2025-01-05, 300, 2025-01-20
admitted_on_day_365   , s03, 2026-01-01, 2A, 19, 1, 2026-01-02, 2026-01-05, 300, 2026-01-20
admitted_on_day_366   , s04, 2026-01-02, 2D, 19, 1, 2026-01-03, 2026-01-05, 300, 2026-01-20
admitted_twice        , s05, 2025-09-01, 28, 19, 1, 2025-09-02, 2025-09-05, 300, 2025-09-20
admitted_twice        , s06, 2025-03-01, 23, 19, 1, 2025-03-02, 2025-03-05, 300, 2025-03-20
transferred_2B        , s07, 2025-03-01, 2B, 19, 1, 2025-03-02, 2025-03-05, 300, 2025-03-20
transferred_2B        , s08, 2024-12-01, 2B, 19, 1, 2024-12-02, 2024-12-05, 300, 2024-12-20
birth_2C              , s09, 2025-03-01, 2C, 19, 1, 2025-03-02, 2025-03-05, 300, 2025-03-20
came_from_a_ward      , s10, 2025-03-01, 21, 51, 1, 2025-03-02, 2025-03-05, 300, 2025-03-20
obstetrics            , s11, 2025-03-01, 21, 19, 1, 2025-03-02, 2025-03-05, 501, 2025-03-20
midwifery             , s12, 2025-03-01, 21, 19, 1, 2025-03-02, 2025-03-05, 560, 2025-03-20
day_case              , s13, 2025-03-01, 21, 19, 2, 2025-03-02, 2025-03-01, 300, 2025-03-20
planned               , s14, 2025-03-01, 11, 19, 1, 2025-03-02, 2025-03-05, 300, 2025-03-20
details_not_known     , s15, 2025-03-01, 25,   ,  , 2025-03-02, 2025-03-05,    , 2025-03-20
in_hospital_at_index  , s16, 2024-12-25, 24, 19, 1, 2024-12-26, 2025-01-10, 501, 2025-01-20
row_known_after_index , s17, 2024-12-20, 21, 19, 1, 2025-01-02, 2024-12-24, 300, 2025-01-20
row_known_after_as_at , s18, 2025-12-31, 21, 19, 1, 2026-04-02, 2026-01-04, 300, 2026-04-20
died_after_admission  , s19, 2025-05-30, 21, 19, 1, 2025-05-31, 2025-06-01, 300, 2025-06-20
left_admitted_that_day, s20, 2025-07-01, 21, 19, 1, 2025-07-02, 2025-07-05, 300, 2025-07-20
left_before_admission , s21, 2025-07-02, 21, 19, 1, 2025-07-03, 2025-07-05, 300, 2025-07-20
left                  , s22, 2024-06-01, 21, 19, 1, 2024-06-02, 2024-06-11, 300, 2024-06-20
left                  , s23, 2024-12-30, 21, 19, 1, 2024-12-31, 2024-12-31, 300, 2025-01-01
"""

DIAGNOSES = """
spell_id , patient_id           , position , system , code  , known_on
s16      , in_hospital_at_index , 1        , icd10  , J18.9 , 2024-12-27
s22      , left                 , 1        , icd10  , I10X  , 2024-06-20
s22      , left                 , 2        , icd10  , E11.9 , 2025-01-02
s23      , left                 , 1        , icd10  , S52.5 , 2025-01-01
s23      , left                 , 2        , icd10  , W01   , 2025-01-01
"""

FALLS = """
patient_id         , fell_on    , source    , injury , known_on
admitted_on_day_1  , 2025-01-01 , ambulance , true   , 2025-01-01
admitted_on_day_1  , 2024-12-30 , gp        , false  , 2024-12-30
died_inside        , 2024-12-30 , telecare  ,        , 2025-01-02
left               , 2024-12-29 , ambulance , true   , 2024-12-30
"""

OPT_OUTS = """
patient_id               , kind                , from_on    , to_on
opted_out_type1          , type1               , 2020-01-01 ,
opted_out_stratification , risk_stratification , 2020-01-01 ,
opted_out_national       , national            , 2020-01-01 ,
opted_out_after_index    , type1               , 2026-06-30 ,
opts_out_after_extract   , national            , 2026-07-05 ,
opt_out_ended            , type1               , 2020-01-01 , 2026-06-30
"""

AREAS = """
practice , pcn  , locality , hub   , borough , from_on    , to_on
N83001   , One  , Kirkby   , North , Knowsley, 2010-01-01 , 2024-12-31
N83001   , One  , Huyton   , South , Knowsley, 2024-12-31 ,
N83002   , Two  , Kirkby   , North , Knowsley,            ,
"""

CASELOAD = """
patient_id            , team   , status   , from_on    , to_on
admitted_on_day_1     , Huyton , active   , 2024-10-01 ,
admitted_on_day_366   , Huyton , closed   , 2024-10-01 , 2024-12-01
admitted_twice        , Huyton , active   , 2024-10-01 , 2025-01-01
joined_on_index_date  , Huyton , assessed , 2025-01-01 ,
planned               , Huyton , active   , 2025-01-02 ,
"""

# ---- What must come out ----

COHORT = """
patient_id               , practice
admitted_on_day_1        , N83001
admitted_on_day_365      , N83001
admitted_on_day_366      , N83001
admitted_on_index_date   , N83001
admitted_twice           , N83001
birth_2C                 , N83001
came_from_a_ward         , N83001
day_case                 , N83001
dead_not_known           , N83001
death_known_after_as_at  , N83001
details_not_known        , N83001
died_after_admission     , N83001
died_after_the_window    , N83001
died_and_left_that_day   , N83001
died_inside              , N83001
died_on_day_365          , N83001
eighteen_on_index_date   , N83001
in_hospital_at_index     , N83001
joined_on_index_date     , N83002
left                     , N83001
left_admitted_that_day   , N83001
left_before_admission    , N83001
left_on_day_365          , N83001
left_on_day_366          , N83001
left_then_died           , N83001
midwifery                , N83001
moved_after_28_days      , N83001
moved_after_29_days      , N83001
obstetrics               , N83001
opt_out_ended            , N83001
planned                  , N83001
row_known_after_as_at    , N83001
row_known_after_index    , N83001
transferred_2B           , N83001
"""

COUNTS = {
    "candidates": 46,
    "opted out": 5,
    "dead": 3,
    "not registered": 3,
    "too young": 1,
    "too old": 0,
    "eligible": 34,
}

LABELS = """
patient_id               , outcome , reason       , event_on   , censored_on , action_on
admitted_on_day_1        , 1       , event        , 2025-01-02 ,             ,
admitted_on_day_365      , 1       , event        , 2026-01-01 ,             ,
admitted_on_day_366      , 0       , no event     ,            ,             ,
admitted_on_index_date   , 0       , no event     ,            ,             ,
admitted_twice           , 1       , event        , 2025-03-01 ,             ,
birth_2C                 , 0       , no event     ,            ,             ,
came_from_a_ward         , 0       , no event     ,            ,             ,
day_case                 , 0       , no event     ,            ,             ,
dead_not_known           ,         , dead already ,            ,             ,
death_known_after_as_at  , 0       , no event     ,            ,             ,
details_not_known        , 1       , event        , 2025-03-01 ,             ,
died_after_admission     , 1       , event        , 2025-05-30 ,             ,
died_after_the_window    , 0       , no event     ,            ,             ,
died_and_left_that_day   , DIED    , died         , DIED       ,             ,
died_inside              , DIED    , died         , DIED       ,             ,
died_on_day_365          , DIED    , died         , DIED 365   ,             ,
eighteen_on_index_date   , 0       , no event     ,            ,             ,
in_hospital_at_index     , 0       , no event     ,            ,             ,
joined_on_index_date     , 0       , no event     ,            ,             ,
left                     ,         , deregistered ,            , 2025-07-01  ,
left_admitted_that_day   , 1       , event        , 2025-07-01 ,             ,
left_before_admission    ,         , deregistered ,            , 2025-07-01  ,
left_on_day_365          ,         , deregistered ,            , 2026-01-01  ,
left_on_day_366          , 0       , no event     ,            ,             ,
left_then_died           ,         , deregistered ,            , 2025-07-01  ,
midwifery                , 0       , no event     ,            ,             ,
moved_after_28_days      , 0       , no event     ,            ,             ,
moved_after_29_days      ,         , deregistered ,            , 2025-07-01  ,
obstetrics               , 0       , no event     ,            ,             ,
opt_out_ended            , 0       , no event     ,            ,             ,
planned                  , 0       , no event     ,            ,             , 2025-01-02
row_known_after_as_at    , 0       , no event     ,            ,             ,
row_known_after_index    , 0       , no event     ,            ,             ,
transferred_2B           , 0       , no event     ,            ,             ,
"""
"""DIED is what the recipe makes of a death without an admission; the dates are the day of death, or none."""

DEATHS = {
    "negative": {"DIED": "0", "DIED 365": ""},
    "composite": {"DIED": "1", "DIED 365": "2026-01-01"},
    "exclude": {"DIED": "", "DIED 365": ""},
}

FEATURE_NAMES = (
    "age",
    "emergency_admissions_30d",
    "emergency_admissions_365d",
    "days_since_emergency_admission",
    "emergency_stay_open",
    "emergency_nights_365d",
    "days_since_emergency_discharge",
    "different_diagnoses_730d",
    "falls_90d",
    "days_since_fall",
)

NOTHING_KNOWN = (75, 0, 0, None, 0, 0, None, 0, 0, None)

SOMETHING_KNOWN = {
    "admitted_on_index_date": (75, 1, 1, 0, 1, 0, None, 0, 0, None),
    "admitted_on_day_1": (75, 0, 0, None, 0, 0, None, 0, 1, 0),
    "eighteen_on_index_date": (18, 0, 0, None, 0, 0, None, 0, 0, None),
    "in_hospital_at_index": (75, 1, 1, 7, 1, 7, None, 0, 0, None),
    "obstetrics": (40, 0, 0, None, 0, 0, None, 0, 0, None),
    "midwifery": (40, 0, 0, None, 0, 0, None, 0, 0, None),
    "left": (75, 1, 2, 2, 0, 11, 1, 3, 1, 2),
}
"""`left`: nights 1 to 11 June and 30 to 31 December; I10, S525 and W01 are coded, E119 not yet; a reported fall on 29
December and the hospital's on 30 December are one."""

# ---- How it is run ----


def text_of(frame: pd.DataFrame) -> list[list[str]]:
    """Header and rows as text: dates ISO, whole numbers without a point, nothing for what is missing."""
    return [list(frame.columns), *([_cell(cell) for cell in row] for row in frame.astype(object).to_numpy())]


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def by_patient(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("patient_id").reset_index(drop=True)


def registrations() -> str:
    named = {row[0] for row in written(REGISTRATIONS)}
    others = [row[0] for row in written(PEOPLE) if row[0] not in named]
    return REGISTRATIONS.strip() + "".join(f"\n{person}, N83001, 2010-01-01, , " for person in others)


def land(folder: Path, tables: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("borough")
    tables = {
        "people": PEOPLE,
        "registrations": registrations(),
        "admissions": ADMISSIONS,
        "diagnoses": DIAGNOSES,
        "falls": FALLS,
        "opt_outs": OPT_OUTS,
        "areas": AREAS,
        "caseload": CASELOAD,
    }
    strict = Settings.model_validate({"data": {"quarantine_limit": 0}})
    ingest(land(folder / "source", tables), folder / "store", strict, as_at=EXTRACT)
    return open_store(folder / "store")


@pytest.fixture(scope="module")
def cohort(store: Store) -> Cohort:
    return at_dates(store, ADULTS, [INDEX], ALL_KINDS)


@pytest.fixture(scope="module")
def outcome(workspace: Workspace) -> ir.Table:
    return workspace.outcomes["emergency_admission"]


def eligible(store: Store, recipe: CohortRecipe, opt_outs: Sequence[str] = ALL_KINDS) -> set[str]:
    return set(at_dates(store, recipe, [INDEX], opt_outs).rows["patient_id"])


# ---- Who is eligible ----


def test_eligible_are_the_living_registered_adults_as_known_at_the_index_date_who_have_not_opted_out(
    cohort: Cohort,
) -> None:
    assert text_of(by_patient(cohort.rows)[["patient_id", "practice"]]) == written(COHORT)


def test_everybody_who_is_not_eligible_is_counted_under_one_reason(cohort: Cohort) -> None:
    assert dict(cohort.counts) == COUNTS


def test_the_cohort_is_sorted_by_person_and_every_row_carries_the_index_date_and_no_spell(cohort: Cohort) -> None:
    rows = cohort.rows
    assert list(rows.columns) == ["patient_id", "index_date", "person", "spell", "practice"]
    assert rows["person"].is_monotonic_increasing
    assert rows["person"].is_unique
    assert set(rows["index_date"]) == {pd.Timestamp(INDEX)}
    assert set(rows["spell"]) == {-1}


def test_two_index_dates_give_a_row_each_in_the_order_of_person_and_date(store: Store) -> None:
    dates = [date(2025, 1, 2), INDEX, INDEX]
    rows = at_dates(store, ADULTS, dates, ALL_KINDS).rows
    assert rows.equals(rows.sort_values(["person", "index_date"], ignore_index=True))
    next_day = set(rows.loc[rows["index_date"] == pd.Timestamp(dates[0]), "patient_id"])
    assert set(rows.loc[rows["index_date"] == pd.Timestamp(INDEX), "patient_id"]) == eligible(store, ADULTS)
    assert next_day - eligible(store, ADULTS) == {
        "joined_the_day_after",
        "registration_known_late",
        "eighteen_the_day_after",
    }
    assert eligible(store, ADULTS) - next_day == {"dead_not_known"}


@pytest.mark.parametrize(
    ("kind", "back"),
    [
        ("type1", {"opted_out_type1", "opted_out_after_index"}),
        ("risk_stratification", {"opted_out_stratification"}),
        ("national", {"opted_out_national", "opts_out_after_extract"}),
    ],
)
def test_a_recorded_approval_brings_back_the_people_of_that_kind_of_opt_out_alone(
    store: Store, kind: str, back: set[str]
) -> None:
    approved = OptOutSettings(approvals={kind: "CAG 25/0001"})
    assert eligible(store, ADULTS, approved.applied) - eligible(store, ADULTS) == back


def test_both_ends_of_the_age_range_are_included(store: Store) -> None:
    assert eligible(store, CohortRecipe(min_age=17, max_age=18)) == {"eighteen_on_index_date", "eighteen_the_day_after"}
    assert eligible(store, CohortRecipe(min_age=40, max_age=40)) == {"obstetrics", "midwifery"}
    assert eligible(store, CohortRecipe(min_age=41, max_age=74)) == set()


# ---- What happened ----


def labelled(store: Store, cohort: Cohort, outcome: ir.Table, recipe: LabelRecipe = YEAR) -> Labels:
    return label(store, cohort.rows, outcome, recipe, AS_AT)


def expected_labels(death: str) -> list[list[str]]:
    table = []
    for patient, outcome, reason, event_on, censored_on, action_on in written(LABELS):
        says = DEATHS[death]
        day = says["DIED 365"] if event_on == "DIED 365" else event_on
        day = ("2025-06-01" if death == "composite" else "") if event_on == "DIED" else day
        reason = "dead by the index date, not known then" if reason == "dead already" else reason
        table.append([patient, says["DIED"] if outcome == "DIED" else outcome, reason, day, censored_on, action_on])
    return table


@pytest.mark.parametrize("death", list(DEATHS))
def test_the_labels_of_the_whole_cohort(store: Store, cohort: Cohort, outcome: ir.Table, death: Any) -> None:
    labels = labelled(store, cohort, outcome, LabelRecipe(horizon="365d", delay="75d", death=death))
    assert labels.rows[["patient_id", "index_date"]].equals(cohort.rows[["patient_id", "index_date"]])
    assert text_of(by_patient(labels.rows).drop(columns="index_date")) == expected_labels(death)


def test_every_reason_is_counted(store: Store, cohort: Cohort, outcome: ir.Table) -> None:
    assert dict(labelled(store, cohort, outcome).counts) == {
        "dead by the index date, not known then": 1,
        "deregistered": 5,
        "died": 3,
        "event": 6,
        "no event": 19,
    }


def test_a_gap_moves_both_ends_of_the_window(store: Store, cohort: Cohort, outcome: ir.Table) -> None:
    moved = LabelRecipe(horizon="365d", gap_days=1, delay="74d")
    rows = labelled(store, cohort, outcome, moved).rows.set_index("patient_id")
    assert rows.loc["admitted_on_day_1", "outcome"] == 0
    assert rows.loc["admitted_on_day_365", "outcome"] == 1
    assert rows.loc["admitted_on_day_366", "outcome"] == 1
    assert rows.loc["died_after_the_window", "reason"] == "died"
    assert rows.loc["left_on_day_366", "reason"] == "deregistered"


def test_a_death_in_the_gap_is_no_death_in_the_window(store: Store, cohort: Cohort, outcome: ir.Table) -> None:
    """With the death outside the window nothing can be said of it, unless a death is no event anyway."""
    rows = {}
    for death in ("negative", "composite", "exclude"):
        after = LabelRecipe.model_validate({"horizon": "90d", "gap_days": 151, "death": death})
        row = labelled(store, cohort, outcome, after).rows.set_index("patient_id").loc["died_inside"]
        rows[death] = [_cell(row["outcome"]), row["reason"], _cell(row["event_on"])]
    assert rows == {"negative": ["0", "died", ""], "composite": ["", "died", ""], "exclude": ["", "died", ""]}


def test_labels_on_the_first_day_that_the_late_row_is_known_count_it(
    store: Store, cohort: Cohort, outcome: ir.Table
) -> None:
    rows = label(store, cohort.rows, outcome, YEAR, date(2026, 4, 2)).rows.set_index("patient_id")
    assert rows.loc["row_known_after_as_at", "outcome"] == 1
    assert rows.loc["death_known_after_as_at", "reason"] == "died"


def test_a_window_is_complete_when_it_has_closed_and_the_delay_is_over(
    store: Store, cohort: Cohort, outcome: ir.Table
) -> None:
    label(store, cohort.rows, outcome, YEAR, date(2026, 3, 17))
    with pytest.raises(IndexDateError, match=r"2025-01-01 has no complete label window.* is 2024-12-31"):
        label(store, cohort.rows, outcome, YEAR, date(2026, 3, 16))


# ---- What was known ----


def test_the_features_of_the_whole_cohort(store: Store, cohort: Cohort, workspace: Workspace) -> None:
    """What was known on the day counts; what came later does not, nor the end or the specialty of an open stay."""
    features = {name: workspace.features[name] for name in FEATURE_NAMES}
    made = engine(
        store, features, workspace.fingerprints, workspace.codelists, workspace.settings.engine, printable=False
    )
    given = by_patient(made.matrix(cohort.rows).frame())[["patient_id", *FEATURE_NAMES]]
    expected = [
        [patient, *(_cell(value) for value in SOMETHING_KNOWN.get(patient, NOTHING_KNOWN))]
        for patient, _ in written(COHORT)[1:]
    ]
    assert text_of(given) == [["patient_id", *FEATURE_NAMES], *expected]


# ---- Who is listed ----

LISTS = """
team   , reference , rank , patient_id             , margin
Huyton , HUY-001-* , 1    , admitted_on_index_date , 3
Huyton , HUY-002-* , 2    , left                   , 2
Huyton , HUY-003-* , 3    , admitted_on_day_366    , 1
Huyton , HUY-004-* , 4    , admitted_twice         , 1
Huyton , HUY-005-* , 5    , planned                , 1
"""


def test_each_team_lists_its_highest_margins_down_to_its_capacity_without_the_people_it_knows(
    store: Store, cohort: Cohort
) -> None:
    """The practice moved from Kirkby to Huyton the day before; those on the caseload that day are left out."""
    margins = {"admitted_on_day_1": 4.0, "admitted_on_index_date": 3.0, "joined_on_index_date": 3.0, "left": 2.0}
    margins |= {"admitted_on_day_366": 1.0, "admitted_twice": 1.0, "planned": 1.0, "transferred_2B": 1.0}
    teams = (Team(name="Huyton", code="HUY", capacity=5, localities=("Huyton",)),)
    members = assign_teams(cohort.rows["practice"], store.read("areas"), teams, 8, INDEX)
    margin = cohort.rows["patient_id"].map(margins).fillna(0.0)
    people = cohort.rows.assign(team=members.rows["team"], margin=margin, risk=0.5)
    facts = CaseFacts(caseload=store.read("caseload"))
    huyton, kirkby = find_cases(people, members.teams, facts, Memory(), INDEX, Settings(teams=teams))
    listed = huyton.rows.assign(team="Huyton", reference=huyton.rows["reference"].str.slice(0, 8) + "*")
    assert text_of(listed[["team", "reference", "rank", "patient_id", "margin"]]) == written(LISTS)
    assert (huyton.eligible, huyton.known, huyton.below_the_line) == (33, 1, 27)
    assert (kirkby.team.name, kirkby.eligible, kirkby.known, len(kirkby.rows)) == ("Kirkby", 1, 1, 0)
