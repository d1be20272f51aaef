"""The page of the bench: each figure beside its goal, judged where the goal is for that size, and no figure of old."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.bench.goals import Held, Section, tabulate_goals
from tests.benchmarks.bench.page import write_page
from tests.benchmarks.bench.processes import run_whole, time_rounds


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
