"""Synthea's CSV files in, canonical tables out: a dozen made-up patients by hand, in the columns of its exporter."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format, read_mapping
from tests.suite.stores import find_version

EXTRACT = date(2023, 6, 30)

PATIENTS = (
    "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,MIDDLE,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,"
    "BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,FIPS,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE,INCOME"
)
BORN = {
    "ada": ("1941-02-03", "", "F"),
    "bob": ("1950-05-06", "2023-02-20T23:30:00Z", "M"),
    "cyd": ("1938-11-30", "", "F"),
    "dan": ("1966-01-01", "", "M"),
    "eve": ("1972-07-08", "", "F"),
    "fay": ("1980-09-10", "", "F"),
    "gus": ("1929-12-24", "2022-07-01", "M"),
    "hal": ("1955-03-04", "", "M"),
    "ida": ("1961-06-15", "", "F"),
    "jan": ("2001-10-11", "", "F"),
    "ken": ("1990-04-05", "", "M"),
    "lou": ("1947-08-09", "", "X"),
}
ENCOUNTER_COLUMNS = (
    "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,"
    "TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION"
)
SEEN = """
a1 , 2023-01-10T08:00:00Z , 2023-01-10T10:00:00Z , ada , o1 , emergency  , 50849002  , 233604007
a2 , 2023-01-10T10:00:00Z , 2023-01-14T09:00:00Z , ada , o1 , inpatient  , 183452005 , 233604007
a3 , 2023-01-14T09:40:00Z , 2023-01-20T09:00:00Z , ada , o2 , inpatient  , 305351004 ,
b1 , 2023-02-18T08:00:00Z , 2023-02-20T23:30:00Z , bob , o1 , inpatient  , 183452005 ,
c1 , 2023-03-01T23:00:00Z , 2023-03-02T01:00:00Z , cyd , o1 , emergency  , 50849002  ,
c2 , 2023-03-03T00:59:00Z , 2023-03-05T12:00:00Z , cyd , o1 , inpatient  , 32485007  ,
d1 , 2023-03-01T08:00:00Z , 2023-03-01T09:00:00Z , dan , o1 , emergency  , 50849002  ,
d2 , 2023-03-02T09:01:00Z , 2023-03-05T12:00:00Z , dan , o1 , inpatient  , 32485007  ,
e1 , 2022-07-10T23:30:00Z , 2022-07-12T00:00:00Z , eve , o1 , Inpatient  , 32485007  ,
e2 , 2022-09-01T09:00:00Z ,                      , eve , o1 , inpatient  , 32485007  ,
h1 , 2022-10-01T09:00:00Z , 2022-10-03T09:00:00Z , hal , o1 , inpatient  , 183495009 ,
f1 , 2023-04-01T09:00:00Z , 2023-04-01T09:30:00Z , fay , o1 , urgentcare , 702927004 ,
f2 , 2023-04-02T09:00:00Z , 2023-04-02T09:30:00Z , fay , o1 , wellness   , 162673000 ,
f3 , 2023-04-03T09:00:00Z , 2023-04-03T09:30:00Z , fay , o1 , ambulatory , 185345009 , 444814009
f4 , 2023-04-04T09:00:00Z , 2023-04-04T09:30:00Z , fay , o1 , outpatient , 185349003 ,
f5 , 2023-04-05T09:00:00Z , 2023-04-25T09:30:00Z , fay , o1 , snf        , 32485007  ,
f6 , 2023-04-06T09:00:00Z , 2023-04-06T09:30:00Z , fay , o1 , virtual    , 185349003 ,
"""
"""Id, start, stop, patient, organisation, class, code and reason of each encounter."""

CONDITIONS = """
START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION
2015-05-17,,ada,a0,http://snomed.info/sct,59621000,Essential hypertension (disorder)
2023-01-10,2023-02-01,ada,a1,http://snomed.info/sct,233604007,"Pneumonia, of some kind"
2016-05-17,,bob,b0,http://hl7.org/fhir/sid/icd-10-cm,I10,Essential hypertension
""".strip()
OBSERVATIONS = """
DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE
2023-01-10T08:00:00Z,ada,a1,vital-signs,39156-5,Body mass index (BMI) [Ratio],31.5,kg/m2,numeric
2023-01-10T08:00:00Z,ada,a1,vital-signs,8480-6,Systolic Blood Pressure,135.0,mm[Hg],numeric
2023-01-10T08:00:00Z,ada,a1,laboratory,718-7,Hemoglobin [Mass/volume] in Blood,12.5,g/dL,numeric
2023-01-10T08:00:00Z,ada,a1,laboratory,2093-3,Cholesterol [Mass/volume] in Serum or Plasma,193.3,mg/dL,numeric
2023-01-10T08:00:00Z,ada,a1,laboratory,4548-4,Hemoglobin A1c/Hemoglobin.total in Blood,6.5,%,numeric
2023-01-10T08:00:00Z,ada,a1,laboratory,33914-3,Glomerular filtration rate,55.0,mL/min/{1.73_m2},numeric
2023-01-10T08:00:00Z,ada,a1,vital-signs,8310-5,Body temperature,37.5,Cel,numeric
2023-01-10T08:00:00Z,ada,a1,vital-signs,72514-3,Pain severity - 0-10 verbal numeric rating,2.0,{score},numeric
2023-01-10T08:00:00Z,ada,a1,social-history,72166-2,Tobacco smoking status,Ex-smoker (finding),,text
2023-01-10T08:00:00Z,bob,b0,social-history,72166-2,Tobacco smoking status,Never smoked tobacco (finding),,text
2023-01-10T08:00:00Z,cyd,c0,social-history,72166-2,Tobacco smoking status,Smokes tobacco daily (finding),,text
2023-01-10T08:00:00Z,dan,d0,social-history,72166-2,Tobacco smoking status,Unknown if ever smoked,,text
""".strip()
MEDICATIONS = (
    "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,"
    """REASONDESCRIPTION
