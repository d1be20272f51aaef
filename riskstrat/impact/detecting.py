"""What a number of people listed could show: the smallest effect that would be found in 8 trials of 10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

ALPHA, POWER = 0.05, 0.80


@dataclass(frozen=True)
class Assumptions:
    """What the detectable effect hangs on beside the number of people and their rate; each is printed with it.

    matched: the share of people listed who have a control. controls: for each of them. listed_later: the share of the
    controls' events that come after they are listed themselves. clustering: the variance of a person's count of
    admissions over its mean.
    """

    matched: float = 0.52
    controls: float = 2.4
    listed_later: float = 0.44
    clustering: float = 1.2


def compute_error(ratio: float, people: float, events: float, assumed: Assumptions) -> float:
    """The standard error of the ratio where the truth is `ratio`; `events`: mean of a person without an effect."""
    mixed = 1 - assumed.listed_later * (1 - ratio)
    variance = assumed.clustering * (ratio + mixed / assumed.controls) / (people * assumed.matched * events)
    return float(np.sqrt(variance) / (1 - assumed.listed_later))


def compute_power(fall: float, people: float, events: float, assumed: Assumptions) -> float:
    """The chance that a fall (0.2 for a fifth) is found at two-sided 5%."""
    none, there = (compute_error(ratio, people, events, assumed) for ratio in (1.0, 1 - fall))
    return float(stats.norm.cdf((fall - stats.norm.isf(ALPHA / 2) * none) / there))


def find_detectable_fall(people: float, events: float, assumed: Assumptions) -> float | None:
    """The smallest fall that is found in 8 trials of 10; None where not even a fall to nothing would be."""
    if people <= 0 or events <= 0 or compute_power(0.999, people, events, assumed) < POWER:
        return None
    return float(optimize.brentq(lambda fall: compute_power(fall, people, events, assumed) - POWER, 1e-6, 0.999))
