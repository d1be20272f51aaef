"""What is left of each stream without what is sensitive, and from which day on: small tables in, whole tables out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import ingest
from riskstrat.sources.people_store import take_people
from riskstrat.sources.store import Store, open_store
from riskstrat.sources.tables import STREAMS

CODES = {
    "icd10": ("O04", "F10", "X60"),
    "icd10cm": ("T39??2", "Z332"),
    "snomed": ("396275006",),
    "register": ("SECRET",),
    "bnf": ("041001",),
    "complaint": ("OVERDOSE",),
    "specialty": ("360",),
    "phrase": ("GUM", "SELF HARM"),
}
LISTS = {
    "sensitive": Codelist(
        "sensitive", tuple(Entry(c, "g", "d", "s", system) for system in CODES for c in CODES[system]), ""
    ),
    "admission_methods": Codelist(
        "admission_methods",
        tuple(Entry(c, g, g, "s", "value") for c, g in (("21", "emergency"), ("11", "elective"))),
        "",
    ),
}
TABLES = {
    "people": "patient_id,date_of_birth,sex\np1,1944-02-03,F\n",
    "admissions": """patient_id,spell_id,admitted_on,method,known_on,discharged_on,settled_known_on,specialty,provider
p1,urgent,2026-01-01,21,2026-01-02,2026-01-05,2026-01-10,360,RA1
p1,shown,2026-01-01,11,2026-01-02,2026-01-01,2026-01-03,300,RA2
p1,secret code,2026-01-01,11,2026-01-02,2026-01-01,2026-01-03,300,RA3
p1,secret specialty,2026-01-01,11,2026-01-02,2026-01-01,2026-01-03,360,RA4
p1,never coded,2026-01-01,11,2026-01-02,2026-01-01,2026-01-03,300,RA5
p1,coded late,2026-01-01,11,2026-01-02,2026-01-01,2026-01-03,300,RA6
p1,secret late,2026-01-01,12,2026-01-02,2026-01-01,2026-01-03,300,RA7
""",
    "diagnoses": """patient_id,spell_id,position,system,code,known_on
p1,urgent,1,icd10,F100,2026-02-01
p1,urgent,2,icd10,J189,2026-02-01
p1,shown,1,icd10,H25,2026-02-01
p1,shown,2,icd10,X609,2026-02-01
p1,shown,3,icd10,T391X2A,2026-02-01
p1,shown,4,icd10,T391X1A,2026-02-01
p1,secret code,1,icd10,O04,2026-02-01
p1,secret code,2,icd10,E66,2026-02-01
p1,secret specialty,1,icd10,N390,2026-02-01
p1,coded late,1,icd10,H25,2026-05-01
p1,secret late,1,icd10,Z332,2026-05-01
""",
    "conditions": """patient_id,system,code,recorded_on,known_on
p1,snomed,396275006,2025-01-01,2025-01-01
p1,snomed,39627500612,2025-01-01,2025-01-01
p1,register,SECRET,2025-01-01,2025-01-01
p1,register,SECRETS,2025-01-01,2025-01-01
""",
    "attendances": """patient_id,attended_on,complaint,diagnosis,known_on
p1,2026-01-01,OVERDOSE,J18,2026-01-01
p1,2026-01-02,OVERDOSED,X601,2026-01-02
p1,2026-01-03,396275006,396275006,2026-01-03
p1,2026-01-04,3962750061,,2026-01-04
p1,2026-01-05,PATIENT_SELF-HARM,GUMS,2026-01-05
""",
    "prescriptions": """patient_id,issued_on,bnf,known_on
p1,2026-01-01,0410010A0,2026-01-01
p1,2026-01-02,0410020A0,2026-01-02
""",
    "contacts": """patient_id,contacted_on,service,known_on
p1,2026-01-01,gum_clinic,2026-01-01
p1,2026-01-02,gums,2026-01-02
p1,2026-01-03,Self harm team,2026-01-03
p1,2026-01-04,selfless_harmony,2026-01-04
""",
    "falls": "patient_id,fell_on,source,known_on\np1,2026-01-01,ambulance,2026-01-01\n",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return land(tmp_path_factory.mktemp("printable"), TABLES)


def land(folder: Path, tables: dict[str, str]) -> Store:
    """The store of a folder's source, landed from the texts of its tables."""
    (folder / "source").mkdir()
    for name, text in tables.items():
        (folder / "source" / f"{name}.csv").write_text(text, encoding="utf-8")
    ingest(folder / "source", folder / "store", Settings.model_validate({"data": {"quarantine_limit": 0.9}}))
    return open_store(folder / "store")


def rows(store: Store, query: str, lists: dict[str, Codelist] = LISTS) -> list[tuple[object, ...]]:
    with store.connect(lists, printable=True) as backend:
        found: list[tuple[object, ...]] = backend.execute(query).fetchall()
    return found


def test_emergency_stays_stay_and_others_are_shown_once_coded_unless_that_is_sensitive(store: Store) -> None:
    query = """
        SELECT spell_id, discharged_on IS NULL AS open, valid_from::VARCHAR, valid_to::VARCHAR
        FROM admissions ORDER BY spell_id, valid_from
    """
    assert rows(store, query) == [
        ("coded late", False, "2026-04-01", "9999-12-31"),
        ("never coded", False, "2026-04-01", "9999-12-31"),
        ("secret late", False, "2026-04-01", "2026-05-01"),
        ("shown", False, "2026-02-01", "9999-12-31"),
        ("urgent", True, "2026-01-02", "2026-01-10"),
        ("urgent", False, "2026-01-10", "9999-12-31"),
    ]


