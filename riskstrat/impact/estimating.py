"""The effect of being listed from matched sets, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from riskstrat.impact.matching import Matches

Numbers = npt.NDArray[np.float64]
TWO_SIDED = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Outcomes:
    """Of each row of `Matches`: events in its window, those of them after the person was listed (0 for people listed,
    whose window begins there), and the events that the model as it was on the list expected, up to a common factor.

    earlier: of people listed the events before they were in truth, where the lists are those of `ranking`.
    """

    events: Numbers
    later: Numbers
    expected: Numbers
    earlier: Numbers | float = 0.0


@dataclass(frozen=True)
class Effect:
    """The events of people listed over those that they would have had, as a ratio with the parts of its interval.

    slope: events of controls who were not listed yet. spread: of the estimating sum, of the slope, and between them.
    listed, controls: the mean number of events. fewest: people with any, on the side with fewer of them.
    """

    ratio: float
    slope: float
    spread: tuple[float, float, float]
    listed: float
    controls: float
    fewest: int

    @property
    def change(self) -> float:
        """The relative change: -0.2 for a fifth fewer."""
        return self.ratio - 1

    def measure_error(self, ratio: float = 1.0) -> float:
        """The standard error of the ratio where the truth is `ratio`."""
        own, shared, slope = self.spread
        return float(np.sqrt(max(own - 2 * ratio * shared + ratio**2 * slope, 0.0)) / self.slope)

    def interval(self, critical: float = TWO_SIDED) -> tuple[float, float] | None:
        """The relative changes not ruled out at `critical` standard errors (Fieller); None where nothing is."""
        own, shared, slope = self.spread
        square = critical**2
        a = self.slope**2 - square * slope
        b = self.ratio * self.slope**2 - square * shared
        c = (self.ratio * self.slope) ** 2 - square * own
        under = b**2 - a * c
        if a <= 0 or under < 0:
            return None
        root = float(np.sqrt(under))
        return max(-1.0, (b - root) / a - 1), (b + root) / a - 1


def estimate_effect(outcomes: Outcomes, matches: Matches, chosen: npt.NDArray[np.bool_] | None = None) -> Effect | None:
    """The effect, from the ratio at which people listed and controls would have had as many events.

    Controls who are listed later count as they were matched; their events from then on are held to be changed by the
    same ratio, so that at no effect this is a plain comparison of everybody as matched (as in Robins and Tsiatis 1991).
    One person may stand in several sets, and those of a set are alike: the error is clustered both ways (Cameron,
    Gelbach and Miller 2011). chosen: rows of whole sets that count. None where either side has no event to go by.
    """
    keep = np.ones(len(matches.set), bool) if chosen is None else chosen
    listed, weight = matches.listed[keep], matches.weight[keep]
    events, later, expected = (each[keep] for each in (outcomes.events, outcomes.later, outcomes.expected))
    earlier = np.broadcast_to(outcomes.earlier, keep.shape)[keep]
    scale = float((weight * expected)[~listed].sum() / expected[listed].sum()) if listed.any() else 0.0
    moved = np.where(listed, scale * (events - earlier), -weight * later)
    held = np.where(listed, -scale * earlier, weight * (events - later))
    if not events[listed].any() or held.sum() <= 0:
        return None
    clusters = _number_clusters(matches, keep)
    own, slope = (_centre(each, listed, weight) for each in (moved, held))
    spread = (_add_up(own, own, clusters), _add_up(own, slope, clusters), _add_up(slope, slope, clusters))
    sets = int(listed.sum())
    means = float(events[listed].sum() / sets), float((weight * events)[~listed].sum() / sets)
    fewest = min(int((events[side] > 0).sum()) for side in (listed, ~listed))
    return Effect(float(moved.sum() / held.sum()), float(held.sum()), spread, *means, fewest)


def _number_clusters(matches: Matches, keep: npt.NDArray[np.bool_]) -> tuple[tuple[int, npt.NDArray[Any]], ...]:
    """People, sets, and people within sets: each with the sign by which its sums count."""
    both = matches.person * (matches.set.max() + 1) + matches.set
    return tuple(
        (sign, np.unique(each[keep], return_inverse=True)[1])
        for sign, each in ((1, matches.person), (1, matches.set), (-1, both))
    )


def _centre(values: Numbers, listed: npt.NDArray[np.bool_], weight: Numbers) -> Numbers:
    """Values less their mean among people listed, and among controls by weight."""
    sets = listed.sum()
    means = np.where(listed, values[listed].sum() / sets, values[~listed].sum() / sets)
    return np.asarray(values - weight * means)


def _add_up(first: Numbers, second: Numbers, clusters: tuple[tuple[int, npt.NDArray[Any]], ...]) -> float:
    """The covariance of two sums over clusters."""
    return float(sum(sign * np.bincount(each, first) @ np.bincount(each, second) for sign, each in clusters))
