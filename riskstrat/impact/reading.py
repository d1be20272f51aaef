"""The published lists of a recipe as one panel of people, as each list said it, with what was on record on its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import mark_opted_out
from riskstrat.definitions.ages import AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import PublicationError
from riskstrat.impact.matching import Panel, number_kinds
from riskstrat.impact.tallies import Days
from riskstrat.publication import PublishedList, find_folders, open_published
from riskstrat.site.opening import Site
from riskstrat.sources.selection import known_rows

YEAR_DAYS = 365
LISTED, BELOW, KNOWN = "listed", "below the line", "known"
"""Places of a published list, of which people of the first two alone could be listed."""


@dataclass(frozen=True)
class ListedPanel:
    """Lists by people. day: of each list. person: the store's number of each person, a column of what follows.

    panel: as matching reads it; who could not be listed (known to services, kept off) has no margin. risk: as each list
    said it. team: a number from 0, below 0 where there is none. rankable: the margin of everybody who could be listed
    or had been. known: whether the person was on a caseload. prior: admissions of the year before. age: in completed
    years. left_out: people who stand on a list and not here, by why.
    """

    day: Days
    person: npt.NDArray[np.int64]
    panel: Panel
    risk: npt.NDArray[np.float64]
    team: npt.NDArray[np.int64]
    rankable: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    prior: npt.NDArray[np.int64]
    age: npt.NDArray[np.float64]
    left_out: Mapping[str, int]


def read_lists(opened: Site, recipe: Recipe, until: date) -> list[PublishedList]:
    """The lists of a recipe that stand, up to a day, the oldest first.

    Raises PublicationError where there is none, or one was published without data.
    """
    folder = opened.workspace.root / opened.workspace.settings.lists.folder
    found = [open_published(path) for day, path in find_folders(folder).items() if day <= until]
    own = [one for one in found if one.model == recipe.name]
    if not own:
        raise PublicationError(f"no list of {recipe.name} is published up to {until}; publish one: riskstrat weekly")
    for one in own:
        if not one.holds_data:
            raise PublicationError(
                f"the list of {one.list_date} was published by an earlier version and holds no data; withdraw it and "
                "publish it again"
            )
    return own


def build_panel(opened: Site, recipe: Recipe, lists: Sequence[PublishedList]) -> ListedPanel:
    """The panel of these lists. Raises PublicationError for a list that was changed."""
    frames = [one.read_everyone(["patient_id", "team", "place", "margin", "risk"]) for one in lists]
    person, left_out = _number_people(opened, frames)
    day = np.array([one.list_date for one in lists], "datetime64[D]")
    margin, rankable, risk = (np.full((len(lists), len(person)), np.nan) for _ in range(3))
    team = np.full(margin.shape, -1, np.int64)
    teams = pd.Index(pd.unique(pd.concat([frame["team"] for frame in frames])))
    known = np.zeros(margin.shape, bool)
    first = np.full(len(person), -1, np.int64)
    for week, (rows, at) in enumerate(_find_columns(opened, frames, person)):
        place = rows["place"].to_numpy(object)
        free, listed = np.isin(place, (LISTED, BELOW)), at[place == LISTED]
        margin[week, at[free]] = rows["margin"].to_numpy(float)[free]
        open_to = free | (first[at] >= 0)
        rankable[week, at[open_to]] = rows["margin"].to_numpy(float)[open_to]
        team[week, at] = teams.get_indexer(rows["team"])
        risk[week, at] = rows["risk"].to_numpy(float)
        known[week, at] = place == KNOWN
        first[listed[first[listed] < 0]] = week
    strata, prior, age = _sort_people(opened, recipe, person, day)
    return ListedPanel(day, person, Panel(margin, strata, first), risk, team, rankable, known, prior, age, left_out)


def _number_people(opened: Site, frames: Sequence[pd.DataFrame]) -> tuple[npt.NDArray[np.int64], dict[str, int]]:
    """The numbers of everybody on the lists who may be counted, by patient_id; and how many others, by why."""
    ids = pd.Index(sorted(pd.unique(pd.concat([frame["patient_id"] for frame in frames]))))
    numbers = _read_numbers(opened).reindex(ids)
    gone = numbers.isna().to_numpy()
    out = ~gone & mark_opted_out(opened.store, opened.opt_outs)[numbers.fillna(0).astype(int)]
    left_out = {"opted out since": int(out.sum()), "in the records no more": int(gone.sum())}
    return numbers[~gone & ~out].to_numpy(np.int64), left_out


def _find_columns(
    opened: Site, frames: Sequence[pd.DataFrame], person: npt.NDArray[np.int64]
) -> Iterator[tuple[pd.DataFrame, npt.NDArray[np.int64]]]:
    """Of each list the rows of these people, and which of them each row is of."""
    columns = pd.Series(np.arange(len(person)), index=person)
    numbers = _read_numbers(opened)
    for frame in frames:
        at = columns.reindex(numbers.reindex(frame["patient_id"]))
        here = at.notna().to_numpy()
        yield frame[here], at[here].to_numpy(np.int64)


def _read_numbers(opened: Site) -> pd.Series:
    """The store's number of each person, by patient_id."""
    return opened.store.people().set_index("patient_id")["person"]


def _sort_people(
    opened: Site, recipe: Recipe, person: npt.NDArray[np.int64], days: Days
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Lists by people: the kind of each person on each list's day, their admissions of the year before, their age."""
    everybody = opened.store.people()
    born = everybody["date_of_birth"].to_numpy()[person]
    sex = pd.factorize(everybody["sex"].to_numpy()[person], sort=True)[0] + 1
    columns = ("person", "admitted_on", "valid_from", "valid_to")
    stays, _ = known_rows(opened.store, opened.rows_named(recipe.outcome), columns)
    strata = np.zeros((len(days), len(person)), np.int64)
    prior = np.zeros_like(strata)
    age = np.zeros(strata.shape)
    for week, day in enumerate(days):
        age[week] = age_in_years(born, np.full(len(person), day))
        band = np.searchsorted(AGES, age[week], side="right")
        prior[week], since = _count_before(stays, person, day, opened.store.people_count)
        strata[week] = number_kinds(band, sex, prior[week], since)
    return strata, prior, age


def _count_before(
    stays: Mapping[str, npt.NDArray[Any]], person: npt.NDArray[np.int64], day: np.datetime64, people: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each of `person` the admissions of the year before a day, as known on it, and the days since the latest."""
    stands = (stays["valid_from"] <= day) & (stays["valid_to"] > day)
    ago = (day - stays["admitted_on"]).astype(np.int64)
    inside = stands & (ago >= 0) & (ago < YEAR_DAYS)
    count = np.bincount(stays["person"][inside], minlength=people)
    latest = np.full(people, YEAR_DAYS, np.int64)
    np.minimum.at(latest, stays["person"][inside], ago[inside])
    return count[person], latest[person]
