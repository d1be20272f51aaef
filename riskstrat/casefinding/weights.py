"""How much of a team's capacity a case takes: by band of risk, and more where a person's conditions are many."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.settings import CasefindingSettings

THOUSANDTHS = 1000
"""Weights are added up in whole thousandths, so that no order of adding changes a list."""


def bands_of(risk: pd.Series, bands: Mapping[str, float]) -> pd.Series:
    """The band of each risk (probability), with its index: the one with the highest lower end that the risk reaches."""
    names = sorted(bands, key=lambda name: bands[name])
    ends = np.array([bands[name] for name in names])
    reached = np.searchsorted(ends, risk.to_numpy(dtype=float), side="right") - 1
    return pd.Series(np.array(names, dtype=object)[np.maximum(reached, 0)], index=risk.index)


def weights_of(people: pd.DataFrame, bands: Mapping[str, float], rules: CasefindingSettings) -> npt.NDArray[np.int64]:
    """Weight of each person's case in thousandths of a plain case: that of the band, times that of a complex case.

    `people` has `risk`, and may have `conditions` (number of long-term conditions; unknown is not complex). No case is
    without weight: any number of them would fit a team that takes on nobody.
    """
    by_band = bands_of(people["risk"], bands).map(rules.case_weights).fillna(1.0).to_numpy(dtype=float)
    conditions = people["conditions"] if "conditions" in people else pd.Series(np.nan, index=people.index)
    many = (conditions >= rules.complex_from).to_numpy()
    weights = np.rint(by_band * np.where(many, rules.complex_weight, 1.0) * THOUSANDTHS)
    return np.maximum(weights, 1).astype(np.int64)
