"""Faults of a source.toml, over a folder, DuckDB, SQLite and PostgreSQL: one line each, no value, nothing written."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from tests.suite.postgres import PASSWORD, Server, start_server

Done = subprocess.CompletedProcess[str]
Verb = Callable[..., Done]
Tree = Callable[[Path], dict[str, str]]
Tell = Callable[..., str]

VARIABLE, SECRET = "RISKSTRAT_SOURCE", "Quillfeather"
TABLES = {
    "registered": pd.DataFrame(
        {"nhs_pseudo": [SECRET, "B2"], "born": ["1950-01-01", "1960-02-01"], "gender_code": ["1", "Marmalade"]}
    ),
    "spells": pd.DataFrame(
        {"who": [SECRET, "B2"], "no": ["1", "2"], "day": ["2026-01-05", "soon"], "how": ["21", "Marmalade"]}
    ),
}
PLACES = {
    "folder": 'kind = "folder"\nlocation = "extract"',
    "duckdb": 'kind = "duckdb"\nlocation = "site.duckdb"',
    "sqlite": 'kind = "sqlite"\nlocation = "site.db"',
    "postgres": 'kind = "postgres"\nconnection = "$RISKSTRAT_SOURCE"',
}
REST = """
[source.tables.people]
from = "registered"
[source.tables.people.columns]
patient_id = "nhs_pseudo"
date_of_birth = "born"
sex = { from = "gender_code", codes = { "1" = "M", "2" = "F" } }
[source.tables.admissions]
from = "spells"
columns = { patient_id = "who", spell_id = "no", admitted_on = "day", method = "how" }
"""
SQL = """
[source.tables.people]
from = "mapping/people.sql"
[source.tables.admissions]
from = "spells"
columns = { patient_id = "who", spell_id = "no", admitted_on = "day", method = "how" }
"""
EVERY, OURS = ("folder", "postgres", "sqlite", "duckdb"), ("folder", "sqlite", "duckdb")
"""Kinds, and those whose SQL runs in the database of ingest itself. Each fault meets one of them, in turn."""


def deal(faults: Collection[str], kinds: Sequence[str]) -> list[Any]:
    """Each fault with one of the kinds."""
    return [join(kinds[number % len(kinds)], name) for number, name in enumerate(faults)]


def join(kind: str, name: str) -> Any:
    return pytest.param(kind, name, marks=[pytest.mark.server] if kind == "postgres" else [])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with start_server() as running:
        for name, table in TABLES.items():
            running.load(name, pa.Table.from_pandas(table))
        yield running


@pytest.fixture(scope="module")
def site(verb: Verb, state_basis: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two tables beside it as CSV, in a DuckDB file and in a SQLite file."""
    folder = tmp_path_factory.mktemp("site") / "workspace"
    assert verb("init", folder).returncode == 0
    state_basis(folder)
    (folder / "extract").mkdir()
    (folder / "outside.csv").write_text(f"name\n{SECRET}\n", encoding="utf-8")
    with duckdb.connect(str(folder / "site.duckdb")) as ducks, sqlite3.connect(folder / "site.db") as lite:
        for name, rows in TABLES.items():
            rows.to_csv(folder / "extract" / f"{name}.csv", index=False)
            ducks.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")
            rows.to_sql(name, lite, index=False)
    lite.close()
    return folder


@pytest.fixture
def tell(
    kind: str,
    site: Path,
    verb: Verb,
    refused: Callable[[Done, int], str],
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Tell:
    """A function that ingests by a mapping over the kind of place, and gives the line by which it is refused."""
    workspace = shutil.copytree(site, tmp_path / "workspace")
    if kind == "postgres":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("server").address())

    def run(rest: str = REST, sql: str = "", place: str = PLACES[kind]) -> str:
        (workspace / "source.toml").write_text(f"[source]\n{place}\n{rest}", encoding="utf-8")
        (workspace / "mapping").mkdir()
        (workspace / "mapping" / "people.sql").write_text(sql, encoding="utf-8")
        before = tree(workspace)
        line = refused(verb("ingest", "-w", workspace), 5)
        assert {name for name in tree(workspace) if not name.startswith("audit")} - set(before) <= {"data", ".lock"}
        assert not (workspace / "data" / "current.json").exists()
        for value in (SECRET, "Marmalade", "soon", PASSWORD):
            assert value not in line
        return line

    return run


