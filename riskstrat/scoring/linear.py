"""The linear member of a stack as plain data: what each column adds to the log odds. Judged before it is used.

A column's effect is its weight for each standard deviation, once a missing value stands at the median, tails are cut
and a skewed column is log(1 + x); a weight where it is missing; and, where it bends, how much steeper it is above each
knot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.errors import ModelError
from riskstrat.storage import Shape, find_misfit, format_json, parse_json

Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.float64]

FORMAT = 1
KNOT_UNIT = 20.0
"""How far above a knot, in the column's own unit, its weight counts once."""

BLOCK = 4096
"""Rows worked out at a time, so that they stay in cache."""

_SHAPE: Shape = {
    "format": int,
    "intercept": float,
    "terms": [
        {
            "column": str,
            **dict.fromkeys(("median", "low", "high", "mean", "spread", "weight", "missing", "usual"), float),
            "log": bool,
            "knots": [float],
            "steeper": [float],
        }
    ],
}


@dataclass(frozen=True)
class Term:
    """What one column adds. median, low, high, knots: in its own unit; mean and spread: of it made ready.

    weight: log odds for each standard deviation. missing: log odds where there is no value. steeper: for each knot the
    log odds for each `KNOT_UNIT` above it. usual: the mean effect over the training rows. Raises ModelError unless all
    are finite and fit each other.
    """

    column: str
    median: float
    low: float
    high: float
    log: bool
    mean: float = 0.0
    spread: float = 1.0
    weight: float = 0.0
    missing: float = 0.0
    knots: tuple[float, ...] = ()
    steeper: tuple[float, ...] = ()
    usual: float = 0.0

    def __post_init__(self) -> None:
        numbers = (value for value in vars(self).values() if isinstance(value, float))
        finite = all(math.isfinite(each) for each in (*numbers, *self.knots, *self.steeper))
        fits = len(self.knots) == len(self.steeper) and self.low <= self.high and self.spread > 0
        if not (finite and fits) or (self.log and self.low < 0):
            raise ModelError(f"the linear term of {self.column} does not hold together; train the model again")

    def prepare(self, values: Array) -> list[Numbers]:
        """Each value made ready, whether it is missing, and how far above each knot it lies, in `KNOT_UNIT`."""
        filled = self._fill(values)
        return [self._standardise(filled), (~np.isfinite(values)).astype(np.float64), *self._bend(filled)]

    def effect(self, values: Array) -> Numbers:
        """What each value adds to the log odds."""
        filled = self._fill(values)
        effect = self._standardise(filled)
        effect *= self.weight
        if self.missing:
            effect += self.missing * ~np.isfinite(values)
        for steeper, above in zip(self.steeper, self._bend(filled), strict=True):
            effect += steeper * above
        return effect

    def _fill(self, values: Array) -> Numbers:
        known = np.isfinite(values)
        return values.astype(np.float64) if known.all() else np.where(known, values, np.float64(self.median))

    def _standardise(self, filled: Numbers) -> Numbers:
        """Cut, logged and standardised. In place: weekly scoring makes every column of everybody ready."""
        ready = np.maximum(filled, self.low)
        np.minimum(ready, self.high, out=ready)
        if self.log:
            np.log1p(ready, out=ready)
        ready -= self.mean
        ready /= self.spread
        return ready

    def _bend(self, filled: Numbers) -> Iterator[Numbers]:
        return (np.maximum(filled - knot, 0.0) / KNOT_UNIT for knot in self.knots)


@dataclass(frozen=True)
class Linear:
    """A logistic regression as data: an intercept and a term for each column that has a part in it.

    Raises ModelError if a column has two terms or the intercept is endless.
    """

    intercept: float
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        columns = [term.column for term in self.terms]
        if not math.isfinite(self.intercept) or len(set(columns)) < len(columns):
            raise ModelError("the linear member does not hold together; train the model again")

    def margin(self, values: Array, columns: Sequence[str]) -> Numbers:
        """One margin (log odds) per row of values, whose columns are those named."""
        margin = np.full(len(values), self.intercept)
        for rows, place, term, by_column in self._walk(values, columns):
            margin[rows] += term.effect(by_column[place])
        return margin

    def contributions(self, values: Array, columns: Sequence[str]) -> Numbers:
        """What each column adds beyond its mean over the training rows, and the margin at these means last.

        Each row sums to its margin.
        """
        explained = np.zeros((len(values), len(columns) + 1))
        explained[:, -1] = self.intercept + sum(term.usual for term in self.terms)
        for rows, place, term, by_column in self._walk(values, columns):
            explained[rows, place] = term.effect(by_column[place]) - term.usual
        return explained

    def _walk(self, values: Array, columns: Sequence[str]) -> Iterator[tuple[slice, int, Term, Array]]:
        """Every block of rows with every term: the rows, the term's place among the columns, and the block turned."""
        places = {name: place for place, name in enumerate(columns)}
        for first in range(0, len(values), BLOCK):
            rows = slice(first, first + BLOCK)
            by_column = np.ascontiguousarray(values[rows].T)
            for term in self.terms:
                yield rows, places[term.column], term, by_column


def format_linear(linear: Linear) -> str:
    """The member as text, as `read_linear` reads it; the same member gives the same text."""
    terms = [asdict(term) for term in linear.terms]
    return format_json({"format": FORMAT, "intercept": linear.intercept, "terms": terms}, indent=1, strict=True)


def read_linear(text: str, columns: Sequence[str]) -> Linear:
    """The member that `format_linear` wrote. Raises ModelError if it is none, or has a term of another column."""
    try:
        facts = parse_json(text)
        if find_misfit(facts, _SHAPE) or facts["format"] != FORMAT:
            raise ValueError("format")
        linear = Linear(float(facts["intercept"]), tuple(map(_build_term, facts["terms"])))
    except (TypeError, ValueError):
        raise ModelError(f"the linear member is not one of format {FORMAT} that can be read") from None
    if not {term.column for term in linear.terms} <= set(columns):
        raise ModelError("the linear member has a term of a column that the model has not")
    return linear


def _build_term(facts: Mapping[str, object]) -> Term:
    given: dict[str, Any] = {
        name: tuple(map(float, value)) if isinstance(value, list) else float(value) if type(value) is int else value
        for name, value in facts.items()
    }
    return Term(**given)
