"""Every rule once: landed rows in, the whole quarantine out, and never a value of a row in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.landing import Landing
from riskstrat.sources.store import open_store
from riskstrat.sources.validation import RULES, nhs_numbers
from tests.suite.stores import find_version

PEOPLE = """
patient_id , date_of_birth , sex , date_of_death , died_known_on
p1         , 1950-03-15    , F   ,               ,
p2         , 1940-07-01    , M   , 2024-03-01    , 2024-03-05
"""
ADMISSIONS = """
patient_id , spell_id , admitted_on , method , discharged_on
p1         , s1       , 2024-01-10  , 21     , 2024-01-15
"""
AS_AT = date(2024, 12, 31)


def land(folder: Path, **tables: str) -> Path:
    folder.mkdir()
    for name, text in ({"people": PEOPLE, "admissions": ADMISSIONS} | tables).items():
        (folder / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    return folder


def run(folder: Path, as_at: date | None = AS_AT, **tables: str) -> IngestReport:
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    return ingest(land(folder / "source", **tables), folder / "store", settings, as_at=as_at)


def quarantined(folder: Path) -> list[tuple[str, int, str, str]]:
    frame = pd.read_parquet(find_version(folder / "store") / "quarantine.parquet")
    assert list(frame.columns) == ["table", "row", "rule", "message"]
    return list(frame.itertuples(index=False, name=None))


def test_rules_of_people(tmp_path: Path) -> None:
    people = """
patient_id  , date_of_birth , sex , ethnicity , lsoa      , imd_decile , care_home_from , died_known_on , date_of_death
p1          , 1950-03-15    , F   , A         , E01006512 , 10         , 2020-01-01     ,               ,
            , 1950-03-15    , F   ,           ,           ,            ,                ,               ,
