"""From margin to risk: strictly increasing maps, so that ranking by one is ranking by the other. Plain numbers only."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from riskstrat.errors import ModelError

Numbers = npt.NDArray[np.float64]


class Calibrator(ABC):
    """A map from margin (log odds before calibration) to risk. The higher margin always has the higher log odds."""

    method: ClassVar[str]

    @abstractmethod
    def log_odds(self, margin: npt.NDArray[Any]) -> Numbers:
        """One calibrated log odds per margin."""

    def risk(self, margin: npt.NDArray[Any]) -> Numbers:
        """One risk (0 to 1) per margin."""
        from scipy.special import expit

        risk: Numbers = expit(self.log_odds(margin))
        return risk

    def to_dict(self) -> dict[str, Any]:
        """Method and parameters as plain values, as `calibrator_of` reads them."""
        return {"method": self.method, **vars(self)}


@dataclass(frozen=True)
class Platt(Calibrator):
    """Platt scaling: log odds = slope * margin + intercept.

    Source: Platt, Advances in Large Margin Classifiers 1999.
    Raises ModelError unless both are finite and the slope is above 0.
    """

    slope: float
    intercept: float
    method: ClassVar[str] = "platt"

    def __post_init__(self) -> None:
        _refuse_endless(self.slope, self.intercept)
        _refuse_falling("a slope", self.slope)

    def log_odds(self, margin: npt.NDArray[Any]) -> Numbers:
        return self.slope * np.asarray(margin, dtype=np.float64) + self.intercept


@dataclass(frozen=True)
class Beta(Calibrator):
    """Beta calibration: log odds = a * ln p - b * ln(1 - p) + c, where p is the sigmoid of the margin.

    Where a = b it is Platt scaling; otherwise low risks are stretched (a) otherwise than high ones (b).
    Source: Kull, Silva Filho and Flach, Electronic Journal of Statistics 2017.
    Raises ModelError unless all are finite and a and b are above 0.
    """

    a: float
    b: float
    c: float
    method: ClassVar[str] = "beta"

    def __post_init__(self) -> None:
        _refuse_endless(self.a, self.b, self.c)
        _refuse_falling("a and b", min(self.a, self.b))

    def log_odds(self, margin: npt.NDArray[Any]) -> Numbers:
        low, high = beta_terms(margin)
        return self.a * low + self.b * high + self.c


@dataclass(frozen=True)
class Isotonic(Calibrator):
    """Smoothed isotonic calibration: a rising broken line through (margin, log odds), as steep beyond its ends as
    `slope` says.

    Raises ModelError unless there is a point, all are finite, both rise from point to point and the slope is above 0.
    """

    margins: tuple[float, ...]
    points: tuple[float, ...]
    slope: float
    method: ClassVar[str] = "isotonic"

    def __post_init__(self) -> None:
        _refuse_endless(*self.margins, *self.points, self.slope)
        _refuse_falling("a slope", self.slope)
        if not self.margins or len(self.margins) != len(self.points):
            raise ModelError("an isotonic calibrator needs one log odds per margin; train the model again")
        if (np.diff(self.margins) <= 0).any() or (np.diff(self.points) <= 0).any():
            raise ModelError("the points of an isotonic calibrator must rise; train the model again")

    def log_odds(self, margin: npt.NDArray[Any]) -> Numbers:
        given = np.asarray(margin, dtype=np.float64)
        beyond = np.minimum(given - self.margins[0], 0) + np.maximum(given - self.margins[-1], 0)
        return np.interp(given, self.margins, self.points) + self.slope * beyond


METHODS: Mapping[str, type[Calibrator]] = {each.method: each for each in (Platt, Beta, Isotonic)}


def calibrator_of(facts: Mapping[str, object]) -> Calibrator:
    """The calibrator that `Calibrator.to_dict` described. Raises KeyError or TypeError if it is none."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in dict(facts).items()
    }
    return METHODS[given.pop("method")](**given)


def beta_terms(margin: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
    """ln p and -ln(1 - p) of p, the sigmoid of each margin; exact however far out the margin is."""
    given = np.asarray(margin, dtype=np.float64)
    return -np.logaddexp(0, -given), np.logaddexp(0, given)


def _refuse_endless(*parameters: float) -> None:
    if not all(math.isfinite(each) for each in parameters):
        raise ModelError("a calibrator needs finite parameters; train the model again")


def _refuse_falling(name: str, smallest: float) -> None:
    if smallest <= 0:
        raise ModelError(f"a calibrator needs {name} above 0, not {smallest:g}; train the model again")
