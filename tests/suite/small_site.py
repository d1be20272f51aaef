"""A workspace of 600 made-up people with all that each verb needs, so small that a verb takes seconds."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb

from riskstrat.reviews import TITLES
from riskstrat.simulation import MARK
from tests.suite.quick import MODEL, leave_out_pdf, make_recipes_quick
from tests.suite.verbs import run_verb

MONDAY, DAY_AFTER = "2026-11-16", "2026-11-17"
"""The day of the one list, which is that of the data, and the day of a refresh."""

OVERRIDE = ("--override", "--by", "A. Analyst", "--reason", "The gates were judged by hand.")


def make_small_site(folder: Path) -> Path:
    """Fills the folder; gives the workspace in it: data that keep their extract, two versions of a model, one list.

    Beside it stand what verbs read: borough, other (of other people), more (an extract to add), today (to refresh
    with), filled.csv (a returned list) and kept.zip (a backup).
    """
    workspace = folder / "workspace"
    _run("init", workspace)
    make_recipes_quick(workspace)
    leave_out_pdf(workspace)
    for name, seed in (("borough", 3), ("other", 4)):
        _run("simulate", "--people", 600, "--seed", seed, "--out", folder / name)
    at = ("-w", workspace)
    _run("ingest", folder / "borough", "--keep", *at)
    _run("train", MODEL, *at)
    _run("promote", MODEL, 1, *OVERRIDE, *at)
    _run("train", MODEL, *at)
    _run("weekly", "--index-date", MONDAY, *at)
    patient, reference = _read_listed(workspace)
    _write_more(folder / "borough", folder / "more")
    _write_today(folder / "today", folder / "borough", patient)
    _fill(folder / "filled.csv", reference)
    _run("backup", "--out", folder / "kept.zip", *at)
    return workspace


def _run(*given: object) -> None:
    done = run_verb(*given)
    assert done.returncode == 0, done.stderr


def _read_listed(workspace: Path) -> tuple[str, str]:
    """Somebody on a list, and the reference of the case."""
    with (workspace / "lists" / MONDAY / "pwc" / "references.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    return row["patient_id"], row["reference"]


def _write_more(borough: Path, folder: Path) -> None:
    """Statuses of a few people, of another day than those of the borough."""
    folder.mkdir()
    shutil.copy(borough / MARK, folder)
    rows = duckdb.sql(
        f"SELECT * REPLACE ((as_at - INTERVAL 3 DAY)::DATE AS as_at) FROM '{borough / 'statuses.parquet'}' LIMIT 5"
    )
    rows.write_parquet(str(folder / "statuses.parquet"))


def _write_today(folder: Path, borough: Path, patient: str) -> None:
    folder.mkdir()
    shutil.copy(borough / MARK, folder)
    (folder / "statuses.csv").write_text(f"patient_id,as_at,died\n{patient},{DAY_AFTER},true\n", "utf-8")


def _fill(file: Path, reference: str) -> None:
    row = {"Reference": reference, "Outcome 1": "Telecare", "Owner 1": "Falls nurse", "Decided on": MONDAY}
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, TITLES)
        writer.writeheader()
        writer.writerow(row | {"Status checked": "Yes", "Agree": "Yes"})
