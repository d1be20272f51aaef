"""A site's source.toml: other names, codes of its own, SQL and steps give the tables that our own names give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import map_format, read_mapping
from tests.suite.stores import find_version

EXTRACT = date(2026, 3, 1)
OURS = {
    "people": "patient_id,date_of_birth,sex\nA,1950-01-01,M\nB,1960-02-01,F\n",
    "admissions": "patient_id,spell_id,admitted_on,method,known_on\nA,1,2026-01-05,21,2026-01-06\nB,2,2026-02-07,11,\n",
    "conditions": "patient_id,system,code,recorded_on\nA,snomed,38341003,2020-05-06\n",
}
THEIRS = {
    "vw_registered": "nhs_pseudo;born;gender_code\nA;1950-01-01;1\nB;1960-02-01;2 \n",
    "spells": "who;no;from;how;load_date\nA;1;05/01/2026;21;2026-01-06\nB;2;07/02/2026;11;\n",
    "gp_coded": "patient_id;code;recorded_on\nA;38341003;2020-05-06\n",
}
RENAMED = """
[source]
kind = "folder"
location = "extract"
separator = ";"
[source.tables.people]
from = "vw_registered"
[source.tables.people.columns]
patient_id = "nhs_pseudo"
date_of_birth = "BORN"
sex = { from = "gender_code", codes = { "1" = "M", "2" = "F" } }
[source.tables.admissions]
from = "spells.csv"
known_on = "load_date"
columns = { patient_id = "who", spell_id = "no", admitted_on = "from", method = "how" }
[source.tables.conditions]
from = "gp_coded"
system = "snomed"
"""


def settings() -> Settings:
    return Settings.model_validate({"data": {"quarantine_limit": 1.0}})


def write(folder: Path, files: Mapping[str, str], ending: str = ".csv") -> Path:
    for name, text in files.items():
        file = folder / f"{name}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def site(folder: Path, toml: str, **sql: str) -> Path:
    write(folder / "mapping", sql, ".sql")
    write(folder, {"source": toml}, ".toml")
    return folder / "source.toml"


def read(file: Path, store: Path) -> IngestReport:
    return ingest(read_mapping(file), store, settings(), as_at=EXTRACT)


def bytes_of(store: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (find_version(store) / "tables").iterdir()}


def refused(file: Path, tmp_path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read(file, tmp_path / "store")
    assert not (tmp_path / "store" / "current.json").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of our own tables, to compare others with."""
    folder = tmp_path_factory.mktemp("ours")
    ingest(write(folder / "ours", OURS), folder / "expected", settings(), as_at=EXTRACT)
    return folder / "expected"


def test_renamed_columns_codes_and_constants_give_the_same_bytes(ours: Path, tmp_path: Path) -> None:
    write(tmp_path / "extract", THEIRS)
    report = read(site(tmp_path, RENAMED), tmp_path / "store")
    assert bytes_of(tmp_path / "store") == bytes_of(ours)
    assert report.format == "folder"
    assert len(report.mapping) == 64


