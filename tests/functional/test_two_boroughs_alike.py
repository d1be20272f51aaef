"""Two boroughs that differ only in the sensitive codes of listed people: without an approval their lists are equal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from riskstrat.definitions.progress import silent
from riskstrat.documents import write_page, write_people
from riskstrat.publication import TeamList
from riskstrat.sources.ingest import ingest
from riskstrat.weekly.listing import make_lists
from riskstrat.workspace import load

PLANTED = ("F102", "X601", "B24", "T391X2A")


def plant(source: Path, patients: set[str]) -> int:
    """Sensitive codes beside the main diagnosis of their stays, on their registers and among their medicines.

    None beside an injury: what those were for may not be told then, and that is meant to be seen. Gives their number.
    """
    coded = pd.read_parquet(source / "diagnoses.parquet")
    mine = coded[coded["patient_id"].isin(patients)]
    main = mine[(mine["position"] == 1) & ~mine["code"].str[0].isin(["S", "T"])]
    rows = [main.assign(position=90 + place, code=code) for place, code in enumerate(PLANTED)]
    tables = {"diagnoses": pd.concat([coded, *rows])}
    for name, row in (
        ("conditions", {"system": "register", "code": "ALCOHOL_PROBLEMS"}),
        ("prescriptions", {"bnf": "0410030A0"}),
        ("contacts", {"service": "drug_and_alcohol"}),
    ):
        landed = pd.read_parquet(source / f"{name}.parquet")
        first = landed[landed["patient_id"].isin(patients)].drop_duplicates("patient_id")
        tables[name] = pd.concat([landed, first.assign(**row)])
    for name, table in tables.items():
        table.to_parquet(source / f"{name}.parquet", index=False)
    return len(pd.concat(rows))


def write_pages(teams: tuple[TeamList, ...], folder: Path) -> list[bytes]:
    folder.mkdir()
    for team in teams:
        write_page(team, folder / f"{team.team_code}.html")
        write_people(team, folder / f"{team.team_code}-people.html")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_their_lists_and_pages_are_equal_to_the_byte(demo_workspace: Path, monday: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(demo_workspace, other)
    plain = make_lists(demo_workspace, monday, None, silent)
    listed = {patient for case in plain.cases for patient in case.rows["patient_id"].iloc[:3]}
    assert plant(other / "demo" / "borough", listed) > len(listed)
    ingest(other / "demo" / "borough", other / "data", load(other).settings)
    planted = make_lists(other, monday, None, silent)
    assert planted.opened.store.fingerprint != plain.opened.store.fingerprint
    assert planted.documents == plain.documents
    assert write_pages(planted.documents, tmp_path / "a") == write_pages(plain.documents, tmp_path / "b")
