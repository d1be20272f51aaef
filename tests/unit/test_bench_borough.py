"""What the bench makes once and uses again is there whole, or made again."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from riskstrat.errors import StorageError
from riskstrat.sources.store import open_store
from tests.benchmarks.bench import borough, verbs
from tests.benchmarks.bench.features import Bench

PEOPLE = 300


def test_a_store_whose_ingest_was_broken_off_is_made_and_a_whole_one_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"store-{PEOPLE}" / "versions").mkdir(parents=True)
    store = borough.make_store(tmp_path, PEOPLE)
    assert open_store(store).manifest["people"] > 0
    for made in ("simulate", "ingest"):
        monkeypatch.delattr(borough, made)
    assert borough.make_store(tmp_path, PEOPLE) == store


def test_csv_files_that_were_broken_off_are_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / f"borough-{PEOPLE}"
    source.mkdir()
    for table in ("areas", "people"):
        duckdb.sql(f"COPY (SELECT 1 AS one) TO '{source / table}.parquet'")
    bench = Bench(tmp_path, PEOPLE, None, 1)
    # The mark is copied last: without it this is broken off.
    with pytest.raises(StorageError, match=f"borough-{PEOPLE}-csv"):
        verbs._find_source(bench, "csv")
    (source / verbs.MARK).write_text("{}", "utf-8")
    found = verbs._find_source(bench, "csv")
    assert sorted(file.name for file in found.iterdir()) == ["areas.csv", "people.csv", verbs.MARK]
