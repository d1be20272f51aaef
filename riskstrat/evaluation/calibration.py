"""Whether 30 in 100 means 30 in 100: recalibration on the logit scale.

Sources: Cox, Biometrika 1958 and Van Calster et al., J Clin Epidemiol 2016 (recalibration, intercept and slope).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from riskstrat.evaluation.inputs import Array, Figure, one_outcome_only, weighed

RISK_FLOOR = 1e-6
"""Risks nearer than this to 0 or 1 count as this near, because the logit of 0 or 1 is infinite."""

MOST_STEPS = 100
CONVERGED = 1e-10
"""A step this small, in log odds, ends a fit."""


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
    y, x, w = _transform_to_logits(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum())) or _find_slope_fault(y, x)
    if reason:
        return Recalibration(None, None, reason)
    centre = np.average(x, weights=w)
    scale = np.sqrt(np.average((x - centre) ** 2, weights=w))
    fitted = _fit_line(y, (x - centre) / scale, w)
    if fitted is None:
        return Recalibration(None, None, "the recalibration did not converge: the outcomes are nearly separated")
    slope = fitted[1] / scale
    return Recalibration(float(fitted[0] - slope * centre), float(slope))


def calibration_in_the_large(outcome: object, risk: object, weights: object = None) -> Figure:
    """The shift in log odds, slope held at 1, that makes mean risk equal the observed rate. Ideal 0; above 0 means
    risks too low.

    None, with the reason, when only one outcome occurs. weights: people per row.
    """
    y, x, w = _transform_to_logits(outcome, risk, weights)
    reason = one_outcome_only(float(w @ y), float(w.sum()))
    if reason:
        return Figure(None, reason)
    events, rate = w @ y, logit(w @ y / w.sum())
    # Beyond these two shifts every risk lies on one side of the observed rate, so the root is between them.
    low, high = rate - x.max() - 1, rate - x.min() + 1
    shift = rate - logit(np.average(expit(x), weights=w))
    for _ in range(MOST_STEPS):
        p = expit(x + shift)
        surplus = events - w @ p
        low, high = (shift, high) if surplus > 0 else (low, shift)
        step = surplus / (w @ (p * (1 - p)))
        if abs(step) < CONVERGED:
            break
        # Newton's step, or the middle of what is left where the step leaves it.
        shift = shift + step if low < shift + step < high else (low + high) / 2
    return Figure(float(shift))


def _fit_line(y: Array, x: Array, w: Array) -> Array | None:
    """Intercept and slope of the logistic regression of y on x by Newton's method; None where it does not settle."""
    line, step, uphill = np.array([logit(w @ y / w.sum()), 0.0]), np.zeros(2), 0.0
    for _ in range(MOST_STEPS):
        p = expit(line[0] + line[1] * x)
        miss = w * (y - p)
        score = np.array([miss.sum(), miss @ x])
        if score @ step < -uphill / 2 and np.abs(step).max() >= CONVERGED:
            # Well past the best point on its way: half the step is enough.
            step, uphill = step / 2, uphill / 2
            line = line - step
            continue
        lever = w * p * (1 - p)
        cross = lever @ x
        normal = np.array([[lever.sum(), cross], [cross, lever @ (x * x)]])
        if np.linalg.det(normal) <= 0:
            return None
        step = np.linalg.solve(normal, score)
        if np.abs(step).max() < CONVERGED:
            return line + step
        line, uphill = line + step, float(score @ step)
    return None


def _transform_to_logits(outcome: object, risk: object, weights: object) -> tuple[Array, Array, Array]:
    y, p, w = weighed(outcome, risk, weights)
    return y, logit(np.clip(p, RISK_FLOOR, 1 - RISK_FLOOR)), w


def _find_slope_fault(y: Array, x: Array) -> str | None:
    """Why no finite slope exists; in one dimension the two outcomes must overlap properly (Silvapulle, JRSS B 1981)."""
    if x.min() == x.max():
        return "every risk is the same"
    with_event, without = x[y == 1], x[y == 0]
    if with_event.min() >= without.max() or without.min() >= with_event.max():
        return "the risks separate the outcomes completely"
    return None
