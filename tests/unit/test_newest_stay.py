"""Small tables of stays and statuses in, what is said of the newest stay and of a recent discharge out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from riskstrat.definitions.flags import Flag
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.settings import Settings
from riskstrat.people.newest_stay import read_inpatients, word_recent_discharge, word_stay, word_unended_stays
from riskstrat.people.records import Records
from riskstrat.sources.ingest import ingest
from riskstrat.sources.people_store import take_people
from riskstrat.sources.store import open_store
from riskstrat.workspace import Workspace, load

LIST_DATE = date(2026, 11, 16)
SPELLS = """
a_received      , s1  , 2026-10-20 , 21 , 2026-11-04 , 19
b_out_today     , s2  , 2026-11-13 , 21 ,            ,
c_in_today      , s3  , 2026-11-13 , 21 ,            ,
d_not_checked   , s4  , 2026-11-13 , 21 ,            ,
e_old_status    , s5  , 2026-11-13 , 21 ,            ,
f_out_long_ago  , s6  , 2026-09-24 , 21 ,            ,
g_older_known   , s7  , 2026-08-01 , 21 , 2026-09-01 , 19
g_older_known   , s8  , 2026-09-24 , 21 ,            ,
h_planned_since , s9  , 2026-10-01 , 21 ,            ,
h_planned_since , s10 , 2026-11-10 , 11 , 2026-11-11 , 19
i_planned_long  , s11 , 2026-03-01 , 21 ,            ,
i_planned_long  , s12 , 2026-04-01 , 11 , 2026-04-02 , 19
j_planned       , s13 , 2026-11-01 , 11 , 2026-11-02 , 19
k_none          , s14 , 2024-11-15 , 21 , 2024-11-20 , 19
l_left_today    , s15 , 2026-11-10 , 21 , 2026-11-16 , 19
m_left_yesterday, s16 , 2026-11-10 , 21 , 2026-11-15 , 19
n_moved         , s17 , 2026-11-01 , 21 , 2026-11-05 , 51
n_moved         , s18 , 2026-11-05 , 2B ,            ,
o_known_later   , s19 , 2026-11-16 , 21 ,            ,
"""
STATUSES = """
b_out_today   , 2026-11-16 , false
c_in_today    , 2026-11-16 , true
e_old_status  , 2026-11-15 , false
f_out_long_ago, 2026-11-16 , false
"""
ADMITTED = "Admitted {}; discharge date not received; "
UNCHECKED = ADMITTED + "whether still in hospital on 16 November 2026 cannot be told"
SAID = {
    "a_received": "Left hospital 4 November 2026 (12 days before)",
    "b_out_today": ADMITTED.format("13 November 2026") + "not in hospital on 16 November 2026",
    "c_in_today": ADMITTED.format("13 November 2026") + "in hospital on 16 November 2026",
    "d_not_checked": UNCHECKED.format("13 November 2026"),
    "e_old_status": UNCHECKED.format("13 November 2026"),
    "f_out_long_ago": ADMITTED.format("24 September 2026") + "not in hospital on 16 November 2026",
    "g_older_known": UNCHECKED.format("24 September 2026"),
    "h_planned_since": ADMITTED.format("1 October 2026") + "had left by 10 November 2026, when another stay began",
    "i_planned_long": ADMITTED.format("1 March 2026") + "had left by 1 April 2026, when another stay began",
    "j_planned": "",
    "k_none": "",
    "l_left_today": "Left hospital 16 November 2026 (the same day)",
    "m_left_yesterday": "Left hospital 15 November 2026 (1 day before)",
    "n_moved": UNCHECKED.format("1 November 2026"),
    "o_known_later": "",
}
UNTOLD = "Hospital discharges: cannot be told; the discharge date of the stay from {} was not received"
FLAGGED = {
    "b_out_today": "Left hospital in the last 30 days",
    "c_in_today": None,
    "d_not_checked": UNTOLD.format("13 November 2026"),
    "e_old_status": UNTOLD.format("13 November 2026"),
    "f_out_long_ago": "Left hospital since 24 September 2026; discharge date not received",
    "g_older_known": UNTOLD.format("24 September 2026"),
    "h_planned_since": "Left hospital since 1 October 2026; discharge date not received",
    "i_planned_long": None,
    "n_moved": UNTOLD.format("1 November 2026"),
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).resolve().parents[2])


@pytest.fixture(scope="module")
def records(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Records:
    folder = tmp_path_factory.mktemp("newest")
    source = folder / "source"
    source.mkdir()
    people = "".join(f"{patient},1950-06-15,F\n" for patient in SAID)
    (source / "people.csv").write_text("patient_id,date_of_birth,sex\n" + people)
    (source / "admissions.csv").write_text(
        "patient_id,spell_id,admitted_on,method,discharged_on,destination" + SPELLS.replace(" ", "")
    )
    (source / "statuses.csv").write_text("patient_id,as_at,inpatient" + STATUSES.replace(" ", ""))
    ingest(source, folder / "store", Settings(), as_at=LIST_DATE)
    store = open_store(folder / "store")
    rows = store.people()[["patient_id", "person"]].assign(index_date=pd.Timestamp(LIST_DATE).as_unit("s"))
    opened: Any = SimpleNamespace(workspace=workspace)
    nothing: Any = None
    taken = take_people(store, rows["person"].to_numpy())
    return Records(opened, nothing, taken, rows, nothing, nothing, nothing)


def test_the_newest_emergency_stay_is_told_as_it_is_known(records: Records) -> None:
    stays = records.find_newest_stays(LIST_DATE)
    said = [word_stay(stay, LIST_DATE) if stay else "" for stay in stays]
    assert dict(zip(records.rows["patient_id"], said, strict=True)) == SAID


def test_a_rule_on_recent_discharges_counts_who_has_left_and_says_what_cannot_be_told(
    records: Records, workspace: Workspace
) -> None:
    (flag,) = [flag for flag in workspace.flags if flag.asks_newest_stay]
    stays = dict(zip(records.rows["patient_id"], records.find_newest_stays(LIST_DATE), strict=True))
    open_stays = {patient: stay for patient, stay in stays.items() if stay and stay.discharged_on is None}
    assert {
        patient: word_recent_discharge(stay, flag.comparison[1], flag.words, flag.unknown, LIST_DATE)
        for patient, stay in open_stays.items()
    } == FLAGGED


def test_only_a_flag_of_days_may_ask_about_the_newest_stay() -> None:
    with pytest.raises(ValidationError, match="asks_newest_stay is for days since a discharge, so it needs at_most"):
        Flag(feature="x", recorded=True, says="Yes", unknown="X", asks_newest_stay=True)


def test_for_rules_days_since_a_discharge_that_was_not_received_are_those_since_the_admission_of_who_has_left(
    records: Records, workspace: Workspace
) -> None:
    (flag,) = [flag for flag in workspace.flags if flag.asks_newest_stay]
    received = {"a_received": 12.0, "l_left_today": 0.0, "m_left_yesterday": 1.0}
    patients = list(records.rows["patient_id"])
    days = np.array([[received.get(patient, np.nan)] for patient in patients], np.float32)
    matrix = FeatureMatrix(records.rows, days, (flag.feature,), {flag.feature: ""})
    bounded = dict(zip(patients, records.bound_discharges(matrix).values[:, 0].tolist(), strict=True))
    left = {"b_out_today": 3.0, "f_out_long_ago": 53.0, "h_planned_since": 46.0, "i_planned_long": 260.0}
    assert {patient: number for patient, number in bounded.items() if number == number} == received | left
    assert np.isnan(matrix.values[patients.index("b_out_today"), 0])


NOT_RECEIVED = "the discharge date of the stay from {} was not received"
NIGHTS_UNTOLD = {
    "b_out_today": NOT_RECEIVED.format("13 November 2026"),
    "d_not_checked": NOT_RECEIVED.format("13 November 2026"),
    "e_old_status": NOT_RECEIVED.format("13 November 2026"),
    "f_out_long_ago": NOT_RECEIVED.format("24 September 2026"),
    "g_older_known": NOT_RECEIVED.format("24 September 2026"),
    "h_planned_since": NOT_RECEIVED.format("1 October 2026"),
    "n_moved": NOT_RECEIVED.format("1 November 2026"),
}


@pytest.mark.parametrize(
    ("lookback", "others"), [(90, {}), (365, {"i_planned_long": NOT_RECEIVED.format("1 March 2026")})]
)
def test_nights_of_a_stay_whose_discharge_was_not_received_cannot_be_told(
    records: Records, workspace: Workspace, lookback: int, others: dict[str, str]
) -> None:
    inpatient = read_inpatients(records.store.read("statuses"), LIST_DATE)
    said = word_unended_stays(records.known("admissions"), lookback, inpatient, workspace.codelists)
    patients = dict(zip(records.rows["person"], records.rows["patient_id"], strict=True))
    assert {patients[person]: why for person, why in said.items()} == NIGHTS_UNTOLD | others


def test_no_rule_is_met_by_nights_of_a_stay_whose_discharge_was_not_received(records: Records) -> None:
    patients = records.rows["patient_id"].tolist()
    matrix = FeatureMatrix(
        records.rows[["patient_id", "index_date"]],
        np.full((len(patients), 1), 9, np.float32),
        ("emergency_nights_90d",),
        {"emergency_nights_90d": ""},
    )
    asked = replace(records, matrix=matrix)
    # What coverage cannot tell is of no concern here.
    asked.__dict__["telling"] = SimpleNamespace(blank_untold=lambda: matrix)
    unmet = np.isnan(asked.told.values[:, 0])
    assert {patient for patient, one in zip(patients, unmet, strict=True) if one} == set(NIGHTS_UNTOLD)
