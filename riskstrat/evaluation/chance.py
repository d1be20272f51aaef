"""Intervals that say whether a figure lies outside its limits by more than chance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, ncx2, norm

Array = npt.NDArray[Any]


class Interval(NamedTuple):
    """An estimate and its two ends."""

    estimate: float
    low: float
    high: float

    def lies_outside(self, least: float, most: float) -> bool:
        """Whether the whole interval lies below `least` or above `most`."""
        return self.high < least or self.low > most


def bound_share(part: int, whole: int, chance: float) -> Interval:
    """A share with its exact interval (Clopper and Pearson, Biometrika 1934), missed with at most `chance`."""
    low = float(beta.ppf(chance / 2, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(1 - chance / 2, part + 1, whole - part)) if part < whole else 1.0
    return Interval(part / whole, low, high)


def bound_observed_over_expected(observed: int, risk: Array, chance: float) -> Interval:
    """People with the outcome over the sum of their risks, with the score interval of that ratio.

    Outcomes are independent given the risks, so the count has variance sum r p (1 - r p) where the ratio is r; the ends
    are the two ratios whose count lies as far from the observed one as `chance` allows.
    """
    expected, squares = float(risk.sum()), float((risk**2).sum())
    square = float(norm.ppf(1 - chance / 2)) ** 2
    lead = expected**2 + square * squares
    middle = 2 * observed * expected + square * expected
    half = np.sqrt(max(middle**2 - 4 * lead * observed**2, 0.0))
    return Interval(observed / expected, (middle - half) / (2 * lead), (middle + half) / (2 * lead))


def bound_ratio(above: Array, below: Array, chance: float) -> Interval | None:
    """The ratio of two means over the same people, 0 or more, with its interval by Fieller (Biometrika 1940).

    above, below: per person what each adds. None where the lower mean cannot be told from 0.
    """
    number = len(above)
    top, bottom = float(above.mean()), float(below.mean())
    square = float(norm.ppf(1 - chance / 2)) ** 2 / number
    spread = np.cov(above, below) * square
    lead = bottom**2 - spread[1, 1]
    if lead <= 0:
        return None
    middle = top * bottom - spread[0, 1]
    half = np.sqrt(max(middle**2 - lead * (top**2 - spread[0, 0]), 0.0))
    return Interval(top / bottom, max((middle - half) / lead, 0.0), (middle + half) / lead)


def bound_share_ratio(
    part: Array, among: Array, other_part: Array, other_among: Array, chance: float
) -> Interval | None:
    """(part / among) / (other part / other among), each a count of the same people, 0 or 1 for each.

    Both products of two counts are taken to first order around the counts, as the delta method has it.
    """
    counts = [float(each.sum()) for each in (part, other_among, among, other_part)]
    top, top_rest, bottom, bottom_rest = counts
    above = part * top_rest + other_among * top - top * top_rest / len(part)
    below = among * bottom_rest + other_part * bottom - bottom * bottom_rest / len(part)
    return bound_ratio(above, below, chance)


class Distance(NamedTuple):
    """A population stability index, how many bins it is over, and the most that the limit and chance explain."""

    psi: float
    bins: int
    most: float


def measure_psi(first: Array, later: Array) -> float:
    """The population stability index between two counts over the same bins, half a person added to each bin."""
    before, now = (first + 0.5) / (first + 0.5).sum(), (later + 0.5) / (later + 0.5).sum()
    return float(((now - before) * np.log(now / before)).sum())


def find_largest_by_chance(bins: int, first: int, later: int, limit: float, chance: float) -> float:
    """The index that `chance` alone exceeds where the true one is `limit`, of so many people on each date.

    Divided by 1/first + 1/later it follows chi-square with bins - 1 degrees of freedom where nothing changed, and a
    noncentral one where something did (Yurdakul and Naranjo, Journal of Risk Model Validation 2020; from memory).
    """
    scale = 1 / first + 1 / later
    return float(scale * ncx2.ppf(1 - chance, bins - 1, limit / scale))
