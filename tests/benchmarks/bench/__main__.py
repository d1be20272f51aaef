"""Every figure in one run: the product beside its peers, beside the floor of its scan, and its verbs as processes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.bench.collate import measure_collate
from tests.benchmarks.bench.features import Bench, measure_counts, measure_floor, measure_growth, measure_peers
from tests.benchmarks.bench.goals import NotMeasuredError, Section
from tests.benchmarks.bench.page import write_page
from tests.benchmarks.bench.verbs import (
    measure_ingest,
    measure_pdf,
    measure_replay,
    measure_train,
    measure_verbs,
    measure_weekly,
)

DOCS = Path(__file__).parents[3] / "docs"
ROWS: dict[str, Callable[[Bench], Section]] = {
    "peers": measure_peers,
    "floor": measure_floor,
    "growth": measure_growth,
    "counts": measure_counts,
    "collate": measure_collate,
    "ingest": measure_ingest,
    "train": measure_train,
    "weekly": measure_weekly,
    "replay": measure_replay,
    "pdf": measure_pdf,
    "verbs": measure_verbs,
}


def main() -> None:
    """Measure the rows asked for, hold the peers' values against the product's, and write docs/benchmarks.md."""
    options = _read_options()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    people, *more = options.people
    bench = Bench(folder, people, next(iter(more), None), options.rounds)
    sections: dict[str, Section] = {}
    left_out = dict.fromkeys(ROWS, "")
    for name in options.rows:
        print(name, file=sys.stderr, flush=True)
        try:
            sections[name] = ROWS[name](bench)
            del left_out[name]
        except NotMeasuredError as error:
            left_out[name] = f" ({error})"
            print(f"{name} is not run: {error}", file=sys.stderr, flush=True)
        # A run that is stopped leaves the page of the rows that it has run.
        write_page(DOCS, people, sections, [f"{name}{reason}" for name, reason in left_out.items()])


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[20_000], help="size; a second one for growth")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="which to run; all by default")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    options = parser.parse_args()
    options.rows = [name for name in ROWS if name in options.rows]
    return options


if __name__ == "__main__":
    main()