2015-05-17T08:00:00Z,,ada,y1,a0,314076,lisinopril 10 MG Oral Tablet,10.00,0.00,90,900.00,59621000,Hypertension
2016-05-17T08:00:00Z,,bob,y1,b0,310798,Hydrochlorothiazide 25 MG Oral Tablet,10.00,0.00,90,900.00,,
"""
).strip()


def spell_out(seen: str) -> str:
    """One encounter with all its columns; a description may hold a comma."""
    name, start, stop, patient, place, kind, code, *reason = (cell.strip() for cell in (seen + ",").split(","))
    why = f'{reason[0]},"Pneumonia, of some kind"' if reason[0] else ","
    return f'{name},{start},{stop},{patient},{place},d1,y1,{kind},{code},"A visit, of a kind",125.00,125.00,0.00,{why}'


FILES = {
    "patients": "\n".join(
        [PATIENTS]
        + [
            f"{name},{born},{died},999-12-3456,S9,X1,Ms.,{name.title()}1,,Roe2,,,M,white,nonhispanic,{sex},Boston,"
            "1 Way,Boston,Massachusetts,Suffolk County,25025,02108,42.3,-71.0,1.00,2.00,3"
            for name, (born, died, sex) in BORN.items()
        ]
    ),
    "encounters": "\n".join([ENCOUNTER_COLUMNS, *map(spell_out, SEEN.strip().splitlines())]),
    "conditions": CONDITIONS,
    "observations": OBSERVATIONS,
    "medications": MEDICATIONS,
    "careplans": "Id,START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
}


def write(folder: Path, *, header: bool = True, files: dict[str, str] = FILES) -> Path:
    """The export as a folder of CSV files."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        lines = text.splitlines(keepends=True)
        (folder / f"{name}.csv").write_text("".join(lines if header else lines[1:]) + "\n", encoding="utf-8")
    return folder


def site(folder: Path, more: str, files: dict[str, str] = FILES) -> Path:
    """A source.toml beside an export without headers."""
    write(folder / "csv", header="header = false" not in more, files=files)
    file = folder / "source.toml"
    file.write_text(f'[source]\nkind = "synthea"\nlocation = "csv"\n{more}\n', encoding="utf-8")
    return file


def settings() -> Settings:
    return Settings.model_validate({"data": {"quarantine_limit": 1.0}})


def read(folder: Path, files: dict[str, str] = FILES) -> tuple[IngestReport, Path]:
    mapping = map_format(write(folder / "csv", files=files), "synthea")
    return ingest(mapping, folder / "store", settings(), as_at=EXTRACT), folder / "store"


