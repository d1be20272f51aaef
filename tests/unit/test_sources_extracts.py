"""Extracts that are added: what comes again, what does not come, what may not be kept, and what is refused."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.extracts import Manner, read_landed
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import read_mapping
from riskstrat.sources.store import open_store
from tests.suite.stores import find_version, read_facts

PEOPLE = "patient_id,date_of_birth,sex\n" + "".join(f"p{n},1950-03-15,F\n" for n in range(12))
ADMISSIONS = "patient_id,spell_id,admitted_on,method\np1,s1,2024-01-10,21\np2,s2,2024-01-11,21\n"
REQUIRED = {"people": PEOPLE, "admissions": ADMISSIONS}
CONTACTS = "patient_id,contacted_on,service\n"


def land(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, manner: Manner = Manner.ADDED, limit: float = 1.0, **given: Any) -> IngestReport:
    """Ingest a folder into the store beside it."""
    settings = Settings.model_validate({"data": {"quarantine_limit": limit}})
    return ingest(folder, folder.parent / "store", settings, manner=manner, **given)


def read_table(store: Path, name: str) -> list[dict[str, Any]]:
    return open_store(store).read_table(name).to_pylist()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    opted = "patient_id,kind,from_on,to_on\np3,type1,2020-01-01,\n"
    contacts = CONTACTS + "p1,2024-01-02,gp\n" * 2 + "p2,2024-01-03,gp\n"
    run(land(folder / "first", **REQUIRED, opt_outs=opted, contacts=contacts), Manner.KEPT)
    return folder


@pytest.fixture
def begun(made: Path, tmp_path: Path) -> Path:
    """A folder in which a store rests on one extract."""
    return Path(shutil.copytree(made, tmp_path / "begun"))


def test_rows_that_come_again_are_the_same_rows_and_twins_of_one_extract_stay_two(begun: Path) -> None:
    contacts = CONTACTS + "p1,2024-01-02,gp\np2,2024-01-03,gp\np2,2024-01-04,gp\n"
    report = run(land(begun / "next", contacts=contacts))
    found = [(row["patient_id"], row["contacted_on"].day) for row in read_table(begun / "store", "contacts")]
    assert sorted(found) == [("p1", 2), ("p1", 2), ("p2", 3), ("p2", 4)]
    assert [sum(extract.rows.values()) for extract in report.extracts] in ([18, 3], [3, 18])


def test_the_same_extract_again_is_the_same_version(begun: Path) -> None:
    before = find_version(begun / "store")
    run(begun / "first")
    assert find_version(begun / "store") == before
    run(land(begun / "next", contacts=CONTACTS + "p1,2024-01-09,gp\n"))
    changed = find_version(begun / "store")
    run(begun / "first")
    assert find_version(begun / "store") == changed != before


def test_an_extract_without_a_table_takes_nothing_of_it_away(begun: Path) -> None:
    run(land(begun / "next", people="patient_id,date_of_birth,sex\np13,1950-03-15,F\n"))
    facts = read_facts(begun / "store")
    assert (facts["people"], facts["tables"]["admissions"]["accepted"]) == (13, 2)
    assert [row["patient_id"] for row in read_table(begun / "store", "opt_outs")] == ["p3"]
    run(land(begun / "empty", opt_outs="patient_id,kind,from_on,to_on\n"))
    assert [row["patient_id"] for row in read_table(begun / "store", "opt_outs")] == ["p3"]


def test_an_objection_is_not_withdrawn_by_what_is_added_and_is_by_a_whole_extract_without_it(begun: Path) -> None:
    run(land(begun / "next", opt_outs="patient_id,kind,from_on,to_on\np3,type1,2020-01-01,2023-01-01\n"))
    assert {row["to_on"] for row in read_table(begun / "store", "opt_outs")} >= {None}
    run(land(begun / "whole", **REQUIRED, opt_outs="patient_id,kind,from_on,to_on\n"), Manner.KEPT)
    assert read_table(begun / "store", "opt_outs") == []
    assert len(read_facts(begun / "store")["extracts"]) == 1


def test_a_stay_that_was_open_ends_and_one_that_came_without_its_person_is_told_of_both(begun: Path) -> None:
    header = "patient_id,spell_id,admitted_on,method,discharged_on\n"
    run(land(begun / "next", admissions=f"{header}p1,s1,2024-01-10,21,2024-01-11\np20,s9,2024-01-11,21,\n"))
    assert read_facts(begun / "store")["tables"]["admissions"]["rules"] == {"duplicate": 1, "unknown person": 1}
    stays = read_table(begun / "store", "admissions")
    assert date(2024, 1, 11) in {row["discharged_on"] for row in stays if row["spell_id"] == "s1"}
    run(land(begun / "late", people="patient_id,date_of_birth,sex\np20,1950-03-15,F\n"))
    assert "s9" in {row["spell_id"] for row in read_table(begun / "store", "admissions")}


def test_a_quarantined_row_is_named_by_its_extract_and_its_row_there(begun: Path) -> None:
    report = run(land(begun / "next", contacts=CONTACTS + "p1,2024-01-09,gp\np77,2024-01-09,gp\np1\n"))
    added = next(extract.name for extract in report.extracts if extract.rows == {"contacts": 3})
    found = pq.read_table(find_version(begun / "store") / "quarantine.parquet").to_pylist()
    assert [(row["extract"], row["row"], row["rule"]) for row in found] == [
        (added, 2, "unknown person"),
        (added, 3, "unreadable row"),
    ]


@pytest.mark.parametrize("number", ["9434765919", "943 476 5919", "NHS No: 943-476-5919"])
def test_nothing_is_kept_of_a_row_with_an_nhs_number(begun: Path, number: str) -> None:
    people = f"patient_id,date_of_birth,sex\n{number},1931-12-30,F\n"
    report = run(land(begun / "next", people=people, contacts=f"{CONTACTS}{number},2024-01-09,gp\n"))
    assert report.tables["people"].rules == {"NHS number": 1}
    assert report.tables["contacts"].rules == {"NHS number": 1}
    for file in (begun / "store").rglob("*.parquet"):
        held = [str(value) for row in pq.read_table(file).to_pylist() for value in row.values()]
        assert not [value for value in held if number in value or "1931-12-30" in value], file.name


def test_a_wrong_extract_is_refused_though_there_are_many_good_rows_beside_it(begun: Path) -> None:
    many = CONTACTS + "".join(f"p1,2024-01-{day:02},gp\n" for day in range(1, 11)) * 40
    run(land(begun / "many", contacts=many))
    version = find_version(begun / "store")
    wrong = land(begun / "next", contacts=CONTACTS + "p77,2024-01-09,gp\n" * 3 + "p1,2024-01-09,gp\n")
    with pytest.raises(SourceError, match="3 of 4 rows of contacts of the extract would be quarantined"):
        run(wrong, limit=0.1, as_at=date(2024, 1, 31))
    strangers = "".join(f"q{n},type1,2020-01-01,\n" for n in range(10))
    with pytest.raises(SourceError, match="none of the 10 rows of opt_outs names anybody"):
        run(land(begun / "other", opt_outs=f"patient_id,kind,from_on,to_on\n{strangers}"))
    assert find_version(begun / "store") == version


def test_a_row_that_would_take_nobody_out_is_named_as_it_stands_in_the_extract(begun: Path) -> None:
    unread = land(begun / "next", opt_outs="patient_id,kind,from_on,to_on\np1,type1,2020-01-01,\np4,type1\n")
    with pytest.raises(SourceError, match=r"1 row of opt_outs \(row 2; most often"):
        run(unread)
    report = run(unread, leave_out=["opt_outs"])
    added = next(extract.name for extract in report.extracts if extract.rows == {"opt_outs": 2})
    with pytest.raises(SourceError, match=rf"\(row 2 of extract {added}; "):
        run(land(begun / "late", contacts=CONTACTS + "p1,2024-01-09,gp\n"))


def test_what_cannot_be_added_to_is_refused_and_what_stood_stands(tmp_path: Path) -> None:
    run(land(tmp_path / "first", **REQUIRED), Manner.WHOLE)
    version, more = find_version(tmp_path / "store"), land(tmp_path / "next", contacts=CONTACTS + "p1,2024-01-09,gp\n")
    with pytest.raises(SourceError, match="was ingested whole and keeps no landed rows"):
        run(more)
    assert find_version(tmp_path / "store") == version


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            {"contacts": "patient_id,contacted_on,service,attended\np1,2024-01-09,gp,1\n"},
            "contacts.attended is not in all",
        ),
        ({}, "none of our tables"),
    ],
)
def test_an_extract_that_does_not_go_with_those_before_is_refused(
    begun: Path, tables: dict[str, str], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        run(land(begun / "next", **tables))


def test_columns_of_another_type_are_refused(begun: Path) -> None:
    (begun / "next").mkdir()
    row = pa.table({"patient_id": [77], "spell_id": ["s9"], "admitted_on": ["2024-01-10"], "method": ["21"]})
    pq.write_table(row, begun / "next" / "admissions.parquet")
    with pytest.raises(SourceError, match=r"admissions\.patient_id is BIGINT in the extract and VARCHAR"):
        run(begun / "next")


def test_an_earlier_date_of_the_extract_and_people_of_another_kind_are_refused(begun: Path) -> None:
    more = land(begun / "next", contacts=CONTACTS + "p1,2024-01-09,gp\n")
    with pytest.raises(SourceError, match="--as-at 2023-12-31 lies before 2024-01-11"):
        run(more, as_at=date(2023, 12, 31))
    with pytest.raises(SourceError, match="made up and those of the extract real"):
        run(more, legal_basis={"contacts": "a basis"})
    file = find_version(begun / "store") / "landed" / "contacts.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SourceError, match=r"landed/contacts\.parquet in store/ is not the file that was kept"):
        run(more)
    open_store(begun / "store")
    run(begun / "first", Manner.KEPT)
    run(more)


def test_rows_that_a_mapping_makes_are_not_kept(begun: Path) -> None:
    land(begun / "next", visits="who,day,what\np1,2024-01-09,gp\n")
    columns = 'patient_id = "who"\ncontacted_on = "day"\nservice = "what"\n'
    text = '[source]\nkind = "folder"\nlocation = "next"\n[source.tables.contacts]\nfrom = "visits.csv"\n'
    (begun / "source.toml").write_text(f"{text}[source.tables.contacts.columns]\n{columns}", encoding="utf-8")
    with pytest.raises(SourceError, match=r"source\.toml is read by a mapping"):
        ingest(read_mapping(begun / "source.toml"), begun / "store", Settings(), manner=Manner.ADDED)


def test_the_kept_rows_of_a_person_are_those_that_are_read_as_theirs(tmp_path: Path) -> None:
    people = "patient_id,date_of_birth,sex\n 00123 ,1950-03-15,F\n1234,1950-03-16,M\n12-34,1950-03-17,M\n"
    stays = "patient_id,spell_id,admitted_on,method\n00123,s1,2024-01-10,21\n1234,s2,2024-01-11,21\n"
    opted = "patient_id,kind,from_on,to_on\n123,type1,2020-01-01,\n00-123,national,,\n1234,type1,2021-01-01,\n"
    contacts = CONTACTS + "00123.0,2024-01-02,gp\n\u00a000123,2024-01-03,gp\n123,2024-01-04,gp\n"
    report = run(
        land(tmp_path / "first", people=people, admissions=stays, opt_outs=opted, contacts=contacts), Manner.KEPT
    )
    assert (report.tables["opt_outs"].accepted, report.tables["contacts"].accepted) == (3, 2)
    found = read_landed(find_version(tmp_path / "store"), "00123")
    assert [row["date_of_birth"] for row in found["people"]] == ["1950-03-15"]
    assert [row["spell_id"] for row in found["admissions"]] == ["s1"]
    assert sorted(row["kind"] for row in found["opt_outs"]) == ["national", "type1"]
    assert sorted(row["contacted_on"] for row in found["contacts"]) == ["2024-01-02", "2024-01-03"]
    others = read_landed(find_version(tmp_path / "store"), "1234")
    assert [row["kind"] for row in others["opt_outs"]] == ["type1"]
    assert not any(read_landed(find_version(tmp_path / "store"), "nobody").values())
