"""The same thing landed again: which row stands, from when it says so, and which spell a diagnosis belongs to."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.store import open_store

PEOPLE = "patient_id,date_of_birth,sex\nP02,1950-06-15,F\nP03,1950-06-15,M\n"
FAR = "9999-12-31"


def run(folder: Path, **tables: list[str]) -> IngestReport:
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "people.csv").write_text(PEOPLE)
    for name, lines in tables.items():
        (folder / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return ingest(folder / "source", folder / "store", Settings(), as_at=date(2026, 9, 30))


def read(folder: Path, table: str, columns: str) -> list[list[object]]:
    frame = open_store(folder / "store").read(table)[columns.split()]
    cells = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [[str(cell.date()) if isinstance(cell, pd.Timestamp) else cell for cell in row] for row in cells]


ENDS = "patient_id,spell_id,admitted_on,method,discharged_on,destination"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_stay_that_came_again_with_its_end_has_it_in_any_order(order: tuple[int, ...], tmp_path: Path) -> None:
    rows = ["P02,S1,2026-03-28,21,,", "P02,S1,2026-03-28,21,2026-04-02,", "P02,S1,2026-03-28,21,2026-04-02,19"]
    report = run(tmp_path, admissions=[ENDS, *(rows[place] for place in order)])
    assert read(tmp_path, "admissions", "discharged_on destination valid_from valid_to") == [
        ["2026-04-02", "19", "2026-04-02", FAR],
        [None, None, "2026-03-29", "2026-04-02"],
    ]
    assert report.quarantined == {"admissions": {"duplicate": 2}}
    assert "admissions: 2 rows came again and were read once" in report.notes


@pytest.mark.parametrize("turned", [False, True])
def test_an_end_that_was_told_later_counts_from_the_day_on_which_it_was_known(turned: bool, tmp_path: Path) -> None:
    rows = ["P02,S1,2026-03-28,21,,2026-03-30", "P02,S1,2026-03-28,28,2026-04-02,2026-04-20"]
    rows = rows[::-1] if turned else rows
    header = "patient_id,spell_id,admitted_on,method,discharged_on,known_on"
    run(tmp_path, admissions=[header, *rows])
    # How somebody came is as it was told first; the end is not seen before 20 April.
    assert read(tmp_path, "admissions", "method discharged_on valid_from valid_to") == [
        ["21", "2026-04-02", "2026-04-20", FAR],
        ["21", None, "2026-03-30", "2026-04-20"],
    ]


@pytest.mark.parametrize(
    ("table", "header", "row"),
    [
        ("registrations", "patient_id,practice,registered_from,registered_to", "P02,N83001,2020-01-01"),
        ("conditions", "patient_id,system,code,recorded_on,ended_on", "P02,register,AF,2020-01-01"),
        ("social_care", "patient_id,service,started_on,ended_on", "P02,home_care,2020-01-01"),
    ],
)
def test_every_period_takes_its_end_from_the_row_that_has_it_and_never_before_it_was_known(
    table: str, header: str, row: str, tmp_path: Path
) -> None:
    admissions = [ENDS, "P02,S1,2026-03-28,21,,"]
    end = header.rsplit(",", 1)[1]
    run(tmp_path / "plain", admissions=admissions, **{table: [header, f"{row},", f"{row},2026-04-02"]})
    assert [last for last in read(tmp_path / "plain", table, f"{end} valid_to") if last[1] == FAR] == [
        ["2026-04-02", FAR]
    ]
    known = [f"{header},known_on", f"{row},2026-04-02,2026-05-01", f"{row},,2020-02-02"]
    run(tmp_path / "known", admissions=admissions, **{table: known})
    assert read(tmp_path / "known", table, f"{end} valid_from valid_to") == [
        ["2026-04-02", "2026-05-01", FAR],
        [None, "2020-02-02", "2026-05-01"],
    ]


HOSPITALS = "patient_id,spell_id,provider,admitted_on,method,discharged_on"
CODED = "spell_id,patient_id,provider,position,system,code"


def test_two_hospitals_that_number_alike_keep_their_spells_and_their_diagnoses(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "people.csv").write_text(PEOPLE)
    admissions = ["P02,1001,RXX,2026-06-01,21,2026-06-04", "P03,1001,RYY,2026-07-01,21,2026-07-02"]
    coded = ["1001,P02,,1,icd10,I21", "1001,P03,RXX,1,icd10,J44", "1001,P03,RYY,1,icd10,F03", "1001,P03,,2,icd10,I10"]
    (source / "admissions.csv").write_text("\n".join([HOSPITALS, *admissions, "P03,1001,RXX,2026-08-01,21,2026-08-02"]))
    (source / "diagnoses.csv").write_text("\n".join([CODED, *coded]))
    settings = Settings.model_validate({"data": {"quarantine_limit": 1}})
    report = ingest(source, tmp_path / "store", settings, as_at=date(2026, 9, 30))
    assert sorted(read(tmp_path, "diagnoses", "admitted_on code")) == [
        ["2026-06-01", "I21"],
        ["2026-07-01", "F03"],
        ["2026-08-01", "J44"],
    ]
    # The last names no provider, and the person has that spell id at two.
    assert report.quarantined == {"diagnoses": {"spell at several providers": 1}}
    assert report.tables["admissions"].accepted == 3


def test_a_stay_under_two_spell_ids_is_counted_once_with_the_diagnoses_of_both(tmp_path: Path) -> None:
    report = run(
        tmp_path,
        admissions=[
            HOSPITALS,
            "P02,S1,,2026-06-01,21,2026-06-04",
            "P02,S1b,RXX,2026-06-01,21,2026-06-04",
            "P02,S2,RXX,2026-07-01,21,",
            "P02,S3,RXX,2026-07-01,21,",
            "P03,S4,RXX,2026-06-01,21,2026-06-04",
            "P03,S5,RYY,2026-06-01,21,2026-06-04",
        ],
        diagnoses=[CODED, "S1,P02,,1,icd10,I21", "S1b,P02,,2,icd10,J44", "S1b,P02,,1,icd10,I21"],
    )
    assert report.quarantined == {"admissions": {"duplicate": 1}, "diagnoses": {"duplicate": 1}}
    assert sorted(read(tmp_path, "diagnoses", "code position")) == [["I21", 1], ["J44", 2]]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_diagnoses_of_two_spell_ids_that_share_a_position_are_all_of_the_stay_and_one_is_its_main(
    turned: bool, tmp_path: Path
) -> None:
    rows = [
        *("S1,P02,1,icd10,I21,2026-06-20", "S1,P02,2,icd10,I10,2026-06-20", "S1,P02,3,icd10,J44,2026-06-20"),
        *("S1b,P02,1,icd10,J18,2026-06-10", "S1b,P02,2,icd10,E11,2026-06-10", "S1b,P02,4,icd10,I21,2026-06-10"),
        # Of one spell the position is the key: what was said of it first stands.
        *("S2,P02,1,icd10,R69,2026-07-08", "S2,P02,1,icd10,N39,2026-07-09"),
    ]
    admissions = [f"P02,{one},RXX,2026-06-01,21,2026-06-04" for one in ("S1", "S1b")]
    report = run(
        tmp_path,
        admissions=[HOSPITALS, *admissions, "P02,S2,RXX,2026-07-01,21,2026-07-02"],
        diagnoses=["spell_id,patient_id,position,system,code,known_on", *(rows[::-1] if turned else rows)],
    )
    assert report.quarantined == {"admissions": {"duplicate": 1}, "diagnoses": {"duplicate": 2}}
    assert sorted(read(tmp_path, "diagnoses", "spell position code")) == [
        [0, 1, "J18"],
        [0, 2, "E11"],
        [0, 3, "J44"],
        [0, 4, "I21"],
        [0, 5, "I10"],
        [1, 1, "R69"],
    ]
