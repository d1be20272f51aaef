"""The places that cohorts are counted by: all, teams, their localities, practices; and what of them may be shown.

A table of counts leaves the site, so no count of 1 to 7 may be told from it. Its cells are parts that add up in each
place, and its places add up to the place around them. A family of places is shown whole or not at all: only where none
of its cells is 1 to 7, and only inside what is shown. Then nothing that is shown, and no difference of what is shown,
is a small number of people, in one place or between two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from riskstrat.documents.words import TOO_FEW

TEAM, LOCALITY, PRACTICE = "team", "locality", "practice"
KINDS = (TEAM, LOCALITY, PRACTICE)
NOT_KNOWN = "Not known"


@dataclass(frozen=True, order=True)
class CountedPlace:
    """One place: its kind, its name, and the place that it lies in; the whole has neither kind nor place around it."""

    kind: str
    name: str
    within: str = ""


WHOLE = CountedPlace("all", "All together")


def list_families(people: pd.DataFrame) -> list[tuple[CountedPlace, list[CountedPlace]]]:
    """Each place with the places that it is the sum of, outer places first. people: team, locality, practice."""
    levels = _find_levels(people)
    keys = list(people[levels].drop_duplicates().sort_values(levels).itertuples(index=False, name=None))
    made: dict[CountedPlace, dict[CountedPlace, None]] = {}
    for depth in range(len(levels)):
        for key in keys:
            made.setdefault(_name(levels, key[:depth]), {})[_name(levels, key[: depth + 1])] = None
    return [(whole, list(parts)) for whole, parts in made.items()]


def _find_levels(people: pd.DataFrame) -> list[str]:
    """The kinds of places from outer to inner; localities only where some team has several."""
    several = bool((people.groupby(TEAM)[LOCALITY].nunique() > 1).any())
    return [kind for kind in KINDS if kind != LOCALITY or several]


def _name(levels: Sequence[str], key: Sequence[str]) -> CountedPlace:
    """The place that lies at the end of a way from team inwards; without a way the whole."""
    return CountedPlace(levels[len(key) - 1], key[-1], " / ".join(key[:-1])) if key else WHOLE


def count_places(people: pd.DataFrame, parts: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """One row per place, one column per part: people. parts: of each row of `people` the part that it counts in."""
    levels, made = _find_levels(people), people.assign(part=parts)
    counted = {WHOLE: parts.value_counts()}
    for depth in range(1, len(levels) + 1):
        for key, rows in made.groupby(levels[:depth], sort=True):
            way = key if isinstance(key, tuple) else (key,)
            counted[_name(levels, [str(name) for name in way])] = rows["part"].value_counts()
    whole = {place: counts.reindex(list(names), fill_value=0).to_numpy() for place, counts in counted.items()}
    index = pd.Index(list(whole), dtype=object, tupleize_cols=False)
    return pd.DataFrame(list(whole.values()), index=index, columns=list(names), dtype=int)


def find_shown(
    counts: pd.DataFrame, families: Sequence[tuple[CountedPlace, Sequence[CountedPlace]]]
) -> frozenset[CountedPlace]:
    """The places whose whole row may be shown. counts: as `count_places` gives them, all parts of every place."""
    few = {place for place, row in counts.iterrows() if ((row > 0) & (row < TOO_FEW)).any()}
    shown = set() if WHOLE in few else {WHOLE}
    for whole, parts in families:
        if whole in shown and few.isdisjoint(parts):
            shown.update(parts)
    return frozenset(shown)
