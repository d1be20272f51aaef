"""Observed over expected: what came of people against what the model had said of them, by its own outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from riskstrat.definitions.recipes import Recipe
from riskstrat.impact.matching import Matches
from riskstrat.impact.reading import ListedPanel
from riskstrat.labels import label
from riskstrat.site.opening import Site

LISTED, COMPARED, KNOWN = "People listed", "People compared with", "People known to services, never listed"
"""Who is told of, in the order of the page."""

LEVEL = 0.05
Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""A list and a person for each row, as numbers of a panel."""


@dataclass(frozen=True)
class Expected:
    """Of people whose outcome is complete: how many they are, had it, and were expected to; the range of the ratio."""

    people: int
    observed: int
    expected: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """Observed over expected."""
        return self.observed / self.expected if self.expected else float("nan")


def compare_expected(
    opened: Site, recipe: Recipe, site: ListedPanel, matches: Matches, since: int, look: date
) -> dict[str, Expected]:
    """By who is told of, those of whom anybody is complete at a look. The span is the model's, not the plan's."""
    complete = site.day <= np.datetime64(look - timedelta(days=recipe.label.complete_after))
    found = {}
    for name, (week, person) in _choose_rows(site, matches, since):
        ripe = complete[week]
        if ripe.any():
            found[name] = _follow(opened, recipe, site, (week[ripe], person[ripe]), look)
    return found


def _choose_rows(site: ListedPanel, matches: Matches, since: int) -> Iterator[tuple[str, Rows]]:
    """Each person once: at their first list, the first they were compared on, or the first as known to services."""
    first = site.panel.first_week
    listed = np.flatnonzero(first >= since)
    yield LISTED, (first[listed], listed)
    order = np.argsort(matches.week, kind="stable")
    order = order[~matches.listed[order]]
    person, at = np.unique(matches.person[order], return_index=True)
    yield COMPARED, (matches.week[order][at], person)
    told = site.known & ~np.isnan(site.risk) & (np.arange(len(site.day)) >= since)[:, None]
    known = np.flatnonzero(told.any(axis=0) & (first < 0))
    yield KNOWN, (told[:, known].argmax(axis=0), known)


def _follow(opened: Site, recipe: Recipe, site: ListedPanel, rows: Rows, look: date) -> Expected:
    week, person = rows
    ids = opened.store.people()["patient_id"].to_numpy(object)[site.person[person]]
    days = site.day[week].astype("datetime64[s]")
    cohort = pd.DataFrame({"patient_id": ids, "index_date": days, "person": site.person[person], "spell": -1})
    terms = recipe.label.model_copy(update={"intervened": "treat"})
    found = label(opened.store, cohort, opened.rows_named(recipe.outcome), terms, look).rows
    outcome = found["outcome"].to_numpy(float)
    told = ~np.isnan(outcome)
    return build_expected(int(told.sum()), int(outcome[told].sum()), float(site.risk[week, person][told].sum()))


def build_expected(people: int, observed: int, expected: float) -> Expected:
    """With the exact range of a count (Garwood 1936), which is wide for outcomes that are not rare."""
    low = stats.chi2.ppf(LEVEL / 2, 2 * observed) / 2 if observed else 0.0
    high = stats.chi2.ppf(1 - LEVEL / 2, 2 * observed + 2) / 2
    over = expected or float("nan")
    return Expected(people, observed, expected, float(low / over), float(high / over))
