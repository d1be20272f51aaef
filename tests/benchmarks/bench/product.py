"""`python -m tests.benchmarks.bench.product STORE JOB ROUNDS equal|whole`: the product's figures, as the peers' are."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from riskstrat.cohort import at_dates
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.sources.store import open_store
from tests.benchmarks.bench.borough import find_columns_read, make_engine, read_floor
from tests.benchmarks.bench.job import find_dates
from tests.benchmarks.bench.processes import measure_peak, time_rounds


def main() -> None:
    """Print what one and four index dates take: of the features of the job, or of all beside the floor."""
    folder, job_file, rounds, which = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    store = open_store(folder)
    names = json.loads(job_file.read_text("utf-8"))["names"]
    made = make_engine(store, frozenset(names) if which == "equal" else None)
    dates = find_dates(store)
    one, four = (at_dates(store, CohortRecipe(min_age=0), each, ()).rows for each in (dates[:1], sorted(dates)))
    first = made.matrix(one)
    if which == "equal":
        np.save(job_file.with_name(f"product-{job_file.stem}.npy"), first.select(names))
    columns = find_columns_read(made)
    figures = {
        "floor": time_rounds(lambda: read_floor(store, columns), rounds),
        "one": time_rounds(lambda: made.matrix(one), rounds),
        "four": time_rounds(lambda: made.matrix(four), rounds),
        "features": len(first.columns),
        "rows": len(one),
        "peak": measure_peak(),
        "version": version("riskstrat"),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
