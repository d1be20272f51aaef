"""Any split of rows over several extracts, added in any order, makes the store of one ingest of them together."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.codelists import Codelist, Entry
from riskstrat.definitions.settings import Settings
from riskstrat.sources.codes import KnownCodes
from riskstrat.sources.extracts import Manner
from riskstrat.sources.ingest import IngestReport, ingest
from tests.property.test_landed_again import LATE, Row, make_tables
from tests.suite.properties import population_settings
from tests.suite.stores import find_version

Tables = dict[str, list[list[str]]]
"""By table its header and then its lines, a line of too few fields among them."""

SETTINGS = Settings.model_validate({"data": {"quarantine_limit": 1}})
HEART = Codelist("heart", (Entry("I21", "infarct", "Heart attack", "a book"),), "a book")
KNOWN = KnownCodes({"heart": HEART}, {})
WRONG = ("p99", "943 476 5919")
"""Of nobody, and an NHS number: what makes a row one that is quarantined."""

MAY_BE_WRONG = ("admissions", "diagnoses", "conditions", "social_care", "contacts")


def draw_rows(rng: random.Random) -> Tables:
    """Rows of 12 people with repeated, restated, wrong and unreadable ones among them."""
    made = make_tables(rng)
    made["contacts"] = [
        {"patient_id": f"p{rng.randint(0, 11)}", "contacted_on": f"2024-09-0{rng.randint(1, 3)}", "service": "gp"}
        for _ in range(20)
    ]
    return {name: _spoil(name, rows, rng) for name, rows in made.items()}


def _spoil(name: str, rows: list[Row], rng: random.Random) -> list[list[str]]:
    known = {"known_on": ""} if name in ("registrations", "admissions", "conditions", "social_care") else {}
    header = [*rows[0], *known]
    found = []
    for row in rows:
        found.append(row | known)
        if name in LATE and rng.random() < 0.4:
            later = {"known_on": rng.choice(["", "2024-09-28"])} if known else {}
            found.append(row | {column: "" for column in LATE[name] if rng.random() < 0.6} | later)
        if rng.random() < 0.1 and name in MAY_BE_WRONG:
            found.append(row | known | {"patient_id": rng.choice(WRONG)})
    lines = [list(row.values()) for row in found]
    if name == "contacts":
        lines += [["p1", "2024-09-02"], ["p2"]]
    return [header, *lines]


def split(tables: Tables, count: int, rng: random.Random) -> list[Tables]:
    """The same rows in so many extracts; lines that are the same stay together, as the same line again is one."""
    parts: list[Tables] = [{} for _ in range(count)]
    for name, (header, *lines) in tables.items():
        chosen = {tuple(line): rng.randrange(count) for line in lines}
        for number, part in enumerate(parts):
            taken = [line for line in lines if chosen[tuple(line)] == number]
            # What must be there when a store begins is in every extract, if only as its header.
            if taken or name in ("people", "admissions"):
                part[name] = [header, *taken]
    return parts


def write(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True)
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def read_store(store: Path) -> dict[str, bytes]:
    """The bytes of the stored tables and of the days from when to when they are complete."""
    version = find_version(store)
    files = [*sorted((version / "tables").iterdir()), version / "coverage.parquet"]
    return {file.name: file.read_bytes() for file in files}


def read_quarantine(store: Path, sources: dict[str, Tables]) -> list[tuple[str, ...]]:
    """Table, line, rule and message of every quarantined row, in order; `sources` by the name of their extract."""
    found = pq.read_table(find_version(store) / "quarantine.parquet").to_pylist()
    return sorted(
        (row["table"], *sources[row.get("extract", "")][row["table"]][row["row"]], row["rule"], row["message"])
        for row in found
    )


def add(store: Path, folder: Path) -> IngestReport:
    return ingest(folder, store, SETTINGS, known=KNOWN, manner=Manner.ADDED)


@population_settings(1)
@given(st.integers(0, 1_000_000))
def test_extracts_added_in_any_order_make_the_store_of_all_of_them_together(seed: int) -> None:
    rng = random.Random(seed)
    tables = draw_rows(rng)
    parts = split(tables, rng.choice([2, 3]), rng)
    with TemporaryDirectory() as temporary:
        top = Path(temporary)
        whole = ingest(write(top / "source", tables), top / "whole", SETTINGS, known=KNOWN)
        folders = [write(top / f"part {number}", part) for number, part in enumerate(parts)]
        order = list(range(len(parts)))
        stores, names = [], {"": tables}
        for run in (order, rng.sample(order, len(order))):
            store = top / f"store {len(stores)}"
            for number in [*run, rng.choice(run)] if not stores else run:
                before = {*names}
                added: Any = add(store, folders[number])
                names |= {each.name: parts[number] for each in added.extracts if each.name not in before}
            stores.append(store)
        for store in stores:
            wanted, found = read_store(top / "whole"), read_store(store)
            assert [name for name in wanted if found.get(name) != wanted[name]] == []
            assert read_quarantine(store, names) == read_quarantine(top / "whole", names)
        assert find_version(stores[0]).name == find_version(stores[1]).name
    assert (added.codes, added.data_as_at) == (whole.codes, whole.data_as_at)
    assert added.tables == whole.tables