def test_diagnoses_go_by_their_own_code_and_with_a_hidden_stay(store: Store) -> None:
    found = rows(store, "SELECT spell_id, code FROM diagnoses ORDER BY ALL")
    assert found == [
        ("coded late", "H25"),
        ("shown", "H25"),
        ("shown", "T391X1A"),
        ("urgent", "J189"),
    ]


MOVED = {
    "people": "patient_id,date_of_birth,sex\np1,1944-02-03,F\n",
    "admissions": """patient_id,spell_id,admitted_on,method,known_on,discharged_on,destination,specialty
p1,urgent,2026-01-01,21,2026-01-02,2026-01-03,51,300
p1,urgent moved,2026-01-03,81,2026-01-04,2026-01-05,19,360
p1,planned,2026-02-01,11,2026-02-02,2026-02-03,51,300
p1,planned moved,2026-02-03,21,2026-02-04,2026-02-05,19,300
p1,secret,2026-03-01,11,2026-03-02,2026-03-03,51,360
p1,secret moved,2026-03-03,21,2026-03-04,2026-03-05,19,300
""",
    "diagnoses": """patient_id,spell_id,position,system,code,known_on
p1,urgent moved,1,icd10,I50,2026-01-10
p1,urgent moved,2,icd10,F10,2026-01-10
p1,planned moved,2,icd10,E66,2026-02-10
p1,planned,1,icd10,H25,2026-02-20
p1,secret moved,2,icd10,E66,2026-03-10
p1,secret moved,1,icd10,I50,2026-03-10
""",
}
"""Stays that went on in another hospital: an emergency by its first spell, planned, and of a secret clinic."""


def test_a_diagnosis_is_told_when_its_stay_is_however_the_spell_that_it_was_coded_in_came_about(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = land(tmp_path_factory.mktemp("moved"), MOVED)
    query = "SELECT spell_id, code, valid_from::VARCHAR FROM diagnoses WHERE valid_from < valid_to ORDER BY admitted_on"
    assert rows(store, query) == [
        ("urgent moved", "I50", "2026-01-10"),
        ("planned", "H25", "2026-02-20"),
        ("planned moved", "E66", "2026-02-20"),
    ]


def test_codes_with_a_meaning_in_their_digits_match_by_beginning_and_others_whole(store: Store) -> None:
    assert rows(store, "SELECT code FROM conditions ORDER BY code") == [("39627500612",), ("SECRETS",)]
    assert rows(store, "SELECT code FROM recorded_conditions WHERE origin = 'register' ORDER BY code") == [
        ("39627500612",),
        ("SECRETS",),
    ]
    assert rows(store, "SELECT bnf FROM prescriptions") == [("0410020A0",)]
    assert rows(store, "SELECT service FROM contacts ORDER BY contacted_on") == [("gums",), ("selfless_harmony",)]


def test_a_visit_stays_and_loses_what_is_sensitive_alone(store: Store) -> None:
    assert rows(store, "SELECT complaint, diagnosis FROM attendances ORDER BY attended_on") == [
        (None, "J18"),
        ("OVERDOSED", None),
        (None, None),
        ("3962750061", None),
        (None, "GUMS"),
    ]


def test_the_whole_record_is_what_it_was(store: Store) -> None:
    with store.connect(LISTS) as backend:
        whole = {
            name: len(backend.execute(f"SELECT * FROM {name}").to_arrow_table())
            for name in ("diagnoses", "conditions", "attendances", "prescriptions", "contacts", "all_falls")
        }
    assert whole == {
        "diagnoses": 11, "conditions": 4, "attendances": 5, "prescriptions": 2, "contacts": 4, "all_falls": 1,
    }  # fmt: skip
    assert pd.DataFrame(rows(store, "SELECT fell_on FROM all_falls")).shape == (1, 1)


FALLS = LISTS | {
    "falls_hospital": Codelist(
        "falls_hospital",
        tuple(Entry(c, g, g, "s", "icd10") for c, g in (("F10", "injury"), ("J18", "external cause"))),
        "",
    ),
    "falls_attendance": Codelist("falls_attendance", (Entry("OVERDOSE", "fall", "fall", "s", "complaint"),), ""),
}
"""Falls that are known by nothing but what is sensitive: a main diagnosis of a stay, a complaint of a visit."""


@pytest.mark.parametrize("few", [False, True], ids=["everybody", "a few people"])
def test_a_fall_is_counted_and_dated_although_what_it_is_known_by_is_sensitive(store: Store, few: bool) -> None:
    read = take_people(store, np.array([0])) if few else store
    found = rows(read, "SELECT fell_on::VARCHAR, source FROM all_falls ORDER BY source", FALLS)
    assert found == [
        ("2026-01-01", "ambulance"),
        ("2026-01-01", "emergency_department"),
        ("2026-01-01", "hospital"),
    ]


@pytest.mark.parametrize("printable", [False, True], ids=["whole", "printable"])
def test_of_a_few_people_every_stream_holds_what_it_holds_of_everybody(store: Store, printable: bool) -> None:
    few = take_people(store, np.array([0]))
    for name, stream in STREAMS.items():
        if stream.available(store.landed):
            read = []
            for one in (store, few):
                with one.connect(FALLS, printable=printable) as backend:
                    read.append(backend.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall())
            assert read[0] == read[1], name


def test_without_a_list_of_emergencies_no_stay_is_taken_for_one(store: Store) -> None:
    lists = {"sensitive": LISTS["sensitive"]}
    assert ("urgent",) not in rows(store, "SELECT spell_id FROM admissions", lists)
