"""The same measures where a row counts several times or not at all: what the bootstrap needs, on rows ranked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from riskstrat.evaluation.calibration import calibration_in_the_large, recalibrate
from riskstrat.evaluation.curve import calibration_errors
from riskstrat.evaluation.inputs import Array, EvaluationError, Figure, as_margin, as_risk

BY_RANK = ("auroc", "auprc", "ppv", "sensitivity")
"""Metrics for which any score to rank by will do; the others need probabilities."""

HIGHER_IS_BETTER = (*BY_RANK, "scaled_brier")
LOWER_IS_BETTER = ("brier", "ici", "e90", "emax")


@dataclass(frozen=True)
class Ranked:
    """Rows from the highest risk to the lowest, ties by person.

    with_event: positions of the rows with an event. before, upto: rows with a higher risk than each of those, and rows
    with at least its risk.
    """

    outcome: Array
    risk: Array
    person: Array
    with_event: Array
    before: Array
    upto: Array


Measure: TypeAlias = Callable[[Ranked, Array], float]


def ranked(outcome: Array, risk: object, person: Array, metric: str) -> Ranked:
    """The rows of one model, ranked."""
    values = as_margin(risk) if metric in BY_RANK else as_risk(risk)
    rows = np.lexsort((outcome, person, -values))
    falling, happened = -values[rows], outcome[rows]
    with_event = np.flatnonzero(happened)
    before = np.searchsorted(falling, falling[with_event], side="left")
    upto = np.searchsorted(falling, falling[with_event], side="right")
    return Ranked(happened, values[rows], person[rows], with_event, before, upto)


def measure_named(metric: str, capacity: int | None = None) -> Measure:
    """The function that gives the metric from ranked rows and weights. Raises EvaluationError for an unknown metric."""
    known = (*MEASURES, *LISTED)
    if metric not in known:
        raise EvaluationError(f"the metric {metric} is not known; give one of {', '.join(known)}")
    if metric in MEASURES:
        return MEASURES[metric]
    if capacity is None or capacity < 1:
        raise EvaluationError(f"the metric {metric} needs a capacity of at least 1; give the length of the list")
    return lambda rows, weights: LISTED[metric](rows, weights, capacity)


def auroc(rows: Ranked, weights: Array) -> float:
    """Area under the receiver operating characteristic, ties counted half; not a number with one outcome only."""
    return float(areas(rows, weights)[0])


def average_precision(rows: Ranked, weights: Array) -> float:
    """Mean precision over the gains in sensitivity; not a number without events, or with nothing else."""
    return float(areas(rows, weights)[1])


def areas(rows: Ranked, weights: Array) -> tuple[Array, Array]:
    """AUROC and average precision for each line of weights, or for the only one."""
    events = weights[..., rows.with_event]
    # Whole weights keep these sums exact, in whatever order they are made.
    all_before = _sum_before(weights)
    true_before = _sum_before(events)
    first = np.searchsorted(rows.with_event, rows.before)
    last = np.searchsorted(rows.with_event, rows.upto)
    true = true_before[..., last]
    false = all_before[..., rows.upto] - true
    false_before = all_before[..., rows.before] - true_before[..., first]
    positives, negatives = true_before[..., -1], all_before[..., -1] - true_before[..., -1]
    below = (events * (negatives[..., None] - (false + false_before) / 2)).sum(axis=-1)
    precision = (events * (true / np.maximum(true + false, 1))).sum(axis=-1)
    both = positives * negatives
    exists = both > 0
    return (
        np.where(exists, below / np.where(exists, both, 1), np.nan),
        np.where(exists, precision / np.where(exists, positives, 1), np.nan),
    )


def brier(rows: Ranked, weights: Array) -> float:
    """Mean squared distance of risk and outcome."""
    return float(weights @ (rows.outcome - rows.risk) ** 2 / weights.sum()) if weights.sum() else np.nan


def scaled_brier(rows: Ranked, weights: Array) -> float:
    """1 - Brier / (prevalence * (1 - prevalence)); not a number with one outcome only."""
    events, people = float(weights @ rows.outcome), float(weights.sum())
    if not events * (people - events):
        return np.nan
    return 1 - brier(rows, weights) * people**2 / (events * (people - events))


def ppv(rows: Ranked, weights: Array, capacity: int) -> float:
    """Share of the first `capacity` with the event; not a number if there are fewer."""
    return float(_count_listed(weights, capacity) @ rows.outcome / capacity) if weights.sum() >= capacity else np.nan


def sensitivity(rows: Ranked, weights: Array, capacity: int) -> float:
    """Share of those with the event who are among the first `capacity`; not a number without events."""
    events = float(weights @ rows.outcome)
    if not events or weights.sum() < capacity:
        return np.nan
    return float(_count_listed(weights, capacity) @ rows.outcome / events)


def _sum_before(weights: Array) -> Array:
    """The sum of the weights before each position, and last of all of them."""
    sums = np.zeros((*weights.shape[:-1], weights.shape[-1] + 1))
    np.cumsum(weights, axis=-1, out=sums[..., 1:])
    return sums


def _count_listed(weights: Array, capacity: int) -> Array:
    """How many copies of each row are on a list of that length."""
    return np.clip(capacity - (np.cumsum(weights) - weights), 0, weights)


def _number(figure: Figure) -> float:
    return np.nan if figure.value is None else figure.value


def _fit_slope(rows: Ranked, weights: Array) -> float:
    return _number(Figure(recalibrate(rows.outcome, rows.risk, weights).slope))


def _fit_intercept(rows: Ranked, weights: Array) -> float:
    return _number(Figure(recalibrate(rows.outcome, rows.risk, weights).intercept))


def _measure_distance(rows: Ranked, weights: Array, which: str) -> float:
    return _number(calibration_errors(rows.outcome, rows.risk, weights)[which])


LISTED: dict[str, Callable[[Ranked, Array, int], float]] = {"ppv": ppv, "sensitivity": sensitivity}

MEASURES: dict[str, Measure] = {
    "auroc": auroc,
    "auprc": average_precision,
    "brier": brier,
    "scaled_brier": scaled_brier,
    "calibration_in_the_large": lambda rows, w: _number(calibration_in_the_large(rows.outcome, rows.risk, w)),
    "calibration_slope": _fit_slope,
    "calibration_intercept": _fit_intercept,
    "ici": lambda rows, w: _measure_distance(rows, w, "ici"),
    "e90": lambda rows, w: _measure_distance(rows, w, "e90"),
    "emax": lambda rows, w: _measure_distance(rows, w, "emax"),
}
