"""What can be landed, and how: the same tables give the same store from CSV, parquet or a DuckDB file."""

import gzip
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format
from riskstrat.sources.store import open_store
from tests.suite.stores import find_version

PEOPLE = "patient_id,date_of_birth,sex\np1,1950-01-01,F\np2,1960-02-01,M\n"
ADMISSIONS = (
    "patient_id,spell_id,admitted_on,method,discharged_on\np1,s1,2024-01-01,21,2024-01-05\np2,s2,2024-03-01,11,\n"
)
FALLS = "patient_id,fell_on,injury\np1,2024-02-01,true\np1,2024-02-01,\n"


def tolerant() -> Settings:
    return Settings.model_validate({"data": {"quarantine_limit": 1}})


def land(folder: Path, **tables: str) -> Path:
    folder.mkdir()
    for name, text in {"people": PEOPLE, "admissions": ADMISSIONS, **tables}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(source: Path, store: Path) -> IngestReport:
    return ingest(source, store, tolerant())


def bytes_of(store: Path) -> dict[str, bytes]:
    return {str(file.relative_to(store)): file.read_bytes() for file in sorted(store.rglob("*")) if file.is_file()}


def typed(text: str) -> pd.DataFrame:
    from io import StringIO

    dates = {"date_of_birth", "admitted_on", "discharged_on", "fell_on"} & set(text.splitlines()[0].split(","))
    frame = pd.read_csv(StringIO(text), parse_dates=sorted(dates), dtype={"method": "str"})
    return frame.assign(**{day: frame[day].dt.date for day in dates})


def test_csv_parquet_and_a_duckdb_file_give_the_same_store(tmp_path: Path) -> None:
    csv = land(tmp_path / "csv", falls=FALLS)
    parquet, database = tmp_path / "parquet", tmp_path / "site.duckdb"
    parquet.mkdir()
    with duckdb.connect(str(database)) as connection:
        for name, text in (("people", PEOPLE), ("admissions", ADMISSIONS), ("falls", FALLS)):
            frame = typed(text)
            frame.to_parquet(parquet / f"{name}.parquet")
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS FROM frame")
    for source in (csv, parquet, database):
        run(source, tmp_path / f"store of {source.name}")
    first, *others = (
        bytes_of(find_version(tmp_path / f"store of {source.name}")) for source in (csv, parquet, database)
    )
    assert set(first) == {
        "manifest.json",
        "quarantine.parquet",
        "coverage.parquet",
        "tables/spells.parquet",
        *(f"tables/{name}.parquet" for name in ("people", "admissions", "falls", "doubtful_stays")),
    }
    assert all(other == first for other in others)


def test_names_are_read_whichever_case_and_others_are_ignored_and_said(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "PEOPLE.CSV").write_text(PEOPLE.replace("patient_id", "Patient_ID"), encoding="utf-8-sig")
    wider = "ward," + ADMISSIONS.replace("\np", "\nW1,p")
    (source / "Admissions.csv").write_text(wider, encoding="utf-8")
    (source / "wards.csv").write_text("ward\nW1\n", encoding="utf-8")
    report = run(source, tmp_path / "store")
    assert report.people == 2
    assert report.ignored_tables == ("wards",)
    assert report.ignored_columns == {"admissions": ("ward",)}


def test_columns_without_a_name_are_ignored(tmp_path: Path) -> None:
    falls = "patient_id,fell_on,,\np1,2024-02-01,,\n"
    report = run(land(tmp_path / "source", falls=falls), tmp_path / "store")
    assert report.ignored_columns == {"falls": ("column 3", "column 4")}
    assert report.tables["falls"].accepted == 1


def test_rows_with_another_number_of_fields_are_quarantined_under_their_own_number(tmp_path: Path) -> None:
    falls = "patient_id,fell_on\np1,2024-02-01,extra\np1,2024-02-02\np1\np1,not a day\np1,2024-02-03\n"
    run(land(tmp_path / "source", falls=falls), tmp_path / "store")
    quarantined = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    assert quarantined[["table", "row", "rule"]].values.tolist() == [
        ["falls", 1, "unreadable row"],
        ["falls", 3, "unreadable row"],
        ["falls", 4, "unparseable date"],
    ]
    assert len(open_store(tmp_path / "store").read("falls")) == 2


