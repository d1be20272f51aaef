"""From when to when a source is complete: months of rows in, whole spans out."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.definitions.declared import read
from riskstrat.definitions.settings import CoveredPeriod, Settings
from riskstrat.errors import SourceError
from riskstrat.sources.coverage import Coverage, Span, list_practices_of, read_coverage
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store

TO = date(2026, 9, 30)
COLUMNS = ["source", "contributor", "month", "rows", "first_day", "last_day"]


def by_month(source: str, contributor: str, rows: Mapping[str, int]) -> list[tuple[object, ...]]:
    """One row per month that had rows, from its first day to its 28th."""
    made = []
    for month, number in rows.items():
        first = pd.Timestamp(f"{month}-01")
        made += [(source, contributor, first, number, first, first + pd.Timedelta(days=27))] if number else []
    return made


def steady(source: str, contributor: str, start: str, end: str, number: int) -> list[tuple[object, ...]]:
    return by_month(source, contributor, {f"{month:%Y-%m}": number for month in pd.date_range(start, end, freq="MS")})


def coverage(*parts: list[tuple[object, ...]], to: date = TO, **stated: CoveredPeriod) -> Coverage:
    rows = pd.DataFrame([row for part in parts for row in part], columns=COLUMNS)
    return Coverage(rows, dict.fromkeys(rows["source"], to), stated)


def test_a_steady_source_is_complete_to_the_day_that_it_was_landed() -> None:
    assert coverage(steady("falls", "", "2020-01", "2026-09", 50)).find_span("falls") == Span(date(2020, 1, 1), TO)


def test_a_source_without_a_row_covers_nothing() -> None:
    assert coverage(steady("falls", "", "2020-01", "2026-09", 50)).find_span("attendances") is None


def test_a_few_old_rows_are_not_the_beginning() -> None:
    given = coverage(by_month("falls", "", {"1999-03": 2}), steady("falls", "", "2020-01", "2026-09", 50))
    assert given.find_span("falls") == Span(date(2020, 1, 1), TO)


def test_a_source_that_stopped_ends_where_its_rows_do() -> None:
    given = coverage(steady("falls", "", "2020-01", "2026-04", 50))
    assert given.find_span("falls") == Span(date(2020, 1, 1), date(2026, 4, 28))


def test_a_source_of_few_rows_may_be_silent_by_chance() -> None:
    given = coverage(steady("falls", "", "2020-01", "2026-04", 1))
    assert given.find_span("falls") == Span(date(2020, 1, 1), TO)


@pytest.mark.parametrize("left", [0, 4])
def test_a_month_with_next_to_nothing_is_a_gap(left: int) -> None:
    rows = {f"{month:%Y-%m}": 50 for month in pd.date_range("2020-01", "2026-09", freq="MS")} | {"2025-03": left}
    span = coverage(by_month("falls", "", rows)).find_span("falls")
    assert span == Span(date(2020, 1, 1), TO, (date(2025, 3, 1),))
    assert span.find_gap(date(2025, 3, 31), date(2025, 9, 30)) == date(2025, 3, 1)
    assert span.find_gap(date(2025, 4, 1), date(2025, 9, 30)) is None


def test_what_the_site_states_stands_instead() -> None:
    rows = {f"{month:%Y-%m}": 50 for month in pd.date_range("2020-01", "2026-03", freq="MS")} | {"2025-03": 0}
    stated = CoveredPeriod(complete_from=date(2021, 4, 1), complete_to=date(2026, 8, 31))
    assert coverage(by_month("falls", "", rows), falls=stated).find_span("falls") == Span(*stated.model_dump().values())


PRACTICES = [
    *steady("registrations", "A10000", "2010-01", "2010-02", 450),
    *steady("registrations", "B10000", "2010-01", "2010-02", 45),
    *steady("registrations", "C10000", "2010-01", "2010-02", 20),
    *steady("conditions", "A10000", "2015-01", "2026-09", 90),
]
WHOLE = Span(date(2015, 1, 1), TO)


@pytest.mark.parametrize(
    ("rows", "practice", "expected"),
    [
        ([], "B10000", None),
        ([], "A10000", WHOLE),
        (steady("conditions", "B10000", "2024-06", "2026-09", 9), "B10000", Span(date(2024, 6, 1), TO)),
        (steady("conditions", "B10000", "2015-01", "2025-12", 9), "B10000", Span(WHOLE.first, date(2025, 12, 28))),
        (by_month("conditions", "C10000", {"2020-05": 1, "2023-01": 1}), "C10000", WHOLE),
    ],
    ids=["sends nothing", "sends all along", "began late", "stopped", "a small one may be silent by chance"],
)
def test_a_practice_covers_what_it_sends(rows: list[tuple[object, ...]], practice: str, expected: Span | None) -> None:
    given = coverage(PRACTICES, rows)
    assert given.is_by_practice("conditions")
    assert given.find_span("conditions", practice) == expected


def test_a_small_practice_without_a_row_is_no_silence() -> None:
    few = [row if row[0] != "conditions" else (*row[:3], 1, *row[4:]) for row in PRACTICES]
    assert coverage(few).find_span("conditions", "C10000") == WHOLE


def test_only_large_providers_say_something_about_everybody() -> None:
    given = coverage(
        steady("admissions", "RAA", "2015-01", "2026-09", 300),
        steady("admissions", "RBB", "2015-01", "2026-03", 100),
        steady("admissions", "RCC", "2015-01", "2026-03", 2),
    )
    assert given.find_silent_contributors("admissions") == (WHOLE, Span(WHOLE.first, date(2026, 3, 28)))


def test_one_provider_is_the_source_itself() -> None:
    assert coverage(steady("admissions", "RAA", "2015-01", "2026-03", 300)).find_silent_contributors("admissions") == ()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60), st.randoms())
def test_the_order_of_rows_changes_nothing(numbers: list[int], shuffled: object) -> None:
    months = pd.date_range("2021-10", periods=len(numbers), freq="MS")
    rows = by_month("falls", "", {f"{month:%Y-%m}": number for month, number in zip(months, numbers, strict=True)})
    other = rows[:]
    shuffled.shuffle(other)  # type: ignore[attr-defined]
    assert coverage(rows).find_span("falls") == coverage(other).find_span("falls")


# ---- As ingest counts it ----

PEOPLE = "patient_id,date_of_birth,sex\np1,1950-03-15,F\np2,1950-03-15,M\n"
REGISTRATIONS = (
    "patient_id,practice,registered_from,registered_to\n"
    "p1,A10000,2001-01-01,2010-03-10\np1,B10000,2010-03-20,2019-01-01\np1,A10000,2020-06-01,\n"
)
ADMISSIONS = (
    "patient_id,spell_id,admitted_on,method,provider,discharged_on\n"
    "p1,s1,2026-01-10,21,RAA,2026-01-15\np2,s2,2026-01-20,21,RBB,\np2,s3,2026-02-01,11,RAA,2026-02-01\n"
)
CONDITIONS = (
    "patient_id,system,code,recorded_on\np1,icd10,I50,2009-05-06\np1,icd10,I48,2009-05-09\np2,icd10,I50,2026-02-02\n"
)


def ingested(folder: Path, write: Callable[..., Path]) -> Store:
    ingest(
        write(folder, people=PEOPLE, registrations=REGISTRATIONS, admissions=ADMISSIONS, conditions=CONDITIONS),
        folder / "store",
        Settings(),
    )
    return open_store(folder / "store")


@pytest.fixture
def write() -> Callable[..., Path]:
    def write_tables(folder: Path, **tables: str) -> Path:
        (folder / "source").mkdir()
        for name, text in tables.items():
            (folder / "source" / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder / "source"

    return write_tables


def test_ingest_counts_rows_by_source_contributor_and_month(tmp_path: Path, write: Callable[..., Path]) -> None:
    rows = read_coverage(ingested(tmp_path, write), {}).months
    found = [tuple(str(cell)[:10] for cell in row) for row in rows.itertuples(index=False)]
    assert [row for row in found if row[0] != "registrati"] == [
        ("admissions", "RAA", "2026-01-01", "1", "2026-01-10", "2026-01-10"),
        ("admissions", "RAA", "2026-02-01", "1", "2026-02-01", "2026-02-01"),
        ("admissions", "RBB", "2026-01-01", "1", "2026-01-20", "2026-01-20"),
        ("conditions", "", "2026-02-01", "1", "2026-02-02", "2026-02-02"),
        ("conditions", "A10000", "2009-05-01", "2", "2009-05-06", "2009-05-09"),
    ]


VISITS = (
    "patient_id,practice,registered_from,registered_to\n"
    "p1,A10000,2001-01-01,\np1,B10000,2025-06-01,2025-08-01\n"  # away for a while, and still with their own
    "p2,A10000,2001-01-01,2020-01-01\np2,B10000,2020-02-01,2027-01-01\n"  # to leave later
)


def test_the_practice_that_contributes_is_the_one_that_is_told(tmp_path: Path, write: Callable[..., Path]) -> None:
    folder = write(tmp_path, people=PEOPLE, registrations=VISITS, admissions=ADMISSIONS, conditions=CONDITIONS)
    ingest(folder, tmp_path / "store", Settings(), as_at=date(2026, 3, 1))
    store = open_store(tmp_path / "store")
    people = store.people().set_index("patient_id")["person"]
    months = read_coverage(store, {}).months
    told = list_practices_of(store, people.to_numpy(), store.data_as_at)["practice"]
    assert [told[people[name]] for name in ("p1", "p2")] == ["A10000", "B10000"]
    rows = months[months["source"] == "conditions"]
    assert dict(zip(rows["month"].astype(str).str[:4], rows["contributor"], strict=True)) == {
        "2009": "A10000",
        "2026": "B10000",
    }


def test_a_registration_goes_on_over_a_short_break(tmp_path: Path, write: Callable[..., Path]) -> None:
    store = ingested(tmp_path, write)
    people = store.people().set_index("patient_id")["person"]

    def since(until: date) -> list[tuple[object, object]]:
        rows = list_practices_of(store, people.to_numpy(), until).loc[[people["p1"], people["p2"]]]
        told = rows[["practice", "since"]].to_numpy()
        return [(None if pd.isna(a) else a, None if pd.isna(b) else str(b.date())) for a, b in told]

    assert since(date(2026, 2, 2)) == [("A10000", "2020-06-01"), (None, None)]
    assert since(date(2015, 1, 1)) == [("B10000", "2001-01-01"), (None, None)]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("fals = { complete_from = 2020-01-01 }", 'did you mean "falls"'),
        ("people = { complete_from = 2020-01-01 }", "not a table of dated records"),
        ("falls = { complete_form = 2020-01-01 }", "complete_from"),
        ("falls = { complete_from = 2020-01-02, complete_to = 2020-01-01 }", "lies after"),
    ],
)
def test_a_period_that_cannot_be_is_refused(written: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(Settings, {"data": {"coverage": tomllib.loads(written)}}, "riskstrat.toml", SourceError)
