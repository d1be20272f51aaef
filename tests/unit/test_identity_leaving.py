"""What leaves the identity install: columns of the schema, each cell by type and shape, and nothing else."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat import identity
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import IdentityError, StorageError
from riskstrat.identity import IdentityFolder
from riskstrat.identity.births import is_month_first, read_birth
from riskstrat.identity.shapes import FREE_TEXT, PATIENT, SPELL, find_fit
from riskstrat.verbs.identity_pseudonymise import pseudonymise
from riskstrat.verbs.identity_translate import translate

ROOT = Path(__file__).resolve().parents[2]
ANN, BEN = "9990000018", "9990000026"
NAME = "Zebedee Quillfeather"


@pytest.fixture
def folder(tmp_path: Path) -> IdentityFolder:
    return identity.init(tmp_path / "identity", "nhs_number", user="ann")


def fit(table: str, column: str, cell: object, system: str = "") -> object:
    return find_fit(table, SCHEMAS[table].names[column])(cell, system)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.open(encoding="utf-8")))


# ---- Cells


@pytest.mark.parametrize(
    ("table", "column", "cells", "system"),
    [
        ("admissions", "method", ["21", "2A", "66", 21, 21.0, "21.0"], ""),
        ("admissions", "specialty", ["300", 300], ""),
        ("admissions", "provider", ["RBN", "RXX01", "R0A"], ""),
        ("admissions", "admitted_on", ["2026-03-04", "04/03/2026", "20260304", "4-Mar-26", date(2026, 3, 4)], ""),
        ("admissions", "admitted_on", ["2026-06-09T23:00:00Z", "2026-03-04 00:00:00.0000000", "46085"], ""),
        (
            "admissions",
            "discharged_on",
            ["9999-12-31", "2999-12-31", "03/25/2026", datetime(2026, 3, 4, tzinfo=UTC)],
            "",
        ),
        ("diagnoses", "code", ["I10", "I10X", "F00.1*", "E103-D", "S72.00", "&"], "icd10"),
        ("diagnoses", "code", ["250.0", "E8889", "V10"], "icd9"),
        ("conditions", "code", ["73211009", 73211009], "snomed"),
        ("conditions", "code", ["HEART_FAILURE", "Heart failure"], "register"),
        ("attendances", "complaint", ["Chest pain", "FALL", "SLIPPED"], ""),
        ("attendances", "acuity", ["1064891000000107", 1064891000000107.0, Decimal("1064891000000107"), "3"], ""),
        ("prescriptions", "bnf", ["0212000B0", "0212", "0101021B0AAAHAH"], ""),
        ("contacts", "service", ["gp", "District nursing", "General Practice", "nhs_111"], ""),
        ("contacts", "attended", [True, "yes", "Y", 1, "false"], ""),
        ("measurements", "unit", ["mL/min/1.73m2", "kg/m2", "mmHg", "10*9/L", "%", "g/dL", "µmol/L", "score"], ""),
        ("measurements", "value", ["55", "11.2", 11.2, -0.5, ">90", "1.5E1", Decimal("7.25"), 30], ""),
        ("people", "lsoa", ["E01006543", "95GG01S1"], ""),
        ("people", "ethnicity", ["A", "z", "99"], ""),
        ("people", "sex", ["F", "m", "U"], ""),
        ("caseload", "status", ["active", "Not suitable"], ""),
        ("social_care", "service", ["home_care", "Home care"], ""),
        ("registrations", "practice", ["N83018", "n83018"], ""),
    ],
)
def test_a_cell_of_its_columns_shape_leaves_as_it_is(table: str, column: str, cells: list[object], system: str) -> None:
    assert [fit(table, column, cell, system) for cell in cells] == cells


@pytest.mark.parametrize(
    ("table", "column", "system"),
    [
        (schema.name, column.name, system)
        for schema in SCHEMAS.values()
        for column in schema.columns
        if PATIENT in schema.names and column.name not in (PATIENT, SPELL, *FREE_TEXT)
        for system in (["icd10", "icd9", "snomed", "register", ""] if column.name == "code" else [""])
    ],
)
def test_no_column_takes_a_name_or_a_number_of_a_person(table: str, column: str, system: str) -> None:
    spelt = ("{0}", "{0}.0", "{1} {2} {3}", "{1}.{2}.{3}", "{1}-{2}-{3}", "NHS{0}", "\u200d{0}")
    numbers = [form.format(ANN, ANN[:3], ANN[3:6], ANN[6:]) for form in spelt]
    others = [int(ANN), float(ANN), Decimal(ANN), ANN.encode(), [ANN], f"{ANN[:5]} {ANN[5:]}"]
    names = [
        NAME,
        "Quillfeather",
        "QUILLFEATHER",
        "Wilkinson",
        "Nicholson",
        "Smith",
        "O'Neil",
        "Ming",
        "Ann Lee",
        "Li Wei",
    ]
    left = [cell for cell in (*numbers, *others, *names) if fit(table, column, cell, system) is not None]
    assert left == []


@pytest.mark.parametrize(
    ("cell", "leaves"),
    [
        ("943.4765919", "943.4766"),
        (943.4765919, 943.4766),
        (Decimal("943.4765919"), Decimal("943.4766")),
        (100000, None),
    ],
)
def test_a_number_has_at_most_nine_digits(cell: object, leaves: object) -> None:
    assert fit("measurements", "value", cell) == leaves


def test_every_code_of_the_shipped_codelists_may_leave() -> None:
    columns = {
        "icd10": ("diagnoses", "code"),
        "icd9": ("diagnoses", "code"),
        "snomed": ("conditions", "code"),
        "register": ("conditions", "code"),
        "complaint": ("attendances", "complaint"),
        "bnf": ("prescriptions", "bnf"),
    }
    codes = {
        (row["system"], row["code"])
        for file in (ROOT / "features" / "codelists").glob("*.csv")
        for row in csv.DictReader(file.open(encoding="utf-8"))
        if row.get("system") in columns
    }
    whole = {(system, code) for system, code in codes if system not in ("icd10", "icd9") or len(code) >= 3}
    assert len(whole) > 1000
    assert [(system, code) for system, code in whole if fit(*columns[system], code, system) is None] == []


# ---- Files


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_outside_the_schema_stay_and_are_said(folder: IdentityFolder, tmp_path: Path) -> None:
    headings = "patient_name,address1,birthdate,DateOfBirth2,nok_name,notes,Quillfeather notes,Sex,reason"
    cells = f"{NAME},1 High Street,1940-03-09,1940-03-09,Ann,{NAME} fell,x,F,{NAME}"
    source = write(tmp_path / "people.csv", f"nhs_number,{headings}\n{ANN},{cells}\n")
    done = identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")
    assert [list(row)[1:] for row in rows_of(tmp_path / "out.csv")] == [["sex"]]
    assert done.kept == ("patient_name", "address1", "birthdate")
    assert done.leaving.left_behind == ("DateOfBirth2", "nok_name", "notes", "column 8", "reason")


def test_free_text_of_a_schema_never_leaves(folder: IdentityFolder, tmp_path: Path) -> None:
    text = f"nhs_number,team,status,from_on,owner\n{ANN},KIR,active,2026-01-01,nurse\n"
    done = identity.pseudonymise(folder, write(tmp_path / "caseload.csv", text), tmp_path / "out.csv", user="ann")
    assert list(rows_of(tmp_path / "out.csv")[0]) == ["patient_id", "team", "status", "from_on"]
    assert done.leaving.left_behind == ("owner",)


def test_cells_that_do_not_fit_are_emptied_and_counted(folder: IdentityFolder, tmp_path: Path) -> None:
    text = f"nhs_number,sex,ethnicity,imd_decile\n{ANN},F,{NAME},1\n{BEN},{NAME},A,{ANN}\n"
    done = identity.pseudonymise(folder, write(tmp_path / "people.csv", text), tmp_path / "out.csv", user="ann")
    assert done.leaving.emptied == {"sex": 1, "ethnicity": 1, "imd_decile": 1}
    assert [list(row.values())[1:] for row in rows_of(tmp_path / "out.csv")] == [["F", "", "1"], ["", "A", ""]]


def test_a_value_whose_unit_cannot_leave_does_not_leave_either(folder: IdentityFolder, tmp_path: Path) -> None:
    text = f"nhs_number,measure,value,unit\n{ANN},haemoglobin,11.2,furlong\n{ANN},haemoglobin,112,g/L\n"
    source = write(tmp_path / "measurements.csv", text)
    done = identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")
    assert done.leaving.emptied == {"value": 1, "unit": 1}
    assert [(row["value"], row["unit"]) for row in rows_of(tmp_path / "out.csv")] == [("", ""), ("112", "g/L")]


@pytest.mark.parametrize(
    ("table", "heading", "cells"),
    [
        ("statuses", "as_at,died", "2026-01-01,perhaps"),
        ("opt_outs", "kind,from_on", "Type 1 objection,2026-01-01"),
        ("opt_outs", "kind,from_on", "type1,in spring"),
        ("people", "sex,date_of_death", "F,last week"),
        ("registrations", "practice,registered_from,registered_to", "N83018,2026-01-01,gone"),
    ],
)
def test_what_keeps_people_off_lists_is_not_emptied_but_refused(
    folder: IdentityFolder, tmp_path: Path, table: str, heading: str, cells: str
) -> None:
    source = write(tmp_path / f"{table}.csv", f"nhs_number,{heading}\n{ANN},{cells}\n")
    with pytest.raises(IdentityError, match="keeps people off lists, and 1 of its cells") as refused:
        identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")
    assert cells.rpartition(",")[2] not in str(refused.value)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "heading", [ANN, f"{ANN[:5]} {ANN[5:]}", f"{NAME} notes", "quillfeather_zebedee", "NHS9990000026"]
)
def test_a_heading_that_says_who_somebody_is_is_refused_and_not_repeated(
    folder: IdentityFolder, tmp_path: Path, heading: str
) -> None:
    source = write(tmp_path / "people.csv", f"nhs_number,name,{heading}\n{ANN},{NAME},x\n")
    with pytest.raises(IdentityError, match="the heading of column 3 holds") as refused:
        identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")
    assert heading not in str(refused.value)


def test_a_missing_column_is_said_without_headings_that_may_be_a_person(folder: IdentityFolder, tmp_path: Path) -> None:
    source = write(tmp_path / "people.csv", f"{NAME},sex\nx,F\n")
    with pytest.raises(IdentityError, match='no column "nhs_number"; it has column 1, sex'):
        identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")


def test_the_table_is_the_files_name_or_the_one_given(folder: IdentityFolder, tmp_path: Path) -> None:
    source = write(tmp_path / "extract 3.csv", f"nhs_number,sex\n{ANN},F\n")
    with pytest.raises(IdentityError, match="give --table, one of: admissions, "):
        identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann")
    with pytest.raises(IdentityError, match="give --table"):
        identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann", table_name="areas")
    identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann", table_name="People")
    assert rows_of(tmp_path / "out.csv")[0]["sex"] == "F"


def test_a_sites_own_words_leave_once_they_are_written_in(folder: IdentityFolder, tmp_path: Path) -> None:
    source = write(tmp_path / "contacts.csv", f"nhs_number,service\n{ANN},Care navigator\n")
    assert identity.pseudonymise(folder, source, tmp_path / "out.csv", user="ann").leaving.emptied == {"service": 1}
    (folder.root / "identity.toml").write_text('[words]\n"contacts.service" = ["care_navigator"]\n', encoding="utf-8")
    again = identity.open_folder(folder.root)
    assert identity.pseudonymise(again, source, tmp_path / "out.csv", user="ann").leaving.emptied == {}
    (folder.root / "identity.toml").write_text('[words]\n"reviews.reason" = ["x"]\n', encoding="utf-8")
    with pytest.raises(IdentityError, match="no column of words"):
        identity.open_folder(folder.root)


def test_a_spell_leaves_under_a_pseudonym_that_joins_its_tables(folder: IdentityFolder, tmp_path: Path) -> None:
    write(tmp_path / "admissions.csv", f"nhs_number,spell_id\n{ANN},{BEN}\n{ANN},7\n")
    table = pa.table({"nhs_number": [ANN, ANN], "spell_id": pa.array([float(BEN), None])})
    pq.write_table(table, tmp_path / "diagnoses.parquet")
    for name in ("admissions.csv", "diagnoses.parquet"):
        identity.pseudonymise(folder, tmp_path / name, tmp_path / f"out-{name}", user="ann")
    spells = [row["spell_id"] for row in rows_of(tmp_path / "out-admissions.csv")]
    assert pq.read_table(tmp_path / "out-diagnoses.parquet")["spell_id"].to_pylist() == [spells[0], None]
    assert [len(spell) for spell in spells] == [32, 32]
    assert BEN not in spells


@pytest.mark.parametrize("verb", ["pseudonymise", "translate"])
@pytest.mark.parametrize("inside", ["identity", "another", "workspace/landed"])
def test_rows_never_go_into_a_workspace_or_an_identity_folder(
    folder: IdentityFolder, tmp_path: Path, verb: str, inside: str
) -> None:
    identity.init(tmp_path / "another", "nhs_number", user="ann")
    (tmp_path / "workspace" / "landed").mkdir(parents=True)
    (tmp_path / "workspace" / "riskstrat.toml").touch()
    source = write(tmp_path / "people.csv", f"nhs_number,patient_id\n{ANN},1\n")
    out = tmp_path / inside / "out.csv"
    run = {
        "pseudonymise": lambda: pseudonymise(folder.root, source, out, "nhs_number"),
        "translate": lambda: translate(folder.root, source, "care", out, "patient_id"),
    }[verb]
    with pytest.raises(StorageError, match=r"it would stand in an (identity folder|analytics workspace)"):
        run()
    assert not out.exists()


def test_translate_lets_out_no_more_than_pseudonymise(folder: IdentityFolder, tmp_path: Path) -> None:
    walk = write(tmp_path / "walk.csv", "source,pseudonym,patient_id\ncare,C1,a1\n")
    identity.add_crosswalk(folder, walk, user="ann")
    text = f"pseudo,date_of_birth,sex,notes,ethnicity\nC1,1940-03-09,F,{NAME},{NAME}\n"
    source = write(tmp_path / "people.csv", text)
    done = identity.translate(folder, source, "care", tmp_path / "out.csv", "pseudo", user="ann")
    assert rows_of(tmp_path / "out.csv") == [
        {"patient_id": "a1", "date_of_birth": "1940-03-01", "sex": "F", "ethnicity": ""}
    ]
    assert done.leaving is not None
    assert (done.leaving.left_behind, done.leaving.emptied) == (("notes",), {"ethnicity": 1})


@pytest.mark.parametrize("patient", [ANN, f"NHS {ANN[:3]}.{ANN[3:6]}.{ANN[6:]}", NAME, "Quillfeather"])
def test_a_crosswalk_takes_no_person_for_a_pseudonym(folder: IdentityFolder, tmp_path: Path, patient: str) -> None:
    walk = write(tmp_path / "walk.csv", f"source,pseudonym,patient_id\ncare,C1,{patient}\n")
    done = identity.add_crosswalk(folder, walk, user="ann")
    assert (done.used, sum(done.quarantined.values())) == (0, 1)


@pytest.mark.parametrize("source", [ANN, "Quillfeather", "x" * 41, "care\u200d"])
def test_a_crosswalk_takes_no_person_for_a_source(folder: IdentityFolder, tmp_path: Path, source: str) -> None:
    people = write(tmp_path / "people.csv", f"nhs_number,name\n{ANN},{NAME}\n")
    identity.pseudonymise(folder, people, tmp_path / "out.csv", user="ann")
    walk = write(tmp_path / "walk.csv", f"source,pseudonym,patient_id\n{source},C1,a1\n")
    assert identity.add_crosswalk(folder, walk, user="ann").used == 0


# ---- Dates of birth

FOURTH = date(1952, 3, 4)


@pytest.mark.parametrize(
    "written",
    [
        *("1952-03-04", "19520304", "1952-03-04 00:00:00.000", "1952-03-04T00:00:00", "1952-03-04 12:30", FOURTH),
        *("04/03/1952", "4/3/1952", "04/03/52", "04.03.1952", "04-03-1952", "04/03/1952 00:00", "4/3/1952 12:00:00 AM"),
        *("04-Mar-52", "4 March 1952", "4th March 1952", "04-MAR-1952", "4 Mar 52", datetime(1952, 3, 4, 9, 30)),
        *("19057", "19057.0", "1952-03-04T00:00:00Z", "1952-03-04T01:00:00+01:00", datetime(1952, 3, 4, tzinfo=UTC)),
    ],
)
def test_a_date_of_birth_is_read_as_systems_write_it(written: object) -> None:
    assert read_birth(written) == FOURTH


def test_an_instant_is_the_day_in_london() -> None:
    assert read_birth("1972-06-09T23:00:00Z") == read_birth("1972-06-10T00:00:00+01:00") == date(1972, 6, 10)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1952",
        "03/25/1952",
        "04/03/12",
        "4-Mar-07",
        "31/02/1952",
        "1952-13-04",
        "4 Mai 1952",
        "soon",
        "1752-03-04",
        "99999999",
        "0",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-05:00",
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_what_says_no_day_or_could_mean_two_is_not_read(written: str | datetime) -> None:
    assert read_birth(written) is None


def test_a_date_of_birth_that_cannot_be_read_is_counted_and_not_repeated(
    folder: IdentityFolder, tmp_path: Path
) -> None:
    births = ["1952-03-04 00:00:00.000", "04-Mar-52", "04/03/12", ""]
    lines = [f"{number},{born}" for number, born in zip([ANN, BEN, "9990000034", "9990000042"], births, strict=True)]
    source = write(tmp_path / "people.csv", "nhs_number,dob\n" + "\n".join(lines) + "\n")
    done = identity.pseudonymise(folder, source, tmp_path / "out.csv", birth_month=True, user="ann")
    assert [row["date_of_birth"] for row in rows_of(tmp_path / "out.csv")] == ["1952-03-01", "1952-03-01", "", ""]
    assert (done.births_not_read, done.leaving.emptied) == (1, {"date_of_birth": 1})
    held = folder.identities().people[folder.key().pseudonym(BEN)]
    assert held["date_of_birth"] == "1952-03-04"


def test_months_before_days_stop_the_file(folder: IdentityFolder, tmp_path: Path) -> None:
    assert not is_month_first(["04/03/1952", "25/03/1952", "03/25/1952"])
    source = write(tmp_path / "people.csv", f"nhs_number,dob\n{ANN},03/25/1952\n{BEN},04/03/1952\n")
    with pytest.raises(IdentityError, match="month/day/year"):
        identity.pseudonymise(folder, source, tmp_path / "out.csv", birth_month=True, user="ann")
