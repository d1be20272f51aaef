"""Hand-made discharges, read by eye: which give an index date, and who came back on days 0 to 29.

The index date is the day of discharge, 10 March 2025 unless said otherwise. Day 0 is that day, day 29 is 8 April, day
30 is 9 April. Labels are made on 31 July 2025.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import Cohort, at_discharges, latest_discharge, still_here
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import OptOutSettings, Settings
from riskstrat.errors import IndexDateError
from riskstrat.features import engine
from riskstrat.labels import Labels, label
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import Workspace, load

AS_AT, EXTRACT = date(2025, 7, 31), date(2025, 12, 31)
ADULTS = CohortRecipe(index="live_discharge", min_age=18, recent="30d")
MONTH = LabelRecipe(horizon="30d", includes_index_day=True, delay="75d")
HEADER = (
    "patient_id,spell_id,admitted_on,method,patient_class,"
    "discharged_on,discharge_method,destination,specialty,settled_known_on"
)

# ---- Which discharges give an index date ----

STAYS = """
usual_residence        , s01 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
nhs_care_home          , s02 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 54 , 300 , 2025-03-20
council_care_home      , s03 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 65 , 300 , 2025-03-20
other_care_home        , s04 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 85 , 300 , 2025-03-20
planned_stay           , s05 , 2025-03-01 , 11 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
came_by_transfer       , s06 , 2025-03-01 , 2B , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
own_discharge          , s07 , 2025-03-01 , 21 , 1 , 2025-03-10 , 2 , 19 , 300 , 2025-03-20
no_class_or_specialty  , s08 , 2025-03-01 , 21 ,   , 2025-03-10 ,   , 19 ,     , 2025-03-20
temporary_residence    , s09 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 29 , 300 , 2025-03-20
to_another_ward        , s10 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 51 , 300 , 2025-03-20
to_a_maternity_ward    , s11 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 52 , 300 , 2025-03-20
to_a_psychiatric_ward  , s12 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 53 , 300 , 2025-03-20
to_a_private_hospital  , s13 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 87 , 300 , 2025-03-20
died_in_hospital       , s14 , 2025-03-01 , 21 , 1 , 2025-03-10 , 4 , 79 , 300 , 2025-03-20
died_says_the_method   , s15 , 2025-03-01 , 21 , 1 , 2025-03-10 , 4 , 19 , 300 , 2025-03-20
no_destination         , s16 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 ,    , 300 , 2025-03-20
day_case               , s17 , 2025-03-10 , 11 , 2 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
regular_attender       , s18 , 2025-03-10 , 11 , 3 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
obstetrics             , s19 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 501 , 2025-03-20
midwifery              , s20 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 560 , 2025-03-20
gave_birth             , s21 , 2025-03-01 , 31 , 1 , 2025-03-10 , 1 , 19 ,     , 2025-03-20
still_in_hospital      , s22 , 2025-03-01 , 21 , 1 ,            ,   ,    ,     ,
settled_after_as_at    , s23 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-08-01
seventeen              , s24 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
died_at_home_known     , s25 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
opted_out_since        , s26 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
not_registered_then    , s27 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
"""

GIVE_AN_INDEX_DATE = """
came_by_transfer
council_care_home
nhs_care_home
no_class_or_specialty
other_care_home
own_discharge
planned_stay
usual_residence
"""

# ---- Who came back ----

RETURNS = """
never_back        , a01 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_on_day_0     , a02 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_on_day_0     , b02 , 2025-03-10 , 21 , 1 ,            ,   ,    ,     ,
back_on_day_29    , a03 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_on_day_29    , b03 , 2025-04-08 , 21 , 1 ,            ,   ,    ,     ,
back_on_day_30    , a04 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_on_day_30    , b04 , 2025-04-09 , 21 , 1 ,            ,   ,    ,     ,
back_as_planned   , a05 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_as_planned   , b05 , 2025-03-15 , 11 , 1 ,            ,   ,    ,     ,
back_twice        , a06 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_twice        , b06 , 2025-03-20 , 21 , 1 , 2025-03-25 , 1 , 19 , 300 , 2025-04-05
back_twice        , c06 , 2025-04-23 , 21 , 1 , 2025-04-24 , 1 , 51 , 300 , 2025-05-05
no_night          , a07 , 2025-03-10 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
no_night_and_back , a08 , 2025-03-10 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
no_night_and_back , b08 , 2025-03-10 , 21 , 1 , 2025-03-12 , 1 , 51 , 300 , 2025-03-20
back_then_no_night, b09 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
back_then_no_night, a09 , 2025-03-10 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
died_that_day     , a10 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
died_on_day_29    , a11 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
died_on_day_30    , a12 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
dead_before       , a13 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
left_on_day_10    , a14 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 300 , 2025-03-20
"""

CAME_BACK = """
back_as_planned    , 2025-03-10 , 0    , no event     ,            ,
back_on_day_0      , 2025-03-10 , 1    , event        , 2025-03-10 ,
back_on_day_29     , 2025-03-10 , 1    , event        , 2025-04-08 ,
back_on_day_30     , 2025-03-10 , 0    , no event     ,            ,
back_then_no_night , 2025-03-10 , 1    , event        , 2025-03-10 ,
back_then_no_night , 2025-03-10 , 0    , no event     ,            ,
back_twice         , 2025-03-10 , 1    , event        , 2025-03-20 ,
back_twice         , 2025-03-25 , 1    , event        , 2025-04-23 ,
dead_before        , 2025-03-10 ,      , dead already ,            ,
died_on_day_29     , 2025-03-10 , DIED , died         , 2025-04-08 ,
died_on_day_30     , 2025-03-10 , 0    , no event     ,            ,
died_that_day      , 2025-03-10 , DIED , died         , 2025-03-10 ,
left_on_day_10     , 2025-03-10 ,      , deregistered ,            , 2025-03-20
never_back         , 2025-03-10 , 0    , no event     ,            ,
no_night           , 2025-03-10 , 0    , no event     ,            ,
no_night_and_back  , 2025-03-10 , 1    , event        , 2025-03-10 ,
"""
"""DIED is what the recipe makes of a death without a readmission; its day stands there only where it is the outcome."""

DEATHS = """
died_at_home_known , 2025-03-10 , 2025-03-10
died_that_day      , 2025-03-12 , 2025-03-10
died_on_day_29     , 2025-04-12 , 2025-04-08
died_on_day_30     , 2025-04-12 , 2025-04-09
dead_before        , 2025-03-12 , 2025-03-09
"""

BORN = {"seventeen": "2007-03-11"}
REGISTERED_UNTIL = {"left_on_day_10": "2025-03-20", "not_registered_then": "2025-03-10"}

# ---- How it is run ----


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


def land(folder: Path, stays: str, diagnoses: str = "") -> Store:
    """Ingest the people who have `stays`, with the deaths, births and registrations above."""
    deaths = {row[0]: row[1:] for row in written(DEATHS)}
    people = sorted({row[0] for row in written(stays)})
    tables = {
        "people": ["patient_id,date_of_birth,sex,died_known_on,date_of_death"]
        + [",".join([p, BORN.get(p, "1950-01-01"), "F", *deaths.get(p, ["", ""])]) for p in people],
        "registrations": ["patient_id,practice,registered_from,registered_to"]
        + [f"{p},N83001,2010-01-01,{REGISTERED_UNTIL.get(p, '')}" for p in people],
        "admissions": [HEADER, stays.strip()],
        "diagnoses": ["spell_id,patient_id,position,system,code,known_on", diagnoses.strip()],
        "opt_outs": ["patient_id,kind,from_on,to_on"]
        + ["opted_out_since,type1,2025-12-01," for p in people if p == "opted_out_since"],
    }
    (folder / "source").mkdir()
    for name, lines in tables.items():
        (folder / "source" / f"{name}.csv").write_text("\n".join(line for line in lines if line) + "\n", "utf-8")
    strict = Settings.model_validate({"data": {"quarantine_limit": 0}})
    ingest(folder / "source", folder / "store", strict, as_at=EXTRACT)
    return open_store(folder / "store")


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return land(tmp_path_factory.mktemp("returns"), RETURNS)


def discharges(store: Store, workspace: Workspace, as_at: date = AS_AT) -> Cohort:
    applied = OptOutSettings().applied
    return at_discharges(store, ADULTS, workspace.outcomes["live_discharge"], as_at, applied)


def labelled(
    store: Store, workspace: Workspace, cohort: Cohort, recipe: LabelRecipe = MONTH, as_at: date = AS_AT
) -> Labels:
    return label(store, cohort.rows, workspace.outcomes["emergency_admission"], recipe, as_at)


def texts(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(cell) for cell in row] for row in frame.astype(object).to_numpy()]


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return f"{value:g}" if isinstance(value, float) else str(value)


# ---- The tests ----


def test_an_index_date_is_a_live_discharge_to_a_usual_residence_or_care_home(
    tmp_path: Path, workspace: Workspace
) -> None:
    cohort = discharges(land(tmp_path, STAYS), workspace)
    rows = cohort.rows.sort_values("patient_id")
    assert texts(rows[["patient_id", "index_date", "practice"]]) == [
        [patient, "2025-03-10", "N83001"] for (patient,) in written(GIVE_AN_INDEX_DATE)
    ]
    assert dict(cohort.counts) == {
        "candidates": 12,
        "opted out": 1,
        "dead": 1,
        "not registered": 1,
        "too young": 1,
        "too old": 0,
        "eligible": 8,
    }
    assert cohort.notes == ()


def test_a_column_that_was_not_landed_leaves_its_filter_out_and_says_so(tmp_path: Path, workspace: Workspace) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "people.csv").write_text("patient_id,date_of_birth,sex\np1,1950-01-01,F\np2,1950-01-01,F\n")
    (source / "admissions.csv").write_text(
        "patient_id,spell_id,admitted_on,method,discharged_on,discharge_method\n"
        "p1,s1,2025-03-01,21,2025-03-10,1\np2,s2,2025-03-01,21,2025-03-10,4\n"
    )
    ingest(source, tmp_path / "store", Settings(), as_at=EXTRACT)
    cohort = discharges(open_store(tmp_path / "store"), workspace)
    assert texts(cohort.rows[["patient_id", "index_date", "practice"]]) == [["p1", "2025-03-10", ""]]
    assert tuple(sorted(cohort.notes)) == (
        "no column admissions.destination: filters on it are left out",
        "no column admissions.patient_class: filters on it are left out",
        "no column admissions.specialty: filters on it are left out",
    )


@pytest.mark.parametrize(("death", "says"), [("negative", "0"), ("composite", "1"), ("exclude", "")])
def test_a_readmission_counts_on_days_0_to_29_and_never_the_stay_itself(
    returns: Store, workspace: Workspace, death: str, says: str
) -> None:
    cohort = discharges(returns, workspace)
    recipe = MONTH.model_copy(update={"death": death})
    rows = labelled(returns, workspace, cohort, recipe).rows
    order = pd.DataFrame({"patient_id": rows["patient_id"], "back": -rows["outcome"]})
    given = rows.iloc[np.lexsort((order["back"], rows["index_date"], order["patient_id"]))]
    expected = []
    for patient, index, outcome, reason, event_on, censored_on in written(CAME_BACK):
        day = event_on if outcome != "DIED" or death == "composite" else ""
        reason = "dead by the index date, not known then" if reason == "dead already" else reason
        expected.append([patient, index, says if outcome == "DIED" else outcome, reason, day, censored_on, ""])
    assert texts(given) == expected


def test_of_two_stays_that_share_the_day_only_the_one_that_came_before_has_a_readmission(
    returns: Store, workspace: Workspace
) -> None:
    """`back_then_no_night` left on 10 March, came back that day and left the same day: a return once, not twice."""
    cohort = discharges(returns, workspace)
    rows = labelled(returns, workspace, cohort).rows
    spells = returns.read("admissions").drop_duplicates("spell").set_index("spell")["spell_id"]
    outcome = dict(zip(cohort.rows["spell"].map(spells), rows["outcome"], strict=True))
    assert (outcome["b09"], outcome["a09"]) == (1.0, 0.0)


def test_a_discharge_whose_thirty_days_are_not_complete_is_refused_naming_the_latest_that_is(
    returns: Store, workspace: Workspace
) -> None:
    cohort = discharges(returns, workspace, date(2025, 6, 21))
    with pytest.raises(IndexDateError, match=r"2025-03-25 has no complete label window.*index date is 2025-03-09"):
        labelled(returns, workspace, cohort, as_at=date(2025, 6, 21))
    earlier = Cohort(cohort.rows[cohort.rows["index_date"] <= pd.Timestamp(2025, 3, 10)], cohort.counts)
    assert len(labelled(returns, workspace, earlier, as_at=date(2025, 6, 22)).rows) == 15


def test_the_stay_that_ended_counts_as_known_and_another_stay_only_as_far_as_it_was(
    tmp_path: Path, workspace: Workspace
) -> None:
    """Specialty, end and codes of either stay arrive after the discharge; they count for the index stay alone."""
    stays = """
