"""One partition of people: each stream read, turned into arrays and walked by the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.features import kernel
from riskstrat.features.facts import facts_of
from riskstrat.features.plan import ScanPlan
from riskstrat.sources.scan import Scan


def fill_partition(
    connection: object,
    scans: Sequence[tuple[ScanPlan, Scan]],
    cohort: pd.DataFrame,
    part: tuple[int, int, slice],
    asked: npt.NDArray[np.float32],
    behind: npt.NDArray[np.float32],
) -> None:
    """Fill the columns of every scan for one part of a cohort: its first and last person, and its rows."""
    first, last, rows = part
    people = _build_cohort(cohort.iloc[rows], first, last)
    for scan, compiled in scans:
        read = compiled.read(connection, first, last, **_find_date_bounds(scan, people))
        facts, measures, links, keys = facts_of(scan, read, first, last)
        state, seen = kernel.state_for(measures), np.full(keys, -1, np.int64)
        kernel.fill_values(people, facts, measures, links, state, seen, asked, behind)


def _find_date_bounds(scan: ScanPlan, people: kernel.CohortArrays) -> dict[str, date | None]:
    """Days outside which no row of the scan can count for this cohort; an index spell counts whenever it was known."""
    earliest, latest = (np.datetime64(int(day), "D").item() for day in (people.day.min(), people.day.max()))
    after = None if scan.reach is None else earliest - timedelta(days=scan.reach)
    return {"after": after, "known_by": None if (people.spell >= 0).any() else latest}


def _build_cohort(rows: pd.DataFrame, first: int, last: int) -> kernel.CohortArrays:
    start = np.searchsorted(rows["person"].to_numpy(), np.arange(first, last + 2)).astype(np.int64)
    index = rows["index_date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    spell = rows["spell"].to_numpy(np.int32) if "spell" in rows else np.full(len(rows), -1, np.int32)
    return kernel.CohortArrays(start, index, spell)
