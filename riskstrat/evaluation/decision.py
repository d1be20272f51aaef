"""Net benefit: what acting above a threshold gains, with each person acted on in vain held against it.

Source: Vickers and Elkin, Med Decis Making 2006, doi 10.1177/0272989X06295361.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskstrat.evaluation.inputs import Array, EvaluationError, as_outcome, as_risk, same_length, ten_digits

THRESHOLDS = tuple(percent / 100 for percent in range(5, 51))
"""From 5 to 50 in 100, by 1."""

EVERYBODY = "everybody"


def net_benefit(outcome: object, risks: Mapping[str, object], thresholds: Sequence[float] = THRESHOLDS) -> pd.DataFrame:
    """One row per threshold and model, then `everybody` (act on all): threshold, model, net_benefit.

    net_benefit: events found per row, less those acted on in vain times the odds of the threshold. Acting on nobody is
    0. A risk counts from the threshold on. Raises EvaluationError without rows, for a threshold outside 0 to 1, and
    for unusable columns.
    """
    y = as_outcome(outcome)
    models = {name: as_risk(risk) for name, risk in risks.items()}
    same_length(outcome=y, **models)
    if len(y) == 0:
        raise EvaluationError("there is nobody to evaluate; give at least one row")
    if not all(0 < each < 1 for each in thresholds):
        raise EvaluationError("a threshold is no risk to act on; give numbers between 0 and 1")
    rows = [
        (
            threshold,
            name,
            ten_digits(
                _compute_net_benefit(y, np.ones(len(y), bool) if risk is None else risk >= threshold, threshold)
            ),
        )
        for threshold in thresholds
        for name, risk in [*models.items(), (EVERYBODY, None)]
    ]
    return pd.DataFrame(rows, columns=["threshold", "model", "net_benefit"])


def _compute_net_benefit(y: Array, acted_on: Array, threshold: float) -> float:
    found = float(y[acted_on].sum())
    in_vain = float(acted_on.sum()) - found
    return (found - in_vain * threshold / (1 - threshold)) / len(y)
