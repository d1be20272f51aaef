"""Hand-made spells, read by eye: which are one stay, what each day knew of it, and what features and labels make of it.

Without known_on a spell is known on the day after it began, and its end on the day it ended.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import at_discharges
from riskstrat.definitions.recipes import CohortRecipe, LabelRecipe
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.features import engine
from riskstrat.labels import label
from riskstrat.site.opening import open_workspace
from riskstrat.sources.ingest import ingest
from riskstrat.sources.selection import known_rows
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import admissions
from riskstrat.workspace import Workspace, load
from riskstrat.workspace.scaffold import init

AS_AT = date(2026, 12, 31)
COLUMNS = "patient_id,spell_id,admitted_on,method,discharged_on,destination,source,patient_class,specialty"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(__file__).resolve().parents[2])


def land(
    folder: Path, spells: str, rule: str = "three_days", diagnoses: str = "", header: str = COLUMNS, as_at: date = AS_AT
) -> Store:
    source = folder / f"source-{rule}"
    source.mkdir()
    rows = [",".join(cell.strip() for cell in line.split(",")) for line in spells.strip().splitlines()]
    patients = sorted({row.split(",")[0] for row in rows})
    (source / "people.csv").write_text(
        "patient_id,date_of_birth,sex\n" + "".join(f"{patient},1950-06-15,F\n" for patient in patients)
    )
    (source / "admissions.csv").write_text("\n".join([header, *rows]) + "\n")
    if diagnoses:
        (source / "diagnoses.csv").write_text("spell_id,patient_id,position,system,code\n" + diagnoses + "\n")
    settings = Settings.model_validate({"admissions": {"continuous_stays": rule}})
    ingest(source, folder / f"store-{rule}", settings, as_at=as_at)
    return open_store(folder / f"store-{rule}")


def stays(store: Store, day: date, *columns: str) -> list[list[Any]]:
    """The stays that stood on a day, by person and day of admission, as text; "" for what is not known."""
    found, _ = known_rows(store, admissions, ("patient_id", "admitted_on", *columns), day)
    frame = pd.DataFrame({name: pd.Series(values).astype(object) for name, values in found.items()})
    rows = frame.sort_values(["patient_id", "admitted_on"], kind="stable").values.tolist()
    return [["" if pd.isna(cell) else str(cell).removesuffix(" 00:00:00") for cell in row] for row in rows]


def features_at(store: Store, workspace: Workspace, day: str, *names: str) -> list[dict[str, float]]:
    """The features of everybody on a day, by patient_id; None for what is not known."""
    features = {name: workspace.features[name] for name in (*names, *NEEDED)}
    cohort = pd.DataFrame({"patient_id": store.people()["patient_id"], "person": np.arange(store.people_count)})
    cohort["index_date"] = pd.Timestamp(day).as_unit("s")
    made = engine(
        store, features, workspace.fingerprints, workspace.codelists, workspace.settings.engine, printable=False
    )
    frame = made.matrix(cohort.assign(spell=np.int32(-1))).frame().sort_values("patient_id")
    return [
        {name: None if np.isnan(row[name]) else float(row[name]) for name in names} for row in frame.to_dict("records")
    ]


NEEDED = ("emergency_admissions_730d",)
"""Asked for besides, as others are derived from it."""


# ---- Which spells are one stay ----

CHAINS = """
chain_of_three    , a1 , 2026-01-01 , 21 , 2026-01-04 , 51 , 19 , 1 , 300
chain_of_three    , a2 , 2026-01-04 , 2B , 2026-01-09 , 51 , 51 , 1 , 110
chain_of_three    , a3 , 2026-01-10 , 81 , 2026-01-20 , 19 , 51 , 1 , 430
within_a_day      , b3 , 2026-02-01 , 21 , 2026-02-01 , 51 , 19 , 1 , 180
within_a_day      , b1 , 2026-02-01 , 2B , 2026-02-01 , 52 , 51 , 1 , 110
within_a_day      , b2 , 2026-02-01 , 2D , 2026-02-01 , 19 , 52 , 1 , 430
came_back         , c1 , 2026-03-01 , 21 , 2026-03-05 , 19 , 19 , 1 , 300
came_back         , c2 , 2026-03-05 , 21 , 2026-03-07 , 19 , 19 , 1 , 300
three_days_later  , d1 , 2026-03-01 , 21 , 2026-03-05 , 51 , 19 , 1 , 300
three_days_later  , d2 , 2026-03-08 , 81 , 2026-03-09 , 19 , 51 , 1 , 300
four_days_later   , e1 , 2026-03-01 , 21 , 2026-03-05 , 51 , 19 , 1 , 300
four_days_later   , e2 , 2026-03-09 , 81 , 2026-03-10 , 19 , 51 , 1 , 300
regular_after     , f1 , 2026-03-01 , 21 , 2026-03-05 , 53 , 19 , 1 , 300
regular_after     , f2 , 2026-03-06 , 13 , 2026-03-06 , 19 , 19 , 3 , 361
overlapping       , g1 , 2026-01-01 , 28 , 2026-06-30 , 51 , 19 , 1 , 710
overlapping       , g2 , 2026-03-01 , 2B , 2026-03-05 , 19 , 51 , 1 , 300
no_destination    , h1 , 2026-03-01 , 21 , 2026-03-05 ,    , 19 , 1 , 300
no_destination    , h2 , 2026-03-05 , 21 , 2026-03-07 , 19 , 51 , 1 , 300
said_by_first     , i1 , 2026-03-01 , 21 , 2026-03-05 , 51 , 19 , 1 , 300
said_by_first     , i2 , 2026-03-05 , 21 , 2026-03-07 , 85 , 19 , 1 , 110
home_and_from_51  , j1 , 2026-03-01 , 21 , 2026-03-05 , 19 , 19 , 1 , 300
home_and_from_51  , j2 , 2026-03-06 , 21 , 2026-03-07 , 19 , 51 , 1 , 110
private_hospital  , k1 , 2026-03-01 , 11 , 2026-03-05 , 84 , 19 , 1 , 300
private_hospital  , k2 , 2026-03-06 , 11 , 2026-03-07 , 19 , 87 , 1 , 110
"""
"""patient, spell, admitted, method, discharged, destination, source, class, specialty"""

JOINED = {
    "three_days": """
