"""One engine for each open store: what is made once, what each connection has for itself, and when it ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from riskstrat.sources.store_engine import StoreEngine


class Views:
    """Makes a view of one row, and counts how often it was asked to."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.made = 0

    def make(self, connection: duckdb.DuckDBPyConnection) -> str:
        self.made += 1
        connection.execute(f"CREATE VIEW one AS SELECT {self.value} AS value")
        return "main"


def read_value(engine: StoreEngine, views: Views) -> int:
    with engine.connect(views.value, views.make) as backend:
        return int(backend.execute("SELECT sum(value) FROM one").fetchall()[0][0])


def count_started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    started: list[object] = []
    connect = duckdb.connect
    monkeypatch.setattr(
        duckdb, "connect", lambda *given, **options: started.append(given) or connect(*given, **options)
    )
    return started


def test_it_starts_once_and_makes_each_set_of_views_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started = count_started(monkeypatch)
    engine, some, others = StoreEngine(), Views(1), Views(2)
    assert started == [], "an engine that nobody asks is not started"
    assert [read_value(engine, views) for views in (some, others, some, others)] == [1, 2, 1, 2]
    assert (len(started), some.made, others.made) == (1, 1, 1)


def test_many_threads_at_once_have_their_views_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    started = count_started(monkeypatch)
    engine, sets = StoreEngine(), [Views(number) for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda views: read_value(engine, views), sets * 6))
    assert read == [0, 1, 2, 3] * 6
    assert len(started) == 1
    assert [views.made for views in sets] == [1, 1, 1, 1]


def test_what_one_connection_registers_no_other_sees() -> None:
    engine, views = StoreEngine(), Views(1)
    with engine.connect(1, views.make) as first, engine.connect(1, views.make) as second:
        first.execute("CREATE TEMP TABLE asked AS SELECT 1 AS person")
        with pytest.raises(duckdb.CatalogException):
            second.execute("SELECT * FROM asked")


def test_views_that_could_not_be_made_are_made_the_next_time() -> None:
    engine, views = StoreEngine(), Views(1)

    def fail(connection: duckdb.DuckDBPyConnection) -> str:
        views.make(connection)
        raise ValueError("half made")

    with pytest.raises(ValueError, match="half made"), engine.connect(1, fail):
        pass
    assert read_value(engine, views) == 1


def test_what_was_spilled_goes_with_the_last_open_connection_and_it_can_be_asked_again(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    engine, views = StoreEngine(spill=spill), Views(1)
    with engine.connect(1, views.make):
        with engine.connect(1, views.make) as backend:
            backend.execute("SET memory_limit = '50MB'; SET threads = 1")
            backend.execute("CREATE TEMP TABLE large AS SELECT range, md5(range::VARCHAR) FROM range(1500000)")
            assert spill.is_dir(), "nothing was spilled, so nothing was shown"
        assert read_value(engine, views) == 1
    assert not spill.exists()
    assert read_value(engine, views) == 1
    assert views.made == 2
