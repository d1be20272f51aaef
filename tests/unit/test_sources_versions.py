"""Landed rows in, whole stored tables out: who, in which order, and when each row read so."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import open_store
from tests.suite.stores import find_version

PEOPLE = """
patient_id , date_of_birth , sex
p1         , 1950-03-15    , F
p2         , 1940-07-01    , M
"""
ADMISSIONS = """
patient_id , spell_id , admitted_on , method
p1         , s1       , 2024-01-10  , 21
"""
FAR = "9999-12-31"


def run(folder: Path, lags: dict[str, int] | None = None, as_at: date | None = None, **tables: str) -> IngestReport:
    source = folder / "source"
    source.mkdir()
    for name, text in ({"people": PEOPLE, "admissions": ADMISSIONS} | tables).items():
        (source / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 1, "lag_days": lags or {}}})
    return ingest(source, folder / "store", settings, as_at=as_at)


def stored(folder: Path, table: str, columns: str) -> list[list[Any]]:
    """Those columns of the stored table in its order, dates as text."""
    frame = pq.read_table(open_store(folder / "store").file(table), columns=columns.split()).to_pandas()
    cells = frame.astype(object).where(frame.notna(), None).values.tolist()
    return [[str(cell) if isinstance(cell, date) else cell for cell in row] for row in cells]


def test_people_are_numbered_in_the_order_of_the_hash_of_their_id(tmp_path: Path) -> None:
    people = "patient_id,date_of_birth,sex\n" + "".join(f"p{n},1950-01-01,F\n" for n in range(1, 6))
    run(tmp_path, people=people)
    assert stored(tmp_path, "people", "person patient_id valid_from valid_to") == [
        [0, "p4", "1800-01-01", FAR],  # 1320...
        [1, "p2", "1800-01-01", FAR],  # 1d66...
        [2, "p3", "1800-01-01", FAR],  # 7bc3...
        [3, "p1", "1800-01-01", FAR],  # ec6e...
        [4, "p5", "1800-01-01", FAR],  # ed92...
    ]
    people_read = open_store(tmp_path / "store").people()
    assert people_read["patient_id"].tolist() == ["p4", "p2", "p3", "p1", "p5"]


def test_an_admission_is_stored_open_until_its_discharge_was_known_then_settled(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method , known_on   , discharged_on , destination , settled_known_on
p1         , s1       , 2024-01-10  , 21     , 2024-01-12 , 2024-01-20    , 19          , 2024-02-01
p1         , s2       , 2024-02-10  , 21     , 2024-02-12 , 2024-02-11    , 19          ,
p1         , s3       , 2024-03-10  , 21     , 2024-03-12 ,               , 54          , 2024-04-01
p1         , s4       , 2024-04-10  , 21     , 2024-04-01 , 2024-04-10    , 19          , 2024-04-09
p1         , s5       , 2024-05-10  , 21     ,            , 2024-06-30    , 19          , 2024-07-02
"""
    report = run(tmp_path, as_at=date(2024, 5, 31), admissions=admissions)
    columns = "spell_id spell discharged_on destination ended_by settled_known_on valid_from valid_to"
    assert stored(tmp_path, "admissions", columns) == [
        ["s1", 0, "2024-01-20", "19", "2024-01-20", "2024-02-01", "2024-02-01", FAR],
        ["s1", 0, None, None, None, None, "2024-01-12", "2024-02-01"],
        # Discharged before it was known: settled at once.
        ["s2", 1, "2024-02-11", "19", "2024-02-11", None, "2024-02-12", FAR],
        # No discharge: what came with it is not used, and the stay is over by the day on which the next began.
        ["s3", 2, None, None, "2024-04-10", None, "2024-04-10", FAR],
        ["s3", 2, None, None, None, None, "2024-03-12", "2024-04-10"],
        # Known before its day counts from its day.
        ["s4", 3, "2024-04-10", "19", "2024-04-10", "2024-04-09", "2024-04-10", FAR],
        ["s5", 4, "2024-06-30", "19", "2024-06-30", "2024-07-02", "2024-07-02", FAR],
        ["s5", 4, None, None, None, None, "2024-05-11", "2024-07-02"],  # no known_on: the day after
    ]
    table = report.tables["admissions"]
    assert (table.landed, table.accepted, table.quarantined, table.stored) == (5, 5, 0, 8)
    assert (
        "admissions without discharged_on but with discharge_method, destination, specialty: 1; these are not used"
        in (report.notes)
    )


