"""MEDS events in, canonical tables out: small extracts written by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import SourceError
from riskstrat.sources.mimic import COMPARABLE_DATES, mimic_notes, mimic_tables
from riskstrat.sources.mimic_codes import METHOD_OF_TYPE, admission_method, admission_source, discharge_codes

Event = tuple[Any, ...]

BORN = (1, datetime(2100, 1, 1), "MEDS_BIRTH")
WOMAN = (1, None, "GENDER//F")
IN = (1, datetime(2170, 3, 1, 22, 15), "HOSPITAL_ADMISSION//EW EMER.//EMERGENCY ROOM")
OUT = (1, datetime(2170, 3, 4, 12, 0), "HOSPITAL_DISCHARGE//HOME")
SIMPLE = [BORN, WOMAN, IN, OUT]


def write(folder: Path, events: list[Event], *extra: tuple[str, pa.DataType], name: str = "events.parquet") -> Path:
    """An extract of these events; each is subject, time, code and then a value for every extra column, or nothing."""
    fields = [("subject_id", pa.int64()), ("time", pa.timestamp("us")), ("code", pa.string()), *extra]
    padded = [event + (None,) * (len(fields) - len(event)) for event in events]
    columns = [pa.array(column, kind) for (_, kind), column in zip(fields, zip(*padded, strict=True), strict=True)]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, names=[field for field, _ in fields]), path)
    return folder


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    return mimic_tables(folder)[table].to_pylist()


def column(folder: Path, table: str, name: str) -> list[Any]:
    return mimic_tables(folder)[table][name].to_pylist()


def test_one_stay_becomes_one_person_and_one_spell(tmp_path: Path) -> None:
    tables = mimic_tables(write(tmp_path, [*SIMPLE, (1, datetime(2171, 5, 6, 3, 0), "MEDS_DEATH")]))
    assert sorted(tables) == ["admissions", "people"]
    assert tables["people"].to_pylist() == [
        {
            "patient_id": "1",
            "date_of_birth": date(2100, 1, 1),
            "sex": "F",
            "died_known_on": date(2171, 5, 6),
            "date_of_death": date(2171, 5, 6),
        }
    ]
    assert tables["admissions"].to_pylist() == [
        {
            "patient_id": "1",
            "spell_id": "1-21700301221500",
            "admitted_on": date(2170, 3, 1),
            "method": "21",
            "source": "19",
            "patient_class": "1",
            "known_on": date(2170, 3, 1),
            "discharged_on": date(2170, 3, 4),
            "discharge_method": "1",
            "destination": "19",
            "settled_known_on": date(2170, 3, 4),
        }
    ]


def test_every_table_has_the_types_and_the_required_columns_of_its_schema(tmp_path: Path) -> None:
    weight, height = (1, IN[1], "LAB//226512//kg", 70.0), (1, IN[1], "LAB//226730//cm", 175.0)
    events = [*SIMPLE, (1, OUT[1], "DIAGNOSIS//ICD//10//I10"), (1, IN[1], "ED_REGISTRATION"), weight, height]
    tables = mimic_tables(write(tmp_path, events, ("numeric_value", pa.float32())))
    types = {"text": pa.string(), "date": pa.date32(), "integer": pa.int32(), "number": pa.float64()}
    assert sorted(tables) == ["admissions", "attendances", "diagnoses", "measurements", "people"]
    for name, table in tables.items():
        schema = SCHEMAS[name].names
        assert {field.name: field.type for field in table.schema} == {
            column: types[schema[column].type] for column in table.column_names
        }
        assert {column.name for column in schema.values() if column.required} <= set(table.column_names)


def test_a_person_without_birth_or_sex_is_kept_with_null_and_unknown(tmp_path: Path) -> None:
    folder = write(tmp_path, [*SIMPLE, (2, datetime(2150, 1, 1), "ED_REGISTRATION")])
    assert [(row["patient_id"], row["date_of_birth"], row["sex"]) for row in rows(folder, "people")] == [
        ("1", date(2100, 1, 1), "F"),
        ("2", None, "U"),
    ]


@pytest.mark.parametrize(
    ("kind", "location", "method", "source"),
    [
        ("EW EMER.", "EMERGENCY ROOM", "21", "19"),
        ("EW EMER.", "TRANSFER FROM HOSPITAL", "21", "51"),
        ("EU OBSERVATION", "PHYSICIAN REFERRAL", "21", "19"),
        ("DIRECT EMER.", "PHYSICIAN REFERRAL", "22", "19"),
        ("DIRECT OBSERVATION", "CLINIC REFERRAL", "24", "19"),
        ("OBSERVATION ADMIT", "WALK-IN/SELF REFERRAL", "21", "19"),
        ("URGENT", "TRANSFER FROM HOSPITAL", "2B", "51"),
        ("URGENT", "INTERNAL TRANSFER TO OR FROM PSYCH", "2B", "53"),
        ("URGENT", "TRANSFER FROM SKILLED NURSING FACILITY", "2D", "85"),
        ("AMBULATORY OBSERVATION", "PACU", "12", "19"),
        ("SURGICAL SAME DAY ADMISSION", "PHYSICIAN REFERRAL", "12", "19"),
        ("ELECTIVE", "INFORMATION NOT AVAILABLE", "12", "99"),
        ("A NEW TYPE", "A NEW PLACE", "99", "99"),
    ],
)
def test_an_admission_type_and_location_become_nhs_codes(kind: str, location: str, method: str, source: str) -> None:
    assert (admission_method(kind, location), admission_source(location)) == (method, source)


def test_exactly_three_admission_types_are_planned() -> None:
    planned = {kind for kind in METHOD_OF_TYPE if not admission_method(kind, "").startswith("2")}
    assert planned == {"ELECTIVE", "SURGICAL SAME DAY ADMISSION", "AMBULATORY OBSERVATION"}


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ("HOME HEALTH CARE", ("19", "1")),
        ("AGAINST ADVICE", ("19", "2")),
        ("SKILLED NURSING FACILITY", ("85", "1")),
        ("REHAB", ("51", "1")),
        ("HOSPICE", ("88", "1")),
        ("DIED", ("79", "4")),
        ("UNK", ("99", "9")),
    ],
)
def test_a_discharge_location_becomes_a_destination_and_a_method(place: str, codes: tuple[str, str]) -> None:
    assert discharge_codes(place) == codes


def test_an_open_spell_has_no_discharge_destination_or_settling_date(tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, [BORN, WOMAN, IN]), "admissions")
    late = ("discharged_on", "discharge_method", "destination", "settled_known_on")
    assert [row[name] for name in late] == [None, None, None, None]


def test_an_admission_in_the_minute_of_a_discharge_takes_the_next_discharge(tmp_path: Path) -> None:
    noon = datetime(2170, 3, 1, 12, 0)
    folder = write(
        tmp_path,
        [
            BORN,
            (1, datetime(2170, 3, 1, 6, 0), "HOSPITAL_ADMISSION//EU OBSERVATION//EMERGENCY ROOM"),
            (1, noon, "HOSPITAL_ADMISSION//URGENT//TRANSFER FROM HOSPITAL"),
            (1, noon, "HOSPITAL_DISCHARGE//UNK"),
            (1, noon, "DIAGNOSIS//ICD//9//4019"),
            (1, datetime(2170, 3, 8, 9, 0), "DIAGNOSIS//ICD//9//2859"),
            (1, datetime(2170, 3, 8, 9, 0), "HOSPITAL_DISCHARGE//REHAB"),
        ],
    )
    stays = [(row["method"], row["discharged_on"], row["destination"]) for row in rows(folder, "admissions")]
    assert stays == [("21", date(2170, 3, 1), "99"), ("2B", date(2170, 3, 8), "51")]
    coded = [(row["spell_id"], row["code"]) for row in rows(folder, "diagnoses")]
    assert coded == [("1-21700301060000", "4019"), ("1-21700301120000", "2859")]
    assert "1 admissions that begin on the day of the previous discharge" in mimic_notes(folder)


def test_a_stay_of_no_minutes_ends_when_it_begins(tmp_path: Path) -> None:
    folder = write(
        tmp_path, [BORN, IN, (1, IN[1], "HOSPITAL_DISCHARGE//HOME"), (1, OUT[1], "HOSPITAL_DISCHARGE//DIED")]
    )
    assert column(folder, "admissions", "discharged_on") == [date(2170, 3, 1)]


def test_the_later_of_two_discharges_of_one_admission_identifier_counts(tmp_path: Path) -> None:
    left = [(*OUT, 30), (1, datetime(2170, 3, 6), "HOSPITAL_DISCHARGE//REHAB", 30)]
    folder = write(tmp_path, [BORN, (*IN, 30), *left], ("hadm_id", pa.int64()))
    (row,) = rows(folder, "admissions")
    assert (row["discharged_on"], row["destination"]) == (date(2170, 3, 6), "51")


def test_a_discharge_before_any_admission_ends_none(tmp_path: Path) -> None:
    folder = write(tmp_path, [BORN, (1, datetime(2169, 1, 1), "HOSPITAL_DISCHARGE//DIED"), IN, OUT])
    assert column(folder, "admissions", "destination") == ["19"]


def test_events_with_one_admission_identifier_are_one_spell_whatever_their_order(tmp_path: Path) -> None:
    second = (1, datetime(2170, 3, 2), "HOSPITAL_ADMISSION//ELECTIVE//PHYSICIAN REFERRAL", 20)
    folder = write(
        tmp_path,
        [
            BORN,
            (*IN, 30),
            (1, datetime(2170, 3, 1, 23, 0), "HOSPITAL_ADMISSION//URGENT//TRANSFER FROM HOSPITAL", 30),
            second,
            (1, datetime(2170, 3, 3), "HOSPITAL_DISCHARGE//HOME", 20),
            (1, datetime(2170, 3, 9), "HOSPITAL_DISCHARGE//DIED", 30),
            (1, datetime(2170, 3, 9), "DIAGNOSIS//ICD//10//I21.4", 30),
            (1, datetime(2170, 3, 9), "DIAGNOSIS//ICD//10//E119", 77),
        ],
        ("hadm_id", pa.int64()),
    )
    assert [(row["spell_id"], row["method"], row["discharge_method"]) for row in rows(folder, "admissions")] == [
        ("30", "21", "4"),
        ("20", "12", "1"),
    ]
    assert [(row["spell_id"], row["code"]) for row in rows(folder, "diagnoses")] == [("30", "I214"), (None, "E119")]
    assert {"1 diagnoses of no known spell", "1 admissions that begin before the person's previous discharge"} <= set(
        mimic_notes(folder)
    )


def test_diagnoses_without_a_sequence_claim_no_primary_position(tmp_path: Path) -> None:
    codes = ["DIAGNOSIS//ICD//9//v58.67", "DIAGNOSIS//ICD//9//4019 ", "DIAGNOSIS//ICD//9//E8859"]
    folder = write(tmp_path, [*SIMPLE, *[(1, OUT[1], code) for code in codes]])
    found = [(row["position"], row["system"], row["code"], row["known_on"]) for row in rows(folder, "diagnoses")]
    left = date(2170, 3, 4)
    assert found == [(2, "icd9", "V5867", left), (3, "icd9", "4019", left), (4, "icd9", "E8859", left)]
    assert "the extract lost the order of diagnoses: none is taken for the primary diagnosis" in mimic_notes(folder)


def test_diagnoses_with_a_sequence_keep_it(tmp_path: Path) -> None:
    sequence = [(1, OUT[1], "DIAGNOSIS//ICD//10//I10", 2), (1, OUT[1], "DIAGNOSIS//ICD//10//S72001A", 1)]
    folder = write(tmp_path, [*SIMPLE, *sequence], ("seq_num", pa.int64()))
    assert [(row["position"], row["code"]) for row in rows(folder, "diagnoses")] == [(1, "S72001A"), (2, "I10")]
    assert not [note for note in mimic_notes(folder) if "order of diagnoses" in note]


def test_a_diagnosis_at_no_discharge_belongs_to_no_spell(tmp_path: Path) -> None:
    folder = write(tmp_path, [*SIMPLE, (1, datetime(2170, 8, 1), "DIAGNOSIS//ICD//10//I10")])
    assert column(folder, "diagnoses", "spell_id") == [None]


def test_registration_and_transfer_of_one_arrival_are_one_attendance(tmp_path: Path) -> None:
    came, again = datetime(2170, 3, 1, 18, 0), datetime(2170, 6, 1, 1, 0)
    events = [(1, came, "ED_REGISTRATION"), (1, came, "TRANSFER_TO//ED//Emergency Department"), (1, came, "ED_OUT")]
    folder = write(tmp_path, [*SIMPLE, *events, (1, again, "TRANSFER_TO//ED//Emergency Department")])
    assert rows(folder, "attendances") == [
        {"patient_id": "1", "attended_on": day, "known_on": day} for day in (date(2170, 3, 1), date(2170, 6, 1))
    ]


@pytest.mark.parametrize("name", ["numeric_value", "value"])
def test_bmi_needs_weight_and_height_of_the_same_minute(tmp_path: Path, name: str) -> None:
    at, later = datetime(2170, 3, 2, 1, 0), datetime(2170, 3, 2, 5, 0)
    charted = [
        (1, at, "LAB//226512//kg", 80.0),
        (1, at, "LAB//226730//cm", 160.0),
        (1, later, "LAB//226512//kg", 90.0),
        (2, at, "LAB//226512//kg", 80.0),
        (2, at, "LAB//226730//cm", 0.0),
    ]
    folder = write(tmp_path, [*SIMPLE, *charted], (name, pa.float32()))
    day = date(2170, 3, 2)
    assert rows(folder, "measurements") == [
        {"patient_id": "1", "measured_on": day, "measure": "bmi", "value": 31.2, "unit": "kg/m2", "known_on": day}
    ]


def test_stays_after_death_are_kept_and_counted(tmp_path: Path) -> None:
    donor = [
        (1, datetime(2170, 3, 5), "HOSPITAL_ADMISSION//URGENT//TRANSFER FROM HOSPITAL"),
        (1, datetime(2170, 3, 6), "HOSPITAL_DISCHARGE//DIED"),
    ]
    folder = write(tmp_path, [*SIMPLE, *donor, (1, datetime(2170, 3, 4, 11, 0), "MEDS_DEATH")])
    assert column(folder, "admissions", "admitted_on") == [date(2170, 3, 1), date(2170, 3, 5)]
    assert mimic_notes(folder)[-2:] == (
        "1 admissions that begin after the day of death",
        "1 admissions that end after the day of death",
    )


def test_a_sharded_extract_reads_as_the_single_file_does(tmp_path: Path) -> None:
    single = write(tmp_path / "single", SIMPLE)
    shards = tmp_path / "shards"
    write(shards, SIMPLE[:2], name="data/train/0.parquet")
    write(shards, SIMPLE[2:], name="data/tuning/0.parquet")
    assert mimic_tables(shards) == mimic_tables(single)


def test_dates_of_different_people_are_not_comparable() -> None:
    assert COMPARABLE_DATES is False


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not a folder; give the folder that holds"):
        mimic_tables(tmp_path / "nowhere")


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no events\.parquet"):
        mimic_tables(tmp_path)


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_text("subject_id,time,code\n")
    with pytest.raises(SourceError, match="are not parquet files"):
        mimic_tables(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"subject_id": [1], "when": [0]}), tmp_path / "events.parquet")
    with pytest.raises(SourceError, match="lack time, code; a MEDS table has at least subject_id, time, code"):
        mimic_tables(tmp_path)


def test_a_time_that_is_text_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"subject_id": [1], "time": ["2170-01-01"], "code": ["X"]}), tmp_path / "events.parquet")
    with pytest.raises(SourceError, match=r"column time .* is string; write it as a timestamp"):
        mimic_tables(tmp_path)


@pytest.mark.parametrize(("kept", "lacking"), [([BORN], "HOSPITAL_ADMISSION"), ([IN], "MEDS_BIRTH")])
def test_an_extract_without_people_or_admissions_is_refused(tmp_path: Path, kept: list[Event], lacking: str) -> None:
    with pytest.raises(SourceError, match=f"hold no {lacking} event"):
        mimic_tables(write(tmp_path, kept))
