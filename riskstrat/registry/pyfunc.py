"""What `mlflow.pyfunc.load_model` calls: a registered model as a plain function of a table. No pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.errors import ModelError
from riskstrat.scoring import RiskModel, load


class Scorer:
    """One risk per row of a table that has the model's columns, in any order."""

    def __init__(self, model: RiskModel) -> None:
        self.model = model

    def predict(self, frame: pd.DataFrame, params: dict[str, Any] | None = None) -> npt.NDArray[np.float64]:
        """Calibrated risk (0 to 1), one per row. `params` is MLflow's and is not used.

        A table carries no definitions, so only the columns are checked here; `RiskModel.risk` checks both. Raises
        ModelError if a column is absent or is not a number.
        """
        columns = tuple(str(name) for name in frame.columns)
        kept = [name for name in columns if name in set(self.model.columns)]
        try:
            values = frame.loc[:, kept].to_numpy(dtype=np.float32, na_value=np.nan)
        except (TypeError, ValueError):
            raise ModelError(
                f"{self.model.name} takes numbers, one column per feature; give every column as one"
            ) from None
        matrix = FeatureMatrix(frame.loc[:, []], values, tuple(kept), self.model.fingerprints)
        return self.model.risk(matrix)


def _load_pyfunc(path: str) -> Scorer:
    """The scorer of the model in a folder; the name is MLflow's."""
    return Scorer(load(Path(path)))
