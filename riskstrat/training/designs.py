"""What the plain baselines see of the matrix: columns made ready for a logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Design = Callable[[Array], npt.NDArray[np.float32]]
"""From rows of the matrix to rows of a design."""

KNOTS = (30, 40, 50, 60, 65, 70, 75, 80, 85, 90)
"""Ages (years) at which the slope of risk over age may change."""

TAILS = (0.001, 0.999)
SKEWED = 1.0


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


def every_feature(columns: Sequence[str], train: Array, age: str | None = None) -> Design:
    """Every column: missing ones at the median with a flag, skewed ones as log(1 + x), tails cut, standardised.

    age: the column of the age in completed years, which is a broken line besides, so that the baseline is a serious
    rival.
    """
    by_column = np.ascontiguousarray(train.T)
    numbers = [number for place, column in enumerate(by_column) if (number := _number(column, place))]
    flags = _find_flag_columns(by_column)
    aged = list(columns).index(age) if age is not None and age in columns else None
    usual = 0.0 if aged is None else _compute_median(train[:, aged])

    def design(values: Array) -> npt.NDArray[np.float32]:
        by_column = np.ascontiguousarray(values.T)
        parts = [number.ready(by_column[number.place]).astype(np.float32) for number in numbers]
        parts += [(~np.isfinite(by_column[place])).astype(np.float32) for place in flags]
        if aged is not None:
            parts += list(_build_linear_spline(_fill_missing(by_column[aged], usual))[:, 1:].T.astype(np.float32))
        return np.ascontiguousarray(np.stack(parts).T)

    return design


class _Number(NamedTuple):
    """How one column is made ready; learned from the training rows alone."""

    place: int
    median: float
    low: float
    high: float
    log: bool
    mean: float = 0.0
    spread: float = 1.0

    def ready(self, column: Array) -> npt.NDArray[np.float64]:
        """The column filled, cut, logged and standardised."""
        within = np.clip(_fill_missing(column, self.median), self.low, self.high)
        return ((np.log1p(within) if self.log else within) - self.mean) / self.spread


def _number(column: Array, place: int) -> _Number | None:
    """How to make the column ready, or None if it is the same for everybody."""
    known = np.sort(column[np.isfinite(column)]).astype(np.float64)
    if len(known) == 0 or known[0] == known[-1]:
        return None
    low, middle, high = (float(at) for at in np.quantile(known, (TAILS[0], 0.5, TAILS[1])))
    if low == high:  # so rare that cutting the tails would leave nothing
        low, high = float(known[0]), float(known[-1])
    raw = _Number(place, middle, low, high, low >= 0 and _compute_skewness(np.clip(known, low, high)) > SKEWED)
    ready = raw.ready(column)
    return raw._replace(mean=float(ready.mean()), spread=float(ready.std()) or 1.0)


def _find_flag_columns(by_column: Array) -> list[int]:
    """Columns whose missing rows make a flag: some but not all are missing, and no earlier flag marks the same rows."""
    seen: set[bytes] = set()
    places = []
    for place, column in enumerate(by_column):
        missing = ~np.isfinite(column)
        marks = np.packbits(missing).tobytes()
        if missing.any() and not missing.all() and marks not in seen:
            seen.add(marks)
            places.append(place)
    return places


def _build_linear_spline(age: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Age in units of 20 years from 50, then how far it lies above each knot."""
    return np.column_stack([(age - 50) / 20, *(np.maximum(age - knot, 0) / 20 for knot in KNOTS)])


def _compute_skewness(known: npt.NDArray[np.float64]) -> float:
    spread = known.std()
    away = known - known.mean()
    return float(np.mean(away * away * away)) / float(spread) ** 3 if spread > 0 else 0.0


def _compute_median(column: Array) -> float:
    known = column[np.isfinite(column)]
    return float(np.median(known)) if len(known) else 0.0


def _fill_missing(column: Array, usual: float) -> npt.NDArray[np.float64]:
    return np.where(np.isfinite(column), column, usual).astype(np.float64)
