"""From margin to risk: a strictly increasing map, so that ranking by one is ranking by the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from riskstrat.errors import ModelError


@dataclass(frozen=True)
class Calibrator:
    """Platt scaling: risk = sigmoid(slope * margin + intercept).

    Source: Platt, Advances in Large Margin Classifiers 1999.
    Raises ModelError unless both are finite and the slope is above 0.
    """

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)):
            raise ModelError("a calibrator needs a finite slope and intercept; train the model again")
        if self.slope <= 0:
            raise ModelError(f"a calibrator needs a slope above 0, not {self.slope:g}; train the model again")

    def risk(self, margin: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """One risk (0 to 1) per margin (log odds before calibration)."""
        risk: npt.NDArray[np.float64] = expit(self.slope * np.asarray(margin, dtype=np.float64) + self.intercept)
        return risk
