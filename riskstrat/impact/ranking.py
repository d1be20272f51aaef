"""What lists made by the estimate alone would have been: whom each team would have listed, and where its line lay.

A team may list people whom it knows to be more ill than any record says. Whoever stands above the line by the estimate
was chosen by nobody, so both sides of it differ in what a record holds and in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskstrat.impact.matching import Panel

Indices = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RankedLists:
    """Lists with as many new people in each week and team as there were, chosen by margin.

    panel: as it was, but that `first_week` is that of these lists. line: weeks by people, the margin half-way between
    the last whom the person's team would have listed and the next, NaN where it took nobody new. free: weeks by people,
    who was not on these lists before and could have been. new: people listed in truth. out_of_order: those of them who
    did not stand above the line in that week.
    """

    panel: Panel
    line: Numbers
    free: npt.NDArray[np.bool_]
    new: int
    out_of_order: int

    @property
    def follows_estimate(self) -> bool:
        """Whether everybody listed stood above the line, so that these lists are the true ones."""
        return not self.out_of_order


def rank_lists(panel: Panel, team: Indices, since: int = 0) -> RankedLists:
    """The lists that the estimate alone would have made from week `since`.

    panel: margins of everybody who was not barred for another reason than having been listed. team: weeks by people, a
    number from 0, below 0 for none. People first listed before `since` stay listed then.
    """
    before = (panel.first_week >= 0) & (panel.first_week < since)
    first = np.where(before, panel.first_week, -1)
    line = np.full(panel.margin.shape, np.nan)
    free = np.zeros(panel.margin.shape, bool)
    new, above = 0, 0
    for week in range(since, len(panel.margin)):
        free[week] = (first < 0) & ~np.isnan(panel.margin[week])
        listed = panel.first_week == week
        for members, count in _find_teams(team[week], listed):
            ranked = _order_free(panel.margin[week], np.flatnonzero(members & free[week]))
            first[ranked[:count]] = week
            if len(ranked) > count:
                line[week, members] = panel.margin[week, ranked[count - 1 : count + 1]].mean()
        new, above = new + int(listed.sum()), above + int((listed & (first == week)).sum())
    return RankedLists(replace(panel, first_week=first), line, free, new, new - above)


def _find_teams(team: Indices, listed: npt.NDArray[np.bool_]) -> Iterator[tuple[npt.NDArray[np.bool_], int]]:
    """Of each team that listed somebody new in a week its members and how many it listed."""
    for number in np.unique(team[listed & (team >= 0)]):
        members = team == number
        yield members, int((members & listed).sum())


def _order_free(margin: Numbers, people: Indices) -> Indices:
    """People by margin, the highest first; of equal ones the first."""
    return people[np.argsort(-margin[people], kind="stable")]
