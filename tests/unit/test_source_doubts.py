"""What makes a source doubtful: counts by month in, sentences out."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.definitions.declared import read
from riskstrat.definitions.settings import Settings
from riskstrat.errors import SourceError
from riskstrat.sources.coverage import Coverage
from riskstrat.sources.doubts import find_doubts
from riskstrat.sources.store import Store

TO = date(2026, 9, 30)
COLUMNS = ["source", "contributor", "month", "rows", "first_day", "last_day"]
MONTHS = tuple(f"{month:%Y-%m}" for month in pd.date_range("2023-01", "2026-09", freq="MS"))
PEOPLE = 10_000


def count(source: str, number: int, contributor: str = "", **other: int) -> list[tuple[object, ...]]:
    """The same number of rows each month, but for those named as `m2026_03`; none where that is 0."""
    rows = {month: other.get(f"m{month.replace('-', '_')}", number) for month in MONTHS}
    first = {month: pd.Timestamp(f"{month}-01") for month in MONTHS}
    days = {month: (first[month], first[month] + pd.Timedelta(days=27)) for month in MONTHS}
    return [(source, contributor, first[month], rows[month], *days[month]) for month in MONTHS if rows[month]]


def doubts(
    *parts: list[tuple[object, ...]],
    to: date = TO,
    codes: tuple[Mapping[str, Any], ...] = (),
    comparable: bool = True,
) -> tuple[str, ...]:
    rows = pd.DataFrame([row for part in parts for row in part], columns=COLUMNS)
    sources = set(rows["source"]) | {str(entry["table"]) for entry in codes}
    tables: dict[str, dict[str, object]] = {name: {} for name in sources}
    facts = {"people": PEOPLE, "tables": tables, "codes": list(codes), "comparable_dates": comparable}
    store = Store(Path("store"), facts)
    return find_doubts(store, Coverage(rows, dict.fromkeys(rows["source"], to), {}))


def test_a_steady_source_is_not_doubted() -> None:
    assert doubts(count("admissions", 250), count("falls", 3), count("contacts", 90)) == ()


@pytest.mark.parametrize(("rows", "part"), [(100, "40%"), (0, "0%"), (600, "240%")])
def test_a_month_far_from_those_around_it_is_named(rows: int, part: str) -> None:
    assert doubts(count("admissions", 250, m2026_03=rows)) == (
        f"hospital admissions of March 2026 are {part} of what the months around it have",
    )


def test_a_month_that_may_still_fill_is_not_judged_and_neither_is_one_of_years_ago() -> None:
    assert doubts(count("admissions", 250, m2026_09=20, m2024_02=100)) == ()


def test_the_last_month_that_should_have_come_is_judged() -> None:
    assert doubts(count("attendances", 400, m2026_08=100, m2026_09=0), to=date(2026, 10, 5)) == (
        "A&E visits of August 2026 are 25% of what the months around it have",
    )


def test_few_rows_may_be_few_by_chance() -> None:
    assert doubts(count("falls", 40, m2026_03=10)) == ()


def test_a_large_provider_that_fell_silent_is_told() -> None:
    silent = dict.fromkeys(("m2026_04", "m2026_05", "m2026_06", "m2026_07", "m2026_08", "m2026_09"), 0)
    assert doubts(count("admissions", 400, "RAA"), count("admissions", 80, "RBB", **silent)) == (
        "hospital admissions of 1 large contributor end on 28 March 2026, before those of the others",
    )


def test_dates_that_are_shifted_from_person_to_person_raise_no_doubt() -> None:
    assert doubts(count("admissions", 250, m2026_03=0), comparable=False) == ()


@pytest.mark.parametrize(("rows", "rate"), [(20, "24"), (2000, "2,400")])
def test_a_rate_that_nobody_publishes_is_told(rows: int, rate: str) -> None:
    assert doubts(count("admissions", rows)) == (
        f"hospital admissions: {rate} in 12 months for each 1,000 people, where 60 to 1,500 would be plausible",
    )


def test_codes_that_are_understood_less_than_before_are_told() -> None:
    entry = {"table": "conditions", "column": "code", "system": "icd10", "understood": 0.6}
    assert doubts(codes=({**entry, "before": 0.65},)) == doubts(codes=({**entry, "before": None},)) == ()
    assert doubts(codes=({**entry, "before": 0.9},)) == (
        "code in conditions from the GP record: 60% of the codes are understood, 90% were at the load before",
    )


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("admisions = { days = 7 }", 'did you mean "admissions"'),
        ("areas = { days = 7 }", "not a table of dated records"),
        ("admissions = { days = -1 }", "days"),
        ('admissions = { days = 7, then = "stop" }', "mark"),
    ],
)
def test_a_gate_that_cannot_be_is_refused(written: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(Settings, {"data": {"freshness": tomllib.loads(written)}}, "riskstrat.toml", SourceError)
