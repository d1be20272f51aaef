"""Whether risks and features are spread as they were on the list they are held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from riskstrat.definitions.monitoring import DriftWatch, MonitoringPlan
from riskstrat.evaluation.chance import Array, Distance, find_largest_by_chance, measure_psi
from riskstrat.monitoring.findings import Finding, share_chance

QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
FEW_VALUES = 10
"""A feature of no more values than this has a bin for each: of a rare yes or no every tenth is the same."""

LEAST_IN_BIN = 20
"""People of the first date in a bin, so that its count is nearly normal."""

EVERYBODY = "All teams"


def judge_risks(first: pd.DataFrame, later: pd.DataFrame, plan: MonitoringPlan) -> list[Finding]:
    """One finding for all teams together and one for each team of the later list.

    first, later: one row per person with `team` and `risk`.
    """
    teams = sorted(set(later["team"]))
    chance = share_chance(plan, len(teams) + 1)
    # Not by name: a site may call a team as everybody is called here.
    pairs = [(EVERYBODY, first, later)]
    pairs += [(team, *(rows[rows["team"] == team] for rows in (first, later))) for team in teams]
    return [
        _judge("risk_drift", name, before["risk"].to_numpy(), now["risk"].to_numpy(), plan.risk_drift, chance)
        for name, before, now in pairs
    ]


def judge_features(
    first: pd.DataFrame, later: pd.DataFrame, themes: Mapping[str, Sequence[str]], plan: MonitoringPlan
) -> list[Finding]:
    """One finding per theme, about its feature that moved furthest past what chance explains.

    first, later: one row per person, one column per feature. themes: the features of each.
    """
    chance = share_chance(plan, sum(map(len, themes.values())))
    return [
        max(_judge_each(first, later, names, theme, plan.feature_drift, chance), key=_rank)
        for theme, names in themes.items()
    ]


def _judge_each(
    first: pd.DataFrame, later: pd.DataFrame, names: Sequence[str], theme: str, watch: DriftWatch, chance: float
) -> Iterator[Finding]:
    for name in names:
        columns = first[name].to_numpy(float), later[name].to_numpy(float)
        yield _judge("feature_drift", f"{theme}: {name}", *columns, watch, chance)


def _rank(found: Finding) -> float:
    """How much of what the limit and chance explain was used up; nothing where there was nothing to compare."""
    return float(found.figures.get("psi") or 0.0) / float(found.figures.get("most") or np.inf)


def _judge(key: str, about: str, first: Array, later: Array, watch: DriftWatch, chance: float) -> Finding:
    if min(len(first), len(later)) < watch.least_people:
        said = f"fewer than {watch.least_people} people on one of the two dates: not compared"
        return Finding(key, about, "too few", said)
    moved = measure_distance(first, later, watch.largest_psi, chance)
    if moved.bins == 1:
        return Finding(key, about, "too few", "nearly everybody has one value, so that nothing is compared")
    alert = moved.psi > moved.most
    said = (
        f"index {moved.psi:.3f}; up to {moved.most:.3f} is explained by the limit of {watch.largest_psi:g} and chance"
    )
    figures = {"psi": round(moved.psi, 6), "bins": moved.bins, "most": round(moved.most, 6)}
    return Finding(key, about, "alert" if alert else "well", said, figures)


def measure_distance(first: Array, later: Array, limit: float, chance: float) -> Distance:
    """How far two samples of one quantity lie apart, in bins by the quantiles of the first; missing values have one."""
    edges = _find_edges(first[~np.isnan(first)])
    before, now = (_count_in_bins(values, edges) for values in (first, later))
    before, now = _pool_rare_bins(before, now)
    if len(before) < 2:
        return Distance(0.0, 1, 0.0)
    return Distance(
        measure_psi(before, now),
        len(before),
        find_largest_by_chance(len(before), len(first), len(later), limit, chance),
    )


def _find_edges(values: Array) -> Array:
    """Lower ends of the bins after the first. What lies above every value has a bin of its own."""
    if not len(values):
        return np.zeros(0)
    single = np.unique(values)
    ends = single if len(single) <= FEW_VALUES else np.quantile(values, QUANTILES, method="higher")
    return np.unique([*ends, np.nextafter(values.max(), np.inf)])


def _count_in_bins(values: Array, edges: Array) -> Array:
    place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return np.bincount(place, minlength=len(edges) + 2).astype(float)


def _pool_rare_bins(before: Array, now: Array) -> tuple[Array, Array]:
    """Bins of fewer than `LEAST_IN_BIN` people on the two dates' mean go into the one beside them."""
    kept: list[Array] = []
    for pair in np.column_stack([before, now]):
        if kept and (kept[-1].sum() < 2 * LEAST_IN_BIN or pair.sum() < 2 * LEAST_IN_BIN):
            kept[-1] = kept[-1] + pair
        else:
            kept.append(pair)
    pooled = np.array(kept)
    return pooled[:, 0], pooled[:, 1]
