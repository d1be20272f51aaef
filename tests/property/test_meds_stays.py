"""Admissions and discharges without identifiers are paired as by somebody who reads them minute after minute."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.settings import Settings
from riskstrat.sources.ingest import ingest
from riskstrat.sources.mapping import read_mapping
from tests.suite.properties import property_settings
from tests.suite.stores import find_version

TOML = """
[source]
kind = "meds"
location = "extract"
dates = "true"
events = [
    { event = "birth", code = "BORN" },
    { event = "admission", begins = "IN", method = "21" },
    { event = "discharge", begins = "OUT" },
]
"""
START = datetime(2024, 1, 1)
Minutes = list[tuple[int, str]]
Stay = tuple[date, date | None]

minutes_of_one = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("IN//a", "IN//b", "OUT//a"))), max_size=9)


def pair(events: Minutes) -> Counter[Stay]:
    """The stays of one subject; a day stands for a minute here."""
    stays: list[list[int | None]] = []
    for minute in sorted({minute for minute, _ in events}):
        kinds = {code[:2] for at, code in events if at == minute}
        is_open = bool(stays) and stays[-1][1] is None
        if "OU" in kinds and is_open:
            stays[-1][1] = minute
        if "IN" in kinds:
            stays.append([minute, minute if "OU" in kinds and not is_open else None])
    return Counter((day(begun), None if ended is None else day(ended)) for begun, ended in stays)  # type: ignore[misc]


def day(number: int) -> date:
    return (START + timedelta(days=number)).date()


@property_settings(3, drawn=5)
@given(st.lists(minutes_of_one, min_size=20, max_size=60).filter(any))
def test_stays_are_those_that_a_reader_would_find(subjects: list[Minutes]) -> None:
    events = [(number, START - timedelta(days=9000), "BORN") for number in range(len(subjects))]
    events += [(n, START + timedelta(days=at), code) for n, given in enumerate(subjects) for at, code in given]
    expected = {str(number): found for number, given in enumerate(subjects) if (found := pair(given))}
    with TemporaryDirectory() as folder:
        site = Path(folder)
        (site / "extract").mkdir()
        columns = [pa.array(column) for column in zip(*events, strict=True)]
        pq.write_table(pa.table(columns, ["subject_id", "time", "code"]), site / "extract" / "events.parquet")
        (site / "source.toml").write_text(TOML, encoding="utf-8")
        ingest(read_mapping(site / "source.toml"), site / "store", Settings(), as_at=date(2024, 6, 30))
        rows = pq.read_table(find_version(site / "store") / "tables" / "spells.parquet").to_pylist()
    found: dict[str, Counter[Stay]] = {}
    for row in rows:
        found.setdefault(row["patient_id"], Counter())[(row["admitted_on"], row["discharged_on"])] += 1
    assert found == expected
