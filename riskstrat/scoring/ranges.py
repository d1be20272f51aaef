"""How sure a risk is: what was seen among people with similar scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.errors import ModelError

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranges:
    """The ends (log odds) of an interval at each of a few margins; straight lines between them.

    `below` and `above` are how steeply both ends go on beyond the first and the last margin. Without a margin nothing
    is known, and the range is everything from 0 to 1. Raises ModelError unless margins rise, the ends do not fall, and
    the lower end lies below the higher.
    """

    margins: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    below: float = 1.0
    above: float = 1.0

    def __post_init__(self) -> None:
        if not len(self.margins) == len(self.low) == len(self.high):
            raise ModelError("a range needs a low and a high end for each margin; train the model again")
        falls = (np.diff(self.low) < 0).any() or (np.diff(self.high) < 0).any()
        if (np.diff(self.margins) <= 0).any() or falls or not (np.array(self.low) <= np.array(self.high)).all():
            raise ModelError("the ends of a range must rise with the margin, low below high; train the model again")

    def of(self, margin: npt.NDArray[Any], risk: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
        """The low and the high end, in risk (0 to 1), for each margin; widened to hold the risk itself."""
        from scipy.special import expit

        given = np.asarray(margin, dtype=np.float64)
        if not self.margins:
            return np.zeros(len(given)), np.ones(len(given))
        beyond = self.below * np.minimum(given - self.margins[0], 0)
        beyond += self.above * np.maximum(given - self.margins[-1], 0)
        low, high = (expit(np.interp(given, self.margins, ends) + beyond) for ends in (self.low, self.high))
        return np.minimum(low, risk), np.maximum(high, risk)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, as `ranges_of` reads them."""
        return asdict(self)


def ranges_of(facts: Mapping[str, object]) -> Ranges:
    """The ranges that `Ranges.to_dict` described. Raises TypeError if they are none."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in dict(facts).items()
    }
    return Ranges(**given)
