"""What each look costs: O'Brien-Fleming-type spending of 5% over looks (Lan and DeMets 1983, Biometrika 70:659).

What is spent goes by the calendar, which is known in advance, and what two looks have in common by how many people each
has seen (Lan and DeMets 1989, Statistics in Medicine 8:1191).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy import optimize, stats

ALPHA = 0.05
_GRID = 201
"""Points on which the density of the statistic is followed from look to look."""
_FURTHEST = 8.0
"""No boundary lies higher: looks that have next to nothing to spend cannot stop."""


def spend(fraction: float, alpha: float = ALPHA) -> float:
    """The part of a two-sided `alpha`, half for each side, that is spent at a fraction of the information."""
    if fraction <= 0:
        return 0.0
    return float(4 * stats.norm.sf(stats.norm.isf(alpha / 4) / np.sqrt(min(fraction, 1.0))))


def find_boundaries(
    fractions: Sequence[float], alpha: float = ALPHA, times: Sequence[float] | None = None
) -> tuple[float, ...]:
    """How many standard errors from none each look must be to stop, for looks at these growing fractions.

    fractions: of the information of the last of them. times: the fractions of the calendar by which `alpha` is spent;
    those of the information where None. A later look moves no earlier boundary.
    """
    shares, spent_by = (tuple(round(one, 9) for one in given) for given in (fractions, times or fractions))
    return _find_boundaries(shares, spent_by, alpha)


@cache
def _find_boundaries(fractions: tuple[float, ...], times: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """Follows the density of the score B(t) that has not crossed yet (Armitage, McPherson and Rowe 1969)."""
    found: list[float] = []
    density, points, step = np.array([1.0]), np.array([0.0]), np.array([1.0])
    time, spent = 0.0, 0.0
    for fraction, by in zip(fractions, times, strict=True):
        to_spend = spend(by, alpha) - spent
        spread = np.sqrt(fraction - time)
        bound = _solve_bound(density * step, points, spread, to_spend, np.sqrt(fraction))
        spent += to_spend
        ahead = np.linspace(-bound, bound, _GRID)
        density = stats.norm.pdf((ahead[:, None] - points[None, :]) / spread) @ (density * step) / spread
        points, step, time = ahead, _weigh_trapezoids(ahead), fraction
        found.append(float(bound / np.sqrt(fraction)))
    return tuple(found)


def _weigh_trapezoids(points: np.ndarray) -> np.ndarray:
    """What each of some evenly spaced points counts in an integral over them."""
    weights = np.full(len(points), points[1] - points[0])
    weights[[0, -1]] /= 2
    return weights


def _solve_bound(mass: np.ndarray, points: np.ndarray, spread: float, wanted: float, scale: float) -> float:
    """The bound of B(t) beyond which `wanted` of the mass that is left falls."""

    def miss(bound: float) -> float:
        beyond = stats.norm.sf((bound - points) / spread) + stats.norm.cdf((-bound - points) / spread)
        return float(beyond @ mass) - wanted

    furthest = _FURTHEST * scale
    return furthest if miss(furthest) >= 0 else float(optimize.brentq(miss, 0.0, furthest, xtol=1e-9))
