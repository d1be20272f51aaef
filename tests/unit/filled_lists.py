"""A workspace with one published list of two teams, and the files that teams send back; not tests themselves."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.worksheet.worksheet import Worksheet

from riskstrat.casefinding import reference
from riskstrat.publication import FORMAT
from riskstrat.reviews import COLUMNS, TITLES, FileReviewStore

MONDAY, TODAY, LATER = date(2026, 11, 16), date(2026, 11, 30), date(2027, 1, 1)
DAY = datetime(2026, 11, 19)
A, B, C = (reference("NHU", number) for number in (1, 2, 3))
GONE, NEVER, ELSEWHERE = reference("NHU", 9), reference("NHU", 77), reference("HAL", 1)
"""Listed in the edition that was withdrawn alone, in none, and on another team's list."""

NHS_NUMBER, NAME = "999 000 0018", "Zebedee Quillfeather"

Rows = Mapping[str, Mapping[str, Any]]
Lists = Mapping[str, Mapping[str, str]]

LISTED: Lists = {"nhu": {A: "pa", B: "pb", C: "pc"}, "hal": {ELSEWHERE: "ph"}}
TELECARE = {
    "Outcome 1": "Telecare",
    "Owner 1": "Falls nurse",
    "Agree": "Yes",
    "Decided on": DAY,
    "Status checked": "Yes",
}


def make_workspace(folder: Path) -> Path:
    """A workspace with the list of `MONDAY`, in its second edition."""
    folder.mkdir()
    (folder / "riskstrat.toml").write_text("", encoding="utf-8")
    publish(folder / "lists" / MONDAY.isoformat(), MONDAY, 2, LISTED)
    return folder


def publish(folder: Path, day: date, edition: int, listed: Lists, files: Mapping[str, bytes] | None = None) -> None:
    """What a published list is to those who read outcomes back. `files`: more of its files, by their names."""
    contents = dict(files or {})
    for stem, patients in listed.items():
        lines = ["reference,patient_id,index_date", *(f"{one},{patient},{day}" for one, patient in patients.items())]
        contents[f"{stem}/references.csv"] = ("\n".join(lines) + "\n").encode()
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    teams = [{"code": "NHU", "team": "North Huyton"}, {"code": "HAL", "team": "Halewood"}]
    manifest = {
        "index_date": str(day),
        "model": "m",
        "version": 1,
        "teams": teams,
        "format": FORMAT,
        "edition": edition,
    }
    manifest["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def fill_book(rows: Rows, *, named: bool = False, sheet: str = "List") -> tuple[Workbook, Worksheet]:
    """A workbook as a team sends it back: a preamble, headings in row 3, and the rows by reference from row 4."""
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = sheet
    page.append(["North Huyton: list of 16 November 2026"])
    page.append([])
    own = ["Name", "NHS number"] if named else []
    page.append(["Rank", *own, "Risk", *TITLES])
    for rank, (one, cells) in enumerate(rows.items(), start=1):
        whole = {"Reference": one} | dict(cells)
        page.append([rank, *([NAME, NHS_NUMBER] if named else []), "34 in 100", *(whole.get(t) for t in TITLES)])
    return book, page


def save_book(book: Workbook, root: Path, list_of: str | None = f"NHU {MONDAY} edition 2") -> Path:
    """The workbook as a file, with the property that says which list it is of."""
    if list_of and "riskstrat_list" not in book.custom_doc_props.names:
        book.custom_doc_props.append(StringProperty(name="riskstrat_list", value=list_of))
    path = root.parent / "filled.xlsx"
    book.save(path)
    return path


def filled(
    root: Path, rows: Rows, *, list_of: str | None = f"NHU {MONDAY} edition 2", named: bool = False, sheet: str = "List"
) -> Path:
    return save_book(fill_book(rows, named=named, sheet=sheet)[0], root, list_of)


def place_of(title: str) -> int:
    """The column of a title in `fill_book`, from 1."""
    return 3 + TITLES.index(title)


def write_csv(root: Path, rows: Sequence[Mapping[str, Any]], encoding: str = "utf-8") -> Path:
    """A CSV with the headings of a list, and one row for each mapping by title."""
    path = root.parent / "filled.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TITLES)
        writer.writerows([row.get(title, "") for title in TITLES] for row in rows)
    return path


def read_imported(root: Path) -> pd.DataFrame:
    """What the store of a workspace holds by some later day."""
    return FileReviewStore(root).take_snapshot(LATER).to_frame()


def kept(root: Path) -> list[tuple[Any, ...]]:
    """The reviews that stand, as tuples of `COLUMNS`."""
    frame = read_imported(root).astype(object)
    assert list(frame.columns) == list(COLUMNS)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def outcomes(root: Path) -> list[tuple[str, str]]:
    """Patient and outcome of each review that stands."""
    return [(row[0], row[3]) for row in kept(root)]


def files(root: Path) -> dict[str, str]:
    """The files of reviews by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((root / "reviews").glob("*.csv"))}
