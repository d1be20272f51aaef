"""Intervals that hold for all groups together: the chance that any of them misses is 1 in 20, not 1 in 20 for each.

Estimate plus or minus c standard errors, where c is the value that the largest |t| over all groups stays below on the
asked share of draws (max-|t| or sup-t band: Romano and Wolf, JASA 2005; Montiel Olea and Plagborg-Moller, J Appl Econom
2019). It uses that groups overlap, and needs one quantile, well inside the draws, where Bonferroni's percentile would
need one in 1,400 for 35 groups.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from riskstrat.evaluation.inputs import Array

ENOUGH_DRAWS = 100
"""Fewer draws do not tell the largest |t| well: c is then Bonferroni's normal quantile, which is a little wider."""

ENOUGH = 0.9
"""Least share of draws on which a figure must exist for an interval to be given."""

SHARE, RATIO, PLAIN = "share", "ratio", "plain"
"""The scale on which a figure is nearly normal: log odds, logarithm, or as it is."""


def simultaneous(estimates: Array, draws: Array, scale: str, level: float) -> tuple[Array, Array, float]:
    """Lower and upper end for each group, and the number of standard errors c.

    estimates: one per group. draws: one line per group, one value per draw, not a number where the figure does not
    exist. Ends are not numbers where the estimate is none or has no place on the scale (a share of exactly 0 or 1),
    or where the figure exists on fewer than 9 in 10 draws.
    """
    middle, drawn = _transform_to_scale(scale, estimates), _transform_to_scale(scale, draws)
    drawn = np.where(np.isfinite(drawn), drawn, np.nan)
    known = np.isfinite(drawn)
    usable = np.isfinite(middle) & (known.mean(axis=1) >= ENOUGH) & (known.sum(axis=1) > 1)
    error = np.full(len(middle), np.nan)
    error[usable] = np.nanstd(drawn[usable], axis=1, ddof=1)
    width = _find_critical_value(drawn[usable], error[usable], level)
    return (
        _transform_from_scale(scale, middle - width * error),
        _transform_from_scale(scale, middle + width * error),
        width,
    )


def wilson_ends(found: Array, among: Array, width: float) -> tuple[Array, Array]:
    """Wilson score interval of each share found / among, `width` standard errors to either side; `among` above 0."""
    share, square = found / among, width**2
    middle = (share + square / (2 * among)) / (1 + square / among)
    half = width / (1 + square / among) * np.sqrt(share * (1 - share) / among + square / (4 * among**2))
    # At a share of exactly 0 or 1 the end is exact, and rounding must not carry it past.
    return np.where(share == 0, 0, middle - half), np.where(share == 1, 1, middle + half)


def _find_critical_value(drawn: Array, error: Array, level: float) -> float:
    """How many standard errors reach far enough for all groups at once."""
    varied = error > 0
    if not varied.any():
        return float(norm.ppf((1 + level) / 2))
    drawn, error = drawn[varied], error[varied]
    if drawn.shape[1] < ENOUGH_DRAWS:
        return float(norm.ppf(1 - (1 - level) / 2 / len(error)))
    # Draws are centred on their own mean, because a distance such as the ICI is larger on a draw than in the rows.
    away = np.abs(drawn - np.nanmean(drawn, axis=1, keepdims=True)) / error[:, None]
    away = away[:, np.isfinite(away).any(axis=0)]
    return float(np.quantile(np.nanmax(away, axis=0), level, method="higher"))


def _transform_to_scale(scale: str, figures: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return {SHARE: logit, RATIO: np.log, PLAIN: np.asarray}[scale](figures)


def _transform_from_scale(scale: str, figures: Array) -> Array:
    return {SHARE: expit, RATIO: np.exp, PLAIN: np.asarray}[scale](figures)