def test_rows_keep_their_number_over_many_blocks_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskstrat.sources.landing._BLOCK", 256)
    lines = ["patient_id,fell_on"] + ["p1,2024-02-01"] * 100
    for number in (7, 50, 51, 100):
        lines[number] = "p1"
    lines[30] = lines[80] = "p1,never"
    run(land(tmp_path / "source", falls="\n".join(lines) + "\n"), tmp_path / "store")
    quarantined = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    assert quarantined["row"].tolist() == [7, 30, 50, 51, 80, 100]


def test_a_table_without_rows_is_landed_and_empty(tmp_path: Path) -> None:
    report = run(land(tmp_path / "source", falls="patient_id,fell_on\n"), tmp_path / "store")
    assert (report.tables["falls"].landed, report.tables["falls"].stored) == (0, 0)
    assert "falls" in open_store(tmp_path / "store").landed


def refused(source: Path) -> str:
    with pytest.raises(SourceError) as caught:
        ingest(source, source.parent / "store", tolerant())
    assert not (source.parent / "store").exists()
    return str(caught.value)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "does not exist; give a folder of tables or a DuckDB file" in refused(tmp_path / "nowhere")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no tables here, but long enough to be read as a header" * 200)
    assert "is neither a folder of tables nor a DuckDB file" in refused(tmp_path / "notes.txt")


def test_an_unknown_format_is_refused_with_a_near_match(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r'"mimi" is not a format; the formats are canonical, .* mean "mimic"'):
        map_format(land(tmp_path / "source"), "mimi")


@pytest.mark.parametrize("first", ["p1,1950-03-15,F", "4857773456,Smith,F", "Ann,F,07700900123"])
def test_a_row_in_place_of_the_names_of_columns_is_not_repeated(tmp_path: Path, first: str) -> None:
    message = refused(land(tmp_path / "source", people=f"{first}\np2,1940-07-01,M\n"))
    assert "what looks like a row in place of the names of columns" in message
    assert not any(value in message for value in first.split(","))


def test_a_missing_required_table_or_column_is_refused_by_name(tmp_path: Path) -> None:
    source = land(tmp_path / "source")
    (source / "admissions.csv").write_text(ADMISSIONS.replace("method", "admimeth"))
    assert refused(source) == (
        "admissions lacks the required column method; it has patient_id, spell_id, admitted_on, admimeth, "
        "discharged_on; did you mean admimeth for method?; name the columns as docs/data.md does"
    )
    (source / "admissions.csv").rename(source / "spells.csv")
    assert "has no table admissions; land admissions.parquet or .csv; it holds spells" in refused(source)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("nhs_pseudo,dob,gender", "did you mean nhs_pseudo for patient_id? dob for date_of_birth? gender for sex?;"),
        ("patient,birthdate,sexx", "did you mean patient for patient_id? birthdate for date_of_birth? sexx for sex?;"),
        ("a,b,sex", "it has a, b, sex; name the columns as docs/data.md does"),
        ("Quillfeather,b,c", "it has what looks like a row in place of the names of columns; name the columns"),
        (
            "patient_id|date_of_birth|sex",
            "is parted by the stroke |, not by commas: its columns are patient_id, date_of_",
        ),
        ("patient_id;date_of_birth;sex", "is parted by the semicolon, not by commas"),
        ("patient_id\tdate_of_birth\tsex", "is parted by the tab, not by commas"),
    ],
)
def test_columns_of_other_names_or_parted_otherwise_are_named_with_what_could_be_meant(
    header: str, says: str, tmp_path: Path
) -> None:
    message = refused(land(tmp_path / "source", people=f"{header}\n"))
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("address", ["postgresql://user:secret@localhost/x", "mssql+pyodbc://server/x"])
def test_an_address_of_a_database_is_told_the_truth_without_its_words(address: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        ingest(Path(address), tmp_path / "store", tolerant())
    kind = address.split(":")[0]
    assert str(caught.value).startswith(f"a {kind} address was given, and may hold a password: write it into an ")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("beginning", "says"),
    [
        (b"\x00" * 8 + b"DUCK" + b"\xff" * 4096, "was made by a newer DuckDB than riskstrat reads"),
    ],
)
def test_a_database_that_cannot_be_read_is_named(beginning: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "site.db").write_bytes(beginning)
    assert says in refused(tmp_path / "site.db")