def test_without_the_date_of_knowing_a_column_settles_on_its_own_date(tmp_path: Path) -> None:
    admissions = ADMISSIONS.replace("method", "method,discharged_on").replace("21", "21,2024-01-20")
    report = run(tmp_path, admissions=admissions)
    columns = "discharged_on known_on settled_known_on valid_from valid_to"
    assert stored(tmp_path, "admissions", columns) == [
        ["2024-01-20", None, None, "2024-01-20", FAR],
        [None, None, None, "2024-01-11", "2024-01-20"],
    ]
    assert "admissions lacks settled_known_on: discharged_on counts as known on its day" in report.notes
    assert "admissions lacks known_on: a row counts as known 1 day after admitted_on" in report.notes


def test_every_end_date_settles_on_its_day(tmp_path: Path) -> None:
    conditions = """
patient_id , system   , code , recorded_on , ended_on   , known_on
p1         , register , AF   , 2024-01-01  , 2024-03-01 , 2024-01-03
p1         , register , DM   , 2024-01-01  ,            ,
"""
    registrations = "patient_id,practice,registered_from,registered_to\np1,N83001,2020-01-01,2024-06-30\n"
    social_care = "patient_id,service,started_on,ended_on\np1,home_care,2024-01-01,2024-01-15\n"
    run(tmp_path, conditions=conditions, registrations=registrations, social_care=social_care)
    assert stored(tmp_path, "conditions", "code ended_on valid_from valid_to") == [
        ["AF", "2024-03-01", "2024-03-01", FAR],
        ["AF", None, "2024-01-03", "2024-03-01"],
        ["DM", None, "2024-01-08", FAR],
    ]
    assert stored(tmp_path, "registrations", "registered_to valid_from valid_to") == [
        ["2024-06-30", "2024-06-30", FAR],
        [None, "2020-01-01", "2024-06-30"],
    ]
    # Known 30 days after it started, when it had ended already: there is no open version.
    assert stored(tmp_path, "social_care", "ended_on valid_from valid_to") == [["2024-01-15", "2024-01-31", FAR]]


