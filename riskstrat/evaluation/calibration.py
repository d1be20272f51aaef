"""Whether 30 in 100 means 30 in 100: recalibration on the logit scale, and a smooth observed-against-predicted curve.

Sources: Cox, Biometrika 1958 and Van Calster et al., J Clin Epidemiol 2016 (recalibration, intercept and slope);
Austin and Steyerberg, Stat Med 2019, doi 10.1002/sim.8281 (loess curve, integrated calibration index).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from riskstrat.evaluation.inputs import (
    Array,
    EvaluationError,
    Figure,
    as_outcome,
    as_risk,
    one_outcome_only,
    same_length,
)

RISK_FLOOR = 1e-6
"""Risks nearer than this to 0 or 1 count as this near, because the logit of 0 or 1 is infinite."""

SPAN = 0.75
"""Share of people in each local fit: the default of R's loess, which the source of the index uses."""

GROUPS = 500
"""Most points that the curve is drawn through; more distinct risks are first averaged in groups of equal size."""

MOST_STEPS = 100


@dataclass(frozen=True)
class Recalibration:
    """logit(observed risk) = intercept + slope * logit(predicted risk). Ideal: intercept 0, slope 1."""

    intercept: float | None
    slope: float | None
    reason: str | None = None


def recalibrate(outcome: object, risk: object, weights: object = None) -> Recalibration:
    """Calibration intercept and slope by unpenalised logistic regression of the outcome on the logit of the risk.

    A slope below 1 means risks too extreme, above 1 too timid. Both are None, with the reason, when only one outcome
    occurs, when every risk is the same, or when the risks separate the outcomes completely. weights: people per row.
    """
    y, x, w = _on_logit_scale(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum())) or _no_slope(y, x)
    if reason:
        return Recalibration(None, None, reason)
    centre = np.average(x, weights=w)
    scale = np.sqrt(np.average((x - centre) ** 2, weights=w))
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10, max_iter=MOST_STEPS)
    model.fit(((x - centre) / scale)[:, None], y, sample_weight=w)
    if model.n_iter_[0] >= MOST_STEPS:
        return Recalibration(None, None, "the recalibration did not converge: the outcomes are nearly separated")
    slope = float(model.coef_[0, 0] / scale)
    return Recalibration(float(model.intercept_[0] - slope * centre), slope)


def calibration_in_the_large(outcome: object, risk: object, weights: object = None) -> Figure:
    """The shift in log odds, slope held at 1, that makes mean risk equal the observed rate. Ideal 0; above 0 means
    risks too low.

    None, with the reason, when only one outcome occurs. weights: people per row.
    """
    y, x, w = _on_logit_scale(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum()))
    if reason:
        return Figure(None, reason)
    rate = logit(w @ y / w.sum())
    # Beyond these two shifts every risk lies on one side of the observed rate, so the root is between them.
    low, high = rate - x.max() - 1, rate - x.min() + 1
    return Figure(float(brentq(lambda shift: w @ (y - expit(x + shift)), low, high, xtol=1e-12)))


def calibration_curve(outcome: object, risk: object, weights: object = None) -> pd.DataFrame:
    """One row per distinct risk, or per group of near ones: risk, observed (smoothed rate), people.

    Loess: local quadratic fit, tricube weights, span 0.75 of people, held within 0 to 1. More than 500 distinct risks
    are averaged first in 500 groups of equal size, equal risks never parted. Empty where there is nobody.
    """
    y, p, w = _checked(outcome, risk, weights)
    x, rate, size = _grouped(y, p, w)
    return pd.DataFrame({"risk": x, "observed": _loess(x, rate, size), "people": size})


def integrated_calibration_index(outcome: object, risk: object, weights: object = None) -> Figure:
    """ICI: mean distance over people between risk and the smooth observed rate (`calibration_curve`), as a probability.

    None, with the reason, when only one outcome occurs. Source: Austin and Steyerberg, Stat Med 2019.
    """
    y, p, w = _checked(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum()))
    if reason:
        return Figure(None, reason)
    curve = calibration_curve(y, p, w)
    return Figure(float(np.average((curve.observed - curve.risk).abs(), weights=curve.people)))


def _checked(outcome: object, risk: object, weights: object) -> tuple[Array, Array, Array]:
    """Outcome, risk and weight of the rows that weigh anything."""
    y, p = as_outcome(outcome), as_risk(risk)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    same_length(outcome=y, risk=p, weights=w)
    if not (w >= 0).all():
        raise EvaluationError("weights holds negative or missing values; give the number of people behind each row")
    return y[w > 0], p[w > 0], w[w > 0]


def _on_logit_scale(outcome: object, risk: object, weights: object) -> tuple[Array, Array, Array]:
    y, p, w = _checked(outcome, risk, weights)
    return y, logit(np.clip(p, RISK_FLOOR, 1 - RISK_FLOOR)), w


def _no_slope(y: Array, x: Array) -> str | None:
    """Why no finite slope exists; in one dimension the two outcomes must overlap properly (Silvapulle, JRSS B 1981)."""
    if x.min() == x.max():
        return "every risk is the same"
    with_event, without = x[y == 1], x[y == 0]
    if with_event.min() >= without.max() or without.min() >= with_event.max():
        return "the risks separate the outcomes completely"
    return None


def _grouped(y: Array, p: Array, w: Array) -> tuple[Array, Array, Array]:
    """Mean risk, observed rate and people of each distinct risk, or of each of at most GROUPS groups of them."""
    values, place = np.unique(p, return_inverse=True)
    size, events = np.bincount(place, weights=w), np.bincount(place, weights=w * y)
    if len(values) <= GROUPS:
        return values, events / size, size
    middle = np.cumsum(size) - size / 2
    _, group = np.unique((middle * GROUPS / size.sum()).astype(np.int64), return_inverse=True)
    people = np.bincount(group, weights=size)
    return np.bincount(group, weights=values * size) / people, np.bincount(group, weights=events) / people, people


def _loess(x: Array, rate: Array, size: Array) -> Array:
    """The local quadratic fit at each point of x."""
    if len(x) == 0:
        return rate
    away = x[None, :] - x[:, None]
    distance = np.abs(away)
    near = np.argsort(distance, axis=1, kind="stable")
    reached = np.cumsum(size[near], axis=1) >= SPAN * size.sum()
    last = np.take_along_axis(near, reached.argmax(axis=1)[:, None], axis=1)
    width = np.maximum(np.take_along_axis(distance, last, axis=1), 1e-12)
    scaled = away / width
    pull = size * np.clip(1 - np.abs(scaled) ** 3, 0, None) ** 3
    return np.clip(_fitted_at_zero(scaled, pull, rate), 0, 1)


def _fitted_at_zero(scaled: Array, pull: Array, rate: Array) -> Array:
    """Weighted least squares of the rate on 1, u, u squared for each row of u, read at u = 0."""
    moments = []
    power = pull / pull.sum(axis=1, keepdims=True)
    for _ in range(5):
        moments.append(power)
        power = power * scaled
    sums = [moment.sum(axis=1) for moment in moments]
    normal = np.stack([np.stack(sums[row : row + 3], axis=1) for row in range(3)], axis=1)
    right = np.stack([moment @ rate for moment in moments[:3]], axis=1)
    # A pseudo-inverse, because too few distinct risks in reach leave the slope or the bend free, never the height.
    return np.einsum("ij,ij->i", np.linalg.pinv(normal, hermitian=True)[:, 0, :], right)