def test_a_duckdb_file_is_mapped_in_the_same_way(ours: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "site.duckdb")) as made:
        made.execute("CREATE SCHEMA bi")
        for name, text in THEIRS.items():
            (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
            source = f"read_csv('{tmp_path / name}.txt', delim = ';', all_varchar = true)"
            made.execute(f"CREATE TABLE bi.{name} AS SELECT * FROM {source}")
    toml = RENAMED.replace('"folder"', '"duckdb"').replace('"extract"', '"site.duckdb"\nschema = "bi"')
    read(site(tmp_path, toml), tmp_path / "store")
    assert bytes_of(tmp_path / "store") == bytes_of(ours)


def test_a_code_that_the_mapping_does_not_name_is_quarantined_with_its_column(tmp_path: Path) -> None:
    write(
        tmp_path / "extract",
        THEIRS | {"vw_registered": "nhs_pseudo;born;gender_code\nA;1950-01-01;1\nB;1960-02-01;7\n"},
    )
    report = read(site(tmp_path, RENAMED), tmp_path / "store")
    assert report.tables["people"].rules == {"code not mapped": 1}
    quarantine = pd.read_parquet(find_version(tmp_path / "store") / "quarantine.parquet")
    (message,) = quarantine.loc[quarantine["table"] == "people", "message"]
    assert message == "column sex holds a code that source.toml does not name"


def test_sql_reads_the_source_and_earlier_steps(ours: Path, tmp_path: Path) -> None:
    write(tmp_path / "extract", THEIRS)
    toml = """
        [source]
        kind = "folder"
        location = "extract"
        separator = ";"
        counts = "mapping/counts.sql"
        [source.inputs.spells.columns]
        who = "text"
        no = "text"
        started = { type = "date", also = ["from"] }
        how = "text"
        load_date = "date"
        [source.steps]
        sexes = "mapping/sexes.sql"
        [source.tables]
        people = { from = "mapping/people.sql" }
        admissions = { from = "mapping/admissions.sql" }
        conditions = { from = "gp_coded", system = "snomed" }
    """
    file = site(
        tmp_path,
        toml,
        sexes="SELECT '1' AS code, 'M' AS sex UNION ALL SELECT '2', 'F'",
        people="""WITH given AS (SELECT *, trim(gender_code) AS code FROM source.VW_registered)
            SELECT nhs_pseudo AS patient_id, born AS date_of_birth, sex FROM given JOIN step.sexes USING (code); """,
        admissions="""SELECT who AS patient_id, no AS spell_id, started AS admitted_on, how AS method,
            load_date AS known_on FROM source.spells -- all of them""",
        counts="SELECT 'mapped' AS kind, 'spells' AS what, count(*) AS rows FROM source.spells "
        "UNION ALL SELECT 'lost', 'nothing', 0",
    )
    report = read(file, tmp_path / "store")
    assert bytes_of(tmp_path / "store") == bytes_of(ours)
    assert report.outcomes == (("mapped", "spells", 2),)


def test_what_an_input_cannot_read_is_counted_as_lost(tmp_path: Path) -> None:
    spells = "who,no,started\nA,1,05/01/2026\nA,2,soon\nA,3,1800-01-01\nA,4\n"
    write(tmp_path / "extract", {"people": OURS["people"], "spells": spells})
    toml = """
        [source]
        kind = "folder"
        location = "extract"
        [source.inputs.spells]
        columns = { who = "text", no = "text", started = "date", ended = "moment" }
        [source.inputs.absent]
        columns = { who = "text" }
        [source.tables.admissions]
        from = "mapping/admissions.sql"
    """
    sql = """SELECT who AS patient_id, no AS spell_id, coalesce(started, DATE '2026-02-01') AS admitted_on,
        '21' AS method, ended::DATE AS discharged_on FROM source.spells LEFT JOIN source.absent USING (who)"""
    report = read(site(tmp_path, toml, admissions=sql), tmp_path / "store")
    assert report.outcomes == (
        ("lost", "rows of spells that have more or fewer fields than the header", 1),
        ("lost", "values of spells.started that cannot be read as a date", 1),
    )
    assert report.tables["admissions"].accepted == 3


TWICE = "SELECT s.*, p.patient_id AS WHO FROM source.spells s JOIN source.people p ON s.who = p.patient_id"


@pytest.mark.parametrize("of_step", [True, False])
def test_sql_that_gives_two_columns_of_one_name_is_refused(of_step: bool, tmp_path: Path) -> None:
    """DuckDB would call the second who_1, and the first would be read in its place."""
    write(tmp_path / "extract", {"people": OURS["people"], "spells": "who,no,who_1\nA,1,x\n"})
    sql = "SELECT *, '21' AS method FROM step.joined" if of_step else TWICE
    steps = '[source.steps]\njoined = "mapping/joined.sql"\n' if of_step else ""
    toml = f'[source]\nkind = "folder"\nlocation = "extract"\n{steps}' + (
        '[source.tables.admissions]\nfrom = "mapping/admissions.sql"\n'
    )
    named = {"joined": TWICE} if of_step else {}
    with pytest.raises(SourceError, match=r'(joined|admissions)\.sql gives two columns called "who"'):
        read(site(tmp_path, toml, admissions=sql, **named), tmp_path / "store")


def test_a_file_without_a_header_has_the_columns_of_its_input(ours: Path, tmp_path: Path) -> None:
    write(tmp_path / "extract", {name: text.split("\n", 1)[1] for name, text in THEIRS.items()})
    inputs = """header = false
        [source.inputs]
        vw_registered = { columns = { nhs_pseudo = "text", born = "text", gender_code = "text" } }
        spells = { columns = { who = "text", no = "text", from = "text", how = "text", load_date = "text" } }
        gp_coded = { columns = { patient_id = "text", code = "text", recorded_on = "text" } }
        [source.tables.people]"""
    read(site(tmp_path, RENAMED.replace("[source.tables.people]", inputs, 1)), tmp_path / "store")
    assert bytes_of(tmp_path / "store") == bytes_of(ours)


def test_parts_of_a_table_in_a_folder_are_one_table(ours: Path, tmp_path: Path) -> None:
    for name, text in OURS.items():
        rows = pd.read_csv(write(tmp_path / "ours", OURS) / f"{name}.csv", dtype=str)
        for number in range(len(rows)):
            part = tmp_path / "parts" / name / f"year={number}" / "part.parquet"
            part.parent.mkdir(parents=True)
            rows.iloc[[number]].to_parquet(part)
        assert text
    ingest(tmp_path / "parts", tmp_path / "store", settings(), as_at=EXTRACT)
    assert bytes_of(tmp_path / "store") == bytes_of(ours)


def test_lag_days_stand_in_for_a_date_of_knowledge(tmp_path: Path) -> None:
    write(tmp_path / "extract", THEIRS)
    toml = RENAMED.replace('known_on = "load_date"', "known_on = { lag_days = 9 }")
    read(site(tmp_path, toml), tmp_path / "store")
    stored = pd.read_parquet(find_version(tmp_path / "store") / "tables" / "admissions.parquet")
    assert [str(day) for day in stored["valid_from"].drop_duplicates()] == ["2026-01-14", "2026-02-16"]


def test_the_digest_covers_the_declaration_and_its_sql(tmp_path: Path) -> None:
    write(tmp_path / "extract", THEIRS)
    toml = (
        '[source]\nkind = "folder"\nlocation = "extract"\n[source.tables]\npeople = { from = "mapping/people.sql" }\n'
    )
    digests = {
        read_mapping(site(tmp_path, given, people=sql)).digest
        for given in (toml, f"{toml}# a word\n")
        for sql in ("SELECT 1", "SELECT 2")
    }
    assert len(digests) == 4
    assert map_format(tmp_path / "extract").digest == ""


MAPPED = """
[source]
kind = "folder"
location = "extract"
[source.tables.opt_outs]
from = "objections"
"""
REFUSALS = "patient_id,kind,from_on\nA,type1,2025-01-01\n"


def test_a_table_of_our_name_beside_the_one_that_is_made_is_never_left_unread(tmp_path: Path) -> None:
    extract = {"people": OURS["people"], "admissions": OURS["admissions"], "objections": REFUSALS, "opt_outs": REFUSALS}
    write(tmp_path / "extract", extract)
    assert "has a table opt_outs too, whose rows would not be read" in refused(site(tmp_path, MAPPED), tmp_path)
    report = read(site(tmp_path, f"{MAPPED}replaces = true\n"), tmp_path / "store")
    assert report.tables["opt_outs"].accepted == 1


def test_what_would_be_made_of_absent_tables_alone_is_not_landed(tmp_path: Path) -> None:
    write(tmp_path / "extract", {"people": OURS["people"], "admissions": OURS["admissions"], "letters": REFUSALS})
    toml = """
        [source]
        kind = "folder"
        location = "extract"
        [source.inputs.objections]
        columns = { patient_id = "text", from_on = "date" }
        [source.steps]
        chosen = "mapping/chosen.sql"
        [source.tables.opt_outs]
        from = "mapping/opt_outs.sql"
    """
    sql = {"chosen": "SELECT * FROM source.objections", "opt_outs": "SELECT patient_id, from_on FROM step.chosen"}
    report = read(site(tmp_path, toml, **sql), tmp_path / "store")
    assert "opt_outs" in report.absent_tables
    assert report.ignored_tables == ("letters",)
    write(tmp_path / "extract", {"objection": REFUSALS})
    with pytest.raises(SourceError, match='holds "objection" and no opt_outs'):
        read(tmp_path / "source.toml", tmp_path / "again")


def test_a_need_that_is_no_input_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "extract", {"people": OURS["people"], "admissions": OURS["admissions"], "objections": REFUSALS})
    inputs = '[source.inputs.objections]\ncolumns = { patient_id = "text" }\n'
    says = refused(site(tmp_path, f'{MAPPED}needs = "objection"\n{inputs}'), tmp_path)
    assert 'opt_outs needs "objection", which is none of [source.inputs]; did you mean "objections"?' in says


