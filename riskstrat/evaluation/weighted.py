"""The same measures where a row counts several times or not at all: what the bootstrap needs, on rows ranked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from riskstrat.evaluation.calibration import calibration_in_the_large, integrated_calibration_index, recalibrate
from riskstrat.evaluation.inputs import Array, EvaluationError, Figure, as_margin, as_risk

BY_RANK = ("auroc", "auprc", "ppv", "sensitivity")
"""Metrics for which any score to rank by will do; the others need probabilities."""

HIGHER_IS_BETTER = (*BY_RANK, "scaled_brier")
LOWER_IS_BETTER = ("brier", "ici")


@dataclass(frozen=True)
class Ranked:
    """Rows from the highest risk to the lowest, ties by person. ends: position of the last row of each risk."""

    outcome: Array
    risk: Array
    person: Array
    ends: Array


Measure: TypeAlias = Callable[[Ranked, Array], float]


def ranked(outcome: Array, risk: object, person: Array, metric: str) -> Ranked:
    """The rows of one model, ranked."""
    values = as_margin(risk) if metric in BY_RANK else as_risk(risk)
    rows = np.lexsort((outcome, person, -values))
    descending = values[rows]
    ends = np.flatnonzero(np.append(descending[1:] != descending[:-1], True)) if len(rows) else rows
    return Ranked(outcome[rows], descending, person[rows], ends)


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
    true, false = _steps(rows, weights)
    whole = true[-1] * false[-1] if len(true) else 0
    if not whole:
        return np.nan
    gained = np.diff(false, prepend=0)
    return float(gained @ (true - np.diff(true, prepend=0) / 2) / whole)


def average_precision(rows: Ranked, weights: Array) -> float:
    """Mean precision over the gains in sensitivity; not a number without events, or with nothing else."""
    true, false = _steps(rows, weights)
    if not len(true) or not true[-1] * false[-1]:
        return np.nan
    precision = true / np.maximum(true + false, 1)
    return float(np.diff(true, prepend=0) @ precision / true[-1])


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
    return float(_listed(weights, capacity) @ rows.outcome / capacity) if weights.sum() >= capacity else np.nan


def sensitivity(rows: Ranked, weights: Array, capacity: int) -> float:
    """Share of those with the event who are among the first `capacity`; not a number without events."""
    events = float(weights @ rows.outcome)
    if not events or weights.sum() < capacity:
        return np.nan
    return float(_listed(weights, capacity) @ rows.outcome / events)


def _steps(rows: Ranked, weights: Array) -> tuple[Array, Array]:
    """Events and non-events down to the end of each distinct risk."""
    events = np.cumsum(weights * rows.outcome)[rows.ends]
    return events, np.cumsum(weights)[rows.ends] - events


def _listed(weights: Array, capacity: int) -> Array:
    """How many copies of each row are on a list of that length."""
    return np.clip(capacity - (np.cumsum(weights) - weights), 0, weights)


def _number(figure: Figure) -> float:
    return np.nan if figure.value is None else figure.value


def _slope(rows: Ranked, weights: Array) -> float:
    return _number(Figure(recalibrate(rows.outcome, rows.risk, weights).slope))


def _intercept(rows: Ranked, weights: Array) -> float:
    return _number(Figure(recalibrate(rows.outcome, rows.risk, weights).intercept))


LISTED: dict[str, Callable[[Ranked, Array, int], float]] = {"ppv": ppv, "sensitivity": sensitivity}

MEASURES: dict[str, Measure] = {
    "auroc": auroc,
    "auprc": average_precision,
    "brier": brier,
    "scaled_brier": scaled_brier,
    "calibration_in_the_large": lambda rows, w: _number(calibration_in_the_large(rows.outcome, rows.risk, w)),
    "calibration_slope": _slope,
    "calibration_intercept": _intercept,
    "ici": lambda rows, w: _number(integrated_calibration_index(rows.outcome, rows.risk, w)),
}
