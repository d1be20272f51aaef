"""How many of some people will have the outcome, each with a chance of their own: the Poisson-binomial distribution."""

from __future__ import annotations

import numpy as np
from scipy.signal import fftconvolve

from riskstrat.planning.used import Counts

LEVEL = 0.95
_FEW = 64
"""People whose distribution is worked out one by one; those of more are joined, which takes far less time."""


def compute_chances(risks: Counts) -> Counts:
    """The chance of each number of people from 0 to all of them, exact but for rounding."""
    if len(risks) > _FEW:
        half = len(risks) // 2
        joined = fftconvolve(compute_chances(risks[:half]), compute_chances(risks[half:]))
        return np.clip(joined, 0, None)
    chances = np.ones(1)
    for risk in risks:
        chances = np.convolve(chances, [1 - risk, risk])
    return chances


def bound_number(risks: Counts) -> tuple[int, int]:
    """The fewest and the most people to be expected: at most 2.5 in 100 chances lie below, and above."""
    reached = compute_chances(risks).cumsum()
    ends = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    low, high = (int(np.searchsorted(reached, end)) for end in ends)
    return low, min(high, len(risks))