p3          ,               , F   ,           ,           ,            ,                ,               ,
p4          , 1950-03-15    , X   ,           ,           ,            ,                ,               ,
p5          , 1950-03-15    , F   , I         ,           ,            ,                ,               ,
p6          , 1950-03-15    , F   ,           , L36 0AA   ,            ,                ,               ,
p7          , 1950-03-15    , F   ,           ,           , 11         ,                ,               ,
p8          , 1950-03-15    , F   ,           ,           ,            , 1949-12-31     ,               ,
p9          , 1950-03-15    , F   ,           ,           ,            ,                , 2024-01-01    , 1949-12-31
p10         , 1908-01-01    , F   ,           ,           ,            ,                ,               ,
p11         , 1908-12-31    , F   ,           ,           ,            ,                , 2024-12-30    , 2024-12-30
p12         , 1900-02-01    , F   ,           ,           ,            ,                , 2000-01-01    , 2000-01-01
p13         , 2025-01-01    , F   ,           ,           ,            ,                ,               ,
p14         , 1950-03-15    , F   ,           ,           ,            ,                ,               , 2025-01-01
p1          , 1950-03-15    , M   ,           ,           ,            ,                ,               ,
p16         , 1700-03-15    , F   ,           ,           ,            ,                ,               ,
9434765919  , 1950-03-15    , F   ,           ,           ,            ,                ,               ,
943 476-5919, 1950-03-15    , F   ,           ,           ,            ,                ,               ,
1111111111  , 1950-03-15    , F   ,           ,           ,            ,                ,               ,
9434765918  , 1950-03-15    , F   ,           ,           ,            ,                ,               ,
"""
    report = run(tmp_path, people=people)
    nhs = "column patient_id holds a valid NHS number; pseudonymise first, then land again"
    old = "column date_of_birth makes the person over 115 years old at death or at data-as-at"
    late = "column date_of_birth or date_of_death lies after the date of the extract"
    assert quarantined(tmp_path) == [
        ("people", 2, "missing value", "column patient_id is empty; it is required"),
        ("people", 3, "missing value", "column date_of_birth is empty or holds a date that means none; it is required"),
        ("people", 4, "unknown code", "column sex is none of the allowed values: F, M, I, U"),
        ("people", 9, "event before birth", "column date_of_death lies before the month of birth"),
        ("people", 10, "implausible age", old),
        ("people", 13, "event after the extract", late),
        ("people", 14, "event after the extract", late),
        ("people", 15, "duplicate", "another row has the same patient_id; they are read as one row"),
        ("people", 16, "impossible date", "column date_of_birth lies outside 1850-01-01 to 2299-12-31"),
        ("people", 17, "NHS number", nhs),
        ("people", 18, "NHS number", nhs),
        ("people", 19, "NHS number", nhs),
    ]
    assert (report.tables["people"].landed, report.tables["people"].accepted) == (20, 8)
    assert report.tables["people"].emptied == {"ethnicity": 1, "lsoa": 1, "imd_decile": 1, "care_home_from": 1}
    assert sorted(open_store(tmp_path / "store").people()["patient_id"]) == [
        *("9434765918", "p1", "p11", "p12", "p5", "p6", "p7", "p8"),
    ]


def test_rules_of_admissions_and_what_their_diagnoses_do(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method , source , patient_class , discharged_on , settled_known_on , known_on
p1         , s1       , 2024-01-10  , 21     , 19     , 1             , 2024-01-15    , 2024-01-20       , 2024-01-11
p1         , s2       , 2024-01-10  , 2E     , 19     , 1             , 2024-01-15    ,                  ,
p1         , s3       , 2024-01-10  , 21     , 1      , 1             , 2024-01-15    ,                  ,
p1         , s4       , 2024-01-10  , 21     , 19     , 6             , 2024-01-15    ,                  ,
p1         , s5       , 2024-01-10  , 21     , 19     , 1             , 2024-01-09    ,                  ,
p1         , s6       , 1950-02-28  , 21     , 19     , 1             ,               ,                  ,
p1         , s7       , 1950-03-01  , 22     , 19     , 1             ,               ,                  ,
p2         , s8       , 2024-03-31  , 21     , 19     , 1             ,               ,                  ,
p2         , s9       , 2024-04-01  , 21     , 19     , 1             ,               ,                  ,
p1         , s10      , 2025-01-01  , 21     , 19     , 1             ,               ,                  ,
p1         , s11      , 2024-12-31  , 21     , 19     , 1             ,               ,                  , 2025-01-01
p1         , s1       , 2024-02-10  , 21     , 19     , 1             ,               ,                  ,
p3         , s12      , 2024-02-10  , 21     , 19     , 1             ,               ,                  ,
p1         ,          , 2024-02-10  , 21     , 19     , 1             ,               ,                  ,
9434765919 , s14      , 2024-02-10  , 21     , 19     , 1             ,               ,                  ,
"""
    diagnoses = """
spell_id , patient_id , position , system , code
s1       , p1         , 1        , icd10  , I21.0
s2       , p1         , 1        , icd10  , I21.0
s1       , p1         , 1        , icd10  , I50
s1       , p1         , 2        , icd10  , 4280
s1       , p1         , 2        , icd9   , 4280
s1       , p1         , 3        , icd9   , V4581
s1       , p1         , 4        , icd11  , I10
s1       , p1         , 0        , icd10  , I10
s99      , p1         , 1        , icd10  , I10
s1       , p2         , 5        , icd10  , I10
s1       , p3         , 6        , icd10  , I10
s12      , p3         , 1        , icd10  , I10
s10      , p1         , 1        , icd10  , I10
"""
    run(tmp_path, admissions=admissions, diagnoses=diagnoses)
    follows = "its spell in admissions was quarantined: "
    shape = "column method does not have the shape [0-9][0-9A-D]"
    late = "column admitted_on lies after the date of the extract"
    stranger = "column patient_id names nobody in people"
    assert quarantined(tmp_path) == [
        ("admissions", 2, "unknown code", shape),
        ("admissions", 5, "ends before it starts", "column discharged_on lies before admitted_on"),
        ("admissions", 6, "event before birth", "column admitted_on lies before the month of birth"),
        ("admissions", 10, "event after the extract", late),
        ("admissions", 11, "known after the extract", "column known_on lies after the date of the extract"),
        (
            "admissions",
            12,
            "duplicate",
            "another row has the same patient_id, provider, spell_id; they are read as one row",
        ),
        ("admissions", 13, "unknown person", stranger),
        ("admissions", 14, "missing value", "column spell_id is empty; it is required"),
        (
            "admissions",
            15,
            "NHS number",
            "column patient_id holds a valid NHS number; pseudonymise first, then land again",
        ),
        ("diagnoses", 2, "spell quarantined", follows + shape),
        (
            "diagnoses",
            3,
            "duplicate",
            "another row has the same patient_id, spell_id, position; they are read as one row",
        ),
        ("diagnoses", 4, "unknown code", r"column code does not have the shape of icd10, [A-Z]\d[0-9A-Z]{1,5}"),
        ("diagnoses", 7, "unknown code", "column system is none of the allowed values: icd10, icd10cm, icd9"),
        ("diagnoses", 8, "implausible value", "column position lies outside 1 to 99"),
        ("diagnoses", 9, "unknown spell", "column spell_id names no row of admissions"),
        (
            "diagnoses",
            10,
            "spell of another person",
            "column patient_id is not the patient_id of the spell in admissions",
        ),
        ("diagnoses", 11, "unknown person", stranger),
        ("diagnoses", 12, "unknown person", stranger),
        ("diagnoses", 13, "spell quarantined", follows + late),
    ]