DATED = """
[source]
kind = "folder"
location = "extract"
[source.inputs.deaths]
columns = { who = "text", died = "date" }
[source.tables.people]
from = "mapping/people.sql"
"""
PASSED_ON = """SELECT who AS patient_id, '1950-01-01' AS date_of_birth, 'F' AS sex,
    CASE WHEN unread_died THEN 'a day that cannot be read' ELSE died::VARCHAR END AS date_of_death FROM source.deaths"""


def deaths(*days: str) -> str:
    return "who,died\n" + "".join(f"P{number},{day}\n" for number, day in enumerate(days))


def test_a_day_that_cannot_be_read_can_be_passed_on(tmp_path: Path) -> None:
    write(tmp_path / "extract", {"deaths": deaths("31.12.2024", "", "2025-01-02"), "admissions": OURS["admissions"]})
    report = read(site(tmp_path, DATED, people=PASSED_ON), tmp_path / "store")
    assert (report.tables["people"].accepted, report.tables["people"].quarantined) == (2, 1)
    assert ("lost", "values of deaths.died that cannot be read as a date", 1) in report.outcomes


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (("03/25/2025", "2025-01-02"), "deaths.died: 1 dates can only be month/day/year"),
        ((*["soon"] * 10, *["2025-01-02"] * 20), "deaths.died: 10 of 30 values cannot be read as a date"),
    ],
)
def test_days_that_may_be_misread_stop_the_run(tmp_path: Path, days: tuple[str, ...], says: str) -> None:
    write(tmp_path / "extract", {"deaths": deaths(*days), "admissions": OURS["admissions"]})
    file = site(tmp_path, DATED, people=PASSED_ON)
    strict = Settings.model_validate({"data": {"quarantine_limit": 0.2}})
    with pytest.raises(SourceError) as caught:
        ingest(read_mapping(file), tmp_path / "store", strict, as_at=EXTRACT)
    assert says in str(caught.value)
    assert "soon" not in str(caught.value)


