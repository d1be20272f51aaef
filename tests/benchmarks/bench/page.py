"""docs/benchmarks.md, written from the figures of one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from riskstrat.definitions.phrases import long_date
from tests.benchmarks.bench.goals import Section, tabulate_goals

TITLES = {
    "product": "riskstrat",
    "polars": "Polars, streaming",
    "duckdb": "DuckDB SQL",
    "pandas": "pandas",
    "featuretools": "featuretools",
    "collate": "collate of triage, on PostgreSQL",
}


def write_page(docs: Path, people: int, sections: Mapping[str, Section], left_out: Sequence[str]) -> None:
    """Write the page: goals, then each row that was run; rows that were not are named, and have no figures."""
    lines = [*_begin(people, left_out), "## Goals", ""]
    lines += tabulate_goals([one for section in sections.values() for one in section.held], people)
    for section in sections.values():
        lines += [*section.lines, ""]
    (docs / "benchmarks.md").write_text("\n".join(lines).rstrip("\n") + "\n", "utf-8")


def _begin(people: int, left_out: Sequence[str]) -> list[str]:
    none = "every row was run" if not left_out else f"not run this time: {', '.join(left_out)}"
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`, not by hand. Seconds are medians; only ratios within one run mean anything on a",
        "machine that others share.",
        "",
        f"- {long_date(datetime.now(UTC).date())}; {platform.system()} on {platform.machine()}, "
        f"{os.cpu_count()} processors; Python {platform.python_version()}",
        f"- a simulated borough of {people:,} people, where nothing else is said",
        f"- {none}",
        "",
    ]


def tabulate(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    return [f"| {' | '.join(cells)} |" for cells in (heading, ["---" for _ in heading], *rows)]


def describe_versions(engines: Mapping[str, Any]) -> str:
    """The engines that were measured, each with its version."""
    return ", ".join(f"{TITLES[name].split(',')[0]} {one['version']}" for name, one in engines.items())


def format_gigabytes(count: float) -> str:
    return f"{count / 2**30:.2f}"


def find_median(figures: Mapping[str, Any], what: str) -> float:
    """The processor's seconds of one piece of work, by round, as their median."""
    return median(used for used, _ in figures[what])


def format_pair(one: Mapping[str, Any], ours: Mapping[str, Any], dates: str) -> list[str]:
    """Processor, clock, and the processor's seconds over ours."""
    used, clock = (median(column) for column in zip(*one[dates], strict=True))
    return [f"{used:.2f}", f"{clock:.2f}", f"{used / find_median(ours, dates):.2f}"]
