"""One OMOP common data model in DuckDB, SQLite, PostgreSQL and a folder: the same tables of the store, to the byte."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from riskstrat.definitions.settings import Settings
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import IngestReport, ingest
from riskstrat.sources.mapping import read_mapping
from tests.suite.as_omop import TABLES, write_as_omop
from tests.suite.postgres import start_server
from tests.suite.stores import find_version

UNTIL = date(2026, 3, 31)
VARIABLE = "RISKSTRAT_SOURCE"
ANSWERS = 'emergency = ["262"]\nsource_values = "nhs"\n'
NOT_OMOP = {"person_numbers", "visit_numbers", "codes", "everything"}
OMOP = sorted(set(TABLES) - NOT_OMOP)
# No model of emergency admissions is asked for: here the admissions whose method Oxford's rule loses may stay unread.
SETTINGS = Settings.model_validate({"data": {"quarantine_limit": 1.0, "understood": {"admissions": "partly"}}})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the common data model of a small borough, `cdm.duckdb`."""
    folder = tmp_path_factory.mktemp("omop")
    simulate(400, 11, folder / "borough", years=3, until=UNTIL)
    write_as_omop(folder / "borough", folder / "cdm.duckdb", UNTIL)
    return folder


def _land(folder: Path, declared: str) -> tuple[IngestReport, dict[str, str]]:
    """The report of an ingest, and the digest of each table of its store."""
    folder.mkdir(exist_ok=True)
    (folder / "source.toml").write_text(f'[source]\nkind = "omop"\n{declared}{ANSWERS}', encoding="utf-8")
    report = ingest(read_mapping(folder / "source.toml"), folder / "store", SETTINGS, as_at=UNTIL)
    tables = sorted(find_version(folder / "store").rglob("*.parquet"))
    return report, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}


@pytest.fixture(scope="module")
def landed(model: Path) -> tuple[IngestReport, dict[str, str]]:
    return _land(model / "from-duckdb", 'location = "../cdm.duckdb"\n')


def _write_sqlite(model: Path, file: Path) -> None:
    """The same tables in SQLite, which has no dates: they are text there."""
    with duckdb.connect(str(model / "cdm.duckdb"), read_only=True) as cdm, sqlite3.connect(file) as written:
        for name in OMOP:
            found = cdm.execute(f"FROM {name}")
            columns = [column[0] for column in found.description or ()]
            written.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            marks = ", ".join("?" for _ in columns)
            rows = [tuple(map(_as_text_of_dates, row)) for row in found.fetchall()]
            written.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    written.close()


def _as_text_of_dates(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _write_folder(model: Path, folder: Path) -> None:
    folder.mkdir()
    with duckdb.connect(str(model / "cdm.duckdb"), read_only=True) as cdm:
        for name in OMOP:
            cdm.execute(f"COPY {name} TO '{(folder / name.upper()).as_posix()}.csv' (HEADER)")


def test_the_model_is_whole(landed: tuple[IngestReport, dict[str, str]]) -> None:
    report, tables = landed
    accepted = {name: table.accepted for name, table in report.tables.items()}
    assert accepted["people"] == 400
    assert min(accepted[name] for name in ("admissions", "diagnoses", "conditions", "measurements")) > 50
    assert {"admissions.parquet", "coverage.parquet", "diagnoses.parquet", "quarantine.parquet"} <= set(tables)


@pytest.mark.parametrize(
    ("made", "name", "write"),
    [("from-sqlite", "cdm.sqlite", _write_sqlite), ("from-folder", "cdm", _write_folder)],
)
def test_another_form_of_the_same_model_gives_the_same_store(
    model: Path,
    landed: tuple[IngestReport, dict[str, str]],
    made: str,
    name: str,
    write: Callable[[Path, Path], None],
) -> None:
    (model / made).mkdir()
    write(model, model / made / name)
    report, tables = _land(model / made, f'location = "{name}"\n')
    assert tables == landed[1]
    assert report.tables == landed[0].tables


@pytest.mark.server
def test_a_schema_of_postgresql_gives_the_same_store(
    model: Path, landed: tuple[IngestReport, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_server() as server:
        server.run("CREATE SCHEMA omop")
        with duckdb.connect(str(model / "cdm.duckdb"), read_only=True) as cdm:
            for name in OMOP:
                server.load(name, cdm.execute(f"FROM {name}").to_arrow_table(), "omop")
        monkeypatch.setenv(VARIABLE, server.address())
        declared = f'storage = "postgres"\nconnection = "${VARIABLE}"\nschema = "omop"\n'
        report, tables = _land(model / "from-postgres", declared)
    assert tables == landed[1]
    assert report.tables == landed[0].tables