chain_of_three    , 2026-01-01 , 21 , a1 , 2026-01-20 , 19
within_a_day      , 2026-02-01 , 21 , b3 , 2026-02-01 , 19
came_back         , 2026-03-01 , 21 , c1 , 2026-03-05 , 19
came_back         , 2026-03-05 , 21 , c2 , 2026-03-07 , 19
three_days_later  , 2026-03-01 , 21 , d1 , 2026-03-09 , 19
four_days_later   , 2026-03-01 , 21 , e1 , 2026-03-05 , 51
four_days_later   , 2026-03-09 , 81 , e2 , 2026-03-10 , 19
regular_after     , 2026-03-01 , 21 , f1 , 2026-03-06 , 19
overlapping       , 2026-01-01 , 28 , g1 , 2026-06-30 , 51
overlapping       , 2026-03-01 , 2B , g2 , 2026-03-05 , 19
no_destination    , 2026-03-01 , 21 , h1 , 2026-03-07 , 19
said_by_first     , 2026-03-01 , 21 , i1 , 2026-03-07 , 85
home_and_from_51  , 2026-03-01 , 21 , j1 , 2026-03-07 , 19
private_hospital  , 2026-03-01 , 11 , k1 , 2026-03-05 , 84
private_hospital  , 2026-03-06 , 11 , k2 , 2026-03-07 , 19
""",
    "hscic_2014": """
