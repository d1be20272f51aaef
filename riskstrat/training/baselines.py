"""Plain rivals beside the model, each trained and calibrated on the same rows: what the booster must beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.errors import TrainingError
from riskstrat.scoring import Calibrator
from riskstrat.training.calibration import calibrate
from riskstrat.training.designs import Array, Design, age_and_sex, emergency_admissions, every_feature
from riskstrat.training.logistic import fit_logistic, log_loss, log_odds
from riskstrat.training.slices import shares

PENALTIES = (1.0, 10.0, 100.0, 1000.0)
TUNING_ROWS = 20_000
"""Training rows on which the penalty is chosen; one person in four of them is held out."""

BUILDERS: dict[str, Callable[[Sequence[str], Array], Design | str]] = {
    "logistic_regression": every_feature,
    "age_and_sex": age_and_sex,
    "emergency_admissions_last_year": emergency_admissions,
}


class Learned(NamedTuple):
    """A baseline: one margin and one calibrated risk per test row, or the reason why it was left out."""

    margin: npt.NDArray[np.float64]
    calibrator: Calibrator | None
    note: str


class Rows(NamedTuple):
    """The rows of one slice: feature values, outcomes (0 or 1) and whose they are."""

    values: Array
    outcome: Array
    patient_ids: Array


def fit_baselines(columns: Sequence[str], train: Rows, calibration: Rows, test: Rows, seed: int) -> dict[str, Learned]:
    """Every baseline by its name; one that cannot be fitted has no calibrator and says why."""
    return {name: _baseline(build, columns, (train, calibration, test), seed) for name, build in BUILDERS.items()}


def _baseline(
    build: Callable[[Sequence[str], Array], Design | str],
    columns: Sequence[str],
    slices: tuple[Rows, Rows, Rows],
    seed: int,
) -> Learned:
    train, calibration, test = slices
    design = build(columns, train.values)
    if isinstance(design, str):
        return Learned(np.zeros(0), None, design)
    ready = design(train.values)
    penalty = _penalty(ready, train, seed)
    weights = fit_logistic(ready, train.outcome, penalty)
    try:
        calibrator, note = calibrate(log_odds(design(calibration.values), weights), calibration.outcome)
    except TrainingError as refused:
        return Learned(np.zeros(0), None, str(refused))
    return Learned(log_odds(design(test.values), weights), calibrator, f"L2 penalty {penalty:g}; {note}")


def _penalty(ready: Array, train: Rows, seed: int) -> float:
    """The penalty with the lowest log loss on people held out of a part of the training rows."""
    share = shares(train.patient_ids, seed + 1)
    part = np.argsort(share, kind="stable")[:TUNING_ROWS]
    held_out = part[: len(part) // 4]
    kept = part[~np.isin(share[part], share[held_out])]
    if not train.outcome[held_out].any() or not 0 < train.outcome[kept].sum() < len(kept):
        return PENALTIES[-2]
    losses = [
        log_loss(
            log_odds(ready[held_out], fit_logistic(ready[kept], train.outcome[kept], each)), train.outcome[held_out]
        )
        for each in PENALTIES
    ]
    return PENALTIES[int(np.argmin(losses))]
