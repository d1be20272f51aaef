"""Controls for people who were listed: at the week of their first list, people as likely who had never been listed.

A control counts from that week on, also if they are listed later: what is compared is being listed now with not now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

CONTROLS = 3
"""At most so many for each person listed."""

CALIPER = 0.15
"""How far apart two margins may lie, in log-odds."""

RISE_CALIPER = 0.3
"""How far apart the highest margins of all earlier lists may lie.

Without it a person who has just risen is held against one who has stood high for long and was never listed; the second
is truly more ill, and every list would look as if it worked.
"""

MOST_ADMISSIONS = 3
"""So many and more admissions in the year before are one kind."""

RECENT_DAYS = (28, 91)
"""Days since the latest admission at which another kind begins.

Without them a person whose estimate has just risen, after a stay that is barely over, is held against one whose stay is
nearly forgotten; the first is truly more ill for some weeks, and a list that does nothing would look harmful.
"""


@dataclass(frozen=True)
class Panel:
    """Lists in the order of time, by people in one fixed order.

    margin: weeks by people, NaN for who could not be listed then. strata: weeks by people; only equal ones are matched.
    first_week: the number of the first list that somebody stood on, -1 for nobody's.
    """

    margin: Numbers
    strata: Indices
    first_week: Indices


@dataclass(frozen=True)
class Matches:
    """One row per person and set: set (a number for each person listed), person, week, listed and weight.

    The weights of the controls of a set sum to 1. unmatched: people listed for whom there was no control.
    """

    set: Indices
    person: Indices
    week: Indices
    listed: npt.NDArray[np.bool_]
    weight: Numbers
    unmatched: int

    @property
    def sets(self) -> int:
        """How many people listed have a control."""
        return int(self.listed.sum())


def number_kinds(
    band: npt.NDArray[Any], sex: npt.NDArray[Any], prior: npt.NDArray[Any], days_since: npt.NDArray[Any]
) -> Indices:
    """One number for each kind of people who may be compared.

    band, sex: numbers from 0, sex below 10. prior: admissions of the year before. days_since: since the latest of them,
    more than a quarter where there was none.
    """
    recent = np.searchsorted(RECENT_DAYS, days_since, side="right")
    parts = ((band, 1), (sex, 10), (np.minimum(prior, MOST_ADMISSIONS), MOST_ADMISSIONS + 1), (recent, 3))
    number = np.zeros(len(band), np.int64)
    for part, size in parts:
        number = number * size + np.asarray(part, np.int64)
    return number


def match_controls(panel: Panel, since: int = 0) -> Matches:
    """The sets of the people first listed in week `since` or later who have a control, nearest margins first."""
    sets = [found for found in _find_sets(panel) if found[0] >= since]
    found = [(week, person, controls) for week, person, controls in sets if len(controls)]
    sizes = np.array([len(controls) for _, _, controls in found], np.int64)
    number = np.arange(len(found), dtype=np.int64)
    week = np.array([week for week, _, _ in found], np.int64)
    people = np.array([person for _, person, _ in found], np.int64)
    controls = np.concatenate([np.empty(0, np.int64), *(controls for _, _, controls in found)])
    return Matches(
        np.concatenate([number, np.repeat(number, sizes)]),
        np.concatenate([people, controls]),
        np.concatenate([week, np.repeat(week, sizes)]),
        np.arange(len(found) + int(sizes.sum())) < len(found),
        np.concatenate([np.ones(len(found)), 1 / np.repeat(sizes, sizes)]),
        len(sets) - len(found),
    )


def _find_sets(panel: Panel) -> Iterator[tuple[int, int, Indices]]:
    """Week, person and controls of each person listed."""
    highest = np.full(panel.margin.shape[1], -np.inf)
    for week, margin in enumerate(panel.margin):
        never = (panel.first_week < 0) | (panel.first_week > week)
        pool = np.flatnonzero(never & ~np.isnan(margin))
        for person in np.flatnonzero(panel.first_week == week):
            alike = pool[panel.strata[week, pool] == panel.strata[week, person]]
            yield week, int(person), _choose_nearest(person, alike, margin, highest)
        highest = np.fmax(highest, margin)


def _choose_nearest(person: int, alike: Indices, margin: Numbers, highest: Numbers) -> Indices:
    """The nearest of `alike` within both calipers; of equally near ones the first."""
    apart = np.abs(margin[alike] - margin[person])
    rise = np.where(np.isinf(highest[alike]) & np.isinf(highest[person]), 0.0, _subtract(highest, alike, person))
    near = np.flatnonzero((apart <= CALIPER) & (rise <= RISE_CALIPER))
    return alike[near[np.argsort(apart[near], kind="stable")[:CONTROLS]]]


def _subtract(highest: Numbers, alike: Indices, person: int) -> Numbers:
    """How far apart earlier margins lie; infinite where only one person has any."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(highest[alike] - highest[person]), nan=np.inf)


def keep_rows(matches: Matches, kept: npt.NDArray[np.bool_]) -> Matches:
    """The sets of which the person listed is kept and a control is; the weights of the controls kept sum to 1 again.

    kept: by row of `matches`. Sets keep their numbers.
    """
    heads = matches.set[matches.listed & kept]
    held = kept & np.isin(matches.set, heads)
    size = np.bincount(matches.set[held & ~matches.listed], minlength=matches.set.max(initial=0) + 1)
    held &= size[matches.set] > 0
    weight = np.where(matches.listed, 1.0, 1 / np.maximum(size[matches.set], 1))
    return Matches(
        matches.set[held],
        matches.person[held],
        matches.week[held],
        matches.listed[held],
        weight[held],
        matches.unmatched,
    )


def pair_with_themselves(person: Indices, week: Indices) -> Matches:
    """Each person as the one control of themselves: what a plain before and after compares."""
    number = np.arange(len(person), dtype=np.int64)
    listed = np.arange(2 * len(person)) < len(person)
    return Matches(np.tile(number, 2), np.tile(person, 2), np.tile(week, 2), listed, np.ones(2 * len(person)), 0)


def take_alone(person: Indices, week: Indices) -> Matches:
    """Each person as a set without anybody to compare with: what is followed of people wherever they stand."""
    number, alone = np.arange(len(person), dtype=np.int64), np.ones(len(person), bool)
    return Matches(number, person, week, alone, alone.astype(float), 0)


def compute_balance(values: Numbers, matches: Matches) -> float:
    """The standardised mean difference of a value (one per row of `matches`) between people listed and controls."""
    listed, controls = values[matches.listed], values[~matches.listed]
    weight = matches.weight[~matches.listed]
    mean = np.average(controls, weights=weight)
    spread = np.sqrt((listed.var() + np.average((controls - mean) ** 2, weights=weight)) / 2)
    return float((listed.mean() - mean) / spread) if spread > 0 else 0.0
