"""A table as known on a day is what the plain reckoning knows of the landed rows on that day, whatever came when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_records import Source, as_known, by_person, stream
from plain_stays import join
from random_records import Tables, random_tables
from random_shape import shape_of
from real_engine import ingested

from riskstrat.sources.known_tables import KNOWN_TABLES, read_known_table
from riskstrat.workspace import Workspace, load
from tests.suite.properties import population_settings

ROOT = Path(__file__).resolve().parents[2]
Told = Counter[tuple[tuple[str, Any], ...]]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(ROOT)


@dataclass(frozen=True)
class Example:
    """What Hypothesis chooses; the people follow from the seed."""

    seed: int
    day: date
    rule: str


@st.composite
def examples(draw: st.DrawFn) -> Example:
    day = draw(st.dates(date(2019, 1, 1), date(2023, 12, 31)))
    return Example(draw(st.integers(0, 10**9)), day, draw(st.sampled_from(("three_days", "hscic_2014", "off"))))


def reckon(workspace: Workspace, source: Source, name: str, day: date) -> Iterator[dict[str, Any]]:
    """The rows of one person; spells are named by their spell_id."""
    if name != "admissions":
        yield from stream(source, "admissions" if name == "continuous_stays" else name, day, None, workspace.codelists)
        return
    read = (as_known(source, "admissions", row, day) for row in source.tables["admissions"])
    for stay in join([row for row in read if row is not None], source.continuous_stays):
        for spell in stay:
            yield spell | {"spell": spell["spell_id"], "stay": stay[0]["spell_id"]}


def tell(rows: Iterator[Mapping[str, Any]], columns: tuple[str, ...]) -> Told:
    """The rows as a bag, by these columns."""
    return Counter(tuple((name, row.get(name)) for name in columns) for row in rows)


def spelt_out(rows: list[dict[str, Any]], names: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """The rows with the numbers of spells as their spell_id, and as the plain reckoning calls the columns."""
    for row in rows:
        numbers = {name: names.get(row[name]) for name in ("spell", "last_spell", "continuous_stay") if name in row}
        made = row | numbers
        yield made | ({"stay": made["continuous_stay"]} if "continuous_stay" in made else {})


def differ(workspace: Workspace, tables: Tables, example: Example, seen: Counter[str]) -> str | None:
    """The first table that is not as it was known, in words; None if all are."""
    sources = by_person(tables, {}, example.rule)
    with TemporaryDirectory() as folder:
        latest = example.day + timedelta(days=500)
        store = ingested(Path(folder), tables, latest, continuous_stays=example.rule)
        names = {row["spell"]: row["spell_id"] for row in store.read_spells().to_pylist()}
        for name in KNOWN_TABLES:
            made = read_known_table(store, name, example.day, workspace.codelists, printable=False)
            left_out = {"person", "spell", "known_on"} if name in ("recorded_conditions", "all_falls") else {"person"}
            columns = tuple(column for column in made.column_names if column not in left_out | {"continuous_stay"})
            columns += ("stay",) if "continuous_stay" in made.column_names else ()
            found = tell(spelt_out(made.to_pylist(), names), columns)
            plain = (
                {"patient_id": patient} | row
                for patient, source in sources.items()
                for row in reckon(workspace, source, name, example.day)
            )
            expected = tell(plain, columns)
            seen[name] += found.total()
            if found != expected:
                apart = (next(iter(found - expected), None), next(iter(expected - found), None))
                return f"{name}: only written {apart[0]}, only reckoned {apart[1]}"
    return None


def test_every_table_is_what_was_known_on_the_day(workspace: Workspace) -> None:
    seen: Counter[str] = Counter()

    @population_settings(1, drawn=3)
    @given(examples())
    def agrees(example: Example) -> None:
        shape = shape_of((example.day,), workspace.features, workspace.codelists)
        tables = random_tables(shape, example.seed, 90)
        assert (difference := differ(workspace, tables, example, seen)) is None, difference

    agrees()
    assert all(seen[name] for name in KNOWN_TABLES), seen