chain_of_three    , 2026-01-01 , 21 , a1 , 2026-01-20 , 19
within_a_day      , 2026-02-01 , 21 , b3 , 2026-02-01 , 19
came_back         , 2026-03-01 , 21 , c1 , 2026-03-05 , 19
came_back         , 2026-03-05 , 21 , c2 , 2026-03-07 , 19
three_days_later  , 2026-03-01 , 21 , d1 , 2026-03-05 , 51
three_days_later  , 2026-03-08 , 81 , d2 , 2026-03-09 , 19
four_days_later   , 2026-03-01 , 21 , e1 , 2026-03-05 , 51
four_days_later   , 2026-03-09 , 81 , e2 , 2026-03-10 , 19
regular_after     , 2026-03-01 , 21 , f1 , 2026-03-05 , 53
regular_after     , 2026-03-06 , 13 , f2 , 2026-03-06 , 19
overlapping       , 2026-01-01 , 28 , g1 , 2026-06-30 , 51
overlapping       , 2026-03-01 , 2B , g2 , 2026-03-05 , 19
no_destination    , 2026-03-01 , 21 , h1 , 2026-03-07 , 19
said_by_first     , 2026-03-01 , 21 , i1 , 2026-03-07 , 85
home_and_from_51  , 2026-03-01 , 21 , j1 , 2026-03-05 , 19
home_and_from_51  , 2026-03-06 , 21 , j2 , 2026-03-07 , 19
private_hospital  , 2026-03-01 , 11 , k1 , 2026-03-07 , 19
""",
}
"""patient, then of the stay: admitted, method, first spell, discharged, destination"""


def written(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in text.strip().splitlines()]


@pytest.mark.parametrize("rule", ["three_days", "hscic_2014", "off"])
def test_spells_are_joined_by_the_rule_that_the_site_chose(tmp_path: Path, rule: str) -> None:
    store = land(tmp_path, CHAINS, rule)
    each = [[row[0], row[2], row[3], row[1], row[4], row[5]] for row in written(CHAINS)]
    expected = written(JOINED[rule]) if rule in JOINED else each
    found = stays(store, AS_AT, "method", "spell_id", "discharged_on", "destination")
    assert sorted(found) == sorted(expected)
    joined = len(each) - len(expected) if rule in JOINED else 0
    said = [note for note in store.notes if "counted as one stay" in note]
    expected_note = f"admissions: {joined} spells continue another and are counted as one stay with it"
    assert said == [expected_note] * (joined > 0)


@pytest.mark.real_data
@pytest.mark.parametrize("rule", ["three_days", "hscic_2014"])
def test_hand_made_spells_become_the_continuous_stays_that_were_worked_out_by_hand(
    real_data: Path, tmp_path: Path, workspace: Workspace, rule: str
) -> None:
    """Landed: the 35 provider spells of hes_hand_made. Twenty stays are emergencies, by either rule."""
    folder = real_data / "hes_hand_made"
    with (folder / "expected_spells.csv").open(newline="") as file:
        spells = list(csv.DictReader(file))
    with (folder / "expected_cips.csv").open(newline="") as file:
        expected = [row for row in csv.DictReader(file) if row["rule"] == rule]
    names = "admitted_on method source patient_class provider discharged_on discharge_method destination specialty"
    lines = [",".join([row["person"], row["spell"], *(row[name] for name in names.split())]) for row in spells]
    header = "patient_id,spell_id," + names.replace(" ", ",")
    store = land(tmp_path, "\n".join(lines), rule, header=header, as_at=date(2025, 12, 31))
    columns = ("method", "source", "spell_id", "discharged_on", "destination")
    assert sorted(stays(store, date(2025, 12, 31), *columns)) == sorted(
        [
            row["person"],
            row["admitted_on"],
            row["method"],
            row["source"],
            row["spells"].split()[0],
            row["discharged_on"],
            row["destination"],
        ]
        for row in expected
    )
    emergencies, _ = known_rows(
        store, workspace.outcomes["emergency_admission"], ("patient_id", "spell_id"), date(2025, 12, 31)
    )
    assert sorted(emergencies["spell_id"]) == sorted(
        row["spells"].split()[0] for row in expected if row["emergency_events"] == "1"
    )
    assert len(emergencies["spell_id"]) == 20


# ---- What each day knew ----


def test_a_stay_is_told_as_its_spells_were_known(tmp_path: Path) -> None:
    """The second spell is known a week after it began, the first's end a month late, and that it was a move with it."""
    spells = """
moved , s1 , 2026-03-01 , 21 , 2026-03-01 , 2026-03-05 , 51 , 2026-04-05
moved , s2 , 2026-03-05 , 21 , 2026-03-12 , 2026-03-20 , 19 , 2026-05-01
"""
    header = "patient_id,spell_id,admitted_on,method,known_on,discharged_on,destination,settled_known_on"
    store = land(tmp_path, spells, header=header)
    first, second = ["moved", "2026-03-01"], ["moved", "2026-03-05"]
    for day, known in {
        date(2026, 3, 11): [[*first, "", ""]],
        date(2026, 3, 12): [[*first, "", "2026-03-05"], [*second, "", ""]],
        date(2026, 4, 4): [[*first, "", "2026-03-05"], [*second, "", ""]],
        date(2026, 4, 5): [[*first, "", ""]],
        date(2026, 5, 1): [[*first, "2026-03-20", "2026-03-20"]],
    }.items():
        assert stays(store, day, "discharged_on", "ended_by") == known, day


