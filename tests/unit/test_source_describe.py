"""`source describe` proposes what it recognises, leaves the rest to fill in, and its proposal can be used."""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
import pytest

from riskstrat.definitions.column_names import COLUMN_NAMES, KNOWN_CODES, TABLE_NAMES
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.errors import RiskstratError, SourceError
from riskstrat.sources.describing import describe_source
from riskstrat.sources.mapping import map_format, read_mapping
from riskstrat.verbs.source_describe import source_describe
from tests.unit.test_source_mapping import EXTRACT, bytes_of, settings, write

PEOPLE = "nhs_pseudo,dob,gender_code\n" + "".join(f"P{n},19{n:02}-05-01,{n % 2 + 1}\n" for n in range(30, 60))
SPELLS = "nhs_pseudo,provspno,admidate,admimeth,colour\nP31,1,2026-01-05,21,red\nP32,2,2026-02-07,11,blue\n"


def propose(folder: Path, **files: str) -> str:
    return describe_source(map_format(write(folder / "extract", files)))


def test_a_proposal_reads_what_it_was_made_from(tmp_path: Path) -> None:
    text = propose(tmp_path, patients=PEOPLE, hospital_admissions=SPELLS, wards="a,b\n1,2\n")
    (tmp_path / "source.toml").write_text(text, encoding="utf-8")
    from riskstrat.sources.ingest import ingest

    ingest(read_mapping(tmp_path / "source.toml"), tmp_path / "store", settings(), as_at=EXTRACT)
    ours = write(
        tmp_path / "ours",
        {
            "people": PEOPLE.replace("nhs_pseudo,dob,gender_code", "patient_id,date_of_birth,sex")
            .replace(",1\n", ",M\n")
            .replace(",2\n", ",F\n"),
            "admissions": SPELLS.replace(
                "nhs_pseudo,provspno,admidate,admimeth", "patient_id,spell_id,admitted_on,method"
            ),
        },
    )
    ingest(ours, tmp_path / "expected", settings(), as_at=EXTRACT)
    assert bytes_of(tmp_path / "store") == bytes_of(tmp_path / "expected")
    assert "# not used: wards" in text


def test_what_is_not_recognised_is_left_to_fill_in(tmp_path: Path) -> None:
    text = propose(tmp_path, patients="id,born,sex\nA,1950-01-01,M\n")
    assert "# patient_id =    # which of: id, born" in text
    assert "# date_of_birth =    # which of: id, born" in text
    assert "# still to be found: admissions" in text
    assert set(tomllib.loads(text)["source"]["tables"]) == {"people"}


def test_columns_that_may_be_missed_are_named_while_some_of_theirs_are_not_used(tmp_path: Path) -> None:
    spells = "nhs_pseudo,provspno,admidate,admimeth{}\nA,1,2020-01-01,21{}\n"
    text = propose(tmp_path, patients=PEOPLE, apc_spells=spells.format(",went_home_on", ",2020-01-05"))
    (line,) = [line for line in text.splitlines() if line.startswith("# not found, and worth a look in yours:")]
    assert "discharged_on" in line
    assert "admitted_on" not in line
    assert "worth a look" not in propose(tmp_path, patients=PEOPLE, apc_spells=spells.format("", ""))


def test_a_code_of_few_people_is_counted_and_never_written(tmp_path: Path) -> None:
    text = propose(tmp_path, patients=f"{PEOPLE}P1,1950-01-01,Smith\n")
    assert 'codes = { "1" = "M", "2" = "F" }' in text
    assert "# 1 further value of gender_code: each to one of F, M, I, U" in text
    assert "Smith" not in text


@pytest.mark.parametrize("codes", ["01", "19", "ab"])
def test_codes_that_may_be_numbered_in_another_way_are_left_to_fill_in(tmp_path: Path, codes: str) -> None:
    rows = "".join(f"P{n},1950-01-01,{codes[n % 2]}\n" for n in range(40))
    text = propose(tmp_path, patients=f"nhs_pseudo,dob,gender_code\n{rows}")
    assert "\n# sex = { from" in text
    tomllib.loads(text)


def test_every_column_and_table_that_is_not_used_is_named(tmp_path: Path) -> None:
    people = "nhs_pseudo,dob,sex,left_us_on\nA,1950-01-01,M,2020-01-01\n"
    refused = "nhs_pseudo,kind\nA,type1\n"
    text = propose(tmp_path, patients=people, opt_outs=refused, gp_objections=refused)
    assert "# not used: left_us_on" in text
    assert "# also like opt_outs, and not read: gp_objections" in text


def test_a_row_in_place_of_names_is_not_written(tmp_path: Path) -> None:
    text = propose(tmp_path, patients="P17,1950-01-01,Smith,sex\nP18,1951-01-01,Jones,F\n")
    assert "Smith" not in text
    assert "what looks like a row" in text


def test_another_model_is_read_by_its_adapter(tmp_path: Path) -> None:
    made = tmp_path / "cdm.duckdb"
    with duckdb.connect(str(made)) as database:
        for table in ("person", "visit_occurrence", "condition_occurrence"):
            database.execute(f"CREATE TABLE {table} (person_id INTEGER)")
    text = describe_source(map_format(made))
    assert 'kind = "omop"' in text
    assert "emergency" in text


def test_a_file_that_stands_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path / "extract", {"patients": PEOPLE})
    out = tmp_path / "source.toml"
    out.write_text("mine")
    with pytest.raises(SourceError, match="stands already"):
        source_describe(str(tmp_path / "extract"), None, None, out)
    assert out.read_text() == "mine"
    with pytest.raises(RiskstratError, match=r"\.toml"):
        source_describe(str(tmp_path / "extract"), None, None, tmp_path / "source.txt")


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        ("postgresql://me:secret@host/db", "postgres", "name an environment variable"),
        ("$NO_SUCH_VARIABLE", "postgres", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("$A", "postgre", 'did you mean "postgres"?'),
        ("postgresql://me:secret@host/db", None, "may hold a password"),
    ],
)
def test_an_address_is_never_given_on_the_command_line(source: str, kind: str | None, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        source_describe(source, kind, None, None)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_words_of_others_stand_for_tables_columns_and_codes_that_there_are() -> None:
    columns = {column.name for schema in SCHEMAS.values() for column in schema.columns}
    assert set(COLUMN_NAMES) <= columns
    assert set(TABLE_NAMES) <= set(SCHEMAS)
    assert set(KNOWN_CODES["sex"].values()) <= set(SCHEMAS["people"].names["sex"].allowed)
    for names in (*COLUMN_NAMES.values(), *TABLE_NAMES.values()):
        assert len(set(names)) == len(names)
