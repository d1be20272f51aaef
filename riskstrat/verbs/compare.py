"""The verb `compare`: two versions of a model on the same test dates, paired by person, with their lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from threadpoolctl import threadpool_limits

from riskstrat import registry
from riskstrat.definitions.progress import Progress, silent
from riskstrat.definitions.table_rows import read_rows
from riskstrat.evaluation import compared as compare_by_person
from riskstrat.evaluation import entering_and_leaving, list_overlap, verdict
from riskstrat.registry import Kept
from riskstrat.site.opening import open_workspace
from riskstrat.site.outputs import require_free_place
from riskstrat.storage.tables import TABLE_ENDINGS, write_table
from riskstrat.study.comparing import Compared, Side, compare_versions
from riskstrat.study.evidence import plain, records
from riskstrat.verbs.report import Report


def compare(
    root: Path | None, name: str, a: int, b: int, out: Path | None = None, progress: Progress = silent
) -> Report:
    """Both versions on the test dates at which each has a model, paired by person, and their lists side by side.

    out: a file for who enters and leaves, one row per patient and index date.

    Raises ModelError where the two predict different things, or have no test date in common.
    """
    if out is not None:
        require_free_place(out, TABLE_ENDINGS)
    opened = open_workspace(root)
    folder = opened.workspace.root / "registry"
    versions = registry.kept(folder, name, a), registry.kept(folder, name, b)
    return _report(compare_versions(opened, versions, progress), versions, out)


def _report(compared: Compared, versions: tuple[Kept, Kept], out: Path | None) -> Report:
    recipe, (one, two), rows, outcome = compared
    dates, people = rows["list"].to_numpy(), rows["patient_id"].to_numpy()
    capacity = max(1, round(recipe.evaluation.capacity_per_1000 * len(rows) / 1000 / rows["list"].nunique()))
    risks, rounds = {one.name: one.risk, two.name: two.risk}, max(recipe.evaluation.bootstrap_rounds, 1)
    with threadpool_limits(1, user_api="blas"):
        table = compare_by_person(outcome, risks, people, rounds=rounds, seed=recipe.learner.seed)
    overlap = list_overlap(one.risk, two.risk, dates, people, capacity)
    moved = entering_and_leaving(one.risk, two.risk, dates, people, capacity).drop(columns="row")
    if out is not None:
        write_table(moved, out)
    summary = {
        "model": recipe.name,
        "versions": [kept.version.version for kept in versions],
        "test_dates": [str(day) for day in overlap["index_date"].dt.date],
        "rows": len(rows),
        "events": int(outcome.sum()),
        "verdict": verdict(table, model=two.name, against=one.name),
        "intervals": records(table),
        "lists": records(overlap),
        "enter": int((moved["change"] == "enters").sum()),
        "leave": int((moved["change"] == "leaves").sum()),
        "file": None if out is None else str(out),
    }
    return Report(
        plain(summary),
        _format_lines(summary, overlap, capacity, compared.sides),
        _tabulate_metrics(table, compared.sides),
    )


class OverlapRow(NamedTuple):
    """How many of the k highest of one test date both versions have."""

    index_date: date
    k: int
    both: int
    overlap: float


def _format_lines(
    summary: dict[str, Any], overlap: pd.DataFrame, capacity: int, sides: tuple[Side, Side]
) -> tuple[str, ...]:
    one, two = sides
    lists = [f"{row.index_date} {row.both} of {row.k} ({row.overlap:.0%})" for row in read_rows(overlap, OverlapRow)]
    said = (
        str(summary["verdict"]),
        f"{summary['rows']:,} rows with {summary['events']:,} events on {len(lists)} test dates; each version by the "
        "newest of its models that was made by then",
        f"people on both lists of {capacity}: " + ", ".join(lists),
        f"from {one.name} to {two.name}: {summary['enter']} people enter the lists and {summary['leave']} leave",
    )
    return said if summary["file"] is None else (*said, f"who enters and leaves: {summary['file']}")


def _tabulate_metrics(table: pd.DataFrame, sides: tuple[Side, Side]) -> tuple[tuple[str, ...], ...]:
    """One row per metric: each version, and the second less the first with its interval."""
    one, two = (side.name for side in sides)
    rows: list[tuple[str, ...]] = [("all test dates", one, two, "difference", "from", "to")]
    for metric, found in table.groupby("metric", sort=False):
        own = found[found["versus"].isna()].set_index("model")["estimate"]
        pair = found[found["versus"].notna()].iloc[0]
        ends = (-pair["estimate"], -pair["high"], -pair["low"])  # drawn as the first less the second
        rows.append((str(metric), f"{own[one]:.4f}", f"{own[two]:.4f}", *(f"{end:+.4f}" for end in ends)))
    return tuple(rows)
