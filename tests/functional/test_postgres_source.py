"""A site's tables in PostgreSQL, read by source.toml alone: the bytes of a CSV landing, or one line and nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.suite.postgres import OWNER, PASSWORD, Server, start_server
from tests.suite.stores import find_version

pytestmark = pytest.mark.server

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]
Tree = Callable[[Path], dict[str, str]]
VARIABLE, READER, SECRET = "RISKSTRAT_SOURCE", "bi_reader", "Marmalade-9"

RENAMED = {
    "people": """CREATE VIEW bi."vw Registered" AS SELECT patient_id::char(30) AS "Nhs Pseudo",
        date_of_birth::timestamp AS dob,
        CASE sex WHEN 'M' THEN 1 WHEN 'F' THEN 2 WHEN 'I' THEN 9 ELSE 0 END::smallint AS gender_code, ethnicity, lsoa,
        imd_decile::numeric(4, 0) AS imd_decile, imd_year, coalesce(care_home_from, 'infinity') AS care_home_from,
        died_known_on, date_of_death, 'x'::bytea AS photo FROM raw.people""",
    "admissions": """CREATE TABLE bi.spells AS SELECT patient_id AS who, spell_id::varchar(40) AS spell_no,
        admitted_on + time '23:59:59' AS admitted_at, method::char(4) AS method, source, patient_class, provider,
        (known_on + time '00:30') AT TIME ZONE 'Europe/London' AS loaded_at, discharged_on, discharge_method,
        destination, specialty, settled_known_on FROM raw.admissions""",
    "diagnoses": """CREATE MATERIALIZED VIEW bi.diagnoses AS SELECT spell_id, patient_id,
        position::bigint AS position, system::bi.coding AS system, code::bi.icd AS code, known_on FROM raw.diagnoses""",
    "measurements": """CREATE TABLE bi.measurements AS SELECT patient_id, measured_on, measure, value::numeric AS value,
        unit, known_on FROM raw.measurements""",
}
TOML = """
[source]
kind = "postgres"
connection = "$RISKSTRAT_SOURCE"
schema = "bi"
[source.tables.people]
from = "vw Registered"
[source.tables.people.columns]
patient_id = "nhs pseudo"
date_of_birth = "dob"
sex = { from = "gender_code", codes = { "1" = "M", "2" = "F", "9" = "I", "0" = "U" } }
[source.tables.admissions]
from = "spells"
known_on = "loaded_at"
columns = { patient_id = "who", spell_id = "spell_no", admitted_on = "admitted_at" }
"""
PEOPLE_FROM_SQL = """
[source]
kind = "postgres"
connection = "$RISKSTRAT_SOURCE"
schema = "bi"
[source.tables]
people = { from = "mapping/people.sql" }
admissions = { from = "spells", columns = { patient_id = "who", spell_id = "spell_no", admitted_on = "admitted_at" } }
"""


@pytest.fixture(scope="module")
def borough(verb: Verb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tables of a small borough, as CSV."""
    folder = tmp_path_factory.mktemp("borough")
    assert verb("simulate", "--people", 150, "--seed", 5, "--out", folder / "parquet").returncode == 0
    (folder / "csv").mkdir()
    for path in (folder / "parquet").glob("*.parquet"):
        table = pq.read_table(path)
        text = pa.schema([(name, pa.string()) for name in table.column_names])
        pa_csv.write_csv(table.cast(text), folder / "csv" / f"{path.stem}.csv")
    return folder


@pytest.fixture(scope="module")
def server(borough: Path) -> Iterator[Server]:
    """A server with the same tables in the schema bi: some renamed and of other types, the rest as they are."""
    with start_server() as running:
        running.run("CREATE SCHEMA raw", "CREATE SCHEMA bi", "CREATE SCHEMA big")
        running.run("CREATE DOMAIN bi.icd AS varchar(20)", "CREATE TYPE bi.coding AS ENUM ('icd10', 'icd10cm', 'icd9')")
        for path in sorted((borough / "parquet").glob("*.parquet")):
            running.load(path.stem, pq.read_table(path), "raw")
            running.run(RENAMED.get(path.stem, f"CREATE TABLE bi.{path.stem} AS SELECT * FROM raw.{path.stem}"))
        running.run(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET}'", f"GRANT USAGE ON SCHEMA bi TO {READER}")
        running.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA bi TO {READER}", f"REVOKE SELECT ON bi.spells FROM {READER}")
        yield running


