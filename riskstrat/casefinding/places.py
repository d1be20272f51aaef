"""Who gets a place: in order, down to the team's capacity, and under the slots of the services behind it.

People and slots are a bipartite graph (a person has an edge to each free place of each service suggested for them), and
the sets of people who can all be given a slot at once are the independent sets of a transversal matroid. In a matroid
the greedy rule is optimal: taking people in order of risk, and each who can still be given a slot together with those
taken before, gives the largest sum of risk. An augmenting path finds out whether one more person fits, moving people
between the services that suit them but never taking a place away. Cutting at a number of people keeps it a matroid, and
so does starting from people who keep their place. Cases of different weight make a knapsack of it: then the list is
what greedy gives, and no better list is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Taken:
    """Positions in the order given, in that order; the service whose slot each has (None without), and slots left."""

    positions: tuple[int, ...]
    services: Mapping[int, str | None] = field(default_factory=dict)
    unfilled: Mapping[str, int] = field(default_factory=dict)


def take(weights: npt.NDArray[np.int64], capacity: int) -> Taken:
    """In order, each whose weight still fits into what is left of `capacity` (in the same unit)."""
    left, smallest = capacity, _find_least_weight(weights)
    taken = []
    for position, weight in enumerate(weights):
        if left < smallest:
            break
        if weight <= left:
            taken.append(position)
            left -= int(weight)
    return Taken(tuple(taken), dict.fromkeys(taken))


def take_with_slots(
    weights: npt.NDArray[np.int64],
    capacity: int,
    pathways: Sequence[tuple[str, ...]],
    slots: Mapping[str, int],
    keeping: int,
) -> Taken:
    """In order, each whose weight still fits and who can be given a slot of one of their `pathways`.

    The first `keeping` have a place by right: they take a slot if they can and are taken without one if not.
    """
    services = _Slots({name: number for name, number in slots.items() if number > 0})
    left, smallest = capacity, _find_least_weight(weights)
    taken = []
    for position, weight in enumerate(weights):
        if left < smallest or (position >= keeping and services.full):
            break
        if weight <= left and (services.give(position, pathways[position]) or position < keeping):
            taken.append(position)
            left -= int(weight)
    unfilled = {name: number - len(services.holders.get(name, ())) for name, number in slots.items()}
    return Taken(tuple(taken), {position: services.held.get(position) for position in taken}, unfilled)


def _find_least_weight(weights: npt.NDArray[np.int64]) -> int:
    return int(weights.min()) if len(weights) else 0


class _Slots:
    """Who holds a slot of which service. `closed` are services out of which no augmenting path can lead any more."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self.places = places
        self.held: dict[int, str] = {}
        self.holders: dict[str, list[int]] = {name: [] for name in places}
        self._suits: dict[int, tuple[str, ...]] = {}
        self._closed: set[str] = set()

    @property
    def full(self) -> bool:
        return self._closed == self.places.keys()

    def give(self, person: int, pathways: tuple[str, ...]) -> bool:
        """Gives `person` a slot, moving others between services that suit them if need be; False if none can be had."""
        suits = tuple(name for name in pathways if name in self.places)
        came_from: dict[str, tuple[int, str | None]] = {}
        found = self._find_free_service(person, suits, came_from)
        if found is None:
            # no path leads out of what was reached, and later ones cannot enter it: it stays as it is
            self._closed |= came_from.keys()
            return False
        self._suits[person] = suits
        self._shift(found, came_from)
        return True

    def _find_free_service(
        self, person: int, suits: tuple[str, ...], came_from: dict[str, tuple[int, str | None]]
    ) -> str | None:
        """The nearest service with a free slot, breadth first; `came_from`: who would move into each, and whence."""
        waiting: list[tuple[int, tuple[str, ...], str | None]] = [(person, suits, None)]
        for mover, reachable, whence in waiting:
            for name in reachable:
                if name in came_from or name in self._closed:
                    continue
                came_from[name] = (mover, whence)
                if len(self.holders[name]) < self.places[name]:
                    return name
                waiting.extend((holder, self._suits[holder], name) for holder in self.holders[name])
        return None

    def _shift(self, free: str, came_from: Mapping[str, tuple[int, str | None]]) -> None:
        into: str | None = free
        while into is not None:
            mover, whence = came_from[into]
            if whence is not None:
                self.holders[whence].remove(mover)
            self.holders[into].append(mover)
            self.held[mover] = into
            into = whence
