"""Counts of one month that add up across indicators, hidden so that none of 1 to 7 is found by holding them together.

Each count by itself keeps what `hiding` gives it. But people of 18 to 64 and of 65 and over add up to adults, and who
was discharged home is one of those discharged: whoever subtracts one printed figure from another at the same place
knows a third. So every place of every count is bounded by all that is printed of the month, and more is hidden until no
count that is not printed as a number could be guessed to within one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.documents import TOO_FEW
from riskstrat.indicators.hiding import (
    NOT_SHOWN,
    WHOLE,
    Families,
    Place,
    ShownCount,
    hide_counts,
    is_few,
    read_interval,
    show_count,
)

Layer = Hashable
"""One count by place, whichever indicators print it."""

GUESSED = 2
"""Between the least and the most that a count can be, where the one between is off by one at most."""

UNKNOWN = 1e9
"""More than any count, where nothing bounds one from above."""

ROUNDS = 30
"""Of narrowing, at most; what is found until then holds whatever comes after."""

Bounds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LayerSum:
    """That at each place a layer is the sum of others, and where it has a rest of something that is printed nowhere."""

    whole: Layer
    parts: tuple[Layer, ...]
    has_rest: bool


def hide_together(
    layers: Mapping[Layer, Mapping[Place, int]], sums: Sequence[LayerSum], families: Families
) -> dict[Layer, dict[Place, ShownCount]]:
    """What is shown of each layer of one month, all of the same places; sums: of layers that are among them.

    A sum whose parts are more than its whole somewhere is none, as some are counted in two parts, and is set aside.
    """
    sums = [one for one in sums if _holds(one, layers)]
    hidden = {layer: _list_hidden(counts, families) for layer, counts in layers.items()}
    month = _Month(layers, sums, families)
    while found := month.find_guessed(hidden):
        layer, place = next(month.list_next(found, hidden))
        hidden[layer].add(place)
    return {
        layer: {place: show_count(count, place in hidden[layer]) for place, count in counts.items()}
        for layer, counts in layers.items()
    }


def _holds(one: LayerSum, layers: Mapping[Layer, Mapping[Place, int]]) -> bool:
    return all(sum(layers[part][place] for part in one.parts) <= count for place, count in layers[one.whole].items())


def _list_hidden(counts: Mapping[Place, int], families: Families) -> set[Place]:
    return {place for place, shown in hide_counts(counts, families).items() if shown.words == NOT_SHOWN}


class _Month:
    """The counts of one month as arrays: a row for each layer and for each rest, a column for each place."""

    def __init__(
        self, layers: Mapping[Layer, Mapping[Place, int]], sums: Sequence[LayerSum], families: Families
    ) -> None:
        self.layers, self.sums, self.families = layers, sums, families
        self.names = list(layers)
        self.places = list(next(iter(layers.values()), {}))
        at = {place: number for number, place in enumerate(self.places)}
        self.trees = [(at[whole], np.array([at[part] for part in parts])) for whole, parts in families]
        row = {layer: number for number, layer in enumerate(self.names)}
        rests = iter(range(len(row), len(row) + len(sums)))
        self.added = [
            (row[one.whole], np.array([*(row[part] for part in one.parts), *([next(rests)] if one.has_rest else [])]))
            for one in sums
        ]
        self.rows = len(row) + sum(one.has_rest for one in sums)

    def find_guessed(self, hidden: Mapping[Layer, set[Place]]) -> tuple[int, Place] | None:
        """The row and place of the first count that is printed as no number and could be guessed to within one."""
        if not self.sums:
            return None
        least, most = self._bound(hidden)
        guessed = (most - least <= GUESSED) & (least < TOO_FEW) & (most >= 1)
        for number, layer in enumerate(self.names):
            printed = [place not in hidden[layer] and not is_few(self.layers[layer][place]) for place in self.places]
            guessed[number] &= ~np.array(printed)
        found = np.argwhere(guessed)
        return (int(found[0][0]), self.places[found[0][1]]) if len(found) else None

    def list_next(self, found: tuple[int, Place], hidden: Mapping[Layer, set[Place]]) -> Iterator[tuple[Layer, Place]]:
        """What to hide, the most harmless first: the count itself, others at the place, neighbours, anything."""
        row, place = found
        related = [*([row] if row < len(self.names) else []), *self._list_related(row)]
        layers = [self.names[each] for each in related]
        yield from ((layer, place) for layer in layers if place not in hidden[layer])
        for layer in layers:
            near = {part for whole, parts in self.families if place in (whole, *parts) for part in parts} - {WHOLE}
            yield from ((layer, each) for each in self._sort(near - hidden[layer], layer))
        for layer in layers:
            yield from ((layer, each) for each in self._sort({*self.places} - hidden[layer], layer))
        for layer in self.names:
            yield from ((layer, each) for each in self._sort({*self.places} - hidden[layer], layer))

    def _list_related(self, row: int) -> list[int]:
        """Rows of printed layers in a sum with a row, those with the smallest whole first."""
        near = {each for whole, parts in self.added if row in (whole, *parts) for each in (whole, *parts)} - {row}
        printed = [int(each) for each in near if each < len(self.names)]
        return sorted(printed, key=lambda each: (self.layers[self.names[each]][WHOLE], each))

    def _sort(self, places: set[Place], layer: Layer) -> list[Place]:
        """Places by their count, the smallest first; those with nobody come late, and the whole last."""
        counts = self.layers[layer]
        return sorted(places, key=lambda place: (place == WHOLE, counts[place] == 0, counts[place], place))

    def _bound(self, hidden: Mapping[Layer, set[Place]]) -> tuple[Bounds, Bounds]:
        """The least and the most that each count can be, by all that is printed."""
        least, most = np.zeros((self.rows, len(self.places))), np.full((self.rows, len(self.places)), UNKNOWN)
        for number, layer in enumerate(self.names):
            for column, place in enumerate(self.places):
                low, high = read_interval(show_count(self.layers[layer][place], place in hidden[layer]))
                least[number, column], most[number, column] = low, min(high, UNKNOWN)
        for _ in range(ROUNDS):
            before = least.copy(), most.copy()
            for whole, parts in self.trees:
                _narrow(least.T, most.T, whole, parts)
            for whole, parts in self.added:
                _narrow(least, most, whole, parts)
            if np.array_equal(before[0], least) and np.array_equal(before[1], most):
                break
        return least, most


def _narrow(least: Bounds, most: Bounds, whole: int, parts: npt.NDArray[np.int64]) -> None:
    """Narrow rows by one of them being the sum of others, in each column."""
    low, high = least[parts], most[parts]
    lows, highs = low.sum(axis=0), high.sum(axis=0)
    least[whole], most[whole] = np.maximum(least[whole], lows), np.minimum(most[whole], highs)
    least[parts] = np.maximum(low, least[whole] - (highs - high))
    most[parts] = np.minimum(high, most[whole] - (lows - low))