def test_a_value_that_stands_in_another_column_is_counted(tmp_path: Path) -> None:
    write(tmp_path / "extract", {"spells": "who,pseudo\nA,\n,B\n", "people": OURS["people"]})
    toml = """
        [source]
        kind = "folder"
        location = "extract"
        [source.inputs.spells]
        columns = { person = { type = "text", also = ["who", "pseudo"] } }
        [source.tables.admissions]
        from = "mapping/admissions.sql"
    """
    sql = """SELECT person AS patient_id, 'x' || row_number() OVER (ORDER BY person) AS spell_id,
        '2026-01-02' AS admitted_on, '21' AS method FROM source.spells; -- a word after the end"""
    report = read(site(tmp_path, toml, admissions=sql), tmp_path / "store")
    what = "rows without spells.person whose value stands in another column that could be it"
    assert report.outcomes == (("lost", what, 1),)


def test_a_column_that_also_says_something_else_stays_under_its_own_name(tmp_path: Path) -> None:
    stays = "patient_id,spell_id,admitted_on,method,discharged_on\nA,1,2026-01-05,21,2026-01-09\n"
    write(tmp_path / "extract", {"people": OURS["people"], "stays": stays})
    toml = """
        [source]
        kind = "folder"
        location = "extract"
        [source.tables.admissions]
        from = "stays"
        columns = { settled_known_on = "discharged_on" }
    """
    read(site(tmp_path, toml), tmp_path / "store")
    stored = pd.read_parquet(find_version(tmp_path / "store") / "tables" / "admissions.parquet")
    assert [str(day) for day in stored["discharged_on"].dropna().drop_duplicates()] == ["2026-01-09"]


@pytest.mark.parametrize("other", ["b.csv", "b.parquet.gz"])
def test_parts_beside_other_files_are_refused(tmp_path: Path, other: str) -> None:
    write(tmp_path / "source", OURS)
    part = tmp_path / "source" / "opt_outs" / "a.PARQUET"
    part.parent.mkdir()
    pd.DataFrame({"patient_id": ["A"]}).to_parquet(part)
    ingest(tmp_path / "source", tmp_path / "store", settings(), as_at=EXTRACT)
    (part.parent / other).write_text("patient_id\nB\n")
    with pytest.raises(SourceError, match=f"holds {other} beside parts in parquet"):
        ingest(tmp_path / "source", tmp_path / "store", settings(), as_at=EXTRACT)


def test_codes_that_came_through_a_number_format_are_known(tmp_path: Path) -> None:
    theirs = THEIRS | {"vw_registered": "nhs_pseudo;born;gender_code\nA;1950-01-01;1.0\nB;1960-02-01;2.00\n"}
    write(tmp_path / "extract", theirs)
    assert read(site(tmp_path, RENAMED), tmp_path / "store").tables["people"].accepted == 2


@pytest.mark.parametrize("format", ["canonical", "hes", "synthea"])
def test_a_folder_that_is_given_lies_where_the_command_runs(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "output" / "csv", OURS)
    monkeypatch.chdir(tmp_path / "output")
    for given in ("csv", "../output/csv", "./csv/", "../../" + tmp_path.name + "/output/csv"):
        mapping = map_format(Path(given), format)
        assert mapping.location == Path(given)
        assert mapping.place == str(Path(given))
