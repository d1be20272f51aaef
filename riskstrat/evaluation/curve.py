"""The smooth curve of observed against predicted risk, and how far the risks lie from it.

Source: Austin and Steyerberg, Stat Med 2019, doi 10.1002/sim.8281 (loess curve; ICI, E90 and Emax).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskstrat.evaluation.inputs import Array, Figure, one_outcome_only, weighed

SPAN = 0.75
"""Share of people in each local fit: the default of R's loess, which the source of the index uses."""

GROUPS = 500
"""Most points that the curve is drawn through; more distinct risks are first averaged in groups of equal size."""

TOP = 0.05
"""Share of people, those with the highest risk, for whom the index is also given by itself."""

NEARLY_SINGULAR = 1e-7

ERRORS = ("ici", "e90", "emax", "ici_of_top_5_percent")


@dataclass(frozen=True)
class Points:
    """Where the curve is drawn: mean risk, events and people of each point, and the point of each row."""

    risk: Array
    events: Array
    people: Array
    place: Array


@dataclass(frozen=True)
class Smoother:
    """How hard each point (column) pulls at each other (row), times 1, u, u^2, u^3, u^4 of its distance u."""

    kernels: Array

    def heights(self, events: Array, people: Array) -> Array:
        """The local quadratic fit at each point, from events and people per point; one line of either per draw."""
        sums = [people @ kernel.T for kernel in self.kernels]
        right = [events @ kernel.T for kernel in self.kernels[:3]]
        return np.clip(_fit_at_zero(sums, right), 0, 1)


def calibration_curve(outcome: object, risk: object, weights: object = None) -> pd.DataFrame:
    """One row per distinct risk, or per group of near ones: risk, observed (smoothed rate), people.

    Loess: local quadratic fit, tricube weights, span 0.75 of people, held within 0 to 1. More than 500 distinct risks
    are averaged first in 500 groups of equal size, equal risks never parted. Empty where there is nobody.
    """
    at = points_of(*weighed(outcome, risk, weights))
    observed = smoother(at).heights(at.events, at.people) if len(at.risk) else at.risk
    return pd.DataFrame({"risk": at.risk, "observed": observed, "people": at.people})


def calibration_errors(outcome: object, risk: object, weights: object = None) -> dict[str, Figure]:
    """How far risks lie from the smooth observed rate, as probabilities: `ici` (mean distance over people), `e90` (the
    distance that 9 in 10 people stay within), `emax` (the largest), `ici_of_top_5_percent` (mean distance over the 5%
    of people with the highest risk, ties kept).

    None, with the reason, when only one outcome occurs. weights: people per row.
    """
    y, p, w = weighed(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum()))
    if reason:
        return dict.fromkeys(ERRORS, Figure(None, reason))
    at = points_of(y, p, w)
    distance = np.abs(smoother(at).heights(at.events, at.people) - at.risk)
    top = np.bincount(at.place, weights=w * (p >= _find_top_threshold(p, w)), minlength=len(distance))
    found = errors_of(distance, at.people) | {"ici_of_top_5_percent": np.average(distance, weights=top)}
    return {name: Figure(float(found[name])) for name in ERRORS}


def integrated_calibration_index(outcome: object, risk: object, weights: object = None) -> Figure:
    """ICI: mean distance over people between risk and the smooth observed rate (`calibration_curve`), as a probability.

    None, with the reason, when only one outcome occurs.
    """
    return calibration_errors(outcome, risk, weights)["ici"]


def errors_of(distance: Array, people: Array) -> dict[str, Array]:
    """ICI, E90 and Emax from the distance and the people at each point; one line of either per draw."""
    order = np.argsort(distance, axis=-1)
    within = np.cumsum(np.take_along_axis(people, order, axis=-1), axis=-1)
    # Counts of people are whole, so a hair's breadth off 9 in 10 is rounding.
    enough = within >= 0.9 * within[..., -1:] * (1 - 1e-12)
    place = np.take_along_axis(order, enough.argmax(axis=-1)[..., None], axis=-1)
    return {
        "ici": (distance * people).sum(axis=-1) / people.sum(axis=-1),
        "e90": np.take_along_axis(distance, place, axis=-1)[..., 0],
        "emax": np.where(people > 0, distance, 0).max(axis=-1),
    }


