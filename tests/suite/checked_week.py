"""For tests that check a published week: the bytes of its files, and what the landed tables say of people then."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from tests.suite.stores import find_version


def parts_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file and of what is packed inside it."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name) for name in book.namelist())


def table(workspace: Path, name: str) -> pd.DataFrame:
    return pq.read_table(find_version(workspace / "data") / "tables" / f"{name}.parquet").to_pandas(
        date_as_object=False
    )


def persons_listed(workspace: Path, listed: list[dict[str, str]]) -> pd.DataFrame:
    people = table(workspace, "people")
    return people[people["patient_id"].isin({row["patient_id"] for row in listed})]


def on_caseload(workspace: Path, monday: str) -> pd.DataFrame:
    at, rows = pd.Timestamp(monday), table(workspace, "caseload")
    return rows[(rows["from_on"] <= at) & ~(rows["to_on"] <= at) & (rows["status"] != "closed")]


def teams_of(workspace: Path, monday: str) -> dict[int, str]:
    """The code of each person's team: that of the locality of the practice they are registered with."""
    at = pd.Timestamp(monday).date()
    spells = pq.read_table(find_version(workspace / "data") / "tables" / "registrations.parquet").to_pylist()
    areas = pq.read_table(find_version(workspace / "data") / "tables" / "areas.parquet").to_pylist()
    settings = tomllib.loads((workspace / "riskstrat.toml").read_text(encoding="utf-8"))
    code_of = {locality: team["code"] for team in settings["teams"] for locality in team["localities"]}
    place_of = {row["practice"]: code_of[row["locality"]] for row in areas}
    standing = [
        spell
        for spell in spells
        if spell["valid_from"] <= at < spell["valid_to"]
        and spell["registered_from"] <= at
        and not (spell["registered_to"] and spell["registered_to"] <= at)
    ]
    return {row["person"]: place_of[row["practice"]] for row in sorted(standing, key=lambda s: s["registered_from"])}
