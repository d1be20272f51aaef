"""docs/benchmarks.md, written from the figures of one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from riskstrat.definitions.phrases import long_date
from tests.benchmarks.bench.processes import Took

TITLES = {"product": "riskstrat", "polars": "Polars, streaming", "duckdb": "DuckDB SQL", "pandas": "pandas"}


def write_page(
    docs: Path, people: int, engines: Mapping[str, Any], whole: Mapping[str, Any], verbs: Mapping[str, Took]
) -> None:
    """Write the page: the peers, the floor and the verbs."""
    lines = [*_begin(people, engines), *_tabulate_peers(engines), *_tabulate_floor(whole), *_tabulate_verbs(verbs)]
    (docs / "benchmarks.md").write_text("\n".join(lines) + "\n", "utf-8")


def _begin(people: int, engines: Mapping[str, Any]) -> list[str]:
    versions = ", ".join(f"{TITLES[name].split(',')[0]} {one['version']}" for name, one in engines.items())
    return [
        "# Benchmarks",
        "",
        "Written by `make bench`, not by hand. Seconds are medians; only ratios within one run mean anything on a",
        "machine that others share.",
        "",
        f"- {long_date(datetime.now(UTC).date())}; {platform.system()} on {platform.machine()}, "
        f"{os.cpu_count()} processors",
        f"- Python {platform.python_version()}; {versions}",
        f"- a simulated borough of {people:,} people, {engines['product']['rows']:,} of them registered at the newest "
        "date",
        "",
    ]


def _tabulate_peers(engines: Mapping[str, Any]) -> list[str]:
    ours = engines["product"]
    lines = [
        f"## {ours['features']} equal features",
        "",
        "Counts, whether there was any, totals, days since, and different codes: all features of the shipped",
        "workspace that each engine can say. The peers run in an environment of their own, know from the start which",
        "codes each feature counts, and read the same Parquet files. Four dates are one pass here, and one query after",
        "another there.",
        "",
        "| engine | columns equal | one date: CPU s | clock s | over riskstrat "
        "| four dates: CPU s | clock s | over riskstrat |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in engines.items():
        equal = f"{one['equal']} of {ours['features']}" if "equal" in one else ""
        cells = [TITLES[name], equal, *_format_pair(one, ours, "one"), *_format_pair(one, ours, "four")]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _format_pair(one: Mapping[str, Any], ours: Mapping[str, Any], dates: str) -> list[str]:
    """Processor, clock, and the processor's seconds over ours."""
    used, clock = (median(column) for column in zip(*one[dates], strict=True))
    return [f"{used:.2f}", f"{clock:.2f}", f"{used / _find_median(ours, dates):.2f}"]


def _format_gigabytes(count: float) -> str:
    return f"{count / 2**30:.2f}"


def _find_median(figures: Mapping[str, Any], what: str) -> float:
    return median(used for used, _ in figures[what])


def _tabulate_floor(whole: Mapping[str, Any]) -> list[str]:
    floor, one, four = (_find_median(whole, what) for what in ("floor", "one", "four"))
    each = one * 1e9 / (whole["rows"] * whole["features"])
    return [
        f"## All {whole['features']} features over the floor",
        "",
        "The floor is DuckDB reading exactly the stored columns that the features need.",
        "",
        "| floor CPU s | one date CPU s | over the floor | four dates CPU s | four over one "
        "| ns per patient-feature | memory GB |",
        "|---|---|---|---|---|---|---|",
        f"| {floor:.2f} | {one:.2f} | {one / floor:.2f} | {four:.2f} | {four / one:.2f} | {each:.0f} | "
        f"{_format_gigabytes(whole['peak'])} |",
        "",
    ]


def _tabulate_verbs(verbs: Mapping[str, Took]) -> list[str]:
    rows = [f"| `{name}` | {took.processor:.2f} | {took.clock:.2f} |" for name, took in verbs.items()]
    return [
        "## Verbs as whole processes",
        "",
        "A demo of 3,000 people.",
        "",
        "| verb | CPU s | clock s |",
        "|---|---|---|",
        *rows,
    ]
