"""Features against the scan floor: one index date and four, on a store of the simulated borough, in one run.

The floor is DuckDB to Arrow of exactly the stored columns that the plan reads, from the same files. Run it with
`python tests/benchmarks/features_benchmark.py --people 100000 --seed 7 --folder FOLDER`; the borough is made in
FOLDER once and used again. Only ratios inside one run mean anything.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from riskstrat.cohort import at_dates
from riskstrat.definitions.expressions import columns_of
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.features import FeatureEngine, engine
from riskstrat.features.plan import ScanPlan
from riskstrat.simulation import simulate
from riskstrat.sources.ingest import ingest
from riskstrat.sources.store import Store, open_store
from riskstrat.workspace import find, load

_BEHIND = {
    "recorded_conditions": {
        "diagnoses": {"code", "system", "admitted_on"},
        "conditions": {"code", "system", "recorded_on"},
    },
    "all_falls": {
        "falls": {"fell_on", "source", "injury", "treated", "loss_of_consciousness", "unable_to_get_up"},
        "diagnoses": {"code", "system", "position", "method", "patient_class", "admitted_on"},
        "attendances": {"complaint", "diagnosis", "attended_on"},
    },
}
"""Stored columns behind the merged streams."""


def main() -> None:
    """Print seconds, ratio to the floor, ns per patient-feature and peak memory for one and four index dates."""
    options = _options()
    store = _store(options.folder, options.people, options.seed)
    workspace = load(find(None))
    made = engine(
        store,
        workspace.features,
        workspace.fingerprints,
        workspace.codelists,
        workspace.settings.engine,
        printable=False,
    )
    last = store.data_as_at
    dates = [last - timedelta(days=182 * step) for step in range(4)]
    cohorts = [at_dates(store, CohortRecipe(min_age=0), each, ()).rows for each in (dates[:1], dates)]
    made.matrix(cohorts[0].head(100))
    columns = _columns_read(made)
    runs = {"floor": lambda: _floor(store, columns)}
    runs |= {f"{n} date": (lambda rows=rows: made.matrix(rows)) for n, rows in zip((1, 4), cohorts, strict=True)}
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            seconds[name].append(_timed(run))
    _print(made, cohorts, {name: median(each) for name, each in seconds.items()}, columns)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, required=True)
    return parser.parse_args()


def _store(folder: Path, people: int, seed: int) -> Store:
    target = folder / f"store-{people}-{seed}"
    if not target.exists():
        source = folder / f"borough-{people}-{seed}"
        simulate(people, seed, source)
        ingest(source, target, load(find(None)).settings)
    return open_store(target)


def _columns_read(made: FeatureEngine) -> dict[str, set[str]]:
    """The stored columns that the plan reads, by stored table."""
    read: dict[str, set[str]] = {}
    for scan in made.plan.scans:
        if scan.stream.name in _BEHIND:
            for table, columns in _BEHIND[scan.stream.name].items():
                read.setdefault(table, set()).update(columns)
        else:
            read.setdefault(scan.stream.name, set()).update(_columns_of(scan))
    return {table: columns | {"person", "valid_from", "valid_to"} for table, columns in read.items()}


def _columns_of(scan: ScanPlan) -> set[str]:
    parts = [*scan.days.values(), *scan.values.values(), *scan.untils.values(), *scan.codes.values()]
    parts += [condition for conditions in scan.filters.values() for condition in conditions]
    return {column for part in parts for column in columns_of(part)}


def _floor(store: Store, columns: dict[str, set[str]]) -> None:
    with store.connect() as backend:
        for table, names in columns.items():
            backend.raw_sql(f"SELECT {', '.join(sorted(names))} FROM '{store.file(table)}'").to_arrow_table()


def _timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _print(made: FeatureEngine, cohorts: list, seconds: dict[str, float], columns: dict[str, set[str]]) -> None:
    features = len(made.plan.names)
    read = sum(map(len, columns.values()))
    print(f"{made.store.people_count:,} people, {features} features, floor reads {read} columns")
    print(f"floor      {seconds['floor']:8.2f} s")
    for name, rows in zip(("1 date", "4 date"), cohorts, strict=True):
        ns = seconds[name] * 1e9 / (len(rows) * features)
        times = seconds[name] / seconds["floor"]
        print(f"{name}s    {seconds[name]:8.2f} s   {times:6.2f} x floor   {ns:6.1f} ns per patient-feature")
    print(f"four dates over one: {seconds['4 date'] / seconds['1 date']:.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform != "darwin" else 1024**3)
    print(f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