late , s1 , 2025-02-20 , 21 , 1 , 2025-02-25 , 1 , 51 , 300 , 2025-04-01
late , s2 , 2025-03-01 , 21 , 1 , 2025-03-10 , 1 , 19 , 430 , 2025-04-01
"""
    diagnoses = "s1,late,1,icd10,I50.9,2025-04-01\ns2,late,1,icd10,J18.9,2025-04-01\ns2,late,2,icd10,R29.6,2025-06-01"
    store = land(tmp_path, stays, diagnoses)
    cohort = discharges(store, workspace)
    names = (
        "emergency_admissions_30d",
        "emergency_nights_90d",
        "days_since_emergency_discharge",
        "emergency_stay_open",
        "emergency_admissions_to_older_peoples_care_730d",
        "different_diagnoses_730d",
    )
    features = {name: workspace.features[name] for name in names}
    made = engine(
        store, features, workspace.fingerprints, workspace.codelists, workspace.settings.engine, printable=False
    )
    assert texts(made.matrix(cohort.rows).frame()) == [["late", "2025-03-10", "2", "18", "0", "0", "1", "2"]]


def test_scoring_takes_each_persons_latest_discharge_within_the_days_that_still_count(
    returns: Store, workspace: Workspace
) -> None:
    every = discharges(returns, workspace)
    latest = latest_discharge(every, ADULTS, date(2025, 4, 9))
    assert texts(latest.rows[["patient_id", "index_date"]]) == [["back_twice", "2025-03-25"]]
    assert dict(latest.counts)["eligible"] == 1
    day_29 = latest_discharge(every, ADULTS, date(2025, 4, 8))
    assert len(day_29.rows) == day_29.rows["patient_id"].nunique() == 14
    assert dict(day_29.counts) == dict(every.counts) | {"earlier discharge": 2, "eligible": 14}
    without_a_date = latest_discharge(every, ADULTS, None)
    assert texts(without_a_date.rows) == texts(day_29.rows)


def test_people_who_died_or_left_since_their_discharge_are_set_aside_and_counted(
    returns: Store, workspace: Workspace
) -> None:
    on_the_list = latest_discharge(discharges(returns, workspace, date(2025, 4, 8)), ADULTS, date(2025, 4, 8))
    here = still_here(returns, on_the_list, date(2025, 4, 8))
    gone = set(on_the_list.rows["patient_id"]) - set(here.rows["patient_id"])
    assert gone == {"died_that_day", "dead_before", "left_on_day_10"}
    assert dict(here.counts) == dict(on_the_list.counts) | {"died since": 2, "left since": 1, "eligible": 11}
    assert here.rows.index.tolist() == list(range(11))