def points_of(y: Array, p: Array, w: Array) -> Points:
    """Mean risk, events and people of each distinct risk, or of each of at most GROUPS groups of them."""
    values, place = np.unique(p, return_inverse=True)
    size, events = np.bincount(place, weights=w), np.bincount(place, weights=w * y)
    if len(values) <= GROUPS:
        return Points(values, events, size, place)
    middle = np.cumsum(size) - size / 2
    _, group = np.unique((middle * GROUPS / size.sum()).astype(np.int64), return_inverse=True)
    people = np.bincount(group, weights=size)
    mean = np.bincount(group, weights=values * size) / people
    return Points(mean, np.bincount(group, weights=events), people, group[place])


def smoother(at: Points) -> Smoother:
    """The pulls between points; each reaches as far as holds SPAN of the people."""
    away = at.risk[None, :] - at.risk[:, None]
    distance = np.abs(away)
    near = np.argsort(distance, axis=1, kind="stable")
    reached = np.cumsum(at.people[near], axis=1) >= SPAN * at.people.sum()
    last = np.take_along_axis(near, reached.argmax(axis=1)[:, None], axis=1)
    width = np.maximum(np.take_along_axis(distance, last, axis=1), 1e-12)
    # In place, because making tables of this size anew takes longer than filling them.
    scaled = np.divide(away, width, out=away)
    kernels = np.empty((5, *scaled.shape))
    np.multiply(scaled, scaled, out=distance)
    np.abs(np.multiply(distance, scaled, out=distance), out=distance)
    fall = np.clip(1 - distance, 0, None, out=distance)
    np.multiply(fall, np.multiply(fall, fall, out=kernels[0]), out=kernels[0])
    for place in range(4):
        np.multiply(kernels[place], scaled, out=kernels[place + 1])
    return Smoother(kernels)


def _find_top_threshold(p: Array, w: Array) -> float:
    """The lowest risk among the TOP share of people with the highest."""
    order = np.argsort(-p, kind="stable")
    reached = np.cumsum(w[order]) >= TOP * w.sum() * (1 - 1e-12)
    return float(p[order[reached.argmax()]])


def _fit_at_zero(sums: Sequence[Array], right: Sequence[Array]) -> Array:
    """Weighted least squares of the rate on 1, u, u squared, read at u = 0, by Cramer's rule on the normal equations.

    sums: of pull times u to the powers 0 to 4. right: of pull times rate times u to the powers 0 to 2.
    """
    one, two, three, four = (each / sums[0] for each in sums[1:])
    first, second, third = (each / sums[0] for each in right)
    block = two * four - three * three
    whole = block - one * (one * four - two * three) + two * (one * three - two * two)
    height = first * block - one * (second * four - three * third) + two * (second * three - two * third)
    weak = np.abs(whole) < NEARLY_SINGULAR
    fitted = height / np.where(weak, 1, whole)
    if weak.any():
        ones = np.ones(int(weak.sum()))
        powers = [ones, *(each[weak] for each in (one, two, three, four))]
        fitted[weak] = _fit_by_pseudo_inverse(powers, [each[weak] for each in (first, second, third)])
    return fitted


def _fit_by_pseudo_inverse(powers: Sequence[Array], right: Sequence[Array]) -> Array:
    """The same by a pseudo-inverse: too few distinct risks in reach leave slope or bend free, never the height."""
    normal = np.stack([np.stack(powers[row : row + 3], axis=1) for row in range(3)], axis=1)
    return np.einsum("ij,ij->i", np.linalg.pinv(normal, hermitian=True)[:, 0, :], np.stack(right, axis=1))