def rows(store: Path, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Those columns of a stored table in the order of its people, dates as text."""
    found = pq.read_table(find_version(store) / "tables" / f"{table}.parquet").to_pylist()
    cells = [tuple(str(row[c]) if isinstance(row[c], date) else row[c] for c in columns.split()) for row in found]
    return sorted(cells, key=str)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[IngestReport, Path]:
    return read(tmp_path_factory.mktemp("synthea"))


def test_patients_are_people_without_what_is_not_ours(landed: tuple[IngestReport, Path]) -> None:
    report, store = landed
    people = {row[0]: row[1:] for row in rows(store, "people", "patient_id date_of_birth sex date_of_death ethnicity")}
    assert len(people) == 11
    assert people["ada"] == ("1941-02-03", "F", None, None)
    assert people["bob"] == ("1950-05-06", "M", "2023-02-20", None)
    assert report.tables["people"].rules == {"unknown code": 1}


@pytest.mark.parametrize(
    "day", ["31.12.2024", *(pytest.param(day, marks=pytest.mark.exhaustive) for day in ("dead", "20 June 2023"))]
)
def test_a_death_whose_day_cannot_be_read_takes_the_patient_out(day: str, tmp_path: Path) -> None:
    files = FILES | {"patients": FILES["patients"].replace("1966-01-01,,", f"1966-01-01,{day},")}
    report, store = read(tmp_path, files)
    assert "dan" not in {row[0] for row in rows(store, "people", "patient_id")}
    assert sum(report.tables["people"].rules.values()) == 2


def test_an_end_of_a_condition_that_cannot_be_read_is_no_condition_without_an_end(tmp_path: Path) -> None:
    report, store = read(tmp_path, FILES | {"conditions": CONDITIONS.replace("2023-02-01", "01.02.2023")})
    assert "233604007" not in {row[0] for row in rows(store, "conditions", "code")}
    assert "conditions" in report.quarantined


@pytest.mark.parametrize(("patient", "method"), [("bob", "21"), ("ada", "81")])
def test_a_stay_is_no_move_if_its_person_came_by_the_emergency_department(
    patient: str, method: str, tmp_path: Path
) -> None:
    seen = f"""
x1 , 2023-05-01T08:00:00Z , 2023-05-03T10:00:00Z , bob , o1 , inpatient  , 32485007  ,
x2 , 2023-05-03T10:10:00Z , 2023-05-03T10:40:00Z , {patient} , o1 , emergency  , 50849002  ,
x3 , 2023-05-03T10:45:00Z , 2023-05-08T09:00:00Z , bob , o1 , inpatient  , 32485007  ,
"""
    alive = FILES["patients"].replace("2023-02-20T23:30:00Z", "")
    encounters = "\n".join([ENCOUNTER_COLUMNS, *map(spell_out, seen.strip().splitlines())])
    _, store = read(tmp_path, FILES | {"patients": alive, "encounters": encounters})
    moved = "51" if method == "81" else None
    assert rows(store, "spells", "spell_id method source destination") == [
        ("x1", "99", None, moved),
        ("x3", method, moved, None),
    ]


def test_spells_are_inpatient_encounters_and_emergencies_are_those_that_followed_one(
    landed: tuple[IngestReport, Path],
) -> None:
    """A day and a minute after the emergency encounter is too late; what has no sign is not known, and not planned."""
    _, store = landed
    wanted = "spell_id method admitted_on discharged_on source destination"
    assert rows(store, "spells", wanted) == [
        ("a2", "21", "2023-01-10", "2023-01-14", None, "51"),
        ("a3", "81", "2023-01-14", "2023-01-20", "51", None),
        ("b1", "99", "2023-02-18", "2023-02-20", None, None),
        ("c2", "21", "2023-03-03", "2023-03-05", None, None),
        ("d2", "99", "2023-03-02", "2023-03-05", None, None),
        ("e1", "99", "2022-07-11", "2022-07-12", None, None),
        ("e2", "99", "2022-09-01", None, None, None),
        ("h1", "12", "2022-10-01", "2022-10-03", None, None),
    ]
    stays = rows(store, "admissions", "patient_id admitted_on valid_to")
    assert ("ada", "2023-01-14", "9999-12-31") not in stays


@pytest.mark.parametrize(
    ("answer", "methods"),
    [
        ("[]", ["99", "81", "99", "99", "99", "99", "99", "12"]),
        ('["code"]', ["2D", "81", "2D", "99", "99", "99", "99", "12"]),
        ('["after_emergency", "code"]', ["21", "81", "2D", "21", "99", "99", "99", "12"]),
    ],
)
def test_what_is_an_emergency_is_the_sites_to_say(answer: str, methods: list[str], tmp_path: Path) -> None:
    mapping = read_mapping(site(tmp_path, f"emergency = {answer}"))
    ingest(mapping, tmp_path / "store", settings(), as_at=EXTRACT)
    assert [row[1] for row in rows(tmp_path / "store", "spells", "spell_id method")] == methods


def test_another_sign_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r'"after_emergencies" is no answer to "emergency".*did you mean "after_emer'):
        read_mapping(site(tmp_path, 'emergency = ["after_emergencies"]'))


def test_other_encounters_are_attendances_and_contacts(landed: tuple[IngestReport, Path]) -> None:
    _, store = landed
    assert rows(store, "attendances", "patient_id attended_on department_type diagnosis") == [
        ("ada", "2023-01-10", "01", "233604007"),
        ("cyd", "2023-03-01", "01", None),
        ("dan", "2023-03-01", "01", None),
        ("fay", "2023-04-01", "03", None),
    ]
    assert rows(store, "contacts", "contacted_on service attended") == [
        ("2023-04-02", "gp", True),
        ("2023-04-03", "gp", True),
        ("2023-04-04", "outpatient", True),
        ("2023-04-06", "gp", True),
    ]


def test_conditions_keep_their_snomed_codes(landed: tuple[IngestReport, Path]) -> None:
    _, store = landed
    settled = rows(store, "conditions", "patient_id system code recorded_on ended_on valid_to")
    assert [row[:5] for row in settled if row[5] == "9999-12-31"] == [
        ("ada", "snomed", "233604007", "2023-01-10", "2023-02-01"),
        ("ada", "snomed", "59621000", "2015-05-17", None),
    ]


def test_observations_are_measures_in_our_units(landed: tuple[IngestReport, Path]) -> None:
    _, store = landed
    assert rows(store, "measurements", "patient_id measure value unit") == [
        ("ada", "bmi", 31.5, "kg/m2"),
        ("ada", "cholesterol", 5.0, "mmol/L"),
        ("ada", "egfr", 55.0, "mL/min/1.73m2"),
        ("ada", "haemoglobin", 125.0, "g/L"),
        ("ada", "hba1c", 48.0, "mmol/mol"),
        ("ada", "smoking", 1.0, None),
        ("ada", "systolic", 135.0, "mmHg"),
        ("ada", "temperature", 37.5, "C"),
        ("bob", "smoking", 0.0, None),
        ("cyd", "smoking", 2.0, None),
    ]


def test_rxnorm_is_never_landed_as_bnf(landed: tuple[IngestReport, Path]) -> None:
    report, _ = landed
    assert "prescriptions" not in report.tables
    assert ("lost", "medications, which are RxNorm and have no BNF code", 2) in report.outcomes


def test_every_row_is_mapped_guessed_or_lost_in_counts(landed: tuple[IngestReport, Path]) -> None:
    report, _ = landed
    assert sorted(report.outcomes) == sorted(
        [
            ("guessed", "ambulatory encounters as contacts with gp", 1),
            ("guessed", "spells as emergencies, since an emergency encounter ended within a day before", 2),
            ("guessed", "spells as planned, by their code", 1),
            ("guessed", "spells as moves, since they begin within an hour of another's end", 1),
            ("guessed", "urgentcare encounters as A&E attendances of type 3", 1),
            ("guessed", "virtual encounters as contacts with gp", 1),
            ("guessed", "wellness encounters as contacts with gp", 1),
            ("lost", "conditions in another system than SNOMED CT", 1),
            ("lost", "stays in a nursing facility (class snf), which are no admissions to hospital", 1),
            ("lost", "medications, which are RxNorm and have no BNF code", 2),
            ("lost", "observations of our measures whose value is none", 1),
            ("lost", "observations with a LOINC code that is none of our measures", 1),
            ("lost", "patients' race and ethnicity, which are no categories of the 2001 census", 12),
            ("lost", "reasons of spells, which are SNOMED CT and no ICD diagnoses", 1),
            ("lost", "spells of which no sign says whether they were emergencies (method 99)", 4),
            ("mapped", "conditions in SNOMED CT", 2),
            ("mapped", "emergency encounters as A&E attendances", 3),
            ("mapped", "inpatient encounters as spells in hospital", 8),
            ("mapped", "observations that are one of our measures", 10),
            ("mapped", "outpatient encounters as contacts", 1),
            ("mapped", "patients", 12),
        ]
    )


def test_encounters_that_are_not_what_their_class_says_are_counted(tmp_path: Path) -> None:
    """Real exports write sepsis as days in the emergency department, stays of other classes, a visit for each death."""
    seen = """
x1 , 2023-01-10T08:00Z , 2023-01-14T08:00Z , eve , o1 , emergency , 185347001 , 91302008
x2 , 2023-01-10T08:00Z , 2023-01-11T07:59Z , fay , o1 , emergency , 185347001 , 91302008
x3 , 2023-01-10T08:00Z , 2023-01-14T08:00Z , hal , o1 , Emergency , 185347001 , 91302008
x4 , 2023-01-14T08:00Z , 2023-01-15T08:00Z , hal , o1 , inpatient , 32485007  ,
x5 , 2023-01-10T08:00Z ,                   , ida , o1 , emergency , 185347001 ,
x6 , 2023-01-10T08:00Z , 2023-01-14T08:00Z , jan , o1 , hospital  , 32485007  ,
x7 , 2023-01-10T08:00Z , 2023-01-14T08:00Z , ken , o1 ,           , 32485007  ,
x8 , 2023-03-01T08:00Z , 2023-03-01T08:15Z , bob , o1 , wellness  , 308646001 , 95281009
x9 , 2023-02-20T23:30Z , 2023-02-20T23:45Z , bob , o1 , outpatient , 308646001 ,
xa , 2023-02-01T08:00Z , 2023-02-01T08:15Z , bob , o1 , wellness  ,           ,
"""
    encounters = "\n".join([ENCOUNTER_COLUMNS, *map(spell_out, seen.strip().splitlines())])
    report, store = read(tmp_path, FILES | {"encounters": encounters})
    assert rows(store, "contacts", "patient_id contacted_on service") == [("bob", "2023-02-01", "gp")]
    counted = {(kind, what[:33]): rows for kind, what, rows in report.outcomes}
    assert counted["mapped", "emergency encounters as A&E atten"] == 4
    assert counted["lost", "emergency encounters of a day or "] == 1
    assert counted["lost", "encounters that certify a death, "] == 2
    assert counted["guessed", "wellness encounters as contacts w"] == 1
    assert ("mapped", "outpatient encounters as contacts") not in counted
    assert counted["lost", "encounters of another class"] == 2
    assert counted["mapped", "inpatient encounters as spells in"] == 1


def drop_field(text: str, place: int) -> str:
    """The same lines without one field; none of these rows has a quote before it."""
    lines = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([*line[:place], *line[place + 1 :]]) for line in lines)


OLDER = FILES | {
    "conditions": drop_field("\n".join(line for line in CONDITIONS.splitlines() if "icd" not in line), 4),
    "observations": drop_field(OBSERVATIONS, 3),
}


OLDEST = OLDER | {"encounters": drop_field(FILES["encounters"], 4)}
"""As of 2020, when no column named the organisation."""


def test_a_file_that_was_not_exported_is_no_table_of_ours(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name not in ("observations", "medications", "conditions")}
    report, _ = read(tmp_path, files)
    assert sorted(report.tables) == ["admissions", "attendances", "contacts", "people"]


@pytest.mark.parametrize("files", [FILES, pytest.param(OLDER, marks=pytest.mark.exhaustive), OLDEST])
def test_files_without_a_header_give_the_same_bytes(files: dict[str, str], tmp_path: Path) -> None:
    _, expected = read(tmp_path / "with", files)
    mapping = read_mapping(site(tmp_path / "without", "header = false", files))
    ingest(mapping, tmp_path / "store", settings(), as_at=EXTRACT)
    tables = [find_version(store) / "tables" for store in (expected, tmp_path / "store")]
    read_back = [{file.name: file.read_bytes() for file in folder.iterdir()} for folder in tables]
    assert read_back[0] == read_back[1]


def test_a_number_of_fields_that_no_version_has_is_refused(tmp_path: Path) -> None:
    files = FILES | {"conditions": drop_field(drop_field(CONDITIONS, 4), 4)}
    with pytest.raises(SourceError) as caught:
        ingest(read_mapping(site(tmp_path, "header = false", files)), tmp_path / "store", settings(), as_at=EXTRACT)
    assert "conditions.csv has 5 fields in its first line, and without a line of names 7 or 6 are read" in str(
        caught.value
    )


@pytest.mark.parametrize("birthplace", ["Boston", "Lowell"], ids=["a value twice", "every value once"])
def test_a_forgotten_header_is_named_without_a_word_of_the_row(birthplace: str, tmp_path: Path) -> None:
    files = FILES | {"patients": FILES["patients"].replace(",Boston,1 Way", f",{birthplace},1 Way")}
    mapping = map_format(write(tmp_path / "csv", header=False, files=files), "synthea")
    with pytest.raises(SourceError) as caught:
        ingest(mapping, tmp_path / "store", settings(), as_at=EXTRACT)
    assert "patients" in str(caught.value)
    assert not [
        word for word in ("ada", "1941", "Boston", "Lowell", "999-12") if word.lower() in str(caught.value).lower()
    ]
