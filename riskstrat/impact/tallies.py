"""Events and days of people between two days, from arrays: what every outcome is counted with.

A span goes from the day after `start` up to and including `end`. `person` has numbers of people; days are numpy days.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
People = npt.NDArray[Any]
Days = npt.NDArray[np.datetime64]

_PERSON = 10_000_000
"""More days than any date has, so that person and day make one sortable number."""

NEVER = np.datetime64("9999-12-31", "D")


class Tally(Protocol):
    """Counts something of each person over a span of their own."""

    def count_between(self, person: People, start: Days, end: Days) -> Numbers:
        """One number per row."""


@dataclass(frozen=True)
class EventTally:
    """Events of people, one element each, in any order."""

    person: People
    day: Days

    def count_between(self, person: People, start: Days, end: Days) -> Numbers:
        """Events after `start`, up to `end`."""
        before, by = (np.searchsorted(self._keys, _join_keys(person, day), "right") for day in (start, end))
        return np.asarray(np.maximum(by - before, 0), float)

    @cached_property
    def _keys(self) -> npt.NDArray[np.int64]:
        return np.sort(_join_keys(self.person, self.day))


@dataclass(frozen=True)
class NightTally:
    """Nights of stays, one element each; `until` is NaT for a stay that has not ended."""

    person: People
    since: Days
    until: Days

    def count_between(self, person: People, start: Days, end: Days) -> Numbers:
        """Nights that began on a day of the span."""
        order = np.argsort(self.person, kind="stable")
        of, since, until = (each[order] for each in (self.person, self.since, self.until))
        until = np.where(np.isnat(until), NEVER, until)
        low, high = (np.searchsorted(of, person, side) for side in ("left", "right"))
        rows = np.repeat(np.arange(len(person)), high - low)
        stays = np.arange(len(rows)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[rows]
        begins = np.maximum(since[stays], start[rows] + 1)
        nights = (np.minimum(until[stays], end[rows] + 1) - begins).astype(np.int64)
        return np.bincount(rows, np.maximum(nights, 0), len(person)).astype(float)


@dataclass(frozen=True)
class HomeTally:
    """Days alive and not in hospital. died: by number of person, NaT for the living."""

    nights: NightTally
    died: Days

    def count_between(self, person: People, start: Days, end: Days) -> Numbers:
        """Days of the span on which the person was alive, less the nights in hospital among them."""
        last = np.minimum(np.where(np.isnat(self.died), NEVER, self.died)[person] - 1, end)
        alive = np.maximum((last - start).astype(np.int64), 0)
        return alive - self.nights.count_between(person, start, np.maximum(last, start))


def _join_keys(person: People, day: Days) -> npt.NDArray[np.int64]:
    return person.astype(np.int64) * _PERSON + day.astype("datetime64[D]").astype(np.int64)
