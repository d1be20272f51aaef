"""What each member of a stack counts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.errors import ModelError


@dataclass(frozen=True)
class Weights:
    """What the margin (log odds) of each member is multiplied by before both are added up.

    Raises ModelError unless both are finite, neither is below 0 and one is above.
    """

    booster: float = 1.0
    linear: float = 0.0

    def __post_init__(self) -> None:
        given = (self.booster, self.linear)
        if not all(math.isfinite(each) and each >= 0 for each in given) or not any(given):
            raise ModelError("the weights of a stack must be finite and not below 0; train the model again")

    def add(self, booster: npt.NDArray[np.float64], linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Both members' margins, or contributions, as those of the stack."""
        return self.booster * booster + self.linear * linear

    def to_dict(self) -> dict[str, float]:
        """Plain numbers, by the fields' names."""
        return asdict(self)


ALONE = Weights()
"""Of LightGBM without another member."""
