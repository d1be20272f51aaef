"""What each look costs: O'Brien-Fleming-type spending of 5% over looks (Lan and DeMets 1983, Biometrika 70:659)."""

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


def find_boundaries(fractions: Sequence[float], alpha: float = ALPHA) -> tuple[float, ...]:
    """How many standard errors from none each look must be to stop, for looks at these growing fractions."""
    return _find_boundaries(tuple(round(fraction, 6) for fraction in fractions), alpha)


@cache
def _find_boundaries(fractions: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """Follows the density of the score B(t) that has not crossed yet (Armitage, McPherson and Rowe 1969)."""
    found: list[float] = []
    density, points, step = np.array([1.0]), np.array([0.0]), np.array([1.0])
    time, spent = 0.0, 0.0
    for fraction in fractions:
        to_spend = spend(fraction, alpha) - spent
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
