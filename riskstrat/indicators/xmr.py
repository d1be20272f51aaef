"""XmR charts of months by the rules of Making Data Count, as the R package NHSRplotthedots draws them.

Source: NHSRplotthedots (NHS-R Community, MIT), R/ptd_spc_standard.R for mean, screened moving ranges and limits,
R/ptd_calculate_point_type.R for the four rules. Each stretch from one rebasing to the next is a chart of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from riskstrat.documents import ControlLimits

LIMIT = 2.66
"""Mean moving ranges from the mean to a process limit: 3 / 1.128 (d2 for pairs)."""
CLOSE = 2 * LIMIT / 3
SCREEN = 3.267
"""A moving range of so many times their mean, or more, is left out once before the limits are drawn."""
RUN = 7
OUTSIDE, SHIFT, TREND, CLOSE_TO_LIMIT = (
    "outside the limits",
    "7 on one side",
    "7 in one direction",
    "2 of 3 near a limit",
)
RULES = (OUTSIDE, SHIFT, TREND, CLOSE_TO_LIMIT)

Values = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


def draw_limits(values: Sequence[float], rebased: Collection[int] = (), fewest: int = 1) -> ControlLimits:
    """Limits and flags of a series without gaps. rebased: positions at which new limits begin.

    fewest: points without which a stretch has its mean alone.
    """
    starts = sorted({0, *(place for place in rebased if 0 < place < len(values))})
    pieces = [
        _draw_stretch(np.asarray(values[start:end], float), fewest)
        for start, end in zip(starts, [*starts[1:], len(values)], strict=True)
    ]
    return ControlLimits(
        mean=tuple(point for piece in pieces for point in piece.mean),
        lower=tuple(point for piece in pieces for point in piece.lower),
        upper=tuple(point for piece in pieces for point in piece.upper),
        flags=tuple(point for piece in pieces for point in piece.flags),
    )


def compute_mean_range(values: Values) -> float | None:
    """The mean moving range after one screening; None where nothing varies, or there is no range."""
    ranges = np.abs(np.diff(values))
    kept = ranges[ranges < SCREEN * ranges.mean()] if len(ranges) else ranges
    return float(kept.mean()) if len(kept) else None


def _draw_stretch(values: Values, fewest: int) -> ControlLimits:
    count, mean = len(values), float(values.mean())
    if count < fewest:
        return ControlLimits((mean,) * count, (None,) * count, (None,) * count, ((),) * count)
    spread = compute_mean_range(values)
    lower = None if spread is None else mean - LIMIT * spread
    upper = None if spread is None else mean + LIMIT * spread
    flagged = _flag(values, mean, spread)
    flags = tuple(tuple(rule for rule in RULES if flagged[rule][place]) for place in range(count))
    return ControlLimits((mean,) * count, (lower,) * count, (upper,) * count, flags)


def _flag(values: Values, mean: float, spread: float | None) -> dict[str, Marks]:
    """By rule, whether it flags each point."""
    side = np.sign(values - mean)
    distance = np.abs(values - mean)
    outside = np.zeros(len(values), bool) if spread is None else distance > LIMIT * spread
    close = np.zeros(len(values), bool) if spread is None else (distance > CLOSE * spread) & ~outside
    return {
        OUTSIDE: outside,
        SHIFT: _mark_runs(side, RUN),
        TREND: _mark_trends(values),
        CLOSE_TO_LIMIT: _mark_close(close, side),
    }


def _mark_runs(sign: Values, length: int) -> Marks:
    """Every point of each run of at least `length` equal signs that are not 0."""
    marked = np.zeros(len(sign), bool)
    for start in range(len(sign) - length + 1):
        window = sign[start : start + length]
        if window[0] and (window == window[0]).all():
            marked[start : start + length] = True
    return marked


def _mark_trends(values: Values) -> Marks:
    """Every point of 7 that rise, or fall, one after the other: six steps of one sign."""
    steps = _mark_runs(np.sign(np.diff(values)), RUN - 1)
    marked = np.zeros(len(values), bool)
    marked[:-1] |= steps
    marked[1:] |= steps
    return marked


def _mark_close(close: Marks, side: Values) -> Marks:
    """The points near a limit where two of three in a row are, and all three lie on one side of the mean."""
    marked = np.zeros(len(close), bool)
    for start in range(len(close) - 2):
        three = slice(start, start + 3)
        if close[three].sum() >= 2 and abs(side[three].sum()) == 3:
            marked[three] |= close[three]
    return marked
