"""Rows of the bench about features: beside peers, over the floor, as boroughs grow, and counts beside featuretools."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from riskstrat.sources.store import open_store
from tests.benchmarks.bench.borough import make_store
from tests.benchmarks.bench.goals import Held, NotMeasuredError, Section
from tests.benchmarks.bench.job import write_counts, write_job
from tests.benchmarks.bench.page import TITLES, describe_versions, find_median, format_gigabytes, format_pair, tabulate
from tests.benchmarks.bench.processes import read_figures

HERE = Path(__file__).parents[1]
PEERS = ("polars", "duckdb", "pandas")
MILLION = 1_000_000
SIZES = (100_000, MILLION)


class Bench(NamedTuple):
    """What is asked of a run. other: the second size, for growth; None if one size was asked for."""

    folder: Path
    people: int
    other: int | None
    rounds: int


def measure_peers(bench: Bench) -> Section:
    """The features that every engine can compute alike; every peer's values are held against the product's."""
    store = make_store(bench.folder, bench.people)
    job = write_job(open_store(store), bench.folder)
    engines = {"product": measure_product(store, job, bench.rounds, "equal")}
    python = make_environment(bench.folder, "peers")
    for name in PEERS:
        engines[name] = measure_peer(python, name, job, bench.rounds)
    ours = engines["product"]
    lines = [
        f"## {ours['features']} equal features",
        "",
        "Counts, whether there was any, totals, days since, and different codes: all features of the shipped",
        "workspace that each engine can say. The peers run in an environment of their own, know from the start which",
        "codes each feature counts, and read the same Parquet files. Four dates are one pass here, and one query after",
        f"another there. {ours['rows']:,} people are registered at the newest date.",
        "",
        f"{describe_versions(engines)}.",
        "",
        *tabulate_engines(engines),
    ]
    limits = (("polars", "one", 0.75), ("duckdb", "one", 0.5), ("polars", "four", 0.4), ("duckdb", "four", 0.4))
    held = [
        Held(f"equal features, {dates} date{'s' * (dates == 'four')}, over {TITLES[peer].split(',')[0]}",
             find_median(ours, dates) / find_median(engines[peer], dates), limit, of=SIZES)
        for peer, dates, limit in limits
    ]  # fmt: skip
    return Section(lines, held)


def tabulate_engines(engines: Mapping[str, Any]) -> list[str]:
    """A line for each engine: the product, and peers over it."""
    ours = engines["product"]
    rows = []
    for name, one in engines.items():
        equal = f"{one['equal']} of {ours['features']}" if "equal" in one else ""
        rows.append([TITLES[name], equal, *format_pair(one, ours, "one"), *format_pair(one, ours, "four")])
    heading = ["engine", "columns equal", "one date: CPU s", "clock s", "over riskstrat"]
    return tabulate([*heading, "four dates: CPU s", "clock s", "over riskstrat"], rows)


def measure_floor(bench: Bench) -> Section:
    """All features, over the time that DuckDB takes to read the stored columns that they need."""
    whole = _measure_all(bench, bench.people)
    floor, one, four = (find_median(whole, what) for what in ("floor", "one", "four"))
    each = one * 1e9 / (whole["rows"] * whole["features"])
    heading = ["floor CPU s", "one date CPU s", "over the floor", "four dates CPU s", "four over one"]
    cells = [f"{floor:.2f}", f"{one:.2f}", f"{one / floor:.2f}", f"{four:.2f}", f"{four / one:.2f}", f"{each:.0f}"]
    lines = [
        f"## All {whole['features']} features over the floor",
        "",
        "The floor is DuckDB reading exactly the stored columns that the features need.",
        "",
        *tabulate([*heading, "ns per patient-feature", "memory GB"], [[*cells, format_gigabytes(whole["peak"])]]),
    ]
    held = [
        Held("all features, one date, over the floor", one / floor, 2.5, of=(MILLION,)),
        Held("four dates over one", four / one, 1.8),
        Held("four dates: memory", whole["peak"] / 2**30, 3.5, "GB", of=(MILLION,)),
    ]
    return Section(lines, held)


def measure_growth(bench: Bench) -> Section:
    """By which power of the number of people the time of all features grows, between two sizes.

    Raises NotMeasuredError if one size was asked for.
    """
    if bench.other is None:
        raise NotMeasuredError("one size was asked for")
    sizes = sorted((bench.people, bench.other))
    small, large = (_measure_all(bench, people) for people in sizes)
    used = [find_median(one, "one") for one in (small, large)]
    power = math.log(used[1] / used[0]) / math.log(large["rows"] / small["rows"])
    rows = [[f"{people:,}", f"{one['rows']:,}", f"{took:.2f}", format_gigabytes(one["peak"])]
            for people, one, took in zip(sizes, (small, large), used, strict=True)]  # fmt: skip
    lines = [
        "## Growth",
        "",
        f"CPU seconds of all features at one date grow by the power {power:.2f} of the people registered.",
        "",
        *tabulate(["people", "registered", "one date CPU s", "memory GB"], rows),
    ]
    return Section(lines, [Held(f"growth, {sizes[0]:,} to {sizes[1]:,} people", power, 1.0)])


def measure_counts(bench: Bench) -> Section:
    """Plain counts beside featuretools, which has its rows loaded before; every value is held against its."""
    store = make_store(bench.folder, bench.people)
    job = write_counts(open_store(store), bench.folder)
    ours = measure_product(store, job, bench.rounds, "equal")
    python = make_environment(bench.folder, "featuretools")
    theirs = measure_peer(python, "featuretools", job, bench.rounds)
    used = [find_median(one, "one") for one in (ours, theirs)]
    lines = [
        f"## {ours['features']} counts beside featuretools",
        "",
        "One date. featuretools has its rows filtered, loaded and related before its time is taken; riskstrat reads",
        f"the Parquet files meanwhile. {describe_versions({'product': ours, 'featuretools': theirs})}.",
        "",
        *tabulate(
            ["riskstrat CPU s", "featuretools CPU s", "times faster", "columns equal"],
            [[*(f"{one:.2f}" for one in used), f"{used[1] / used[0]:.1f}", f"{theirs['equal']} of {ours['features']}"]],
        ),
    ]
    return Section(lines, [Held("counts, times faster than featuretools", used[1] / used[0], 15, least=True)])


def make_environment(folder: Path, name: str) -> Path:
    """The Python of an environment of its own, built from `requirements-NAME.lock`, which names all that is installed.

    Raises NotMeasuredError if it cannot be built; nothing is left of it then.
    """
    python = folder / name / "bin" / "python"
    lock = HERE / f"requirements-{name}.lock"
    if not python.exists():
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r"]
        try:
            subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
            subprocess.run([python, *install, lock], check=True, stdout=sys.stderr)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(folder / name, ignore_errors=True)
            raise NotMeasuredError(f"{lock.name} could not be installed") from error
    return python


def measure_product(store: Path, job: Path, rounds: int, which: str) -> dict[str, Any]:
    """What the features of a job take, which are written beside it, or `whole`: those of the workspace."""
    return read_figures([sys.executable, "-m", "tests.benchmarks.bench.product", store, job, str(rounds), which])


def _measure_all(bench: Bench, people: int) -> dict[str, Any]:
    store = make_store(bench.folder, people)
    return measure_product(store, write_job(open_store(store), bench.folder), bench.rounds, "whole")


def measure_peer(python: Path, name: str, job: Path, rounds: int) -> dict[str, Any]:
    """What a job takes a peer, and how many of its columns are equal to those that the product wrote before."""
    figures = read_figures([python, HERE / "peers" / "run.py", name, job, str(rounds)])
    ours, theirs = (np.load(job.with_name(f"{one}.npy")) for one in (f"product-{job.stem}", name))
    figures["equal"] = _count_equal(ours, theirs)
    return figures


def _count_equal(first: Any, second: Any) -> int:
    """How many columns hold the same values, to the last but a few digits of a float32."""
    return sum(
        np.allclose(first[:, n], second[:, n], rtol=1e-5, atol=1e-4, equal_nan=True) for n in range(first.shape[1])
    )
