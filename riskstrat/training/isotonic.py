"""Calibration by ranks: smoothed isotonic, which may be chosen, and Venn-Abers, which is only compared.

Both fold the calibration slice into blocks of neighbouring margins; the share of events rises from block to block.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression
from scipy.special import expit, logit

from riskstrat.scoring import Isotonic, Platt

Numbers = npt.NDArray[np.float64]

EVENTS_A_BIN = 25
MOST_BINS = 50
FLATTEST = 0.02
"""Least steepness between two points, as a share of Platt's slope, so that no two margins share a risk."""

RANKS = 500
"""Groups of neighbouring margins that Venn-Abers sees at most."""

ASKED = 60
"""Margins at which Venn-Abers is computed at most; straight lines between them."""


class Bins(NamedTuple):
    """Neighbouring margins folded together: rows, mean margin and share of events of each bin."""

    rows: Numbers
    margin: Numbers
    share: Numbers


def smoothed_isotonic(margin: npt.NDArray[Any], outcome: npt.NDArray[Any], platt: Platt) -> Isotonic:
    """A rising broken line through the isotonic blocks of bins that carry about as many events each.

    Half an event with and half without is added to each block. It goes on beyond its ends, and between blocks at least
    a little, as steeply as Platt scaling, and gives the calibration slice the mean risk that was observed.
    """
    order = np.argsort(margin, kind="stable")
    ranked, seen = np.asarray(margin, np.float64)[order], np.asarray(outcome, np.float64)[order]
    number = int(np.clip(min(seen.sum(), len(seen) - seen.sum()) // EVENTS_A_BIN, 2, MOST_BINS))
    spread = platt.risk(ranked) * (1 - platt.risk(ranked))
    blocks = _fold_into_blocks(_fold_into_bins(ranked, seen, (np.cumsum(spread) - spread / 2) / spread.sum(), number))
    points = logit((blocks.share * blocks.rows + 0.5) / (blocks.rows + 1))
    climbed = FLATTEST * platt.slope * blocks.margin
    points = np.maximum.accumulate(points - climbed) + climbed
    shift = _shift(np.interp(ranked, blocks.margin, points) + _extend_beyond(ranked, blocks.margin, platt.slope), seen)
    return Isotonic(tuple(map(float, blocks.margin)), tuple(map(float, points + shift)), platt.slope)


def venn_abers(margin: npt.NDArray[Any], outcome: npt.NDArray[Any], asked: npt.NDArray[Any]) -> Numbers:
    """The risk of each margin asked for, by the inductive Venn-Abers predictor; not strictly increasing.

    Isotonic regression with the asked margin added once as an event (p1) and once as none (p0), merged as
    p1 / (1 - p0 + p1). Source: Vovk and Petej, UAI 2014. Computed at 60 of the margins asked for at most.
    """
    order = np.argsort(margin, kind="stable")
    ranked, seen = np.asarray(margin, np.float64)[order], np.asarray(outcome, np.float64)[order]
    along = (np.arange(len(ranked)) + 0.5) / len(ranked)
    bins = _fold_into_bins(ranked, seen, along, min(RANKS, len(ranked)))
    at = np.unique(asked)
    if len(at) > ASKED:
        at = np.unique(np.quantile(at, np.linspace(0, 1, ASKED)))
    both = np.array([[_fit_with_one_more(bins, each, label) for label in (0.0, 1.0)] for each in at])
    return np.interp(asked, at, both[:, 1] / (1 - both[:, 0] + both[:, 1]))


def _fit_with_one_more(bins: Bins, margin: float, label: float) -> float:
    """The isotonic share of events at `margin` once a row with that margin and label is added."""
    place = int(np.searchsorted(bins.margin, margin))
    share, rows = bins.share, bins.rows
    if place == len(rows) or bins.margin[place] != margin:
        share, rows = np.insert(share, place, 0.0), np.insert(rows, place, 0.0)
    joined = np.where(np.arange(len(rows)) == place, (share * rows + label) / (rows + 1), share)
    rows = rows + (np.arange(len(rows)) == place)
    return float(isotonic_regression(joined, weights=rows).x[place])


def _fold_into_bins(margin: Numbers, outcome: Numbers, along: Numbers, number: int) -> Bins:
    """Ranked rows folded where `along` (0 to 1) passes a multiple of 1/number; the same margin is never parted."""
    cell = np.minimum((along * number).astype(np.int64), number - 1)
    _, first, copies = np.unique(margin, return_index=True, return_counts=True)
    cell = np.repeat(cell[first], copies)
    _, cell = np.unique(cell, return_inverse=True)
    rows = np.bincount(cell).astype(np.float64)
    ends = np.cumsum(rows).astype(np.int64)
    lowest, highest = margin[np.append(0, ends[:-1])], margin[ends - 1]
    mean = np.where(lowest == highest, lowest, np.bincount(cell, margin) / rows)  # exact where all are the same
    return Bins(rows, mean, np.bincount(cell, outcome) / rows)


def _fold_into_blocks(bins: Bins) -> Bins:
    """The bins folded into blocks whose shares of events rise."""
    found = isotonic_regression(bins.share, weights=bins.rows)
    edges = found.blocks[:-1]
    rows = np.add.reduceat(bins.rows, edges)
    return Bins(rows, np.add.reduceat(bins.margin * bins.rows, edges) / rows, found.x[edges])


def _extend_beyond(margin: Numbers, margins: Numbers, slope: float) -> Numbers:
    return slope * (np.minimum(margin - margins[0], 0) + np.maximum(margin - margins[-1], 0))


def _shift(log_odds: Numbers, outcome: Numbers) -> float:
    """How far to move every log odds so that the mean risk is the share of events; Newton's steps."""
    shift = 0.0
    for _ in range(50):
        risk = expit(log_odds + shift)
        step = float((outcome.sum() - risk.sum()) / max((risk * (1 - risk)).sum(), 1e-9))
        shift += float(np.clip(step, -1, 1))
        if abs(step) < 1e-12:
            break
    return shift