def test_nobody_is_in_hospital_three_times_at_once(tmp_path: Path, workspace: Workspace) -> None:
    """Three emergency stays without a discharge: the earlier two were over when the next began."""
    spells = """
three , s1 , 2026-01-01 , 21 , , , 19 , 1 , 300
three , s2 , 2026-02-01 , 21 , , , 19 , 1 , 300
three , s3 , 2026-03-01 , 21 , , , 19 , 1 , 300
"""
    store = land(tmp_path, spells)
    assert stays(store, date(2026, 3, 10), "discharged_on", "ended_by") == [
        ["three", "2026-01-01", "", "2026-02-01"],
        ["three", "2026-02-01", "", "2026-03-01"],
        ["three", "2026-03-01", "", ""],
    ]
    names = (
        "emergency_stay_open",
        "emergency_nights_90d",
        "emergency_admissions_90d",
        "days_since_emergency_discharge",
    )
    (found,) = features_at(store, workspace, "2026-03-10", *names)
    assert found == dict(zip(names, (1.0, 68.0, 3.0, None), strict=True))


# ---- What features make of it ----

NAMES = ("days_since_emergency_discharge", "emergency_stay_open", "emergency_nights_365d", "emergency_admissions_365d")


def test_whoever_was_moved_is_still_in_hospital(tmp_path: Path, workspace: Workspace) -> None:
    spells = """
moved , x1 , 2026-06-01 , 21 , 2026-06-04 , 51 , 19 , 1 , 300
moved , x2 , 2026-06-04 , 2B , 2026-09-20 , 19 , 51 , 1 , 300
"""
    store = land(tmp_path, spells)
    expected = {
        "2026-08-01": (None, 1, 61, 1),
        "2026-09-30": (10, 0, 111, 1),
        "2026-06-02": (None, 1, 1, 1),
        # The first end is known on its day, and the second spell on the day after: until then nobody knows of a move.
        "2026-06-04": (0, 0, 3, 1),
        "2026-09-20": (0, 0, 111, 1),
    }
    found = {}
    for day in expected:
        (only,) = features_at(store, workspace, day, *NAMES)
        found[day] = tuple(only.values())
    assert found == expected


def test_a_stay_that_only_moved_counts_once_however_the_second_hospital_codes_it(
    tmp_path: Path, workspace: Workspace
) -> None:
    """Both spells are coded 21 from home with pneumonia as main diagnosis; both have a broken hip and a fall."""
    spells = """
moved     , s1 , 2026-06-01 , 21 , 2026-06-04 , 51 , 19 , 1 , 300
moved     , s2 , 2026-06-04 , 21 , 2026-06-20 , 19 , 19 , 1 , 300
readmitted, t1 , 2026-06-01 , 21 , 2026-06-04 , 19 , 19 , 1 , 300
readmitted, t2 , 2026-06-14 , 21 , 2026-06-20 , 19 , 19 , 1 , 300
"""
    coded = [("s1", "moved"), ("s2", "moved"), ("t1", "readmitted"), ("t2", "readmitted")]
    diagnoses = "\n".join(
        f"{spell},{who},{position},icd10,{code}"
        for spell, who in coded
        for position, code in ((1, "S720"), (2, "W190"), (3, "I500"))
    )
    heart = "\n".join(f"{spell},{who},1,icd10,I500" for spell, who in coded)
    names = ("emergency_admissions_365d", "repeat_emergency_admissions_730d", "different_diagnoses_730d", "falls_365d")
    store = land(tmp_path, spells, diagnoses=diagnoses)
    assert [tuple(row.values()) for row in features_at(store, workspace, "2026-12-01", *names)] == [
        (1, 0, 3, 1),
        (2, 1, 3, 2),
    ]
    chronic = "admissions_for_chronic_conditions_that_can_be_managed_365d"
    (tmp_path / "heart").mkdir()
    store = land(tmp_path / "heart", spells, diagnoses=heart)
    assert [row[chronic] for row in features_at(store, workspace, "2026-12-01", chronic)] == [1, 2]


NEWEST = """
received        , a1 , 2026-01-01 , 21 , 2026-01-05 , 19 , 19 , 1 , 300
received        , a2 , 2026-05-01 , 21 , 2026-05-05 , 19 , 19 , 1 , 300
not_received    , b1 , 2026-01-01 , 21 , 2026-01-05 , 19 , 19 , 1 , 300
not_received    , b2 , 2026-05-01 , 21 ,            ,    , 19 , 1 , 300
planned_since   , c1 , 2026-01-01 , 21 , 2026-01-05 , 19 , 19 , 1 , 300
planned_since   , c2 , 2026-05-01 , 21 ,            ,    , 19 , 1 , 300
planned_since   , c3 , 2026-05-20 , 11 , 2026-05-21 , 19 , 19 , 1 , 300
older_is_lost   , d1 , 2026-01-01 , 21 ,            ,    , 19 , 1 , 300
older_is_lost   , d2 , 2026-05-01 , 21 , 2026-05-05 , 19 , 19 , 1 , 300
planned_alone   , e1 , 2026-05-01 , 11 , 2026-05-05 , 19 , 19 , 1 , 300
same_day_lost   , f1 , 2026-05-01 , 21 , 2026-05-01 , 19 , 19 , 1 , 300
same_day_lost   , f2 , 2026-05-01 , 21 ,            ,    , 19 , 1 , 300
"""


