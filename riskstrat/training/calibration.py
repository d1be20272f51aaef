"""Platt scaling on the calibration slice: how far to trust the margin."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from riskstrat.errors import TrainingError
from riskstrat.scoring import Calibrator
from riskstrat.training.logistic import fit_logistic

FEW = 50
"""With fewer events, or fewer rows without, the fit is drawn towards leaving the margin as it is."""

SPREAD_OF_LOG_SLOPE, SPREAD_OF_INTERCEPT = 0.5, 1.0
"""Standard deviations of the normal prior that a small slice starts from: slope near 1, intercept near 0."""


def calibrate(margin: npt.NDArray[Any], outcome: npt.NDArray[Any]) -> tuple[Calibrator, str]:
    """The calibrator for margins and outcomes of the calibration slice, and how it came about in a few words.

    Raises TrainingError if higher margins did not go with more events.
    """
    events = int(outcome.sum())
    counted = f"{len(outcome)} rows with {events} events"
    if min(events, len(outcome) - events) < FEW:
        return _shrunk(margin, outcome), f"Platt scaling, drawn towards no change: only {counted}"
    slope, intercept = fit_logistic(np.asarray(margin)[:, None], outcome, penalty=0.0)
    if not slope > 0:
        raise TrainingError(
            f"in the calibration slice ({counted}) a higher margin does not go with more events, so the model has "
            "learned nothing that lasts; check the outcome and the sources, or train on more index dates"
        )
    return Calibrator(float(slope), float(intercept)), f"Platt scaling on {counted}"


def _shrunk(margin: npt.NDArray[Any], outcome: npt.NDArray[Any]) -> Calibrator:
    """The most likely slope (through its logarithm, so above 0) and intercept under the prior."""

    def loss(point: npt.NDArray[np.float64]) -> float:
        log_slope, intercept = np.clip(point, -50, 50)
        odds = np.exp(log_slope) * margin + intercept
        prior = (log_slope / SPREAD_OF_LOG_SLOPE) ** 2 + (intercept / SPREAD_OF_INTERCEPT) ** 2
        return float(np.sum(np.logaddexp(0, odds) - outcome * odds) + prior / 2)

    log_slope, intercept = minimize(loss, np.zeros(2), method="BFGS").x
    return Calibrator(float(np.exp(log_slope)), float(intercept))