def test_a_packed_csv_gives_the_same_store(tmp_path: Path) -> None:
    plain, packed = land(tmp_path / "plain", falls=FALLS), land(tmp_path / "packed", falls=FALLS)
    for file in list(packed.iterdir()):
        Path(f"{file}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    run(plain, tmp_path / "one")
    run(packed, tmp_path / "two")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (("person.csv", "visit_occurrence.csv", "condition_occurrence.csv"), "it looks like an OMOP common data model"),
        (("patients.csv", "encounters.csv", "conditions.csv"), "it looks like Synthea records"),
        (("patients.csv.gz", "admissions.txt", "diagnoses_icd.csv.gz"), "it looks like a MIMIC-IV extract"),
        (("people/part-0.parquet", "people/part-1.parquet"), "cannot be read as parquet"),
        (("wards.csv",), "has no table people; land people.parquet or .csv; it holds wards"),
        (("csv/people.csv", "fhir/x.csv"), "source has no table people; it lies in {source}/csv: name that folder as"),
        (("b/people.csv.gz", "a/People.csv"), "it lies in {source}/a, {source}/b: name one of them as the source"),
    ],
)
def test_what_lies_in_a_source_without_people_is_named(files: tuple[str, ...], says: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        text = b"patient_id,system,code,recorded_on\n"
        (tmp_path / "source" / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert says.format(source=tmp_path / "source") in refused(tmp_path / "source")


@pytest.mark.parametrize(("format", "table"), [("synthea", "patients"), ("hes", "apc")])
def test_an_adapter_names_the_folder_below_in_which_its_table_lies(format: str, table: str, tmp_path: Path) -> None:
    below = tmp_path / "output" / "csv"
    below.mkdir(parents=True)
    (below / f"{table}.csv").write_text("id\nQuillfeather\n")
    with pytest.raises(SourceError) as caught:
        ingest(map_format(tmp_path / "output", format), tmp_path / "store", tolerant())
    assert (
        str(caught.value)
        == f"{tmp_path}/output has no table {table}; it lies in {below}: name that folder as the source"
    )


def test_two_files_for_one_table_are_refused(tmp_path: Path) -> None:
    source = land(tmp_path / "source")
    typed(PEOPLE).to_parquet(source / "people.parquet")
    assert "holds both people.csv and people.parquet; keep one of them" in refused(source)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    source = land(tmp_path / "source", falls="patient_id,fell_on,Fell_on\n")
    assert refused(source) == "falls.csv has two columns of one name, number 2 and number 3; keep one of them"


def test_two_columns_of_one_name_are_refused_in_parquet_too(tmp_path: Path) -> None:
    source = land(tmp_path / "source")
    fell = pa.table([["p1"], ["2024-02-01"], ["2024-03-01"]], names=["patient_id", "fell_on", "Fell_On"])
    pq.write_table(fell, source / "falls.parquet")
    assert refused(source) == "falls.parquet has two columns of one name, number 2 and number 3; keep one of them"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; its first line must name the columns"),
        (
            b"patient_id,fell_on\n" + b"p1,2024-01-01\n" * 2000 + b"Jos\xe9,2024-01-01\n",
            "falls.csv: line 2002 is not UTF-8",
        ),
        (
            "patient_id,fell_on,caf\xe9\n".encode("latin-1"),
            "is not utf-8, likely windows-1252; under [source",
        ),
    ],
)
def test_a_file_that_is_not_csv_in_utf8_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    source = land(tmp_path / "source")
    (source / "falls.csv").write_bytes(content)
    assert says in refused(source)


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    source = land(tmp_path / "source")
    (source / "falls.parquet").write_bytes(b"PAR1 and then nothing of the kind")
    assert "falls.parquet cannot be read as parquet" in refused(source)


@pytest.mark.parametrize("name", ["landed_row", "LANDED_ROW"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "duckdb"])
def test_a_column_that_is_called_as_our_own_numbers_of_rows_is_refused(tmp_path: Path, name: str, ending: str) -> None:
    source = land(tmp_path / "source")
    frame = typed(ADMISSIONS).assign(**{name: 1})
    if ending == "duckdb":
        source = tmp_path / "source.duckdb"
        with duckdb.connect(str(source)) as made:
            made.register("stays", frame)
            made.register("everybody", typed(PEOPLE))
            made.execute("CREATE TABLE admissions AS FROM stays; CREATE TABLE people AS FROM everybody")
    elif ending == "parquet":
        (source / "admissions.csv").unlink()
        frame.to_parquet(source / "admissions.parquet")
    else:
        frame.to_csv(source / "admissions.csv", index=False)
    with pytest.raises(SourceError, match=r"has a column landed_row, by which .*; rename it or take it out"):
        run(source, tmp_path / "store")
