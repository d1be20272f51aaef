"""Streams made from several tables: stored rows in, whole streams out."""

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.expressions import none_of, rows_of
from riskstrat.definitions.settings import Settings
from riskstrat.sources import tables
from riskstrat.sources.ingest import ingest
from riskstrat.sources.matching import starts_with
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import STREAMS, conditions_of

PEOPLE = "patient_id,date_of_birth,sex\np1,1950-03-15,F\n"
ADMISSIONS = """
patient_id , spell_id , admitted_on , method , patient_class , known_on   , discharged_on , settled_known_on
p1         , s1       , 2024-01-10  , 21     , 1             , 2024-01-11 , 2024-01-15    , 2024-01-16
p1         , s2       , 2024-02-10  , 2A     , 1             , 2024-02-11 , 2024-02-15    , 2024-02-16
p1         , s3       , 2024-03-10  , 11     , 1             , 2024-03-11 , 2024-03-15    , 2024-03-16
p1         , s4       , 2024-04-10  , 21     , 2             , 2024-04-11 , 2024-04-15    , 2024-04-16
p1         , s5       , 2024-05-10  , 21     , 1             , 2024-05-11 ,               ,
p1         , s6       , 2024-06-10  , 21     , 1             , 2024-06-11 , 2024-06-15    , 2024-06-16
p1         , s7       , 2024-07-10  , 2B     , 1             , 2024-07-11 , 2024-07-15    , 2024-07-16
"""
DIAGNOSES = """
spell_id , patient_id , position , system , code  , known_on
s1       , p1         , 1        , icd10  , S72.0 , 2024-02-01
s1       , p1         , 2        , icd10  , W19X  , 2024-02-05
s1       , p1         , 3        , icd10  , W01   , 2024-02-03
s2       , p1         , 1        , icd9   , 8208  , 2024-02-20
s2       , p1         , 2        , icd9   , E8859 , 2024-02-20
s3       , p1         , 1        , icd10  , S72   , 2024-03-20
s3       , p1         , 2        , icd10  , W19   , 2024-03-20
s4       , p1         , 1        , icd10  , S72   , 2024-04-20
s4       , p1         , 2        , icd10  , W19   , 2024-04-20
s5       , p1         , 1        , icd10  , S72   , 2024-05-20
s5       , p1         , 2        , icd10  , W19   , 2024-05-20
s6       , p1         , 1        , icd10  , I10   , 2024-06-20
s6       , p1         , 2        , icd10  , S72   , 2024-06-20
s6       , p1         , 3        , icd10  , W19   , 2024-06-20
s7       , p1         , 1        , icd10  , S72   , 2024-07-20
s7       , p1         , 2        , icd10  , W19   , 2024-07-20
"""
FALLS = """
patient_id , fell_on    , source   , injury , unable_to_get_up , known_on
p1         , 2024-01-09 , telecare ,        , true             , 2024-01-09
"""
ATTENDANCES = """
patient_id , attended_on , complaint , diagnosis , known_on   , category
p1         , 2024-08-01  , 161898004 ,           , 2024-08-02 ,
p1         , 2024-08-03  ,           , 161898004 , 2024-08-04 ,
p1         , 2024-08-05  , 29857009  , 267036007 , 2024-08-06 ,
p1         , 2024-08-09  , 161898004 ,           , 2024-08-10 , 4
"""
CONDITIONS = """
patient_id , system   , code , recorded_on , ended_on   , known_on
p1         , register , AF   , 2024-01-01  , 2024-03-01 , 2024-01-03
"""
FAR = "9999-12-31"


def entry(code: str, group: str, system: str = "icd10") -> Entry:
    return Entry(code, group, code, "test", system)


