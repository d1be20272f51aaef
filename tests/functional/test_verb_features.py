"""`features`: one row per patient and index date, one column per feature; its descriptions and its SQL."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

Verb = Callable[..., subprocess.CompletedProcess[str]]
Tree = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def written(verb: Verb, demo_workspace: Path, monday: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("features") / "new" / "features.parquet"
    done = verb("features", "-w", demo_workspace, "--index-date", monday, "--out", file, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (file.parent / "said.json").write_text(done.stdout, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def said(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((written.parent / "said.json").read_text(encoding="utf-8"))
    return found


def test_the_table_has_keys_first_and_then_every_feature(written: Path, said: dict[str, Any], monday: str) -> None:
    table = pq.read_table(written)
    assert table.column_names[:2] == ["patient_id", "index_date"]
    assert table.shape == (said["rows"], said["features"] + 2)
    assert str(table.schema.field("index_date").type) == "date32[day]"
    assert {str(field.type) for field in list(table.schema)[2:]} == {"float"}
    assert {str(day) for day in table["index_date"].to_pylist()} == {monday}
    assert table.to_pandas()["patient_id"].is_unique


def test_the_cohort_adds_up(said: dict[str, Any]) -> None:
    cohort = dict(said["cohort"])
    candidates, eligible = cohort.pop("candidates"), cohort.pop("eligible")
    assert candidates == 4000
    assert candidates - sum(cohort.values()) == eligible == said["rows"]


def test_csv_holds_what_parquet_holds(
    verb: Verb, demo_workspace: Path, monday: str, written: Path, tmp_path: Path
) -> None:
    file = tmp_path / "features.csv"
    assert verb("features", "-w", demo_workspace, "--index-date", monday, "--out", file).returncode == 0
    from_csv = pd.read_csv(file, dtype={"patient_id": str}, parse_dates=["index_date"])
    whole = pq.read_table(written).to_pandas(date_as_object=False)
    pd.testing.assert_frame_equal(from_csv, whole, check_dtype=False, rtol=1e-6)


def test_nothing_else_is_left_beside_the_file(written: Path) -> None:
    assert {path.name for path in written.parent.iterdir()} == {"features.parquet", "said.json"}


def test_describe_gives_one_line_for_each_feature(verb: Verb, demo_workspace: Path, written: Path) -> None:
    done = verb("features", "-w", demo_workspace, "--describe", "--json")
    described = json.loads(done.stdout)["features"]
    assert [row["feature"] for row in described] == pq.read_schema(written).names[2:]
    assert all(row[key] for row in described for key in ("theme", "unit", "sentence", "why", "missing"))


def test_describe_can_be_read_by_people(verb: Verb, demo_workspace: Path) -> None:
    done = verb("features", "-w", demo_workspace, "--describe")
    assert (done.returncode, done.stderr) == (0, "")
    assert "emergency_admissions_365d" in done.stdout
    assert "\x1b" not in done.stdout


def test_sql_is_one_narrow_scan_for_each_stream(verb: Verb, demo_workspace: Path) -> None:
    done = verb("features", "-w", demo_workspace, "--sql", "--json")
    scans = json.loads(done.stdout)["scans"]
    assert {"admissions", "diagnoses", "all_falls"} <= set(scans)
    assert all(text.lstrip().upper().startswith(("SELECT", "WITH")) for text in scans.values())
    assert not any(" join " in text.lower() or " over (" in text.lower() for text in scans.values())


def test_sql_for_people_names_each_stream(verb: Verb, demo_workspace: Path) -> None:
    assert "-- admissions\nSELECT" in verb("features", "-w", demo_workspace, "--sql").stdout


def test_the_features_of_discharges_have_an_index_date_for_each(
    verb: Verb, demo_workspace: Path, tmp_path: Path, monday: str
) -> None:
    file = tmp_path / "readmission.parquet"
    given = ("--recipe", "emergency_readmission_30d", "--index-date", "latest", "--out", file)
    assert verb("features", "-w", demo_workspace, *given).returncode == 0
    frame = pq.read_table(file).to_pandas()
    assert frame["patient_id"].is_unique
    assert frame["index_date"].nunique() > 100


def test_neither_file_nor_describe_nor_sql_is_refused_with_the_choices(verb: Verb, demo_workspace: Path) -> None:
    done = verb("features", "-w", demo_workspace)
    assert done.returncode == 2
    assert "give --index-date and --out, or --describe, or --sql" in done.stderr
    assert "Traceback" not in done.stderr