def test_an_older_discharge_is_not_told_as_the_latest(tmp_path: Path, workspace: Workspace) -> None:
    store = land(tmp_path, NEWEST)
    names = ("days_since_emergency_discharge", "emergency_stay_open", "emergency_nights_365d")
    patients = sorted({row[0] for row in written(NEWEST)})
    found = dict(zip(patients, features_at(store, workspace, "2026-06-01", *names), strict=True))
    assert {patient: tuple(row.values()) for patient, row in found.items()} == {
        "received": (27, 0, 8),
        "not_received": (None, 1, 35),
        "planned_since": (None, 0, 23),
        "older_is_lost": (27, 0, 124),
        "planned_alone": (None, 0, 0),
        "same_day_lost": (None, 1, 31),
    }


# ---- Labels and index dates ----


def test_a_move_is_no_event_and_no_discharge(tmp_path: Path, workspace: Workspace) -> None:
    """The receiving hospital codes both arrivals as emergencies from home; one of them was a readmission."""
    spells = """
moved      , s1 , 2026-01-01 , 21 , 2026-01-04 , 51 , 19 , 1 , 300
moved      , s2 , 2026-01-04 , 21 , 2026-01-20 , 19 , 19 , 1 , 300
readmitted , t1 , 2026-01-01 , 21 , 2026-01-04 , 19 , 19 , 1 , 300
readmitted , t2 , 2026-01-04 , 21 , 2026-01-20 , 19 , 19 , 1 , 300
"""
    store = land(tmp_path, spells)
    discharges = workspace.outcomes["live_discharge"]
    cohort = at_discharges(store, CohortRecipe(index="live_discharge"), discharges, AS_AT, ())
    recipe = LabelRecipe(horizon="30d", includes_index_day=True, delay="75d")
    made = label(store, cohort.rows, workspace.outcomes["emergency_admission"], recipe, AS_AT).rows
    found = made.assign(day=made["index_date"].dt.strftime("%Y-%m-%d"))[["patient_id", "day", "outcome"]]
    assert sorted(found.values.tolist()) == [
        ["moved", "2026-01-20", 0.0],
        ["readmitted", "2026-01-04", 1.0],
        ["readmitted", "2026-01-20", 0.0],
    ]


# ---- The setting ----


def test_the_rule_is_part_of_what_a_model_rests_on(tmp_path: Path) -> None:
    root = tmp_path / "site"
    init(root)
    before = load(root)
    settings = root / "riskstrat.toml"
    text = settings.read_text(encoding="utf-8").replace('"three_days"\n', '"hscic_2014"\n')
    settings.write_text(text, encoding="utf-8")
    after = load(root)
    changed = {name for name, digest in before.fingerprints.items() if after.fingerprints[name] != digest}
    assert {"emergency_admissions_365d", "mean_emergency_stay_730d", "falls_365d", "hfrs_730d"} <= changed
    assert not {"age", "ae_attendances_365d", "different_medicines_90d"} & changed
    assert before.definitions_hash != after.definitions_hash


def test_data_ingested_by_another_rule_are_refused_with_what_to_do(tmp_path: Path) -> None:
    root = tmp_path / "site"
    init(root)
    source = tmp_path / "source"
    source.mkdir()
    (source / "people.csv").write_text("patient_id,date_of_birth,sex\np1,1950-01-01,F\n")
    (source / "admissions.csv").write_text("patient_id,spell_id,admitted_on,method\np1,s1,2026-01-01,21\n")
    ingest(source, root / "data", Settings.model_validate({"admissions": {"continuous_stays": "off"}}))
    with pytest.raises(SourceError) as refused:
        open_workspace(root)
    assert str(refused.value) == (
        'riskstrat.toml joins stays by "three_days", but the data were ingested with "off"; run '
        '"riskstrat ingest SOURCE" again, or set admissions.continuous_stays back'
    )
