"""Every figure in one run: the product beside its peers, beside the floor of its scan, and its verbs as processes."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.sources.store import open_store
from tests.benchmarks.bench.borough import make_store
from tests.benchmarks.bench.job import write_job
from tests.benchmarks.bench.page import write_page
from tests.benchmarks.bench.processes import Took, read_figures, run_whole

HERE = Path(__file__).parents[1]
PEERS = ("polars", "duckdb", "pandas")
MONDAY = "2026-11-16"


def main() -> None:
    """Measure, hold the peers' values against the product's, and write docs/benchmarks.md."""
    options = _read_options()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    store = make_store(folder, options.people)
    job = write_job(open_store(store), folder)
    product = [sys.executable, "-m", "tests.benchmarks.bench.product", store, job, options.rounds]
    engines = {"product": read_figures([*product, "equal"])}
    python = _make_peers(folder)
    for name in PEERS:
        engines[name] = read_figures([python, HERE / "peers" / "run.py", name, job, options.rounds])
        engines[name]["equal"] = _count_equal(folder / "product.npy", folder / f"{name}.npy")
    whole = read_figures([*product, "whole"])
    write_page(HERE.parents[1] / "docs", options.people, engines, whole, _measure_verbs(folder, options.rounds))


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    return parser.parse_args()


def _make_peers(folder: Path) -> Path:
    """The Python of the peers' own environment, built from their lock."""
    python = folder / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "peers"], check=True)
        lock = HERE / "requirements-peers.lock"
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", lock]
        subprocess.run([python, *install], check=True, stdout=sys.stderr)
    return python


def _count_equal(ours: Path, theirs: Path) -> int:
    """How many columns hold the same values, to the last but a few digits of a float32."""
    first, second = np.load(ours), np.load(theirs)
    return sum(
        np.allclose(first[:, n], second[:, n], rtol=1e-5, atol=1e-4, equal_nan=True) for n in range(first.shape[1])
    )


def _measure_verbs(folder: Path, rounds: int) -> dict[str, Took]:
    """The median of each verb as a whole process, on a demo of 3,000 people that is made once."""
    workspace = folder / "demo"
    verb = [sys.executable, "-m", "riskstrat"]
    if not (workspace / "lists" / MONDAY).is_dir():
        run_whole([*verb, "init", workspace])
        run_whole([*verb, "demo", "--people", "3000", "-w", workspace])
    everyone = pd.read_parquet(workspace / "lists" / MONDAY / "internal" / "everyone.parquet")
    patient = everyone.loc[everyone["place"] == "listed", "patient_id"].iloc[0]
    asked: dict[str, list[Any]] = {
        "check": ["check"],
        "models": ["models"],
        "why": ["why", patient, "--index-date", MONDAY],
        "explain": ["explain", patient, "--index-date", MONDAY],
    }
    taken = {
        name: [run_whole([*verb, *given, "-w", workspace]) for _ in range(rounds)] for name, given in asked.items()
    }
    return {name: Took(*map(median, zip(*each, strict=True))) for name, each in taken.items()}


if __name__ == "__main__":
    main()