@pytest.fixture(scope="module")
def site(verb: Verb, state_basis: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that nothing was ingested into."""
    folder = tmp_path_factory.mktemp("site") / "workspace"
    assert verb("init", folder).returncode == 0
    state_basis(folder)
    return folder


@pytest.fixture
def fresh(site: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it whose source.toml reads that server."""
    workspace = shutil.copytree(site, tmp_path / "fresh")
    write(workspace)
    monkeypatch.setenv(VARIABLE, server.address())
    return workspace


def write(workspace: Path, toml: str = TOML, **sql: str) -> None:
    (workspace / "source.toml").write_text(toml, encoding="utf-8")
    for name, text in sql.items():
        (workspace / "mapping").mkdir(exist_ok=True)
        (workspace / "mapping" / f"{name}.sql").write_text(text, encoding="utf-8")


def list_tables(workspace: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (find_version(workspace / "data") / "tables").iterdir()}


@pytest.fixture(scope="module")
def landed(verb: Verb, site: Path, borough: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of the store that the CSV files give."""
    workspace = shutil.copytree(site, tmp_path_factory.mktemp("landed") / "workspace")
    assert verb("ingest", borough / "csv", "-w", workspace).returncode == 0
    return list_tables(workspace)


def test_renamed_tables_of_other_types_give_the_bytes_of_the_csv_landing(
    verb: Verb, fresh: Path, landed: dict[str, bytes]
) -> None:
    done = verb("ingest", "-w", fresh)
    assert (done.returncode, done.stderr) == (0, "")
    assert list_tables(fresh) == landed
    assert {f"{name}.parquet" for name in RENAMED} <= set(landed)
    assert all(part not in done.stdout for part in (PASSWORD, OWNER))


def test_sql_of_the_server_and_an_address_in_a_file_give_the_same_bytes(
    verb: Verb, fresh: Path, server: Server, landed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    (fresh / "address.txt").write_text(f"{server.address()}\n", encoding="utf-8")
    toml = TOML.partition("[source.tables.admissions]")[0].replace("$RISKSTRAT_SOURCE", "file:address.txt")
    sql = """WITH s AS (SELECT who AS patient_id, * FROM spells WHERE spell_no ~ '^')  -- an operator of PostgreSQL
        SELECT patient_id, spell_no AS spell_id, admitted_at::date AS admitted_on, method, source, patient_class,
        provider, loaded_at AS known_on, discharged_on, discharge_method, destination, specialty, settled_known_on
        FROM s; -- each once"""
    write(fresh, f'{toml}[source.tables.admissions]\nfrom = "mapping/admissions.sql"\n', admissions=sql)
    done = verb("ingest", "-w", fresh)
    assert (done.returncode, done.stderr) == (0, "")
    assert list_tables(fresh) == landed


ADDRESSES = {
    "a wrong password": (f"user={OWNER} password=wrong-8 dbname=postgres", "it does not admit that user"),
    "an unknown user": ("user=nobody_here password=wrong-8 dbname=postgres", "it does not admit that user"),
    "an unknown database": (f"user={OWNER} password={PASSWORD} dbname=warehouse9", "it has no database of that name"),
    "no address": ("Server=warehouse9;Password=wrong-8", "what is given is no address"),
}
MAPPINGS = {
    "a table that is not there": (
        TOML.replace("vw Registered", "vw_registered"),
        'the postgres source of source.toml has no table "vw_registered"; did you mean "vw registered"?',
    ),
    "a table that may not be read": (TOML, "bi.spells cannot be read: the user has no right to read it"),
    "a column that is not there": (TOML.replace('"dob"', '"dobb"'), 'has no column "dobb"; did you mean "dob"?'),
    "a column of bytes": (
        TOML.replace('"dob"', '"Photo"'),
        'the column "photo" of bi.vw Registered is of the type bytea',
    ),
    "a schema that is not there": (TOML.replace('"bi"', '"biq"'), 'the database has no schema "biq"; did you mean "bi'),
    "a schema that may not be used": (
        TOML.replace('"bi"', '"big"'),
        "the schema big cannot be read: the user has no right",
    ),
}
LATE = "SELECT n::text AS patient_id, DATE '1950-01-01' AS date_of_birth, {} AS sex FROM generate_series(1, 100000) n"
STATEMENTS = {
    "two": ("SELECT 1 AS a; DROP TABLE spells", "it is no single SELECT"),
    "one that writes": ("DELETE FROM spells RETURNING *", "it is no single SELECT"),
    "one that writes within": ("WITH gone AS (DELETE FROM spells RETURNING *) SELECT * FROM gone", "only reads"),
    "one that writes by a function": (LATE.format("bi.drop_all()"), "it would change the database"),
    "no SQL": ("SELEC patient_id FROM spells", "it is no single SELECT"),
    "nothing": (" -- nothing\n;", "it is no single SELECT"),
    "an unknown table": ("SELECT * FROM spelt", 'there is no table "spelt" that it names'),
    "an unknown column": ("SELECT whom FROM spells", 'there is no column "whom" that it names'),
    "an unknown function": ("SELECT whom('Quillfeather')", 'there is no function "whom" that it names'),
    "a division by zero": ("SELECT 1 / (1 - 1) AS a", "it divides by zero"),
    "a division by zero in a late row": (
        LATE.format("1 / (90000 - n)"),
        "it divides by zero",
    ),
    "a value of another type": ("SELECT 'Quillfeather'::integer", "a value that is not of the type it asks for"),
    "a value of another type in a late row": (
        LATE.format("(CASE n WHEN 90000 THEN 'Quillfeather' ELSE '7' END)::integer"),
        "a value that is not of the type it asks for",
    ),
    "an error of a function's own in a late row": (LATE.format("bi.fail(n)"), "cannot work out one of its rows"),
    "two columns of one name": ("SELECT who AS a, method AS a FROM spells", 'the column "a" could be'),
    "the end of the session": (LATE.format("pg_terminate_backend(pg_backend_pid())"), "the server went away"),
    "the end of the session in a late row": (
        LATE.format("CASE n WHEN 90000 THEN pg_terminate_backend(pg_backend_pid()) END"),
        "the server went away",
    ),
}


@pytest.fixture
def told(verb: Verb, fresh: Path, server: Server, refused: Callable[[Done, int], str], tree: Tree) -> Callable[[], str]:
    """Ingests, and gives the one line of its refusal: nothing is written, no address and no value is said."""

    def run() -> str:
        before = tree(fresh)
        line = refused(verb("ingest", "-w", fresh), 5)
        assert not (fresh / "data" / "current.json").exists()
        assert {name for name in tree(fresh) if not name.startswith("audit")} <= set(before) | {"data"}
        for part in (OWNER, PASSWORD, READER, SECRET, "wrong-8", "nobody_here", "warehouse9", server.folder.name):
            assert part not in line
        assert "Quillfeather" not in line
        return line

    return run


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_server_that_does_not_let_in_is_one_line(
    name: str, server: Server, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, reason = ADDRESSES[name]
    given = f"host={server.folder} {address}" if name != "no address" else address
    monkeypatch.setenv(VARIABLE, given)
    assert told().startswith(f"the PostgreSQL server cannot be reached: {reason}")


def test_a_server_that_is_not_there_is_one_line(told: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"postgresql://{OWNER}:{PASSWORD}@127.0.0.1:1/warehouse9")
    assert told() == "the PostgreSQL server cannot be reached: no server answers there"


def test_a_time_limit_of_the_server_is_said(
    fresh: Path, server: Server, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"{server.address()} options='-c statement_timeout=2000'")
    write(fresh, PEOPLE_FROM_SQL, people=LATE.format("pg_sleep(9)::text"))
    assert told().endswith("it was cancelled, by the server's own time limit or by somebody")


def test_a_variable_that_is_not_set_is_named(told: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)
    assert told().startswith("the environment variable RISKSTRAT_SOURCE is not set")


@pytest.mark.parametrize("name", MAPPINGS)
def test_what_is_not_there_or_not_readable_is_named(
    name: str, fresh: Path, server: Server, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml, reason = MAPPINGS[name]
    write(fresh, toml)
    monkeypatch.setenv(VARIABLE, server.address(READER, SECRET))
    assert reason in told()


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_that_fails_is_one_line(name: str, fresh: Path, server: Server, told: Callable[[], str]) -> None:
    server.run(
        "CREATE OR REPLACE FUNCTION bi.drop_all() RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN DELETE FROM bi.spells; RETURN 'Quillfeather'; END $$",
        "CREATE OR REPLACE FUNCTION bi.fail(n integer) RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN IF n = 90000 THEN RAISE EXCEPTION 'Quillfeather'; END IF; RETURN 'M'; END $$",
    )
    sql, reason = STATEMENTS[name]
    write(fresh, PEOPLE_FROM_SQL, people=sql)
    assert reason in told()
    assert server.run("SELECT count(*) > 0 FROM bi.spells") == [(True,)]


def test_a_view_that_fails_in_a_late_row_is_one_line(fresh: Path, server: Server, told: Callable[[], str]) -> None:
    server.run(
        "CREATE OR REPLACE VIEW bi.failing AS SELECT n::text AS patient_id, DATE '1950-01-01' AS date_of_birth, "
        "(CASE n WHEN 90000 THEN 'Quillfeather' ELSE '1' END)::integer AS sex FROM generate_series(1, 100000) n"
    )
    write(fresh, PEOPLE_FROM_SQL.replace("mapping/people.sql", "failing"))
    assert "bi.failing cannot be read: it meets a value that is not of the type" in told()
