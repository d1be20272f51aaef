"""What stands behind a feature's number: since when something is recorded, and which groups of a codelist are counted.

Both are worked out as features of their own, by the engine, from the printable records and for the same days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.features import Feature
from riskstrat.features import engine
from riskstrat.people.records import Records

Behind = tuple[tuple[str, date], ...]
"""Groups of a codelist, each with the day of its latest row; the latest first."""


def find_first_days(records: Records, features: Mapping[str, Feature]) -> dict[str, npt.NDArray[np.datetime64]]:
    """For each feature that tells whether something is recorded the day of its first row, per person; NaT for none."""
    asked = {name: replace(one, verb="days_since", missing=None, first=True) for name, one in features.items()}
    return _find_days(records, asked)


def find_groups(records: Records, name: str) -> list[Behind]:
    """For each person the groups that a count of groups is made of, and nothing where it was not built."""
    feature = records.features.get(name)
    if feature is None or feature.codes is None or not feature.counts_groups:
        return [()] * len(records)
    asked = {
        group: replace(feature, verb="days_since", missing=None, key=None, codes=feature.codes.only(group))
        for group in feature.codes.groups
    }
    days = _find_days(records, asked)
    return [_sort_latest_first({group: when[row] for group, when in days.items()}) for row in range(len(records))]


def _sort_latest_first(days: Mapping[str, np.datetime64]) -> Behind:
    found = sorted((-day.astype(int), group) for group, day in days.items() if not np.isnat(day))
    return tuple((group, read_day(days[group])) for _, group in found)


def read_day(day: np.datetime64) -> date:
    """A day of numpy's as a date."""
    made: date = day.astype("datetime64[D]").item()
    return made


def _find_days(records: Records, asked: Mapping[str, Feature]) -> dict[str, npt.NDArray[np.datetime64]]:
    """For each feature in days since a row the day of that row, per person."""
    opened = records.opened
    none = dict.fromkeys(asked, "")
    settings = opened.workspace.settings.engine
    made = engine(records.store, asked, none, opened.workspace.codelists, settings, printable=True)
    ago = made.matrix(records.rows)
    index = records.rows["index_date"].to_numpy().astype("datetime64[D]")
    found = {}
    for name in ago.columns:
        days = ago.select([name])[:, 0]
        known = ~np.isnan(days)
        when = index - np.where(known, days, 0).astype("timedelta64[D]")
        found[name] = np.where(known, when, np.datetime64("NaT", "D"))
    return found