def change(old: str, new: str, text: str = REST) -> str:
    assert old in text
    return text.replace(old, new, 1)


DECLARED = {
    "an unknown key": (f"colour = 1\n{REST}", 'unknown key "colour"'),
    "an unknown key of a table": (change('from = "spells"', 'from = "spells"\nsytem = "x"'), 'did you mean "system"'),
    "a table that is not ours": (
        REST.replace("tables.people", "tables.peeple"),
        '"peeple" is not a table; did you mean "people"',
    ),
    "a column that is not ours": (change("date_of_birth =", "date_of_brth ="), 'did you mean "date_of_birth"'),
    "a table that is not there": (change('"spells"', '"spels"'), 'no table "spels"; did you mean "spells"'),
    "a column that is not there": (change('"born"', '"bron"'), 'no column "bron"; did you mean "born"'),
    "a required column that is not given": (change('date_of_birth = "born"', ""), "required column date_of_birth"),
    "codes that are no table": (change('codes = { "1" = "M", "2" = "F" }', 'codes = "1"'), "codes"),
    "codes that are numbers": (change('"2" = "F"', '"2" = 2'), "codes"),
    "no codes": (change('codes = { "1" = "M", "2" = "F" }', "codes = {}"), "codes"),
    "a code twice": (change('"2" = "F"', '"1" = "F"'), "source.toml"),
    "a code twice but for a blank": (change('"2" = "F"', '"1 " = "F"'), "more than once"),
    "a column and a value": (
        change('{ from = "gender_code",', '{ value = "M", from = "gender_code",'),
        'give "from", or',
    ),
    "no table behind a column": (change('from = "spells"\n', ""), "from"),
    "days of knowledge below none": (
        change('from = "spells"', 'from = "spells"\nknown_on = { lag_days = -3 }'),
        "lag_days",
    ),
    "days of knowledge and a column": (
        change('from = "spells"', 'from = "spells"\nknown_on = { lag_days = 3, from = "day" }'),
        'give "from", or "lag_days"',
    ),
    "a separator of two characters": (f'separator = ";;"\n{REST}', "separator"),
    "SQL that is not there": (change("mapping/people.sql", "mapping/peple.sql", SQL), "mapping/peple.sql is not there"),
    "SQL outside the folder": (change("mapping/people.sql", "../people.sql", SQL), "outside the folder"),
    "no TOML": (f"{REST}[source.tables.people\n", "source.toml"),
    "a section beside it": (f"{REST}[sourc]\n", 'unknown key "sourc"; did you mean "source"'),
}


@pytest.mark.parametrize(("kind", "name"), deal(DECLARED, EVERY))
def test_a_fault_of_the_declaration_is_one_line(name: str, kind: str, tell: Tell) -> None:
    toml, reason = DECLARED[name]
    assert reason in tell(toml)


