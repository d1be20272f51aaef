"""Two versions of a model on the same test dates, each as it would have been made by then."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort, at_dates, at_discharges
from riskstrat.definitions.declared import read
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import ModelError
from riskstrat.labels import label
from riskstrat.registry import COMPARED, Kept, newest
from riskstrat.site.apart import set_apart
from riskstrat.site.opening import Site, build_matrix

Dates = npt.NDArray[np.datetime64]


class Side(NamedTuple):
    """One version's calibrated risk of every test row."""

    name: str
    risk: npt.NDArray[np.float64]


class Compared(NamedTuple):
    """`rows`: one per patient and index date, with `list`, the first day of its test; `outcome`: of each row."""

    recipe: Recipe
    sides: tuple[Side, Side]
    rows: pd.DataFrame
    outcome: npt.NDArray[Any]


def compare_versions(opened: Site, versions: tuple[Kept, Kept], progress: Progress) -> Compared:
    """Both versions on the test dates at which each has a model.

    Raises ModelError where the two predict different things, or have no test date in common.
    """
    _refuse_different(*versions)
    recipe = read(Recipe, versions[0].evidence["recipe"], "the recipe in its evidence", ModelError)
    dates = _find_common_tests(*versions)
    rows, outcome = _test_rows(opened, recipe, dates)
    cohort, matrix, kept = set_apart(recipe, Cohort(rows, {}), build_matrix(opened, Cohort(rows, {}), progress))
    rows, outcome = cohort.rows, outcome[kept]
    on = _find_test_date(rows["index_date"].to_numpy().astype("datetime64[D]"), dates)
    one, two = (_score_test_rows(each, matrix, on) for each in versions)
    return Compared(recipe, (one, two), rows.assign(list=on), outcome)


def _refuse_different(a: Kept, b: Kept) -> None:
    if a.version.version == b.version.version:
        raise ModelError(f"version {a.version.version} was given twice; give two versions to compare")
    for kept in (a, b):
        kept.evidence_for(COMPARED)
    for part in ("outcome", "cohort", "label"):
        if a.evidence["recipe"][part] != b.evidence["recipe"][part]:
            raise ModelError(
                f"versions {a.version.version} and {b.version.version} of {a.version.name} differ in their {part}, so "
                "they predict different things and cannot be compared; train both with the same one"
            )


def _find_common_tests(a: Kept, b: Kept) -> list[tuple[date, date]]:
    """First and last day of each test of either version by whose first day both have a model, the oldest first."""
    if not (a.evidence["test_dates"] and b.evidence["test_dates"]):
        raise ModelError(
            f"{a.version.name} was tested on people held out, whom the other version may have learned from; only "
            "versions tested on dates can be compared"
        )
    tests = sorted({tuple(_parse_ends(one["test_date"])) for kept in (a, b) for one in kept.evidence["origins"]})
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


def _parse_ends(spelled: str) -> list[date]:
    parts = spelled.split(" to ")
    return [date.fromisoformat(parts[0]), date.fromisoformat(parts[-1])]


def _test_rows(opened: Site, recipe: Recipe, dates: list[tuple[date, date]]) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
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


def _find_test_date(when: Dates, dates: list[tuple[date, date]]) -> Dates:
    """The first day of the test that each index date belongs to."""
    firsts = np.array([first for first, _ in dates], "datetime64[D]")
    return firsts[np.searchsorted(firsts, when, side="right") - 1]


def _score_test_rows(kept: Kept, matrix: Any, on: Dates) -> Side:
    models, risk = kept.origins(), np.zeros(len(on))
    for day in np.unique(on):
        rows = np.flatnonzero(on == day)
        risk[rows] = newest(models, str(day)).risk(matrix, rows)
    return Side(f"version {kept.version.version}", risk)
