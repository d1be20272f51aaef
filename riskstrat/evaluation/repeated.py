"""Every measure of one group of rows on every draw of people at once.

A draw is a line of copies per person. The first line is everybody once, so the first value of each measure is its
estimate. Counts and areas are exact on each draw. The recalibration takes one Newton step from the fit to the rows
(Davidson and MacKinnon, Int Econ Rev 1999), and the smooth curve keeps its points and reaches: both would otherwise be
fitted anew tens of thousands of times. Standard errors differ from those of fitting anew by less than 1 in 100 in
groups of thousands (Emax: 7) and by up to 5 in 100 in groups of a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from riskstrat.evaluation.calibration import RISK_FLOOR, calibration_in_the_large, recalibrate
from riskstrat.evaluation.curve import errors_of, points_of, smoother
from riskstrat.evaluation.inputs import Array
from riskstrat.evaluation.weighted import areas, ranked

MOST_NUMBERS = 400_000
"""Copies of rows held at one time."""


@dataclass(frozen=True)
class RepeatedRows:
    """One group: outcome, risk, person, and whether the row was on a list (None: not asked)."""

    outcome: Array
    risk: Array
    person: Array
    listed: Array | None

    def at(self, rows: Array) -> RepeatedRows:
        """Some of the rows, or all in another order."""
        listed = None if self.listed is None else self.listed[rows]
        return RepeatedRows(self.outcome[rows], self.risk[rows], self.person[rows], listed)


def measured(rows: RepeatedRows, draws: Array, threshold: float) -> dict[str, Array]:
    """Each measure on each line of draws. threshold: the risk at which the net benefit is taken."""
    rows = rows.at(np.lexsort((rows.outcome, rows.person, -rows.risk)))
    ranks = ranked(rows.outcome, rows.risk, rows.person, "auroc")
    shift, line = _shift(rows.outcome, rows.risk), _fit_line(rows.outcome, rows.risk)
    quantities = _compute_quantities(rows, threshold) | shift.quantities | line.quantities
    table, at = _combine_quantities(quantities), points_of(rows.outcome, rows.risk, np.ones(len(rows.risk)))
    starts = np.searchsorted(-at.place, -np.arange(len(at.risk))[::-1])
    parts = [
        (
            weights @ table,
            np.add.reduceat(weights, starts, axis=1)[:, ::-1],
            np.add.reduceat(weights * rows.outcome, starts, axis=1)[:, ::-1],
            *areas(ranks, weights),
        )
        for weights in _expand_weights(rows.person, draws)
    ]
    totals, people, events, auroc, auprc = (np.concatenate(each) for each in zip(*parts, strict=True))
    total = dict(zip(quantities, totals.T, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _measure_from_sums(total, threshold) | _update_shift(shift, total) | _update_line(line, total)
        found |= _measure_at_capacity(total) if rows.listed is not None else {}
        distance = np.abs(smoother(at).heights(events, people) - at.risk)
        return found | {"auroc": auroc, "auprc": auprc} | errors_of(distance, people)


def sums(quantities: Mapping[str, Array], person: Array, draws: Array) -> dict[str, Array]:
    """The sum over rows of each quantity, one value per line of draws."""
    table = _combine_quantities(quantities)
    whole = np.concatenate([weights @ table for weights in _expand_weights(person, draws)])
    return dict(zip(quantities, whole.T, strict=True))


def _combine_quantities(quantities: Mapping[str, Array]) -> Array:
    return np.stack([np.asarray(each, dtype=np.float64) for each in quantities.values()], axis=1)


def _expand_weights(person: Array, draws: Array) -> Iterator[Array]:
    """How often each row counts, a line per draw, a few draws at a time."""
    at_once = max(1, MOST_NUMBERS // max(1, len(person)))
    for start in range(0, len(draws), at_once):
        yield draws[start : start + at_once].take(person, axis=1).astype(np.float64)


def _compute_quantities(rows: RepeatedRows, threshold: float) -> dict[str, Array]:
    y, p = rows.outcome, rows.risk
    above = p >= threshold
    found = {"rows": np.ones(len(y)), "events": y, "risk": p, "squares": (y - p) ** 2}
    found |= {"found": above * y, "false": above * (1 - y)}
    return found if rows.listed is None else found | {"listed": rows.listed, "listed_events": rows.listed * y}


def _measure_from_sums(total: Mapping[str, Array], threshold: float) -> dict[str, Array]:
    """The measures that are made of sums over rows."""
    n, events, brier = total["rows"], total["events"], total["squares"] / total["rows"]
    return {
        "prevalence": events / n,
        "mean_risk": total["risk"] / n,
        "mean_risk_over_observed": total["risk"] / events,
        "brier": brier,
        "scaled_brier": 1 - brier * n**2 / (events * (n - events)),
        "net_benefit": (total["found"] - total["false"] * threshold / (1 - threshold)) / n,
    }


@dataclass(frozen=True)
class _Fit:
    """A fit to the rows, and the sums per draw that a Newton step from it needs."""

    base: tuple[float, ...]
    quantities: dict[str, Array]


def _shift(y: Array, p: Array) -> _Fit:
    x = logit(np.clip(p, RISK_FLOOR, 1 - RISK_FLOOR))
    base = calibration_in_the_large(y, p).value
    shift = np.nan if base is None else base
    q = expit(x + shift)
    return _Fit((shift,), {"shift_miss": y - q, "shift_lever": q * (1 - q)})


def _fit_line(y: Array, p: Array) -> _Fit:
    x = logit(np.clip(p, RISK_FLOOR, 1 - RISK_FLOOR))
    fit = recalibrate(y, p)
    base = (np.nan, np.nan) if fit.slope is None or fit.intercept is None else (fit.intercept, fit.slope)
    q = expit(base[0] + base[1] * x)
    lever = q * (1 - q)
    names = ("miss", "miss_x", "lever", "lever_x", "lever_xx")
    return _Fit(base, dict(zip(names, (y - q, (y - q) * x, lever, lever * x, lever * x * x), strict=True)))


def _update_shift(shift: _Fit, total: Mapping[str, Array]) -> dict[str, Array]:
    return {"calibration_in_the_large": shift.base[0] + total["shift_miss"] / total["shift_lever"]}


def _update_line(line: _Fit, total: Mapping[str, Array]) -> dict[str, Array]:
    """Intercept and slope after one Newton step from the fit to the rows."""
    one, cross, square = total["lever"], total["lever_x"], total["lever_xx"]
    whole = one * square - cross**2
    return {
        "calibration_slope": line.base[1] + (one * total["miss_x"] - cross * total["miss"]) / whole,
        "calibration_intercept": line.base[0] + (square * total["miss"] - cross * total["miss_x"]) / whole,
    }


def _measure_at_capacity(total: Mapping[str, Array]) -> dict[str, Array]:
    listed, found = total["listed"], total["listed_events"]
    return {
        "ppv_at_capacity": found / listed,
        "sensitivity_at_capacity": found / total["events"],
        "lift": found * total["rows"] / (listed * total["events"]),
        "number_needed_to_review": listed / found,
    }
