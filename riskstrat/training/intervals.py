"""How sure a risk is, from the calibration slice: what happened to the people whose scores were nearest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression
from scipy.special import logit

from riskstrat.scoring import Calibrator, Ranges

KNOTS = 50
NEIGHBOURS = (200, 500)
"""Rows around each knot: one in 50 of the slice, but no fewer and no more than these."""

SMALL = 5
"""In a small slice the neighbours are at most one row in this many."""

Z = 1.959963984540054
"""Standard normal deviate of a 95% interval."""

CERTAIN = 1e-4
"""Ends (risk) are kept this far from 0 and 1."""

STEP = 1.0


def ranges(margin: npt.NDArray[Any], outcome: npt.NDArray[Any], calibrator: Calibrator) -> Ranges:
    """The 95% interval of the share of events among the nearest rows by rank, at 50 margins of the calibration slice.

    margin, outcome: one per row of that slice. Each interval is Wilson's (Journal of the American Statistical
    Association 1927) and stands at the mean margin of its rows; both ends are then smoothed so that neither falls.
    Beyond the outermost they follow the calibrator. Fewer rows give fewer neighbours, so wider intervals.
    """
    order = np.argsort(margin, kind="stable")
    ranked, seen = np.asarray(margin, np.float64)[order], np.asarray(outcome, np.float64)[order]
    if len(ranked) == 0:
        return Ranges((), (), ())
    size = neighbours(len(ranked))
    starts = np.unique(np.linspace(0, len(ranked) - size, KNOTS).astype(np.int64))
    at, share = (_compute_window_means(column, starts, size) for column in (ranked, seen))
    at, place = np.unique(at, return_index=True)
    ends = (logit(np.clip(end, CERTAIN, 1 - CERTAIN)) for end in wilson(share[place], size))
    low, high = (tuple(map(float, isotonic_regression(end).x)) for end in ends)
    below = _measure_steepness(calibrator, at[0] - STEP, at[0])
    return Ranges(tuple(map(float, at)), low, high, below, _measure_steepness(calibrator, at[-1], at[-1] + STEP))


def neighbours(rows: int) -> int:
    """How many rows of the calibration slice stand behind each interval."""
    least, most = NEIGHBOURS
    return max(1, min(most, max(rows // KNOTS, min(least, rows // SMALL))))


def wilson(share: npt.NDArray[np.float64], rows: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The low and high end of the 95% Wilson score interval of each share of `rows`."""
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z * np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2)) / (1 + Z**2 / rows)
    return middle - half, middle + half


def _compute_window_means(
    column: npt.NDArray[np.float64], starts: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.float64]:
    return np.array([column[start : start + size].mean() for start in starts])


def _measure_steepness(calibrator: Calibrator, first: float, last: float) -> float:
    low, high = calibrator.log_odds(np.array([first, last]))
    return float((high - low) / (last - first))
