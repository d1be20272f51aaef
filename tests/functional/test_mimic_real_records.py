"""The adapter on 100 real de-identified patients (MIMIC-IV demo 2.2 as MEDS), against the CSV derived from them."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.mimic import MimicExtract, read_mimic

pytestmark = pytest.mark.real_data

PLANNED = {"12"}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "mimic_iv_demo_meds"


@pytest.fixture(scope="module")
def extract(folder: Path) -> MimicExtract:
    return read_mimic(folder)


def landed(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "csv" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> date | None:
    return datetime.fromisoformat(text).date() if text else None


def test_everybody_has_the_birth_sex_and_death_of_the_csv(folder: Path, extract: MimicExtract) -> None:
    people = extract.tables["people"].to_pylist()
    expected = [
        (row["subject_id"], day(row["birth"]), row["sex"], day(row["death"])) for row in landed(folder, "patients.csv")
    ]
    found = [(row["patient_id"], row["date_of_birth"], row["sex"], row["date_of_death"]) for row in people]
    assert found == sorted(expected)
    assert sum(row["date_of_death"] is not None for row in people) == 31


def test_admissions_are_those_of_the_csv_and_239_are_unplanned(folder: Path, extract: MimicExtract) -> None:
    admissions = extract.tables["admissions"].to_pylist()
    expected = Counter(
        (row["subject_id"], day(row["admit"]), row["unplanned"] == "1") for row in landed(folder, "admissions.csv")
    )
    found = Counter((row["patient_id"], row["admitted_on"], row["method"] not in PLANNED) for row in admissions)
    assert found == expected
    assert (len(admissions), sum(row["method"].startswith("2") for row in admissions)) == (275, 239)


def test_discharges_differ_from_the_csv_only_where_it_uses_one_discharge_twice(
    folder: Path, extract: MimicExtract
) -> None:
    """The CSV gives two admissions the discharge of the same minute, and the second stay's own to nobody."""
    admissions = extract.tables["admissions"].to_pylist()
    found = Counter((row["patient_id"], row["admitted_on"], row["discharged_on"]) for row in admissions)
    csv_rows = landed(folder, "admissions.csv")
    expected = Counter((row["subject_id"], day(row["admit"]), day(row["discharge"])) for row in csv_rows)
    used = Counter((row["subject_id"], row["discharge"]) for row in csv_rows)
    (twice,) = [key for key, times in used.items() if times > 1]
    assert [key[0] for key in (expected - found)] == [twice[0]]
    assert [(key[1], key[2]) for key in (found - expected)] == [(day(twice[1]), date(2197, 4, 15))]


def test_no_method_source_or_admission_type_is_unknown(extract: MimicExtract) -> None:
    admissions = extract.tables["admissions"].to_pylist()
    assert "99" not in {row["method"] for row in admissions}
    assert Counter(row["source"] for row in admissions) == {"19": 225, "51": 43, "85": 4, "53": 2, "99": 1}


def test_died_in_hospital_is_the_discharge_method_and_agrees_with_the_death(extract: MimicExtract) -> None:
    died_on = {row["patient_id"]: row["date_of_death"] for row in extract.tables["people"].to_pylist()}
    died = [row for row in extract.tables["admissions"].to_pylist() if row["discharge_method"] == "4"]
    assert len(died) == 15
    assert {row["destination"] for row in died} == {"79"}
    assert all(row["discharged_on"] == died_on[row["patient_id"]] for row in died)


def test_exactly_the_observation_stays_have_no_known_destination(folder: Path, extract: MimicExtract) -> None:
    unknown = [row for row in extract.tables["admissions"].to_pylist() if row["destination"] == "99"]
    expected = Counter(
        (row["subject_id"], day(row["admit"]))
        for row in landed(folder, "admissions.csv")
        if row["type"].endswith(" OBSERVATION")
    )
    assert Counter((row["patient_id"], row["admitted_on"]) for row in unknown) == expected
    assert (len(unknown), {row["discharge_method"] for row in unknown}) == (42, {"9"})


