"""Counts that may leave the site: 1 to 7 hidden, others to the nearest 5, and nothing by which a hidden one is found.

The places of one month are a tree: all, localities, the practices of each; and fifths of deprivation, which add up to
all as well. What is shown of a month depends on that month's own counts and on nothing else, so that a month printed
again in a later pack reads the same, and two packs tell no more than one. Whoever subtracts knows an interval for each
count; on a tree these are exact, and counts are hidden until every small one may still be anything from 1 to 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from riskstrat.documents import TOO_FEW, round_count, suppressed

Place = tuple[str, str]
"""A kind of place and its name: ("practice", "A12345"). The whole is WHOLE."""

WHOLE: Place = ("all", "All")
NOT_SHOWN = "not shown"
CANNOT_BE_TOLD = "cannot be told"
"""In place of a count that the records do not give."""
ROUNDING = 2
"""A count to the nearest 5 lies at most so far from what is shown."""


@dataclass(frozen=True)
class ShownCount:
    """A count as it may be shown: its words, and the rounded number where there is one."""

    words: str
    number: int | None


Bounds = dict[Place, tuple[float, float]]
Families = Sequence[tuple[Place, Sequence[Place]]]
"""Each place with the places that it is the sum of, outer places first."""


def hide_counts(counts: Mapping[Place, int], families: Families) -> dict[Place, ShownCount]:
    """One shown count for each place of one month. Every family adds up to its whole."""
    hidden: set[Place] = set()
    while exposed := _find_exposed(counts, families, hidden):
        hidden |= _choose_hidden(exposed, counts, families, hidden)
    return {place: show_count(count, place in hidden) for place, count in counts.items()}


def hide_sums(counts: Mapping[Place, int], sums: Mapping[Place, int], families: Families) -> dict[Place, ShownCount]:
    """Sums over events, such as bed days: those of a family only where none of its counts of events is 1 to 7.

    A sum says nothing of how many events it is of, so no interval protects it: a family is shown whole or not at all.
    """
    shown = {WHOLE} if not is_few(counts[WHOLE]) else set()
    for whole, parts in families:
        if whole in shown and not any(is_few(counts[part]) for part in parts):
            shown |= set(parts)
    return {place: _show_sum(total, place in shown) for place, total in sums.items()}


def bound_counts(shown: Mapping[Place, ShownCount], families: Families) -> Bounds:
    """What each count can be, given everything that is shown: least and most."""
    known = {place: read_interval(count) for place, count in shown.items()}
    for whole, parts in reversed(families):
        low, high = (sum(known[part][end] for part in parts) for end in (0, 1))
        known[whole] = max(known[whole][0], low), min(known[whole][1], high)
    for whole, parts in families:
        _narrow_parts(known, known[whole], parts)
    return known


def _narrow_parts(known: Bounds, whole: tuple[float, float], parts: Sequence[Place]) -> None:
    before = {part: known[part] for part in parts}
    least, most = sum(low for low, _ in before.values()), _sum_most(before.values())
    for part, (low, high) in before.items():
        others = _sum_most(bounds for name, bounds in before.items() if name != part) if most == inf else most - high
        known[part] = max(low, whole[0] - others), min(high, whole[1] - (least - low))


def _sum_most(bounds: Iterable[tuple[float, float]]) -> float:
    return sum(high for _, high in bounds)


def read_interval(shown: ShownCount) -> tuple[float, float]:
    """The least and the most that a count can be, by what is shown of it alone."""
    if shown.number is not None:
        least = max(TOO_FEW, shown.number - ROUNDING) if shown.number else 0
        return least, (shown.number + ROUNDING if shown.number else 0)
    return (0, inf) if shown.words == NOT_SHOWN else (1, TOO_FEW - 1)


def _find_exposed(counts: Mapping[Place, int], families: Families, hidden: set[Place]) -> Place | None:
    """The first place with 1 to 7 that could not be any number from 1 to 7, given what is shown."""
    shown = {place: show_count(count, place in hidden) for place, count in counts.items()}
    bounds = bound_counts(shown, families)
    return next(
        (place for place, count in counts.items() if is_few(count) and not _covers_few(bounds[place])),
        None,
    )


def _covers_few(bounds: tuple[float, float]) -> bool:
    return bounds[0] <= 1 and bounds[1] >= TOO_FEW - 1


def _choose_hidden(exposed: Place, counts: Mapping[Place, int], families: Families, hidden: set[Place]) -> set[Place]:
    """What to hide next, most harmless first: a part that tells of the exposed whole, or else its smallest sibling.

    The exposed count itself reads "not shown" with its sibling. Where nothing is left, all goes that is not the whole.
    """
    shown = {place: show_count(count, place in hidden) for place, count in counts.items()}
    for whole, parts in families:
        ends = [read_interval(shown[part]) for part in parts]
        if whole == exposed and not _covers_few((sum(low for low, _ in ends), sum(high for _, high in ends))):
            return _choose_smallest(parts, counts, hidden)
    siblings = [part for _, parts in families if exposed in parts for part in parts if part != exposed]
    chosen = _choose_smallest(siblings, counts, hidden)
    return {exposed} | chosen if chosen else {place for place in counts if place != WHOLE} - hidden or {WHOLE}


def _choose_smallest(places: Sequence[Place], counts: Mapping[Place, int], hidden: set[Place]) -> set[Place]:
    """The smallest of those still shown, one with nobody last; none where all are hidden."""
    left = sorted((counts[place] == 0, counts[place], place) for place in places if place not in hidden)
    return {left[0][2]} if left else set()


def is_few(count: int) -> bool:
    """Whether a count is of 1 to 7."""
    return 0 < count < TOO_FEW


def show_count(count: int, hidden: bool) -> ShownCount:
    """A count as it is printed."""
    if hidden:
        return ShownCount(NOT_SHOWN, None)
    return ShownCount(suppressed(count), None if is_few(count) else round_count(count))


def _show_sum(total: int, shown: bool) -> ShownCount:
    return ShownCount(f"{round_count(total):,}", round_count(total)) if shown else ShownCount(NOT_SHOWN, None)