def test_diagnoses_carry_their_spell_from_the_day_it_settled_and_they_were_known(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method , patient_class , known_on   , discharged_on , settled_known_on
p1         , s1       , 2024-01-10  , 21     , 1             , 2024-01-12 , 2024-01-20    , 2024-02-01
p2         , s2       , 2024-01-11  , 11     , 2             , 2024-01-12 , 2024-01-11    , 2024-01-12
p1         , s3       , 2024-03-10  , 22     , 1             , 2024-03-12 ,               ,
"""
    diagnoses = """
spell_id , patient_id , position , system , code , known_on
s1       , p1         , 1        , icd10  , I10X , 2024-01-15
s1       , p1         , 2        , icd10  , I50  , 2024-02-15
s1       , p1         , 3        , icd10  , J44  ,
s2       , p2         , 1        , icd10  , H26  , 2024-01-11
s3       , p1         , 1        , icd10  , I21  , 2024-03-11
"""
    report = run(tmp_path, admissions=admissions, diagnoses=diagnoses)
    columns = "person spell position code admitted_on method source patient_class valid_from valid_to"
    assert stored(tmp_path, "diagnoses", columns) == [
        [0, 0, 1, "H26", "2024-01-11", "11", None, "2", "2024-01-12", FAR],
        [1, 1, 1, "I10", "2024-01-10", "21", None, "1", "2024-02-01", FAR],
        [1, 1, 2, "I50", "2024-01-10", "21", None, "1", "2024-02-15", FAR],
        [1, 1, 3, "J44", "2024-01-10", "21", None, "1", "2024-02-19", FAR],
        [1, 2, 1, "I21", "2024-03-10", "22", None, "1", FAR, FAR],  # the spell is open: never visible
    ]
    assert (report.tables["diagnoses"].accepted, report.tables["diagnoses"].stored) == (5, 5)


def test_the_lag_comes_from_the_settings_then_the_schema_and_only_where_nothing_is_known(tmp_path: Path) -> None:
    falls = "patient_id,fell_on,known_on\np1,2024-01-01,\np1,2024-01-02,2024-01-02\n"
    prescriptions = "patient_id,issued_on,bnf\np1,2024-01-01,0205\n"
    report = run(tmp_path, lags={"prescriptions": 21}, falls=falls, prescriptions=prescriptions)
    assert stored(tmp_path, "falls", "known_on valid_from") == [[None, "2024-01-08"], ["2024-01-02", "2024-01-02"]]
    assert stored(tmp_path, "prescriptions", "known_on valid_from") == [[None, "2024-01-22"]]
    assert "prescriptions lacks known_on: a row counts as known 21 days after issued_on" in report.notes


def test_identical_rows_are_kept_and_every_column_takes_part_in_the_order(tmp_path: Path) -> None:
    falls = """
patient_id , fell_on    , source
p1         , 2024-01-02 , telecare
p2         , 2024-01-03 , gp
p1         , 2024-01-02 ,
p1         , 2024-01-02 , gp
p1         , 2024-01-02 , telecare
"""
    run(tmp_path, falls=falls)
    assert stored(tmp_path, "falls", "person patient_id fell_on source") == [
        [0, "p2", "2024-01-03", "gp"],
        [1, "p1", "2024-01-02", "gp"],
        [1, "p1", "2024-01-02", "telecare"],
        [1, "p1", "2024-01-02", "telecare"],
        [1, "p1", "2024-01-02", None],
    ]


def test_tables_without_time_are_stored_as_they_are_with_the_person(tmp_path: Path) -> None:
    opt_outs = "patient_id,kind,from_on,to_on\np1,Type1,2024-01-01,\np2,national,2023-01-01,2023-06-01\n"
    areas = "practice,pcn,from_on\nN83002,South,\nN83001,North,2020-01-01\n"
    run(tmp_path, opt_outs=opt_outs, areas=areas)
    assert stored(tmp_path, "opt_outs", "patient_id kind from_on to_on person") == [
        ["p2", "national", "2023-01-01", "2023-06-01", 0],
        ["p1", "type1", "2024-01-01", None, 1],
    ]
    schema = pq.read_schema(open_store(tmp_path / "store").file("areas"))
    assert schema.names == ["practice", "pcn", "locality", "hub", "borough", "from_on", "to_on"]
    assert stored(tmp_path, "areas", "practice pcn from_on") == [
        ["N83001", "North", "2020-01-01"],
        ["N83002", "South", None],
    ]


def test_data_as_at_is_the_latest_day_a_row_happened_or_was_known_and_no_lag_moves_it(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method , known_on   , discharged_on , settled_known_on
p1         , s1       , 2024-01-10  , 21     , 2024-01-12 , 2024-01-20    , 2024-02-01
p9         , s2       , 2024-08-10  , 21     , 2024-08-12 ,               ,
p1         , s3       , 2024-08-10  , 2Z     , 2024-08-12 ,               ,
"""
    registrations = "patient_id,practice,registered_from,registered_to\np1,N83001,2020-01-01,2026-06-30\n"
    falls = "patient_id,fell_on\np1,2024-03-04\n"
    opt_outs = "patient_id,kind,from_on\np1,type1,2025-01-01\n"
    statuses = "patient_id,as_at,inpatient\np1,2024-05-01,false\n"
    report = run(
        tmp_path,
        admissions=admissions,
        registrations=registrations,
        falls=falls,
        opt_outs=opt_outs,
        statuses=statuses,
    )
    assert report.data_as_at == "2024-03-04"
    assert {name: table.data_as_at for name, table in report.tables.items()} == {
        "people": None,
        "registrations": None,
        "admissions": "2024-02-01",
        "falls": "2024-03-04",
        "opt_outs": None,
        "statuses": "2024-05-01",
    }
    store = open_store(tmp_path / "store")
    assert (store.data_as_at, store.records_from) == (date(2024, 3, 4), date(2024, 1, 10))


def test_a_date_wrongly_in_the_future_does_not_move_data_as_at_where_the_row_says_when_it_was_known(
    tmp_path: Path,
) -> None:
    falls = "patient_id,fell_on,known_on\np1,2024-03-04,2024-03-05\np1,2026-03-04,2024-03-05\n"
    report = run(tmp_path, falls=falls)
    assert report.data_as_at == "2024-03-05"
    assert report.quarantined == {"falls": {"event after the extract": 1}}


def test_a_table_ahead_of_all_others_is_said(tmp_path: Path) -> None:
    report = run(tmp_path, falls="patient_id,fell_on\np1,2024-10-04\n")
    assert report.data_as_at == "2024-10-04"
    assert (
        "falls reaches 2024-10-04, more than 92 days after every other table: "
        "if that is a wrong date, give the date of the extract with --as-at"
    ) in report.notes


def test_a_birth_known_to_the_month_allows_events_from_the_first_of_it(tmp_path: Path) -> None:
    people = "patient_id,date_of_birth,sex\np1,2020-05,F\np2,2020-05-31,M\n"
    falls = "patient_id,fell_on\np1,2020-05-01\np2,2020-05-01\np2,2020-04-30\n"
    run(tmp_path, people=people, falls=falls)
    quarantined = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    assert quarantined[["table", "row", "rule"]].values.tolist() == [["falls", 3, "event before birth"]]
    births = [row for row in stored(tmp_path, "people", "patient_id date_of_birth") if row[0] == "p1"]
    assert births == [["p1", "2020-05-01"]]