PLACED = {
    "no kind": ("folder", 'location = "extract"', "kind"),
    "an unknown kind": ("folder", 'kind = "foldr"\nlocation = "extract"', '"foldr" is none of folder, duckdb'),
    "no location": ("folder", 'kind = "folder"', '"location" is missing'),
    "a location that is not there": ("duckdb", 'kind = "duckdb"\nlocation = "sit.duckdb"', "sit.duckdb does not exist"),
    "a location of another kind": (
        "sqlite",
        'kind = "sqlite"\nlocation = "site.duckdb"',
        "site.duckdb is a duckdb source",
    ),
    "a file that is no database": ("duckdb", 'kind = "duckdb"\nlocation = "outside.csv"', "outside.csv is neither"),
    "no connection": ("postgres", 'kind = "postgres"', 'a server needs "connection"'),
    "a connection and a location": (
        "postgres",
        'kind = "postgres"\nlocation = "extract"\nconnection = "$RISKSTRAT_SOURCE"',
        'no "location"',
    ),
    "a variable that is not set": ("folder", 'kind = "postgres"\nconnection = "$NOT_SET"', "NOT_SET is not set"),
    "a file without an address": ("folder", 'kind = "postgres"\nconnection = "file:dsn.txt"', "dsn.txt is not there"),
    "an address in the file": (
        "folder",
        f'kind = "postgres"\nconnection = "host=x password={PASSWORD}"',
        "does not belong in here",
    ),
    "an address as a URL": (
        "folder",
        f'kind = "postgres"\nconnection = "postgresql://u:{PASSWORD}@h/d"',
        "does not belong in here",
    ),
    "a question without an answer": ("folder", 'kind = "omop"\nlocation = "extract"', "emergency"),
}


@pytest.mark.parametrize(("kind", "name"), [join(kind, name) for name, (kind, _, _) in PLACED.items()])
def test_a_place_that_cannot_be_read_is_one_line(kind: str, name: str, tell: Tell) -> None:
    _, place, reason = PLACED[name]
    assert reason in tell(place=place)


STATEMENTS = {
    "two statements": ("SELECT 1 AS a; SELECT 2 AS a", "one SELECT"),
    "one that changes": ("DELETE FROM source.registered", "one SELECT"),
    "one that makes": ("CREATE TABLE x AS SELECT 1 AS a", "one SELECT"),
    "another database": ("ATTACH 'outside.csv' AS x", "one SELECT"),
    "a setting": ("SET enable_external_access = true", "one SELECT"),
    "a file": ("SELECT * FROM read_csv('outside.csv')", "people.sql"),
    "a file by its name": ("SELECT * FROM 'outside.csv'", "people.sql"),
    "a file as text": ("SELECT content AS patient_id FROM read_text('outside.csv')", "people.sql"),
    "no SQL": ("SELEC nhs_pseudo FROM source.registered", "people.sql"),
    "nothing": ("-- nothing", "people.sql"),
    "a table that is not there": ("SELECT * FROM source.registerd", 'no table "registerd"; did you mean "registered"'),
    "a table of the machine": ("SELECT * FROM duckdb_settings", "people.sql"),
    "a step that is not there": ("SELECT * FROM step.people", "people.sql reads step.people"),
    "a column that is not there": ("SELECT nhs_pseud AS patient_id FROM source.registered", "nhs_pseud"),
    "a required column that is not given": ("SELECT nhs_pseudo AS patient_id FROM source.registered", "date_of_birth"),
    "a value of another type": (
        "SELECT nhs_pseudo::INTEGER AS patient_id, born AS date_of_birth, 'M' AS sex FROM source.registered",
        "fails on the rows",
    ),
    "a date that is none": (
        "SELECT nhs_pseudo AS patient_id, strptime(born, '%Y') AS date_of_birth, 'M' AS sex FROM source.registered",
        "fails on the rows",
    ),
    "an error of its own": (
        "SELECT error(nhs_pseudo) AS patient_id, born AS date_of_birth, 'M' AS sex FROM source.registered",
        "fails on the rows",
    ),
}


@pytest.mark.parametrize(("kind", "name"), deal(STATEMENTS, OURS))
def test_a_fault_of_the_sql_is_one_line(name: str, kind: str, tell: Tell) -> None:
    sql, reason = STATEMENTS[name]
    assert reason in tell(SQL, sql)


@pytest.mark.parametrize("kind", OURS)
def test_a_step_that_is_made_later_is_not_read(kind: str, tell: Tell) -> None:
    steps = '[source.steps]\nfirst = "mapping/people.sql"\nsecond = "mapping/people.sql"\n'
    assert "reads step.second, which is made after it" in tell(f"{SQL}{steps}", "SELECT * FROM step.second")
