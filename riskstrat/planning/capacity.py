"""What the people at highest risk used in a year, by how long a list is: how sure that is, and what an effect frees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskstrat.errors import DefinitionError
from riskstrat.evaluation.bootstrap import each_draw
from riskstrat.planning.used import Counts, Used

ROUNDS = 400
SEED = 1
LEVEL = 0.95
LADDER = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
LEAST = 20
"""People on the shortest list that is looked at."""

DAYS_A_YEAR = 365


class Bounded(NamedTuple):
    """A figure and the ends of its 95% interval."""

    estimate: float
    low: float
    high: float

    def scale(self, by: float) -> Bounded:
        """The same, multiplied."""
        return Bounded(self.estimate * by, self.low * by, self.high * by)


@dataclass(frozen=True)
class Carried:
    """What the people of one list length used: how many had a stay, and how many died or left before the window was
    over; stays and bed days, and their shares of all."""

    people: int
    admitted: int
    ended: int
    admissions: Bounded
    bed_days: Bounded
    share_of_admissions: Bounded
    share_of_bed_days: Bounded

    def free_beds(self, effect: float, window_days: int) -> Bounded:
        """Beds free on an average day of the window where stays and bed days fall by a share."""
        return self.bed_days.scale(effect / window_days)


def choose_lengths(everybody: int, given: Sequence[int]) -> tuple[int, ...]:
    """List lengths in rising order: those given, else the ladder up to half of everybody.

    Raises DefinitionError for one longer than everybody who was scored, or shorter than `LEAST`.
    """
    for one in given:
        if not LEAST <= one <= everybody:
            raise DefinitionError(f"--people {one} is no length of list here; give {LEAST} to {everybody:,}")
    return tuple(sorted(set(given))) or tuple(one for one in LADDER if one <= max(everybody // 2, LEAST))


def compute_carried(margin: Counts, used_by: Used, lengths: Sequence[int]) -> tuple[Carried, ...]:
    """One line for each length. margin, used_by: per person, in one order that is always the same.

    The interval draws people again: it says how far another year's people as likely might differ by chance.
    """
    order = np.argsort(-margin, kind="stable")
    admissions, bed_days, ended = (each[order] for each in used_by)
    used = np.stack([np.ones(len(order)), admissions, bed_days, admissions > 0, ended])
    found = _sum_first(used, lengths)
    draws = np.stack([_sum_first(used * copies, lengths) for copies in _draw(len(order))])
    return tuple(_build_lines(found, draws, lengths))


def _draw(number: int) -> Iterator[Counts]:
    yield from each_draw(np.arange(number), ROUNDS, SEED)


def _sum_first(used: Counts, lengths: Sequence[int]) -> Counts:
    """By row of `used` the sum over the first people of each length, and over everybody."""
    ends = [*lengths, used.shape[1]]
    starts = [0, *(end for end in ends[:-1] if end < used.shape[1])]
    sums = np.add.reduceat(used, starts, axis=1).cumsum(axis=1)
    return sums if len(starts) == len(ends) else np.concatenate([sums, sums[:, -1:]], axis=1)


def _build_lines(found: Counts, draws: Counts, lengths: Sequence[int]) -> Iterator[Carried]:
    for place, people in enumerate(lengths):
        # A draw holds another number of the first people; what each used is held to as many as the list has.
        each = draws[:, :3, place] / draws[:, :1, place].clip(1) * people
        shares = draws[:, :3, place] / draws[:, :3, -1].clip(1)
        counts = found[:, place]
        parts = counts / found[:, -1].clip(1)
        yield Carried(
            people,
            int(counts[3]),
            int(counts[4]),
            _bound(counts[1], each[:, 1]),
            _bound(counts[2], each[:, 2]),
            _bound(parts[1], shares[:, 1]),
            _bound(parts[2], shares[:, 2]),
        )


def _bound(estimate: float, drawn: Counts) -> Bounded:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Bounded(float(estimate), float(low), float(high))
