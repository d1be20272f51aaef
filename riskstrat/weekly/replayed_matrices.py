"""Who was eligible on each date of a replay, and their features: many dates in one pass over the records."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.site.opening import Site, build_matrix, cohort_at

ROWS_AT_ONCE = 2_000_000
"""People times dates whose features are held at once: about a gigabyte while they are made."""


class ReplayedDate(NamedTuple):
    """One date with its cohort, and the matrix that `build_matrix` gives for that cohort alone."""

    day: date
    cohort: Cohort
    matrix: FeatureMatrix


def iterate_dates(opened: Site, recipe: Recipe, dates: Sequence[date], progress: Progress) -> Iterator[ReplayedDate]:
    """Each date in its order. A date counts as half done once its features are made. Raises CohortError as it comes."""
    begun = 0
    for some in split_dates(dates, opened.store.people_count):
        cohorts = [cohort_at(opened, recipe, day) for day in some]

        def tell_features(_: str, share: float, held: float = begun, more: int = len(some)) -> None:
            progress("weeks", (held + more * share / 2) / len(dates))

        matrix, place = build_together(opened, cohorts, tell_features)
        for number, (day, cohort) in enumerate(zip(some, cohorts, strict=True)):
            yield ReplayedDate(day, cohort, matrix.keep(place == number))
            progress("weeks", (begun + (len(some) + number + 1) / 2) / len(dates))
        # Before the next are made.
        del matrix
        begun += len(some)


def split_dates(dates: Sequence[date], people: int) -> Iterator[Sequence[date]]:
    """The dates in runs as equal as can be, each of at most ROWS_AT_ONCE people and dates, or of one date."""
    most = max(1, ROWS_AT_ONCE // max(1, people))
    runs = -(-len(dates) // most)
    ends = [len(dates) * number // runs for number in range(runs + 1)]
    for first, end in itertools.pairwise(ends):
        yield dates[first:end]


def build_together(
    opened: Site, cohorts: Sequence[Cohort], progress: Progress
) -> tuple[FeatureMatrix, npt.NDArray[np.int64]]:
    """One matrix of all rows by person and index date; and by row the place of its cohort, whose order is kept."""
    rows = pd.concat([cohort.rows for cohort in cohorts], ignore_index=True)
    place = np.repeat(np.arange(len(cohorts)), [len(cohort.rows) for cohort in cohorts])
    order = np.lexsort((place, rows["index_date"].to_numpy(), rows["person"].to_numpy()))
    together = replace(cohorts[0], rows=rows.iloc[order].reset_index(drop=True))
    return build_matrix(opened, together, progress), place[order]
