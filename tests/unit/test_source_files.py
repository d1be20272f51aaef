"""CSV files of their own separator, encoding or parts, and what a site overlooked: a part, a code, an unknown table."""

from __future__ import annotations

import gzip
import tomllib
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from riskstrat.casefinding import CaseFacts
from riskstrat.casefinding.teams import Membership, assign_teams
from riskstrat.definitions.source_mapping import CsvForm
from riskstrat.errors import SourceError, WorkspaceError
from riskstrat.sources import places
from riskstrat.sources.describing import describe_source
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import map_format
from riskstrat.sources.places import find_forms
from riskstrat.sources.unread import report_unread_parts
from riskstrat.weekly.choosing import ChosenCases, require_team
from tests.unit.test_source_mapping import EXTRACT, OURS, RENAMED, bytes_of, ours, read, refused, settings, site, write

_ = ours

PACKED_TOO = ((";", "windows-1252"), (",", "latin-1"), (";", "utf-8"))
NAMED = """
[source]
kind = "folder"
location = "extract"
[source.files.{file}]
separator = "{separator}"
encoding = "{encoding}"
[source.tables.people]
from = "mpi"
"""


@pytest.mark.parametrize(
    ("separator", "encoding", "packed"),
    [
        (";", "windows-1252", False),
        (",", "latin-1", False),
        ("|", "utf-16", False),
        (";", "utf-8", False),
        ("|", "utf-16", True),
        *(pytest.param(*form, True, marks=pytest.mark.exhaustive) for form in PACKED_TOO),
    ],
)
def test_one_file_has_its_own_separator_and_encoding(
    separator: str, encoding: str, packed: bool, ours: Path, tmp_path: Path
) -> None:
    write(tmp_path / "extract", {name: text for name, text in OURS.items() if name != "people"})
    # More than is decoded at once, so that a letter may lie on the edge; the remark is a column that nothing reads.
    remark = "é" * 150_001
    text = OURS["people"].replace(",M\n", f",M,{remark}\n").replace(",F\n", ",F,\n").replace(",sex", ",sex,remark")
    content = text.replace(",", separator).encode(encoding)
    name = "mpi.csv.gz" if packed else "MPI.csv"
    (tmp_path / "extract" / name).write_bytes(gzip.compress(content) if packed else content)
    read(site(tmp_path, NAMED.format(file="MPI", separator=separator, encoding=encoding)), tmp_path / "store")
    assert bytes_of(tmp_path / "store") == bytes_of(ours)


def test_what_a_file_is_not_is_said_at_once_and_what_to_write(tmp_path: Path) -> None:
    write(tmp_path / "extract", {name: text for name, text in OURS.items() if name != "people"})
    rows = "".join(f"P{n};1950-01-01;M;\n" for n in range(2000)) + "Z;1950-01-01;M;José\n"
    for text in ("patient_id;date_of_birth;sex;é\n", f"patient_id;date_of_birth;sex;remark\n{rows}"):
        (tmp_path / "extract" / "people.csv").write_bytes(text.encode("latin-1"))
        with pytest.raises(SourceError) as caught:
            ingest(tmp_path / "extract", tmp_path / "store", settings(), as_at=EXTRACT)
        for said in ("[source.files.people]", 'separator = ";"', 'encoding = "windows-1252"', "0401020"):
            assert said in str(caught.value)
        assert "José" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[source.files.mpy]\nseparator = ";"', 'of no file of .*did you mean "mpi"'),
        ('[source.files.mpi]\nencoding = "utf-16"', "not .*utf-16"),
        ('[source.files.mpi]\nencoding = "ebcdic"', "encoding"),
        ('[source.files.mpi]\nseparator = "ab"', "one character"),
        ('[source.tables.conditions]\nfrom = "conditions"\nseparator = ";"', r"write it under \[source.files.NAME\]"),
    ],
)
def test_a_form_that_cannot_be_is_refused(more: str, says: str, tmp_path: Path) -> None:
    write(tmp_path / "extract", {"mpi" if name == "people" else name: text for name, text in OURS.items()})
    toml = f'[source]\nkind = "folder"\nlocation = "extract"\n{more}\n[source.tables.people]\nfrom = "mpi"\n'
    with pytest.raises(SourceError, match=says):
        read(site(tmp_path, toml), tmp_path / "store")


