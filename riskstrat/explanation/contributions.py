"""How much each feature moves a person's margin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import ModelError
from riskstrat.scoring import RiskModel

TOLERANCE = 1e-9


def contributions(model: RiskModel, matrix: FeatureMatrix) -> npt.NDArray[np.float64]:
    """One row per patient and index date; one column per feature of the model, in its order, and the base value last.

    On the margin (log odds before calibration): path-dependent SHAP values of the trees and, in a stack, each linear
    term less its mean over the training rows, both times the members' weights. Each row sums to its margin. Source:
    Lundberg et al., Nature Machine Intelligence 2020. Raises ModelError if a row does not sum to its margin, or as
    `RiskModel.narrow` does.
    """
    narrow = model.narrow(matrix)
    if len(narrow) == 0:
        return np.zeros((0, len(model.columns) + 1), dtype=np.float64)
    explained = _explained(model, np.ascontiguousarray(narrow.values))
    apart = np.abs(explained.sum(axis=1) - model.margin(narrow)).max()
    if not apart <= TOLERANCE:
        raise ModelError(
            f"the contributions to {model.name} do not add up to its margin (apart by {apart:.1e}); install "
            "the version of lightgbm in requirements.lock, and run again"
        )
    return explained


def _explained(model: RiskModel, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    # SHAP's TreeExplainer asks LightGBM for exactly this; going to it directly saves a second of imports.
    trees = np.asarray(model.booster.predict(values, num_iteration=-1, pred_contrib=True), dtype=np.float64)
    if model.linear is None:
        return trees
    return model.weights.add(trees, model.linear.contributions(values, model.columns))