CODELISTS = {
    "falls_hospital": Codelist(
        "falls_hospital",
        (
            entry("S", "injury"),
            entry("820", "injury", "icd9"),
            entry("W01", "external cause"),
            entry("W19", "external cause"),
            entry("E885", "external cause", "icd9"),
        ),
        "test",
    ),
    "falls_attendance": Codelist("falls_attendance", (entry("161898004", "fall", "snomed"),), "test"),
    "admission_methods": Codelist(
        "admission_methods", (entry("21", "emergency", "value"), entry("2A", "emergency", "value")), "test"
    ),
    "admission_details": Codelist("admission_details", (entry("2", "not an ordinary admission", "value"),), "test"),
    "attendance_details": Codelist("attendance_details", (entry("4", "planned", "value"),), "test"),
}


def ingested(folder: Path, **tables: str) -> Store:
    source = folder / "source"
    source.mkdir()
    for name, text in ({"people": PEOPLE, "admissions": ADMISSIONS} | tables).items():
        (source / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    ingest(source, folder / "store", Settings())
    return open_store(folder / "store")


def stream(store: Store, name: str, columns: str, codelists: dict[str, Codelist] | None = None) -> list[list[Any]]:
    """Those columns of a stream in a fixed order, dates as text, by way of the unbound table."""
    table = STREAMS[name].table
    ordered = table.order_by([table[column] for column in table.columns]).select(*columns.split())
    with store.connect(codelists) as connection:
        rows = ibis.duckdb.from_connection(connection).to_pyarrow(ordered).to_pylist()
    return [[str(cell) if isinstance(cell, date) else cell for cell in row.values()] for row in rows]


def test_conditions_of_hospital_and_registers_are_one_stream(tmp_path: Path) -> None:
    diagnoses = "\n".join(DIAGNOSES.strip().splitlines()[:2])
    store = ingested(tmp_path, diagnoses=diagnoses, conditions=CONDITIONS)
    assert stream(store, "recorded_conditions", "code system recorded_on origin spell valid_from valid_to") == [
        ["AF", "register", "2024-01-01", "register", -1, "2024-01-03", "2024-03-01"],
        ["AF", "register", "2024-01-01", "register", -1, "2024-03-01", FAR],
        ["S720", "icd10", "2024-01-10", "hospital", 0, "2024-02-01", FAR],
    ]


def test_falls_of_every_source_are_one_stream(tmp_path: Path) -> None:
    store = ingested(tmp_path, diagnoses=DIAGNOSES, falls=FALLS, attendances=ATTENDANCES)
    columns = "fell_on source injury treated unable_to_get_up spell valid_from valid_to"
    assert stream(store, "all_falls", columns, CODELISTS) == [
        ["2024-01-09", "telecare", None, None, True, -1, "2024-01-09", FAR],
        # Known when the injury and the first of its causes were.
        ["2024-01-10", "hospital", True, True, None, 0, "2024-02-03", FAR],
        ["2024-02-10", "hospital", True, True, None, 1, "2024-02-20", FAR],
        # The spell has not ended: never visible.
        ["2024-05-10", "hospital", True, True, None, 4, FAR, FAR],
        ["2024-08-01", "emergency_department", None, None, None, -1, "2024-08-02", FAR],
        ["2024-08-03", "emergency_department", None, None, None, -1, "2024-08-04", FAR],
    ]


def test_without_a_codelist_or_a_table_that_part_of_the_falls_is_left_out(tmp_path: Path) -> None:
    store = ingested(tmp_path, diagnoses=DIAGNOSES, attendances=ATTENDANCES)
    assert stream(store, "all_falls", "fell_on", CODELISTS) == [
        [day] for day in ("2024-01-10", "2024-02-10", "2024-05-10", "2024-08-01", "2024-08-03")
    ]
    assert stream(store, "all_falls", "fell_on") == []
    only_hospital = {"falls_hospital": CODELISTS["falls_hospital"].only("injury")}
    assert stream(store, "all_falls", "fell_on", only_hospital) == []


def test_without_patient_class_every_emergency_spell_counts(tmp_path: Path) -> None:
    admissions = "\n".join(
        ",".join(cell for number, cell in enumerate(line.split(",")) if number != 4)
        for line in ADMISSIONS.strip().splitlines()
    )
    store = ingested(tmp_path, admissions=admissions, diagnoses=DIAGNOSES)
    days = [row[0] for row in stream(store, "all_falls", "fell_on", CODELISTS)]
    assert days == ["2024-01-10", "2024-02-10", "2024-04-10", "2024-05-10"]


def test_every_stream_that_can_be_made_has_exactly_its_columns_and_types(tmp_path: Path) -> None:
    store = ingested(tmp_path, diagnoses=DIAGNOSES, falls=FALLS, attendances=ATTENDANCES, conditions=CONDITIONS)
    available = {name for name, stream in STREAMS.items() if stream.available(store.landed)}
    assert available == {
        "people",
        "admissions",
        "diagnoses",
        "conditions",
        "falls",
        "attendances",
        "recorded_conditions",
        "all_falls",
    }
    with store.connect(CODELISTS) as connection:
        backend = ibis.duckdb.from_connection(connection)
        assert set(backend.list_tables()) == available
        for name in available:
            assert backend.table(name).schema() == STREAMS[name].table.schema(), name
            assert backend.to_pyarrow(STREAMS[name].table).schema == STREAMS[name].table.schema().to_pyarrow(), name


@pytest.mark.parametrize(
    ("prefixes", "condition"),
    [
        (["W19", "W01", "S"], "(list_contains(['S'], left(code, 1)) OR list_contains(['W01', 'W19'], left(code, 3)))"),
        ([], "(false)"),
        (["it's"], "(list_contains(['it''s'], left(code, 4)))"),
    ],
)
def test_prefixes_become_one_look_up_for_each_length(prefixes: list[str], condition: str) -> None:
    assert starts_with("code", prefixes) == condition


@pytest.mark.parametrize(
    ("name", "given", "days"),
    [
        ("admission_methods", [("21", "emergency")], ["2024-01-10", "2024-05-10"]),
        ("admission_methods", [("2B", "emergency")], ["2024-07-10"]),
        (
            "admission_details",
            [("9", "not an ordinary admission")],
            ["2024-01-10", "2024-02-10", "2024-04-10", "2024-05-10"],
        ),
    ],
)
def test_a_hospital_fall_is_an_emergency_by_the_codelists_of_the_workspace(
    name: str, given: list[tuple[str, str]], days: list[str], tmp_path: Path
) -> None:
    store = ingested(tmp_path, diagnoses=DIAGNOSES)
    changed = Codelist(name, tuple(entry(code, group, "value") for code, group in given), "test")
    assert [row[0] for row in stream(store, "all_falls", "fell_on", CODELISTS | {name: changed})] == days


@pytest.mark.parametrize(
    ("rows", "absent", "left_out"),
    [
        (tables.registrations.filter(tables.registrations.registered_to.isnull()), "registered_to", True),
        (tables.admissions.filter(tables.admissions.discharged_on.isnull()), "discharged_on", False),
        (tables.admissions.filter(tables.admissions.ended_by.isnull()), "discharged_on", False),
        (tables.social_care.filter(tables.social_care.ended_on.isnull()), "ended_on", False),
        (tables.contacts.filter(tables.contacts.attended.isnull()), "attended", False),
        (tables.contacts.filter(tables.contacts.attended.isnull() | tables.contacts.attended), "attended", True),
        (tables.admissions.filter(none_of(tables.admissions.destination, ["79"])), "destination", True),
        (
            tables.admissions.filter(
                tables.admissions.discharged_on.isnull() | (tables.admissions.discharged_on > date(2026, 1, 1))
            ),
            "discharged_on",
            False,
        ),
    ],
)
def test_that_a_column_is_empty_is_asked_of_a_feed_without_it_only_where_rows_hold_until_they_end(
    rows: ir.Table, absent: str, left_out: bool
) -> None:
    chosen = rows_of(rows)
    found = conditions_of(chosen, {chosen.stream: [absent]})
    assert (bool(found.left_out), bool(found.lacking)) == (left_out, not left_out)
