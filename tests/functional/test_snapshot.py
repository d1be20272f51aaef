"""A run reads one version of the data: whatever is ingested at whichever of its reads, it writes the bytes of that."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from riskstrat.sources.store import Store
from riskstrat.sources.store_versions import point_to
from tests.suite.properties import property_settings
from tests.suite.stores import find_version
from tests.suite.verbs import Verb

READS = ("file", "connect", "read", "people", "read_spells")
"""Whatever of a store gives rows, or the place where they stand."""

NAMES = ("score", "features", "list", "why")
LIKE_OTHERS = ("features", "list", "why")
"""Verbs that open the data as `score` and `weekly` do."""

MORE = pytest.mark.exhaustive
Expected = Callable[[str], tuple[bytes, int]]


class Bench:
    """A workspace with two versions of its data, of other people: A is read, and B takes its place when asked."""

    def __init__(self, workspace: Path, verb: Verb, monday: str, other: Path) -> None:
        self.workspace, self.verb, self.monday = workspace, verb, monday
        self.store = workspace / "data"
        self.a = find_version(self.store)
        assert verb("ingest", other, "-w", workspace).returncode == 0
        self.b = find_version(self.store)
        self.kept = workspace.with_name("kept")
        shutil.copytree(self.store, self.kept)
        self.reset()

    def reset(self) -> None:
        """A is read again, and both stand."""
        shutil.rmtree(self.store)
        shutil.copytree(self.kept, self.store)
        point_to(self.store, self.a.name, keep=2)

    def run(self, name: str) -> bytes:
        """What a verb says and writes."""
        out = self.workspace.with_name("out.parquet")
        out.unlink(missing_ok=True)
        given: dict[str, tuple[Any, ...]] = {
            "score": ("score", "--out", out),
            "features": ("features", "--out", out),
            "list": ("list",),
            "why": ("why", self.patient),
        }
        done = self.verb(*given[name], "--index-date", self.monday, "-w", self.workspace)
        assert done.returncode == 0, done.stderr
        return done.stdout.encode() + (out.read_bytes() if out.exists() else b"")

    @property
    def patient(self) -> str:
        people = pq.read_table(self.kept / "versions" / self.a.name / "tables" / "people.parquet")
        return str(people["patient_id"][7].as_py())


@contextmanager
def swapped(bench: Bench, at: int) -> Iterator[list[str]]:
    """While it lasts B takes the place of A at the read of that number, as ingest does it; gives the reads."""
    reads: list[str] = []

    def watch(name: str) -> Callable[..., Any]:
        original = getattr(Store, name)

        def read(*given: Any, **named: Any) -> Any:
            reads.append(name)
            if len(reads) == at:
                point_to(bench.store, bench.b.name, keep=1)
            return original(*given, **named)

        return read

    with patch.multiple(Store, **{name: watch(name) for name in READS}):
        yield reads


@pytest.fixture(scope="module")
def bench(
    demo_workspace: Path,
    verb: Verb,
    monday: str,
    copy: Callable[[Path, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Bench:
    folder = tmp_path_factory.mktemp("snapshot")
    assert verb("simulate", "--people", 300, "--seed", 3, "--out", folder / "other").returncode == 0
    assert verb("simulate", "--people", 600, "--seed", 7, "--out", folder / "first").returncode == 0
    workspace = copy(demo_workspace, folder / "workspace")
    shutil.rmtree(workspace / "lists")
    # Which version is read does not hang on how many people there are, nor on how many each team discusses.
    settings = workspace / "riskstrat.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("capacity = 8", "capacity = 2"), encoding="utf-8")
    assert verb("ingest", folder / "first", "-w", workspace).returncode == 0
    return Bench(workspace, verb, monday, folder / "other")


@pytest.fixture(scope="module")
def expected(bench: Bench) -> Expected:
    """What a verb gives of A when nothing is ingested meanwhile, and how often it reads."""

    @cache
    def run_alone(name: str) -> tuple[bytes, int]:
        bench.reset()
        with swapped(bench, at=0) as reads:
            return bench.run(name), len(reads)

    return run_alone


@pytest.mark.parametrize("name", [pytest.param(name, marks=MORE if name in LIKE_OTHERS else []) for name in NAMES])
def test_data_that_are_ingested_at_the_first_read_change_no_byte(name: str, bench: Bench, expected: Expected) -> None:
    """At the first read every later one would meet the other data, so this finds whatever reads what is current."""
    require_the_same_bytes(bench, name, 1, expected)


@pytest.mark.exhaustive
@property_settings(8, allow=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow))
@given(name=st.sampled_from(NAMES), share=st.floats(0, 1, exclude_max=True))
def test_data_that_are_ingested_at_any_read_change_no_byte(
    name: str, share: float, bench: Bench, expected: Expected
) -> None:
    require_the_same_bytes(bench, name, 1 + int(share * expected(name)[1]), expected)


def require_the_same_bytes(bench: Bench, name: str, at: int, expected: Expected) -> None:
    """The verb gives what it gave alone, though other data were there from its `at`th read on."""
    whole, count = expected(name)
    bench.reset()
    with swapped(bench, at=at) as reads:
        assert bench.run(name) == whole
    assert len(reads) == count
    assert find_version(bench.store) == bench.b


@pytest.fixture(scope="module")
def published(bench: Bench) -> tuple[dict[str, bytes], int]:
    """The files of a list of A when nothing is ingested meanwhile, and how often `weekly` reads."""
    bench.reset()
    with swapped(bench, at=0) as reads:
        files = publish(bench)
    return files, len(reads)


def publish(bench: Bench) -> dict[str, bytes]:
    """What is published, by its path: the list that stood goes first."""
    shutil.rmtree(bench.workspace / "lists", ignore_errors=True)
    assert bench.verb("weekly", "--index-date", bench.monday, "-w", bench.workspace).returncode == 0
    folder = bench.workspace / "lists" / bench.monday
    files = [path for path in folder.rglob("*") if path.suffix in (".html", ".json", ".csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("share", [0.0, pytest.param(0.5, marks=MORE)], ids=["first read", "half-way"])
def test_a_list_that_is_published_while_other_data_come_is_of_one_version(
    share: float, bench: Bench, published: tuple[dict[str, bytes], int]
) -> None:
    files, count = published
    bench.reset()
    with swapped(bench, at=1 + int(share * count)) as reads:
        assert publish(bench) == files
    assert len(reads) == count
    assert find_version(bench.store) == bench.b


def test_no_file_that_is_written_holds_the_number_of_a_person(
    bench: Bench, published: tuple[dict[str, bytes], int]
) -> None:
    assert published
    bench.reset()
    bench.run("score")
    tables = [bench.workspace.with_name("out.parquet"), *(bench.workspace / "lists").rglob("*.parquet")]
    assert len(tables) > 1
    for table in tables:
        names = pq.read_schema(table).names
        assert "person" not in names
        assert "patient_id" in names
