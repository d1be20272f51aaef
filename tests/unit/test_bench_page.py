"""The page of the bench: each figure beside its goal, judged where the goal is for that size, and no figure of old."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.benchmarks.bench import __main__ as main
from tests.benchmarks.bench import collate, features
from tests.benchmarks.bench.features import Bench, measure_growth
from tests.benchmarks.bench.goals import Held, NotMeasuredError, Section, tabulate_goals
from tests.benchmarks.bench.page import write_page
from tests.benchmarks.bench.processes import run_whole, time_rounds
from tests.benchmarks.peers import server_time


@pytest.mark.parametrize(
    ("held", "people", "judged"),
    [
        (Held("one", 2.5, 2.5), 20_000, "met"),
        (Held("one", 2.51, 2.5), 20_000, "not met"),
        (Held("one", 15.0, 15, least=True), 20_000, "met"),
        (Held("one", 14.9, 15, least=True), 20_000, "not met"),
        (Held("one", 1.0, 40, of=(1_000_000,)), 20_000, "is for 1,000,000 people"),
        (Held("one", 1.0, 40, of=(1_000_000,)), 1_000_000, "met"),
        (Held("one", 1.0, 40, of=(100_000, 1_000_000)), 20_000, "is for 100,000 and 1,000,000 people"),
        (Held("one", 41.0, 40, of=(100_000, 1_000_000)), 100_000, "not met"),
        (Held("one", 41.0, 40, of=(1_000_000,)), 1_000_000, "not met"),
    ],
)
def test_a_goal_is_judged_by_its_bound_and_at_its_size_alone(held: Held, people: int, judged: str) -> None:
    assert held.judge(people) == judged
    assert tabulate_goals([held], people)[2].endswith(f"| {judged} |")


def test_the_page_has_the_rows_of_this_run_alone_and_names_the_others(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.md").write_text("## Of old", "utf-8")
    section = Section(["## `ingest`", "", "A line."], [Held("`ingest`", 2.0, 2.5, "CPU s")])
    write_page(tmp_path, 4_000, {"ingest": section}, ["train", "weekly"])
    text = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "Of old" not in text
    assert "- not run this time: train, weekly\n" in text
    assert "a simulated borough of 4,000 people" in text
    assert "| `ingest` | 2.00 CPU s | at most 2.5 CPU s | met |" in text
    assert text.endswith("## `ingest`\n\nA line.\n")
    write_page(tmp_path, 4_000, {"ingest": section}, [])
    assert "- every row was run\n" in (tmp_path / "benchmarks.md").read_text("utf-8")


BURN = "import time\nwhile time.process_time() < {seconds}: pass"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what an ended process used")
def test_what_ended_processes_used_is_counted_and_memory_is_of_the_process_alone() -> None:
    held = bytearray(300 * 2**20)
    took = run_whole([sys.executable, "-c", BURN.format(seconds=0.5)])
    assert 0.5 <= took.processor < 5
    assert took.peak < len(held) / 2
    ((used, _),) = time_rounds(lambda: run_whole([sys.executable, "-c", BURN.format(seconds=0.5)]), 1)
    assert used >= 0.5


FOUND = Section(["## Found"], [])


def find_nothing(bench: Bench) -> Section:
    raise NotMeasuredError("nothing to measure it by")


def run_bench(patch: pytest.MonkeyPatch, folder: Path, **rows: Callable[[Bench], Section]) -> str:
    """The page of a bench with these rows, all of them asked for."""
    patch.setattr(main, "ROWS", rows)
    patch.setattr(main, "DOCS", folder)
    patch.setattr(sys, "argv", ["bench", "--folder", str(folder / "bench"), "--people", "4000"])
    main.main()
    return (folder / "benchmarks.md").read_text("utf-8")


def test_a_row_that_cannot_be_run_is_named_with_its_reason_and_the_rows_after_it_are_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = run_bench(monkeypatch, tmp_path, first=find_nothing, second=lambda bench: FOUND, growth=measure_growth)
    assert "- not run this time: first (nothing to measure it by), growth (one size was asked for)\n" in text
    assert text.endswith("## Found\n")


def test_a_row_that_fails_for_another_reason_ends_the_bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(bench: Bench) -> Section:
        raise ValueError("unequal")

    with pytest.raises(ValueError, match="unequal"):
        run_bench(monkeypatch, tmp_path, first=lambda bench: FOUND, second=fail)
    assert "not run this time: second\n" in (tmp_path / "benchmarks.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("what", "instead", "reason"),
    [
        ("find_programs", lambda: None, "no PostgreSQL server"),
        ("PROCESSES", Path("nowhere"), "on Linux alone"),
    ],
)
def test_collate_is_not_measured_without_a_server_whose_processes_can_be_read(
    what: str, instead: object, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(collate, "find_programs", lambda: tmp_path)
    monkeypatch.setattr(collate, what, instead)
    with pytest.raises(NotMeasuredError, match=reason):
        collate.measure_collate(Bench(tmp_path, 4_000, None, 1))


def test_an_environment_that_cannot_be_installed_leaves_nothing_that_is_taken_for_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(features, "HERE", tmp_path)
    (tmp_path / "requirements-none.lock").write_text("no-such-package==1", "utf-8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(NotMeasuredError, match=r"requirements-none.lock could not be installed"):
        features.make_environment(tmp_path / "bench", "none")
    assert not (tmp_path / "bench" / "none").exists()


STARTS_TWO = """
import subprocess, sys
burn = "import time\\nwhile time.process_time() < 0.4: pass\\nprint('done', flush=True)\\ninput()"
burn = [sys.executable, "-c", burn]
ended = subprocess.Popen(burn, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
ended.communicate(b"\\n")
running = subprocess.Popen(burn, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
running.stdout.readline()
print("ready", flush=True)
input()
"""


@pytest.mark.skipif(not server_time.PROCESSES.is_dir(), reason="only Linux tells of processes in /proc")
def test_a_servers_seconds_are_those_of_all_that_it_started_whether_ended_or_not() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_TWO], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"ready\n"
        assert 0.75 <= server_time.read_tree(first.pid) < 5
        begun = time.process_time()
        assert server_time.read_used(first.pid) >= begun + 0.75
        first.communicate(b"\n")
    assert server_time.read_tree(first.pid) == 0


def test_collate_is_given_the_days_after_and_indexes_of_what_it_reads(tmp_path: Path) -> None:
    people = tmp_path / "cohort.parquet"
    rows = tmp_path / "falls.parquet"
    pq.write_table(pa.table({"person": [3, 1]}), people)
    pq.write_table(
        pa.table({name: [1] for name in ("person", "valid_from", "valid_to", "fell_on", "source", "unread")}), rows
    )
    coded = {"number": 4, "coded": True, "code": 0}
    stream = {
        "sources": [{"file": str(rows), "columns": {"day": "fell_on", "code": "source"}}],
        "days": [["Field", "day"], ["Literal", None]],
        # The feature counts codes of which no row has one: it has a column all the same.
        "counted": [{"gp": []}],
        "features": [coded],
    }
    job = {"streams": [stream], "cohorts": {"2026-02-28": str(people), "2025-12-31": str(people)}}
    made = dict(collate.read_tables(job))
    assert made["codes_0_0"].to_pydict() == {"code": ["gp"], "k4": [False]}
    assert made["falls"].column_names == ["person", "valid_from", "valid_to", "fell_on", "source"]
    assert made["cohort"].to_pydict() == {
        "entity_id": [3, 1, 3, 1],
        "as_of_date": [date(2026, 3, 1)] * 2 + [date(2026, 1, 1)] * 2,
    }
    assert collate.list_indexes(job) == [
        ("codes_0_0", "code"),
        ("cohort", "as_of_date, entity_id"),
        ("falls", "fell_on"),
        ("falls", "person"),
    ]
