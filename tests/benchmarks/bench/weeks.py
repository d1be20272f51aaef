"""`python -m tests.benchmarks.bench.weeks WORKSPACE WEEKS ROUNDS`: features of the dates of a replay, and of one."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from riskstrat.definitions.progress import silent
from riskstrat.site.dates import find_latest_monday
from riskstrat.site.opening import build_matrix, cohort_at, open_workspace
from riskstrat.weekly.replayed_matrices import build_together, split_dates
from tests.benchmarks.bench.processes import time_rounds


def main() -> None:
    """Print what the newest date takes, and what all take in as many passes as a replay makes; cohorts not counted."""
    opened, weeks, rounds = open_workspace(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    recipe, last = opened.recipe(), find_latest_monday(opened.store.data_as_at)
    dates = [last - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    cohorts = {day: cohort_at(opened, recipe, day) for day in dates}
    runs = [[cohorts[day] for day in some] for some in split_dates(dates, opened.store.people_count)]
    build_matrix(opened, cohorts[last], silent)
    figures = {
        "one": time_rounds(lambda: build_matrix(opened, cohorts[last], silent), rounds),
        "many": time_rounds(lambda: [len(build_together(opened, run, silent)[0]) for run in runs], rounds),
        "runs": len(runs),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