def test_every_diagnosis_of_the_csv_belongs_to_a_spell_of_its_patient(folder: Path, extract: MimicExtract) -> None:
    spells = {row["spell_id"]: row for row in extract.tables["admissions"].to_pylist()}
    diagnoses = extract.tables["diagnoses"].to_pylist()
    system = {"9": "icd9", "10": "icd10cm"}
    expected = Counter(
        (row["subject_id"], day(row["time"]), system[row["ver"]], row["icd"]) for row in landed(folder, "diagnoses.csv")
    )
    found = Counter((row["patient_id"], row["known_on"], row["system"], row["code"]) for row in diagnoses)
    assert found == expected
    assert len(diagnoses) == 4506
    assert all(spells[row["spell_id"]]["patient_id"] == row["patient_id"] for row in diagnoses)
    assert all(spells[row["spell_id"]]["discharged_on"] == row["known_on"] for row in diagnoses)


def test_codes_and_natural_keys_fit_the_schemas(extract: MimicExtract) -> None:
    for name, table in extract.tables.items():
        schema, frame = SCHEMAS[name], table.to_pandas()
        for column in schema.columns:
            if column.name in frame and column.pattern:
                assert frame[column.name].dropna().str.fullmatch(column.pattern).all(), f"{name}.{column.name}"
            if column.name in frame and column.allowed:
                assert set(frame[column.name].dropna()) <= set(column.allowed), f"{name}.{column.name}"
        key = [column for column in schema.key if column in frame]
        assert not key or not frame.duplicated(key).any(), name


def test_fall_codes_must_be_read_with_their_system(extract: MimicExtract) -> None:
    """E880 to E888 are falls in ICD-9 and metabolic disorders in ICD-10: without `system`, six codes too many."""
    frame = extract.tables["diagnoses"].to_pandas()
    icd9_fall, icd10_fall = frame["code"].str.match(r"E88[0-8]"), frame["code"].str.match(r"W[01]\d")
    falls = (icd9_fall & (frame["system"] == "icd9")) | (icd10_fall & (frame["system"] == "icd10cm"))
    assert (int(falls.sum()), frame.loc[falls, "patient_id"].nunique()) == (22, 19)
    blind = icd9_fall | icd10_fall
    assert (int(blind.sum()), frame.loc[blind, "patient_id"].nunique()) == (28, 22)


def test_emergency_department_arrivals_and_bmi_are_carried_over(extract: MimicExtract) -> None:
    attendances, measurements = extract.tables["attendances"], extract.tables["measurements"].to_pandas()
    assert attendances.num_rows == 236
    assert len(measurements) == 71
    implausible = ~measurements["value"].between(10, 80)
    assert int(implausible.sum()) == 2, "two heights of 61 and 70 cm stay for validation to judge"


def test_the_notes_say_what_the_records_lack(extract: MimicExtract) -> None:
    assert extract.notes == (
        "dates are shifted per person and births are years only",
        "the extract lost the order of diagnoses: none is taken for the primary diagnosis",
        "42 discharges to a place that is not known (99), as every observation stay",
        "3 admissions that begin on the day of the previous discharge",
    )


def test_reading_twice_gives_the_same_tables(folder: Path, extract: MimicExtract) -> None:
    assert read_mimic(folder).tables == extract.tables


def test_an_external_cause_stands_first_so_the_order_cannot_be_the_coders(extract: MimicExtract) -> None:
    """Why positions start at 2: an external cause is never a primary diagnosis, yet it appears first in 7 spells."""
    frame = extract.tables["diagnoses"].to_pandas()
    first = frame[frame["position"] == 2]
    assert len(first) == 275
    external = first["code"].str.match("E") & (first["system"] == "icd9")
    external |= first["code"].str.match("[V-Y]") & (first["system"] == "icd10cm")
    assert int(external.sum()) == 7