def test_what_an_optional_column_says_wrongly_is_read_as_empty_and_counted_and_the_row_stays(tmp_path: Path) -> None:
    people = """
patient_id , date_of_birth , sex , ethnicity , lsoa    , imd_decile , imd_year
p1         , 1950-03-15    , F   , X         , L36 0AA , 11         , about 2019
p2         , 1940-07-01    , M   , A         ,         , 3.0        , 2019
"""
    admissions = """
patient_id , spell_id , admitted_on , method , source , patient_class , destination , specialty , discharged_on
p1         , s1       , 2024-01-10  , 21.0   , 19.0   , 1             , -1          , 300       , 2024-01-15
p1         , s2       , 2024-02-10  , 21     , 1      , 9             , 19          , ?         , 2024-02-15
"""
    falls = """
patient_id , fell_on    , source    , injury , treated
p1         , 2024-01-01 , neighbour , NA     , yes
"""
    report = run(tmp_path, people=people, admissions=admissions, falls=falls)
    assert quarantined(tmp_path) == []
    assert {name: table.emptied for name, table in report.tables.items()} == {
        "people": {"ethnicity": 1, "lsoa": 1, "imd_decile": 1, "imd_year": 1},
        "admissions": {"source": 1, "patient_class": 1, "destination": 1, "specialty": 1},
        "falls": {"source": 1, "injury": 1},
    }
    assert "admissions.destination: 1 value that the column does not allow, read as empty" in report.notes
    store = open_store(tmp_path / "store")
    columns = ["spell_id", "method", "source", "patient_class", "destination", "specialty"]
    settled = store.read("admissions").dropna(subset="discharged_on")
    assert settled[columns].astype(object).where(settled[columns].notna(), None).to_numpy().tolist() == [
        ["s1", "21", "19", "1", None, "300"],
        ["s2", "21", None, None, "19", None],
    ]
    (fall,) = store.read("falls")[["source", "injury", "treated"]].to_dict("records")
    assert (pd.isna(fall["source"]), pd.isna(fall["injury"]), fall["treated"]) == (True, True, True)


ODD: tuple[tuple[str, dict[str, str]], ...] = (
    ("people", {"patient_id": "p7", "care_home_from": "some day"}),
    (
        "people",
        {
            "patient_id": "p8",
            "care_home_from": "2931-05-06",
            "date_of_death": "2024-03-01",
            "died_known_on": "0026-03-04",
        },
    ),
    ("people", {"patient_id": "p9", "imd_year": "12", "ethnicity": "X"}),
    ("caseload", {"referred_in": "perhaps"}),
    ("reviews", {"agrees": "maybe", "due_on": "soon", "decided_on": "31/02/2024"}),
    ("admissions", {"source": "19x", "specialty": "-", "provider": "1.06E+12"}),
    ("attendances", {"acuity": "1.06E+15", "disposal": "4.3E+14"}),
)
"""Rows whose optional columns say something odd; a date of death is what makes a day of knowing it count."""


