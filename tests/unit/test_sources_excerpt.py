"""Landed rows in, the stored tables of an excerpt out: whose rows, and how they read had time stopped."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import StorageError
from riskstrat.sources.excerpt import beside_the_store, excerpt
from riskstrat.sources.ingest import ingest
from riskstrat.sources.known_tables import read_known_table
from riskstrat.sources.store import Store, open_store
from riskstrat.storage import compute_file_digest

PEOPLE = """
patient_id , date_of_birth , sex , care_home_from , date_of_death , died_known_on
p1         , 1950-03-15    , F   , 2024-03-01     ,               ,
p2         , 1940-07-01    , M   ,                , 2024-02-10    , 2024-04-02
p3         , 1960-01-01    , F   ,                ,               , 2024-03-20
p4         , 1930-01-01    , M   ,                ,               ,
"""
ADMISSIONS = """
patient_id , spell_id , admitted_on , method , known_on   , discharged_on , destination , settled_known_on
p1         , s1       , 2024-01-10  , 21     , 2024-01-12 , 2024-01-20    , 19          , 2024-02-01
p1         , s2       , 2024-02-10  , 21     , 2024-04-12 , 2024-03-11    , 19          ,
p1         , s3       , 2024-02-20  , 21     , 2024-02-21 , 2024-03-25    , 19          , 2024-04-01
p1         , s4       , 2024-03-10  , 21     , 2024-03-10 ,               ,             ,
p4         , s5       , 2024-01-10  , 21     , 2024-01-12 , 2024-01-20    , 19          , 2024-02-01
"""
DIAGNOSES = """
spell_id , patient_id , position , system , code , known_on
s1       , p1         , 1        , icd10  , I500 , 2024-03-15
s3       , p1         , 1        , icd10  , J440 ,
s5       , p4         , 1        , icd10  , J440 ,
"""
SOCIAL_CARE = """
patient_id , service   , started_on , ended_on   , known_on
p1         , home_care , 2024-01-05 , 2024-02-01 , 2024-02-20
p1         , home_care , 2024-01-06 , 2024-03-05 , 2024-02-20
p1         , home_care , 2024-01-07 ,            , 2024-02-20
p1         , telecare  , 2024-02-25 , 2024-03-10 , 2024-04-20
p1         , day_care  , 2024-03-02 ,            ,
p1         , equipment , 2024-01-10 , 2024-03-01 , 2024-01-10
"""
OPT_OUTS = """
patient_id , kind  , from_on
p1         , type1 , 2024-05-01
p4         , type1 , 2023-05-01
"""
FAR = "9999-12-31"
LAST_LIST = date(2024, 3, 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    source = folder / "source"
    source.mkdir()
    landed = {"people": PEOPLE, "admissions": ADMISSIONS, "diagnoses": DIAGNOSES, "social_care": SOCIAL_CARE}
    for name, text in (landed | {"opt_outs": OPT_OUTS, "areas": "practice,locality\nA00001,Kirkby\n"}).items():
        (source / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    settings = Settings.model_validate({"data": {"quarantine_limit": 0}})
    ingest(source, folder / "store", settings, as_at=date(2024, 5, 31))
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Store:
    """A copy for a test that writes beside it."""
    for name in ("source", "store"):
        shutil.copytree(made / name, tmp_path / name)
    return open_store(tmp_path / "store")


def persons(store: Store, *patients: str) -> list[int]:
    people = store.people()
    return people.loc[people["patient_id"].isin(patients), "person"].tolist()


def rows(store: Store, table: str, columns: str) -> list[list[Any]]:
    """Those columns of the stored table in its order, dates as text."""
    frame = pq.read_table(store.file(table), columns=columns.split()).to_pandas()
    cells = frame.astype(object).where(frame.notna(), None).values.tolist()
    return [[str(cell) if isinstance(cell, date) else cell for cell in row] for row in cells]


def test_the_rows_of_the_people_asked_for_stand_as_they_were_and_nobody_elses(store: Store, tmp_path: Path) -> None:
    part = excerpt(store, persons(store, "p1"), tmp_path / "part")
    for table in ("admissions", "diagnoses", "social_care", "opt_outs"):
        whole = pq.read_table(store.file(table)).to_pylist()
        assert pq.read_table(part.file(table)).to_pylist() == [row for row in whole if row["patient_id"] == "p1"]
        assert pq.read_schema(part.file(table)) == pq.read_schema(store.file(table))
        assert part.manifest["tables"][table]["sha256"] == compute_file_digest(part.file(table))
    assert part.people_count == store.people_count
    assert "areas" not in part.landed


def test_others_keep_their_place_among_people_and_nothing_else(store: Store, tmp_path: Path) -> None:
    part = excerpt(store, persons(store, "p1"), tmp_path / "part")
    assert rows(part, "people", "person patient_id date_of_birth sex care_home_from valid_from valid_to") == [
        [person, *(["p1", "1950-03-15", "F", "2024-03-01"] if patient == "p1" else [None] * 4), "1800-01-01", FAR]
        for person, patient in rows(store, "people", "person patient_id")
    ]


def test_what_was_known_by_a_day_stands_for_ever_as_it_stood_on_it(store: Store, tmp_path: Path) -> None:
    part = excerpt(store, persons(store, "p1", "p2", "p3"), tmp_path / "part", known_by=LAST_LIST)
    assert rows(part, "admissions", "spell_id discharged_on destination valid_from valid_to") == [
        ["s1", "2024-01-20", "19", "2024-02-01", FAR],
        ["s1", None, None, "2024-01-12", "2024-02-01"],
        ["s3", None, None, "2024-02-21", FAR],
    ]
    assert rows(part, "diagnoses", "spell_id valid_from") == []
    assert rows(part, "social_care", "service ended_on valid_from valid_to") == [
        ["home_care", "2024-02-01", "2024-02-20", FAR],
        ["home_care", None, "2024-02-20", FAR],
        ["home_care", None, "2024-02-20", FAR],
        ["equipment", "2024-03-01", "2024-03-01", FAR],
        ["equipment", None, "2024-01-10", "2024-03-01"],
    ]
    known = {patient: dates for patient, *dates in rows(part, "people", "patient_id date_of_death died_known_on")}
    assert known["p2"] == known["p3"] == [None, None]


def test_what_happened_by_a_day_keeps_what_was_told_later_and_never_settles_later(store: Store, tmp_path: Path) -> None:
    part = excerpt(store, persons(store, "p1", "p2", "p3"), tmp_path / "part", happened_by=LAST_LIST)
    assert rows(part, "admissions", "spell_id discharged_on destination valid_from valid_to") == [
        ["s1", "2024-01-20", "19", "2024-02-01", FAR],
        ["s1", None, None, "2024-01-12", "2024-02-01"],
        ["s2", None, None, "2024-04-12", FAR],  # its end was known at once, but had not come
        ["s3", None, None, "2024-02-21", FAR],
    ]
    assert rows(part, "diagnoses", "spell_id code valid_from") == [["s1", "I500", "2024-03-15"]]
    assert rows(part, "social_care", "service ended_on valid_from valid_to") == [
        ["home_care", "2024-02-01", "2024-02-20", FAR],
        ["home_care", None, "2024-02-20", FAR],
        ["home_care", None, "2024-02-20", FAR],
        ["equipment", "2024-03-01", "2024-03-01", FAR],
        ["equipment", None, "2024-01-10", "2024-03-01"],
        ["telecare", None, "2024-04-20", FAR],
    ]
    told = {patient: dates for patient, *dates in rows(part, "people", "patient_id care_home_from date_of_death")}
    assert told["p1"] == ["2024-03-01", None]
    assert told["p2"] == [None, "2024-02-10"]
    assert rows(part, "opt_outs", "patient_id from_on") == [["p1", "2024-05-01"]]


def test_the_folder_beside_the_store_is_gone_afterwards_and_one_left_by_a_killed_run_with_the_next_ingest(
    store: Store, tmp_path: Path
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    with beside_the_store(store) as folder:
        excerpt(store, [0], folder / "part")
        assert folder.parent == store.folder.parent
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    left = folder.with_name(folder.name.rpartition("-")[0] + "-999999999")
    left.mkdir()
    ingest(tmp_path / "source", tmp_path / "store", Settings(), as_at=date(2024, 5, 31))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_folder_beside_the_store_is_gone_though_the_work_failed(store: Store, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())

    def fail() -> None:
        with beside_the_store(store) as folder:
            (folder / "part").write_text("in the way", encoding="utf-8")
            excerpt(store, [0], folder / "part")

    with pytest.raises(StorageError):
        fail()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_what_a_query_spilled_is_gone_when_its_connection_ends_not_when_the_process_does(store: Store) -> None:
    beside = store.folder.parent
    before = sorted(path.name for path in beside.iterdir())
    with store.connect() as backend:
        backend.execute("SET memory_limit = '50MB'; SET threads = 1")
        backend.execute("CREATE TABLE large AS SELECT range, md5(range::VARCHAR) AS text FROM range(1500000)")
        spilled = [path for path in beside.iterdir() if path.name not in before]
        assert [path.is_dir() for path in spilled] == [True], "nothing was spilled, so nothing was shown"
    assert sorted(path.name for path in beside.iterdir()) == before


def test_where_nothing_may_be_written_beside_the_store_the_folder_is_a_temporary_one(store: Store) -> None:
    with beside_the_store(store) as folder:
        pass
    folder.write_text("in the way", encoding="utf-8")
    with beside_the_store(store) as elsewhere:
        assert elsewhere.parent != folder.parent
        assert excerpt(store, [0], elsewhere / "part").people_count == 4
    assert not elsewhere.exists()


def test_a_folder_that_refuses_is_said_in_one_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "part").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot make tables for an excerpt"):
        excerpt(store, [0], tmp_path / "part")


@pytest.mark.parametrize("name", ["people", "admissions"])
def test_a_store_tells_a_table_of_one_day_after_another(store: Store, name: str) -> None:
    days = (date(2024, 1, 1), store.data_as_at, date(2024, 1, 1))
    early, late, again = (read_known_table(store, name, day, {}, printable=False) for day in days)
    assert early.equals(again)
    assert early.num_rows <= late.num_rows
