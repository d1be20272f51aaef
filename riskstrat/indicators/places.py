"""Whom the figures of each month are of: people registered on its first day, with practice, locality and fifth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.casefinding import assign_teams
from riskstrat.cohort import at_dates
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.table_rows import split_by_day
from riskstrat.indicators.hiding import WHOLE, Families, Place
from riskstrat.site.opening import Site

UNKNOWN = "Not known"
LOCALITY, PRACTICE, FIFTH = "Locality", "Practice", "Deprivation fifth"
FIFTHS = ("1, most deprived", "2", "3", "4", "5, least deprived")
EVERYBODY = CohortRecipe(min_age=0, max_age=120)


@dataclass(frozen=True)
class MonthPlaces:
    """The places of one month: the tree that its counts add up along, outer places first."""

    places: tuple[Place, ...]
    families: Families


def read_members(opened: Site, months: Sequence[date]) -> pd.DataFrame:
    """One row per person and month: `person, month, years_old, Locality, Practice, Deprivation fifth`.

    Everybody alive and registered on the first day of the month as known then, whose opt-out does not stand now. Years
    old are completed years on that day.
    """
    rows = at_dates(opened.store, EVERYBODY, months, opened.opt_outs).rows
    people = opened.store.people()
    person, index = rows["person"].to_numpy(), rows["index_date"].to_numpy().astype("datetime64[D]")
    born = pd.to_datetime(people["date_of_birth"]).to_numpy().astype("datetime64[D]")
    members = pd.DataFrame({"person": person, "month": index.astype("datetime64[s]")})
    members["years_old"] = age_in_years(born[person], index)
    members[PRACTICE] = rows["practice"].to_numpy()
    members[LOCALITY] = _find_localities(opened, members)
    members[FIFTH] = _find_fifths(people)[person]
    return members.fillna({PRACTICE: UNKNOWN, LOCALITY: UNKNOWN})


def _find_localities(opened: Site, members: pd.DataFrame) -> pd.Series:
    """The team of each row, as lists are made for it, in the month."""
    areas = opened.store.read("areas") if "areas" in opened.store.landed else None
    settings = opened.workspace.settings
    found = pd.Series(UNKNOWN, index=members.index, dtype=object)
    for month, rows in split_by_day(members, "month"):
        teams = assign_teams(rows[PRACTICE], areas, settings.teams, settings.lists.default_capacity, month)
        found[rows.index] = teams.rows["team"].to_numpy()
    return found


def _find_fifths(people: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    names = {decile: FIFTHS[(decile - 1) // 2] for decile in range(1, 11)}
    return people["imd_decile"].map(names).fillna(UNKNOWN).to_numpy(object)


def build_tree(members: pd.DataFrame) -> MonthPlaces:
    """The places of the people of one month. Localities and fifths add up to all, practices to their locality."""
    localities = [(LOCALITY, name) for name in sorted(members[LOCALITY].unique())]
    families: list[tuple[Place, Sequence[Place]]] = [(WHOLE, localities)]
    for place in localities:
        inside = members.loc[members[LOCALITY] == place[1], PRACTICE].unique()
        families.append((place, [name_practice(place[1], practice) for practice in sorted(inside)]))
    families.append((WHOLE, [(FIFTH, name) for name in (*FIFTHS, UNKNOWN) if (members[FIFTH] == name).any()]))
    families = [(whole, parts) for whole, parts in families if parts]
    return MonthPlaces((WHOLE, *(part for _, parts in families for part in parts)), families)


def name_practice(locality: str, practice: str) -> Place:
    """A practice as a place; people whose practice is not known are a place of their own in each locality."""
    return PRACTICE, f"{practice} ({locality})" if practice == UNKNOWN else practice


def count_places(rows: pd.DataFrame, weights: pd.Series, tree: MonthPlaces) -> dict[Place, int]:
    """The sum of `weights` over the rows of members (of one month) in each place of the tree."""
    counts = dict.fromkeys(tree.places, 0)
    counts[WHOLE] = int(weights.sum())
    for kind in (LOCALITY, FIFTH):
        for name, total in weights.groupby(rows[kind]).sum().items():
            counts[kind, str(name)] = int(total)
    totals = weights.groupby([rows[LOCALITY], rows[PRACTICE]]).sum().rename("total").reset_index()
    for locality, practice, total in zip(totals[LOCALITY], totals[PRACTICE], totals["total"], strict=True):
        counts[name_practice(str(locality), str(practice))] = int(total)
    return counts