def test_what_an_optional_column_says_oddly_is_empty_and_counted_and_the_row_stays(tmp_path: Path) -> None:
    rest = {
        "people": {"date_of_birth": "1950-01-01", "sex": "F"},
        "caseload": {"patient_id": "p1", "team": "North", "status": "active", "from_on": "2024-01-01"},
        "reviews": {"patient_id": "p1", "list_date": "2024-01-01", "team": "North", "outcome": "monitor"},
        "admissions": {"patient_id": "p1", "spell_id": "s9", "admitted_on": "2024-01-01", "method": "21"},
        "attendances": {"patient_id": "p1", "attended_on": "2024-01-01"},
    }
    landed = {"people": [{"patient_id": f"p{n}"} | rest["people"] for n in (1, 2)]}
    for table, row in ODD:
        landed.setdefault(table, []).append(rest[table] | row)
    texts = {table: pd.DataFrame(rows).to_csv(index=False) for table, rows in landed.items()}
    report = run(tmp_path, **texts)
    assert report.quarantined == {}
    assert {table: report.tables[table].emptied for table in landed} == {
        "people": {"care_home_from": 2, "died_known_on": 1, "ethnicity": 1, "imd_year": 1},
        "caseload": {"referred_in": 1},
        "reviews": {"agrees": 1, "decided_on": 1, "due_on": 1},
        "admissions": {"provider": 1, "source": 1, "specialty": 1},
        "attendances": {"acuity": 1, "disposal": 1},
    }


def test_a_row_by_which_hes_says_that_there_is_no_diagnosis_is_no_fault_of_the_source(tmp_path: Path) -> None:
    diagnoses = """
spell_id , patient_id , position , system , code
s1       , p1         , 1        , icd10  , I21.0
s1       , p1         , 2        , icd10  , &
s1       , p1         , 3        , icd10  , -
"""
    report = ingest(land(tmp_path / "source", diagnoses=diagnoses), tmp_path / "store", Settings(), as_at=AS_AT)
    assert report.tables["diagnoses"].rules == {"no diagnosis": 2}
    assert report.tables["diagnoses"].accepted == 1


def test_rows_of_a_quarantined_person_follow_with_its_reason(tmp_path: Path) -> None:
    people = PEOPLE + "p3 , 1900-02-01 , F , , \np4 , 1950-01-01 , ? , , \n"
    falls = "patient_id,fell_on\np3,2024-01-01\np4,2024-01-01\np1,2024-01-01\n"
    opt_outs = "patient_id,kind,from_on\np4,type1,2024-01-01\n"
    run(tmp_path, people=people, falls=falls, opt_outs=opt_outs)
    follows = "the row of its person in people was quarantined: "
    old = "column date_of_birth makes the person over 115 years old at death or at data-as-at"
    sex = "column sex is none of the allowed values: F, M, I, U"
    assert quarantined(tmp_path) == [
        ("people", 3, "implausible age", old),
        ("people", 4, "unknown code", sex),
        ("falls", 1, "person quarantined", follows + old),
        ("falls", 2, "person quarantined", follows + sex),
        ("opt_outs", 1, "person quarantined", follows + sex),
    ]


def test_rules_of_the_other_tables(tmp_path: Path) -> None:
    measurements = """
patient_id , measured_on , measure , value
p1         , 2024-01-01  , bmi     , 10
p1         , 2024-01-01  , bmi     , 80
p1         , 2024-01-01  , bmi     , 9.9
p1         , 2024-01-01  , BMI     , 80.1
p1         , 2024-01-01  , egfr    , 90
p1         , 2024-01-01  , bmi     ,
"""
    registrations = """
patient_id , practice , registered_from , registered_to
p1         , N83001   , 2020-01-01      , 2024-01-01
p1         , N8300    , 2020-01-01      , 2024-01-01
p1         , N83002   , 2024-01-01      , 2023-01-01
p1         , N83001   , 2020-01-01      ,
"""
    conditions = """
patient_id , system   , code , recorded_on , ended_on
p1         , register , af   , 2024-01-01  ,
p1         , register , AF   , 2024-01-01  ,
p1         , icd10    , AF   , 2024-01-01  ,
p1         , register , dm   , 2024-02-01  , 2024-01-31
"""
    falls = """
patient_id , fell_on    , source
p1         , 2024-01-01 , telecare
p1         , 2024-01-01 , telecare
p1         , 2024-01-01 , friend
"""
    areas = "practice,pcn\nN83001,North\nN83001,South\nX,South\n"
    run(
        tmp_path,
        registrations=registrations,
        conditions=conditions,
        falls=falls,
        measurements=measurements,
        areas=areas,
    )
    only_first = "; they are read as one row"
    body_mass = "column value lies outside 10 to 80 kg/m2, those of bmi"
    assert quarantined(tmp_path) == [
        ("registrations", 2, "unknown code", r"column practice does not have the shape [A-Z]\d{5}"),
        ("registrations", 3, "ends before it starts", "column registered_to lies before registered_from"),
        (
            "registrations",
            4,
            "duplicate",
            "another row has the same patient_id, practice, registered_from" + only_first,
        ),
        (
            "conditions",
            2,
            "duplicate",
            "another row has the same patient_id, system, code, recorded_on" + only_first,
        ),
        ("conditions", 3, "unknown code", r"column code does not have the shape of icd10, [A-Z]\d[0-9A-Z]{1,5}"),
        ("conditions", 4, "ends before it starts", "column ended_on lies before recorded_on"),
        ("measurements", 3, "implausible value", body_mass),
        ("measurements", 4, "implausible value", body_mass),
        ("areas", 2, "duplicate", "another row has the same practice, from_on" + only_first),
        ("areas", 3, "unknown code", r"column practice does not have the shape [A-Z]\d{5}"),
    ]


