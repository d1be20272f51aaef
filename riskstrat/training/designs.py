"""What the plain baselines see of the matrix: columns made ready for a logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Design = Callable[[Array], npt.NDArray[np.float32]]
"""From rows of the matrix to rows of a design."""

KNOTS = (30, 40, 50, 60, 65, 70, 75, 80, 85, 90)
"""Ages (years) at which the slope of risk over age may change."""


def age_and_sex(columns: Sequence[str], train: Array) -> Design:
    """Age, which is the first column, as a broken line, each sex flag, and age apart for each."""
    usual = _compute_median(train[:, 0])

    def design(values: Array) -> npt.NDArray[np.float32]:
        age, sex = _fill_missing(values[:, 0], usual), np.nan_to_num(values[:, 1:]).astype(np.float64)
        centred = (age - 50) / 20
        parts = [_build_linear_spline(age), sex, sex * centred[:, None], sex * np.maximum(age - 65, 0)[:, None] / 20]
        return np.column_stack(parts).astype(np.float32)

    return design


def logged(columns: Sequence[str], train: Array) -> Design:
    """The sum of the columns alone, as log(1 + sum); what is missing or below 0 counts 0."""

    def design(values: Array) -> npt.NDArray[np.float32]:
        total = np.nan_to_num(values.astype(np.float64)).sum(axis=1, keepdims=True)
        return np.log1p(np.maximum(total, 0)).astype(np.float32)

    return design


def as_it_stands(columns: Sequence[str], train: Array) -> Design:
    """One column as it is, such as published log odds; what is missing stands at the median."""
    usual = _compute_median(train[:, 0])

    def design(values: Array) -> npt.NDArray[np.float32]:
        return _fill_missing(values[:, [0]], usual).astype(np.float32)

    return design


def _build_linear_spline(age: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Age in units of 20 years from 50, then how far it lies above each knot."""
    return np.column_stack([(age - 50) / 20, *(np.maximum(age - knot, 0) / 20 for knot in KNOTS)])


def _compute_median(column: Array) -> float:
    known = column[np.isfinite(column)]
    return float(np.median(known)) if len(known) else 0.0


def _fill_missing(column: Array, usual: float) -> npt.NDArray[np.float64]:
    return np.where(np.isfinite(column), column, usual).astype(np.float64)