def test_a_proposal_names_how_each_file_is_written(tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", OURS)
    (extract / "people.csv").write_bytes((OURS["people"] + "C,1950-01-01,M\n").replace(",", ";").encode("utf-16"))
    (extract / "LTC 1.csv").write_bytes("patient_id,code\nA,é\n".encode("latin-1"))
    files = tomllib.loads(describe_source(find_forms(map_format(extract))))["source"]["files"]
    assert files == {"people": {"separator": ";", "encoding": "utf-16"}, "ltc 1": {"encoding": "windows-1252"}}


def split_rows(folder: Path, name: str, text: str, parts: int = 2) -> None:
    first, *rows = text.splitlines(keepends=True)
    write(folder / name, {f"part-{n}": first + "".join(rows[n::parts]) for n in range(parts)})


def test_parts_in_csv_are_one_table(ours: Path, tmp_path: Path) -> None:
    for name, text in OURS.items():
        split_rows(tmp_path / "parts", name, text)
    second = tmp_path / "parts" / "people" / "part-1.csv"
    second.write_text("sex,patient_id,date_of_birth\nF,B,1960-02-01\n")
    ingest(tmp_path / "parts", tmp_path / "store", settings(), as_at=EXTRACT)
    assert bytes_of(tmp_path / "store") == bytes_of(ours)


def test_rows_of_parts_are_numbered_through_with_the_unreadable_ones(tmp_path: Path) -> None:
    from riskstrat.sources.landing import land_csv

    first = write(tmp_path, {"a": "x,y\n1,1\n2\n3,3\n", "b": "y,x\n4\n5,5\n", "c": "x,y\n6\n"})
    with duckdb.connect() as connection:
        landed = land_csv(connection, "falls", [first / f"{part}.csv" for part in "abc"])
        assert connection.execute("SELECT x, y, landed_row FROM landed_falls").fetchall() == [
            ("1", "1", 1),
            ("3", "3", 3),
            ("5", "5", 5),
        ]
    assert (landed.unreadable, landed.records) == ([2, 4, 6], 6)


@pytest.mark.parametrize(
    ("other", "text", "says"),
    [
        ("part-3.csv", "C,1950-03-04,Smith\n", "does not begin with the columns of part-0.csv"),
        ("part-3.csv", "patient_id,date_of_birth\nC,1950-03-04\n", "does not begin with the columns"),
        ("notes.txt", "hello\n", "holds notes.txt beside parts in CSV"),
        ("_temporary/part-9.csv", "patient_id,date_of_birth,sex\n", "hidden from readers"),
    ],
)
def test_parts_that_are_not_of_one_table_are_refused(other: str, text: str, says: str, tmp_path: Path) -> None:
    write(tmp_path / "parts", {name: text for name, text in OURS.items() if name != "people"})
    split_rows(tmp_path / "parts", "people", OURS["people"])
    (tmp_path / "parts" / "people" / other).parent.mkdir(exist_ok=True)
    (tmp_path / "parts" / "people" / other).write_text(text)
    with pytest.raises(SourceError, match=says) as caught:
        ingest(tmp_path / "parts", tmp_path / "store", settings(), as_at=EXTRACT)
    assert "Smith" not in str(caught.value)


def test_a_part_that_nothing_reads_is_named_with_the_one_that_is_read(tmp_path: Path) -> None:
    write(tmp_path / "extract", OURS)
    visits = "who,day,kind\nA,2026-01-02,01\n"
    write(tmp_path / "extract", {"ecds_part1": visits, "ecds_part2": visits, "ecds_2": visits, "wards": "ward,beds\n"})
    sql = "SELECT who AS patient_id, day AS attended_on FROM source.ecds_part1"
    toml = '[source]\nkind = "folder"\nlocation = "extract"\n[source.tables.attendances]\nfrom = "mapping/a.sql"\n'
    report = read(site(tmp_path, toml, a=sql), tmp_path / "store")
    assert report.unread_parts == (("ecds_2", "ecds_part1"), ("ecds_part2", "ecds_part1"))
    (said,) = report_unread_parts(report.unread_parts)
    assert said.startswith("ecds_2, ecds_part2 are not read, and have the columns of ecds_part1, which is")


def test_a_part_of_a_table_with_our_name_is_named_too_in_files_and_in_a_database(tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", OURS | {"conditions_2": OURS["conditions"], "wards": "ward,beds\n1,2\n"})
    made = tmp_path / "site.duckdb"
    with duckdb.connect(str(made)) as database:
        for file in sorted(extract.iterdir()):
            database.execute(f"CREATE TABLE {file.stem} AS SELECT * FROM read_csv('{file}', all_varchar = true)")
    for source in (extract, made):
        report = ingest(source, tmp_path / f"of {source.name}", settings(), as_at=EXTRACT)
        assert report.unread_parts == (("conditions_2", "conditions"),)


def test_unknown_tables_are_proposed_with_their_columns_and_short_codes(tmp_path: Path) -> None:
    header = "PseudoID,ArrDate,AEDeptType,Doctor\n"
    visits = header + "".join(
        f"P{n},2026-01-{n:02},0{n % 2 + 1},{'Smith' if n % 2 else 'Jones'}\n" for n in range(1, 29)
    )
    text = describe_source(map_format(write(tmp_path / "extract", OURS | {"Ecds_1": visits, "ecds_2": visits})))
    assert "# not used: ecds_1, which has: PseudoID, ArrDate, AEDeptType, Doctor" in text
    assert "# with the same columns: ecds_2" in text
    assert '# from = "ecds_1"' in text
    assert "# codes of AEDeptType: 01, 02" in text
    assert "Smith" not in text
    tomllib.loads(text)


@pytest.mark.parametrize(
    "first",
    [
        *("P17,Smith,home", "1950-01-01,Smith,F", "P1,start,end", "Mary Smith,fell at home,first time,No"),
        *("Smith,First,Leeds", "Smith,Status,last seen"),
    ],
)
def test_no_row_in_place_of_names_is_proposed(first: str, tmp_path: Path) -> None:
    rows = "".join(f"P{n},Jones,ward\n" for n in range(10, 30))
    text = describe_source(map_format(write(tmp_path / "extract", OURS | {"visits": f"{first}\n{rows}P2,x,y\n"})))
    assert "which has: what looks like a row" in text
    assert first.split(",")[1] not in text.replace("start", "") or first == "P1,start,end"


def test_a_line_of_names_without_rows_below_it_is_taken_for_a_row(tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", OURS | {"visits": "ward_code,visit_date\n"})
    assert "which has: what looks like a row" in describe_source(map_format(extract))


def test_a_folder_of_csv_that_nothing_reads_gives_way(ours: Path, tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", OURS | {"lookups": "a,b\n1,2\n"})
    for archive in ("lookups", "people_old", "opt_outs 2026-10", ".ipynb_checkpoints", "_tmp"):
        write(extract / archive, {"2025": OURS["people"], "other": "x\n1\n"})
    report = ingest(extract, tmp_path / "store", settings(), as_at=EXTRACT)
    assert (report.ignored_tables, report.unread_parts) == (
        ("lookups",),
        (("opt_outs 2026-10", "people"), ("people_old", "people")),
    )
    write(extract / "objections", {"1": "patient_id,kind\nA,type1\n"})
    with pytest.raises(SourceError, match='holds "objections" and no opt_outs'):
        ingest(extract, tmp_path / "second", settings(), as_at=EXTRACT)
    write(extract / "people", {"1": OURS["people"]})
    with pytest.raises(SourceError, match=r"holds both people\.csv and 1\.csv|holds both 1\.csv and people\.csv"):
        ingest(extract, tmp_path / "second", settings(), as_at=EXTRACT)


def test_a_file_beside_the_tables_that_may_not_be_opened_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = write(tmp_path / "extract", OURS | {"locked": "a,b\n1,2\n"})
    kept = places.read_first_line

    def refuse(file: Path, form: CsvForm) -> list[str]:
        if file.name == "locked.csv":
            raise PermissionError(13, "Permission denied")
        return kept(file, form)

    monkeypatch.setattr(places, "read_first_line", refuse)
    assert ingest(extract, tmp_path / "store", settings(), as_at=EXTRACT).unread_parts == ()


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("header", ["who;day", "who,day"])
def test_advice_on_a_file_can_be_followed(folder: bool, header: str, tmp_path: Path) -> None:
    write(tmp_path / "extract", OURS)
    file = "A.visits/part.csv" if folder else "A.visits.csv"
    (tmp_path / "extract" / file).parent.mkdir(exist_ok=True)
    (tmp_path / "extract" / file).write_text(f"{header}\n")
    for table in OURS:
        (tmp_path / "extract" / f"{table}.csv").write_bytes(OURS[table].encode("utf-16"))
    toml = '[source]\nkind = "folder"\nlocation = "extract"\nencoding = "utf-16"\n[source.tables.attendances]\n'
    toml += 'from = "a.visits"\ncolumns = { patient_id = "who", attended_on = "day" }\n'
    said = refused(site(tmp_path, toml), tmp_path / "store")
    assert '[source.files."a.visits"]' in said
    keys = 'separator = ";" and encoding = "utf-8"' if ";" in header else 'encoding = "utf-8"'
    assert f"write {keys} (" in said
    form = '[source.files."a.visits"]\n' + keys.replace(" and ", "\n")
    assert read(site(tmp_path, f"{toml}{form}\n"), tmp_path / "store").notes


@pytest.mark.parametrize("form", ["", 'encoding = "utf-16"\n', 'encoding = "windows-1252"\n'])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["", ",é"])
def test_utf_16_without_its_mark_is_told_to_be_written_with_it(
    form: str, encoding: str, name: str, tmp_path: Path
) -> None:
    write(tmp_path / "extract", OURS)
    (tmp_path / "extract" / "people.csv").write_bytes(f"patient_id,date_of_birth,sex{name}\n".encode(encoding))
    toml = f'[source]\nkind = "folder"\nlocation = "extract"\n[source.files.people]\n{form}'
    said = refused(site(tmp_path, toml), tmp_path / "store")
    assert "UTF-16 without the byte-order mark" in said
    assert "windows-1252" not in said


def test_a_folder_that_is_no_table_does_not_stop_a_proposal(tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", OURS)
    write(extract / "lookups", {"a": "x,y\n1,2\n", "b": "z\n1\n"})
    assert "# lookups cannot be read: " in describe_source(map_format(extract))


def test_codes_that_a_mapping_does_not_name_are_told_unless_they_may_be_text_about_somebody(tmp_path: Path) -> None:
    codes = ["X", "7", "Smith", *["third"] * 8, *["SMITH JOHN"] * 8, *["1941-03-02"] * 9, *["9434765919"] * 12]
    people = "nhs_pseudo;born;gender_code\nA;1950-01-01;1\n"
    people += "".join(f"B{n};1960-02-01;{code}\n" for n, code in enumerate(codes))
    extract = {
        "vw_registered": people,
        "spells": "who;no;from;how;load_date\nA;1;05/01/2026;21;2026-01-06\n",
        "gp_coded": "patient_id;code;recorded_on\nA;38341003;2020-05-06\n",
        "opt_outs": "patient_id;kind\nA;type9\n" + "A;1\n" * 9,
    }
    write(tmp_path / "extract", extract)
    report = read(site(tmp_path, RENAMED), tmp_path / "store")
    assert report.outcomes == (
        ("lost", 'people.sex has "third", not named in source.toml', 8),
        ("lost", 'people.sex has "X", not named in source.toml', 1),
        ("lost", "people.sex has 5 other codes, not named in source.toml", 31),
    )
    kinds = '[source.tables.opt_outs]\nfrom = "opt_outs"\ncolumns.kind = { from = "kind", codes = { "x" = "type1" } }\n'
    said = refused(site(tmp_path, RENAMED + kinds), tmp_path / "other")
    assert '(opt_outs.kind has "1" in 9; opt_outs.kind has 1 other code in 1) would not take anybody out' in said


def test_a_column_that_is_empty_in_every_row_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "extract", OURS | {"visits": "who,day,what\nA,2026-01-02,\n"})
    sql = "SELECT who AS patient_id, day AS attended_on, what AS diagnosis FROM source.visits"
    toml = '[source]\nkind = "folder"\nlocation = "extract"\n[source.tables.attendances]\nfrom = "mapping/a.sql"\n'
    notes = read(site(tmp_path, toml, a=sql), tmp_path / "store").notes
    assert "attendances has no value of diagnosis in any row: a filter on an empty column is left out" in notes
    (lacks,) = [note for note in notes if note.startswith("attendances lacks ") and "filter" in note]
    assert "diagnosis" not in lacks


def test_the_practices_that_no_team_serves_are_named_with_their_people_the_most_first() -> None:
    rows = pd.DataFrame(
        {"practice": ["N1", "N2", "N3", "N3", None, "N2", "N4"], "team": ["North", None, None, None, None, None, None]}
    )
    found = ChosenCases(Membership(rows, ()), (), pd.DataFrame(), CaseFacts(), doubtful=("somebody at N4",))
    assert found.practices_without_team == {"N2": 2, "N3": 2, "": 1}
    assert found.without_team == sum(found.practices_without_team.values())


@pytest.mark.parametrize("ended_on", ["2026-02-28", None])
def test_where_no_team_serves_anybody_it_is_said_what_to_do(ended_on: str | None) -> None:
    areas = pd.DataFrame({"practice": ["N1" if ended_on else "N9"], **dict.fromkeys(("pcn", "hub", "borough"))})
    areas = areas.assign(locality="North", from_on=pd.NaT, to_on=pd.to_datetime(ended_on))
    membership = assign_teams(pd.Series(["N1", "N2"]), areas, (), 8, date(2026, 3, 1))
    with pytest.raises(WorkspaceError, match=r"any of the 2 practices .* 2026-03-01.*add a .*teams"):
        require_team(membership, date(2026, 3, 1))
    require_team(assign_teams(pd.Series(["N1"]), None, (), 8, date(2026, 3, 1)), date(2026, 3, 1))