def test_a_row_that_breaks_another_rule_does_not_make_a_later_one_a_duplicate(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method
p1         , s1       , 2025-01-10  , 21
p1         , s1       , 2024-01-10  , 21
"""
    run(tmp_path, admissions=admissions)
    assert [row[:3] for row in quarantined(tmp_path)] == [("admissions", 1, "event after the extract")]


def test_where_dates_are_not_comparable_no_row_lies_after_the_extract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from riskstrat.sources import ingest as module
    from riskstrat.sources.adapting import land as read

    @contextmanager
    def shifted(*arguments: object) -> Iterator[Landing]:
        with read(*arguments) as landing:  # type: ignore[arg-type]
            yield replace(landing, comparable_dates=False)

    monkeypatch.setattr(module, "land", shifted)
    report = run(tmp_path, as_at=date(2000, 1, 1))
    assert quarantined(tmp_path) == []
    assert report.comparable_dates is False
    assert open_store(tmp_path / "store").comparable_dates is False


def test_no_message_can_carry_a_value_because_none_depends_on_one() -> None:
    assert set(RULES) == set(SCHEMAS)
    for table, rules in RULES.items():
        for rule in rules:
            columns = [name for name in SCHEMAS[table].names if f"column {name} " in rule.message]
            assert columns, f"{table}, {rule.name}: the message names no column"


def test_nhs_numbers_are_known_with_spaces_hyphens_and_repeated_digits() -> None:
    given = ["9434765919", "943 476 5919", "943-476-5919", "9434765918", "0000000000", "7777777777", "1234567890"]
    assert nhs_numbers(given) == ["9434765919", "943 476 5919", "943-476-5919", "0000000000", "7777777777"]


def test_of_rows_with_one_key_the_one_first_known_stays_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    admissions = """
patient_id , spell_id , admitted_on , method , known_on
p1         , s1       , 2024-01-11  , 22     , 2024-02-20
p1         , s1       , 2024-01-10  , 21     , 2024-01-11
"""
    run(tmp_path, admissions=admissions)
    message = "another row has the same patient_id, provider, spell_id; they are read as one row"
    assert quarantined(tmp_path) == [("admissions", 1, "duplicate", message)]
    assert list(open_store(tmp_path / "store").read("admissions")["method"].unique()) == ["21"]


def test_an_event_after_a_death_stays_because_nobody_can_tell_which_of_the_two_is_wrong(tmp_path: Path) -> None:
    people = """
patient_id , date_of_birth , sex , date_of_death , died_known_on
p1         , 1950-03-15    , F   , 2024-01-01    , 2024-06-01
"""
    admissions = """
patient_id , spell_id , admitted_on , method , known_on
p1         , s1       , 2024-03-01  , 21     , 2024-03-02
p1         , s2       , 2024-03-01  , 21     , 2024-06-01
"""
    run(tmp_path, people=people, admissions=admissions)
    assert quarantined(tmp_path) == []
    stays = open_store(tmp_path / "store").read("admissions")
    assert set(stays["spell_id"]) == {"s1", "s2"}
