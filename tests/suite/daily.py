"""A workspace between two lists: people ingested as at a Monday, one list of that day with a case for each of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from riskstrat.casefinding import CASE_COLUMNS, CaseRegister, reference
from riskstrat.simulation import MARK
from tests.suite.hand_made import STANDING, THREE_FEATURES, publish_list
from tests.suite.verbs import run_verb

PEOPLE = tuple(f"p{number}" for number in range(1, 13))
"""Those with a case; p13 to p30 have none."""

TEAM = "KIR"
SETTINGS = """
[[teams]]
name = "Kirkby"
code = "KIR"
localities = ["Kirkby"]

[data]
quarantine_limit = 0.5
{data}
"""


def make_between_lists(folder: Path, data: str = "") -> Path:
    """The workspace; data: further lines of [data] in riskstrat.toml."""
    root = folder / "workspace"
    shutil.copytree(THREE_FEATURES, root, ignore=shutil.ignore_patterns("__pycache__"))
    settings = root / "riskstrat.toml"
    settings.write_text(settings.read_text("utf-8") + SETTINGS.format(data=data), "utf-8")
    ingest_everybody(folder, root)
    rows = [(TEAM, number, patient, STANDING, STANDING) for number, patient in enumerate(PEOPLE, 1)]
    publish_list(root, STANDING, CaseRegister(pd.DataFrame(rows, columns=list(CASE_COLUMNS))))
    return root


def ingest_everybody(folder: Path, root: Path, as_at: date = STANDING, **more: str) -> None:
    """Ingest p1 to p30, registered with one practice, and other tables as CSV."""
    people = "".join(f"p{number},1950-01-{number:02d},F,\n" for number in range(1, 31))
    registered = "".join(f"p{number},N83001,2001-01-01,\n" for number in range(1, 31))
    tables = {
        "people": f"patient_id,date_of_birth,sex,date_of_death\n{people}",
        "admissions": f"patient_id,spell_id,admitted_on,method,known_on\np30,s1,2026-11-02,21,{as_at}\n",
        "registrations": f"patient_id,practice,registered_from,registered_to\n{registered}",
    }
    done = run_verb("ingest", land(folder / "source", tables | more), "-w", root, "--as-at", as_at)
    assert done.returncode == 0, done.stderr


def land(folder: Path, tables: Mapping[str, str]) -> Path:
    """A source of these tables as CSV, and of no other, which says that its people are made up."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / MARK).write_text("{}")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def name_case(patient: str) -> str:
    """The reference of the case of one of `PEOPLE`."""
    return reference(TEAM, PEOPLE.index(patient) + 1)
