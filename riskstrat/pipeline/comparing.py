"""The verb `compare`: two versions of a model on the same test dates, each as it would have been made by then."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from riskstrat import registry
from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import ModelError
from riskstrat.evaluation import compared, entering_and_leaving, list_overlap, verdict
from riskstrat.labels import label
from riskstrat.pipeline.evidence import newest, plain, records
from riskstrat.pipeline.files import TABLE_ENDINGS, require_ending, write_table
from riskstrat.pipeline.opened import Opened, build_matrix, open_workspace
from riskstrat.pipeline.reports import Progress, Report, silent
from riskstrat.registry import Kept

Dates = npt.NDArray[np.datetime64]


class Side(NamedTuple):
    """One version's calibrated risk of every test row."""

    name: str
    risk: npt.NDArray[np.float64]


def compare(
    root: Path | None, name: str, a: int, b: int, out: Path | None = None, progress: Progress = silent
) -> Report:
    """Both versions on the test dates at which each has a model, paired by person, and their lists side by side.

    out: a file for who enters and leaves, one row per patient and index date.

    Raises ModelError where the two predict different things, or have no test date in common.
    """
    if out is not None:
        require_ending(out, TABLE_ENDINGS)
    opened = open_workspace(root)
    folder = opened.workspace.root / "registry"
    versions = registry.kept(folder, name, a), registry.kept(folder, name, b)
    _refuse_different(*versions)
    recipe = Recipe.model_validate(versions[0].evidence["recipe"])
    dates = _common(*versions)
    rows, outcome = _test_rows(opened, recipe, dates)
    matrix = build_matrix(opened, Cohort(rows, {}), progress)
    on = _dates_of(rows["index_date"].to_numpy().astype("datetime64[D]"), dates)
    sides = [_side(kept, matrix, on) for kept in versions]
    return _report(recipe, versions, sides, rows.assign(list=on), outcome, out)


def _refuse_different(a: Kept, b: Kept) -> None:
    if a.version.version == b.version.version:
        raise ModelError(f"version {a.version.version} was given twice; give two versions to compare")
    for part in ("outcome", "cohort", "label"):
        if a.evidence["recipe"][part] != b.evidence["recipe"][part]:
            raise ModelError(
                f"versions {a.version.version} and {b.version.version} of {a.version.name} differ in their {part}, so "
                "they predict different things and cannot be compared; train both with the same one"
            )


def _common(a: Kept, b: Kept) -> list[tuple[date, date]]:
    """First and last day of each test of either version by whose first day both have a model, the oldest first."""
    if not (a.evidence["test_dates"] and b.evidence["test_dates"]):
        raise ModelError(
            f"{a.version.name} was tested on people held out, whom the other version may have learned from; only "
            "versions tested on dates can be compared"
        )
    tests = sorted({tuple(_ends(one["test_date"])) for kept in (a, b) for one in kept.evidence["origins"]})
    oldest = [min((one["made_on"] for one in kept.evidence["origins"]), default="9999") for kept in (a, b)]
    whole = [test for test in tests if test[0].isoformat() >= max(oldest)]
    apart: list[tuple[date, date]] = []
    for first, last in reversed(whole):
        if not apart or last < apart[-1][0]:
            apart.append((first, last))
    if not apart:
        raise ModelError(
            f"versions {a.version.version} and {b.version.version} of {a.version.name} have no test date in common; "
            "train both on the same data"
        )
    return apart[::-1]


def _ends(spelled: str) -> list[date]:
    parts = spelled.split(" to ")
    return [date.fromisoformat(parts[0]), date.fromisoformat(parts[-1])]


def _test_rows(opened: Opened, recipe: Recipe, dates: list[tuple[date, date]]) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
    """The cohort rows of the test dates with a known outcome, and the outcomes."""
    until = opened.store.data_as_at
    if recipe.cohort.index == "calendar":
        cohort = at_dates(opened.store, recipe.cohort, [first for first, _ in dates], opened.opt_outs)
    else:
        discharges = opened.rows_named(recipe.cohort.index)
        cohort = at_discharges(opened.store, recipe.cohort, discharges, until, opened.opt_outs)
    when = cohort.rows["index_date"].to_numpy().astype("datetime64[D]")
    inside = np.any([(when >= np.datetime64(a)) & (when <= np.datetime64(z)) for a, z in dates], axis=0)
    rows = cohort.rows[inside].reset_index(drop=True)
    found = label(opened.store, rows, opened.rows_named(recipe.outcome), recipe.label, until).rows["outcome"]
    usable = found.notna().to_numpy()
    return rows[usable].reset_index(drop=True), found[usable].to_numpy(float)


def _dates_of(when: Dates, dates: list[tuple[date, date]]) -> Dates:
    """The first day of the test that each index date belongs to."""
    firsts = np.array([first for first, _ in dates], "datetime64[D]")
    return firsts[np.searchsorted(firsts, when, side="right") - 1]


def _side(kept: Kept, matrix: Any, on: Dates) -> Side:
    models, risk = kept.origins(), np.zeros(len(on))
    for day in np.unique(on):
        rows = np.flatnonzero(on == day)
        risk[rows] = newest(models, str(day)).risk(matrix.take(rows))
    return Side(f"version {kept.version.version}", risk)


def _report(
    recipe: Recipe,
    versions: tuple[Kept, Kept],
    sides: list[Side],
    rows: pd.DataFrame,
    outcome: npt.NDArray[Any],
    out: Path | None,
) -> Report:
    one, two = sides
    dates, people = rows["list"].to_numpy(), rows["patient_id"].to_numpy()
    capacity = max(1, round(recipe.evaluation.capacity_per_1000 * len(rows) / 1000 / rows["list"].nunique()))
    risks, rounds = {one.name: one.risk, two.name: two.risk}, max(recipe.evaluation.bootstrap_rounds, 1)
    with threadpool_limits(1, user_api="blas"):
        table = compared(outcome, risks, people, rounds=rounds, seed=recipe.learner.seed)
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
    return Report(plain(summary), _lines(summary, overlap, capacity, sides), _figures(table, sides))


def _lines(summary: dict[str, Any], overlap: pd.DataFrame, capacity: int, sides: list[Side]) -> tuple[str, ...]:
    one, two = sides
    lists = [f"{row.index_date.date()} {row.both} of {row.k} ({row.overlap:.0%})" for row in overlap.itertuples()]
    said = (
        str(summary["verdict"]),
        f"{summary['rows']:,} rows with {summary['events']:,} events on {len(lists)} test dates; each version by the "
        "newest of its models that was made by then",
        f"people on both lists of {capacity}: " + ", ".join(lists),
        f"from {one.name} to {two.name}: {summary['enter']} people enter the lists and {summary['leave']} leave",
    )
    return said if summary["file"] is None else (*said, f"who enters and leaves: {summary['file']}")


def _figures(table: pd.DataFrame, sides: list[Side]) -> tuple[tuple[str, ...], ...]:
    """One row per metric: each version, and the second less the first with its interval."""
    one, two = (side.name for side in sides)
    rows: list[tuple[str, ...]] = [("all test dates", one, two, "difference", "from", "to")]
    for metric, found in table.groupby("metric", sort=False):
        own = found[found["versus"].isna()].set_index("model")["estimate"]
        pair = found[found["versus"].notna()].iloc[0]
        ends = (-pair["estimate"], -pair["high"], -pair["low"])  # drawn as the first less the second
        rows.append((str(metric), f"{own[one]:.4f}", f"{own[two]:.4f}", *(f"{end:+.4f}" for end in ends)))
    return tuple(rows)
