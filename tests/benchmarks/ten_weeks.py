"""Ten weekly lists in a row on a large borough: seconds of each step of each week, churn, and whether all adds up.

Every reference names one person through all of them.

`python tests/benchmarks/ten_weeks.py --workspace WORKSPACE` publishes in a workspace that has data and a champion, the
last list on the latest Monday of the data. Each week half of every list comes back as reviewed.
"""

from __future__ import annotations

import argparse
import csv
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from riskstrat.definitions.progress import silent
from riskstrat.publication import find_folders, open_published
from riskstrat.reviews import TITLES, FileReviewStore
from riskstrat.site.opening import open_workspace
from riskstrat.verbs.reviews_import import import_reviews
from riskstrat.verbs.weekly import weekly
from riskstrat.weekly.changes import KINDS
from riskstrat.weekly.listing import make_lists

OUTCOMES = ("Case management", "Falls service", "Monitor", "Deferred")


def main() -> None:
    """Publish and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--weeks", type=int, default=10)
    options = parser.parse_args()
    as_at = open_workspace(options.workspace).store.data_as_at
    last = as_at - timedelta(days=as_at.weekday())
    rows = []
    for back in range(options.weeks - 1, -1, -1):
        rows.append(_week(options.workspace, last - timedelta(weeks=back)))
        print(pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows) == 1), flush=True)
    table = pd.DataFrame(rows)
    print(f"{_check_references(options.workspace)} references, each of one person")
    print(f"slowest week {table['seconds'].max():.1f} s, mean {table['seconds'].mean():.1f} s")
    _causes(options.workspace, last)


def _week(workspace: Path, day: date) -> dict[str, object]:
    began = time.perf_counter()
    told = weekly(workspace, day.isoformat()).summary
    took = time.perf_counter() - began
    for team in told["teams"]:
        parts = team["listed"] + team["below_the_line"] + team["known_on_caseload"] + sum(team["excluded"].values())
        assert parts == team["eligible"], team["team"]
    _review(workspace, Path(told["folder"]), day)
    return {
        "week": day,
        "seconds": round(took, 1),
        **{step: round(seconds, 1) for step, seconds in told["seconds"].items()},
        "listed": sum(team["listed"] for team in told["teams"]),
        "entered": sum(team["entered"] for team in told["teams"]),
        "left": sum(team["left"] for team in told["teams"]),
    }


def _check_references(workspace: Path) -> int:
    """How many references the lists gave. Raises AssertionError if one of them names two people."""
    names: dict[str, str] = {}
    for published in map(open_published, find_folders(workspace / "lists").values()):
        for code in published.team_names:
            for reference, patient in published.read_patients(code).items():
                assert names.setdefault(reference, patient) == patient, reference
    return len(names)


def _review(workspace: Path, folder: Path, day: date) -> None:
    """Every second row of each team's list comes back as a CSV with an outcome."""
    published = open_published(folder)
    for code in sorted(published.team_names):
        own = list(published.read_patients(code))[::2]
        path = workspace / f"{code}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(TITLES)
            told = {"Owner 1": "Team", "Due 1": day + timedelta(weeks=4)}
            for place, reference in enumerate(own):
                row = told | {"Reference": reference, "Outcome 1": OUTCOMES[place % len(OUTCOMES)]}
                writer.writerow([row.get(title) for title in TITLES])
        import_reviews(workspace, path, day.isoformat())


def _causes(workspace: Path, last: date) -> None:
    """How far the parts of a change are from adding up, at the last list."""
    parts = make_lists(
        open_workspace(workspace), last.isoformat(), None, silent, FileReviewStore(workspace)
    ).since.parts
    split = parts[parts["why_none"].isna()]
    total = split[[f"part_{kind}" for kind in KINDS]].astype(float).sum(axis=1)
    apart = np.abs(total - (split["margin_now"] - split["margin_before"])).max()
    print(f"causes of {len(split)} changes add up to within {apart:.1e}")


if __name__ == "__main__":
    main()
