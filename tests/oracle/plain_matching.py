"""Matched controls in plain Python, person by person, as docs/impact.md says it: the definition of correct."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

Sets = dict[tuple[int, int], list[int]]
"""The controls of each week and person listed in it, nearest first."""


def match_plainly(
    margin: Sequence[Sequence[float]],
    kinds: Sequence[Sequence[int]],
    first_week: Sequence[int],
    calipers: tuple[float, float],
    most: int,
) -> Sets:
    """margin and kinds: by week and person. calipers: of the margins, and of the highest of all weeks before."""
    found: Sets = {}
    for week, row in enumerate(margin):
        for person, first in enumerate(first_week):
            if first == week:
                near = [
                    (abs(row[other] - row[person]), other)
                    for other in range(len(row))
                    if other != person
                    and not isnan(row[other])
                    and not 0 <= first_week[other] <= week
                    and kinds[week][other] == kinds[week][person]
                    and abs(row[other] - row[person]) <= calipers[0]
                    and _has_like_past(margin[:week], person, other, calipers[1])
                ]
                found[week, person] = [other for _, other in sorted(near)[:most]]
    return found


def _has_like_past(before: Sequence[Sequence[float]], one: int, other: int, caliper: float) -> bool:
    """Whether the highest margins of both lie near, or neither has any."""
    highest = [max((row[each] for row in before if not isnan(row[each])), default=None) for each in (one, other)]
    if highest[0] is None or highest[1] is None:
        return highest[0] is None and highest[1] is None
    return abs(highest[0] - highest[1]) <= caliper
