"""What every measure checks before it counts: outcomes are 0 or 1, risks are probabilities, nothing is missing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import TrainingError

Array = npt.NDArray[Any]


class EvaluationError(TrainingError):
    """The outcomes and risks given cannot be compared with each other (exit code 8)."""


class Figure(NamedTuple):
    """One measure: its value, or None and the reason why it has none."""

    value: float | None
    reason: str | None = None


def one_outcome_only(events: float, rows: float) -> str | None:
    """The reason why a measure that needs both outcomes has none; None where both occur."""
    if rows == 0:
        return "there is nobody to evaluate"
    if events == 0:
        return "there are no events"
    if events == rows:
        return "everybody has the event"
    return None


def as_outcome(outcome: object) -> Array:
    """The outcomes as an array of 0.0 and 1.0. Raises EvaluationError for missing or other values."""
    values = _convert_to_numbers(outcome, "outcome")
    if not ((values == 0) | (values == 1)).all():
        raise EvaluationError("outcome holds values other than 0 and 1; give 1 for an event and 0 for none")
    return values


def as_risk(risk: object) -> Array:
    """The risks as an array of probabilities. Raises EvaluationError for missing values or those outside 0 to 1."""
    values = _convert_to_numbers(risk, "risk")
    if ((values < 0) | (values > 1)).any():
        raise EvaluationError("risk holds values outside 0 to 1; give probabilities, not margins or percentages")
    return values


def as_margin(margin: object) -> Array:
    """The ranking scores as an array of finite numbers. Raises EvaluationError for missing or infinite ones."""
    values = _convert_to_numbers(margin, "margin")
    if not np.isfinite(values).all():
        raise EvaluationError("margin holds infinite values; give finite scores to rank by")
    return values


def as_listed(listed: object) -> Array:
    """Who was on a list as an array of 0.0 and 1.0. Raises EvaluationError for missing or other values."""
    values = _convert_to_numbers(listed, "listed")
    if not ((values == 0) | (values == 1)).all():
        raise EvaluationError("listed holds values other than 0 and 1; give whether each row was on the list")
    return values


def weighed(outcome: object, risk: object, weights: object = None) -> tuple[Array, Array, Array]:
    """Outcome, risk and weight (people behind the row, by default 1) of the rows that weigh anything."""
    y, p = as_outcome(outcome), as_risk(risk)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    same_length(outcome=y, risk=p, weights=w)
    if not (w >= 0).all():
        raise EvaluationError("weights holds negative or missing values; give the number of people behind each row")
    return y[w > 0], p[w > 0], w[w > 0]


def ten_digits(figure: float) -> float:
    """The figure to ten significant digits: what lies beyond depends on how many cores did the sums."""
    return float(f"{figure:.10g}")


def as_codes(keys: object, name: str) -> Array:
    """Whole numbers in the sorted order of the keys given. Raises EvaluationError for missing keys."""
    codes, _ = pd.factorize(pd.Series(keys), sort=True)
    if (codes < 0).any():
        raise EvaluationError(f"{name} holds {int((codes < 0).sum())} missing values; every row needs one")
    return codes


def same_length(**columns: Any) -> None:
    """Raises EvaluationError unless all columns given have one value per row; None is passed over."""
    lengths = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise EvaluationError(f"the columns differ in length ({found}); give one value of each per row")


def _convert_to_numbers(column: Any, name: str) -> Array:
    values = column
    if not isinstance(column, np.ndarray) or column.dtype != np.float64:
        values = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    missing = int(np.isnan(values).sum())
    if missing:
        raise EvaluationError(
            f"{name} holds {missing} missing or non-numeric values; leave out censored and unscored rows first"
        )
    return values
