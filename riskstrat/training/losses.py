"""Log loss of margins and risks, and how sure a mean of it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64]

CERTAIN = 1e-6
"""Risks are kept this far from 0 and 1, where one event would cost endless log loss."""


def log_losses(margin: Array, outcome: Array) -> Numbers:
    """Negative log likelihood of each outcome (0 or 1) under its margin (log odds), in nats."""
    losses: Numbers = np.logaddexp(0, margin) - outcome * margin
    return losses


def log_loss(margin: Array, outcome: Array) -> float:
    """Mean negative log likelihood of the outcomes, in nats."""
    return float(log_losses(margin, outcome).mean())


def log_losses_of_risk(risk: Array, outcome: Array) -> Numbers:
    """Negative log likelihood of each outcome (0 or 1) under its risk (0 to 1), in nats."""
    within = np.clip(risk, CERTAIN, 1 - CERTAIN)
    return -np.log(np.where(outcome == 1, within, 1 - within))


def mean_and_error(values: Numbers, patient_ids: Array) -> tuple[float, float]:
    """The mean over rows and its standard error when whole people are drawn."""
    mean = float(values.mean())
    _, person = np.unique(patient_ids, return_inverse=True)
    apart = np.bincount(person, values - mean)
    return mean, float(np.sqrt((apart**2).sum()) / len(values))
