"""Several models on one test set, side by side, and the sentence that says which is ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from riskstrat.definitions.table_rows import read_rows
from riskstrat.evaluation.inputs import EvaluationError
from riskstrat.evaluation.metrics import Evaluation
from riskstrat.evaluation.weighted import HIGHER_IS_BETTER, LOWER_IS_BETTER

MEASURED = (
    "auroc",
    "auprc",
    "brier",
    "scaled_brier",
    "calibration_in_the_large",
    "calibration_slope",
    "calibration_intercept",
    "ici",
    "e90",
    "emax",
)
AT_EACH_LIST = ("k", "ppv", "sensitivity", "lift", "number_needed_to_review")

SPELLED = {
    "lightgbm": "LightGBM",
    "stack": "The stack",
    "transferred": "The other site's model",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "ici": "ICI",
    "e90": "E90",
    "emax": "Emax",
    "ppv": "PPV",
}


def baseline_table(evaluations: Mapping[str, Evaluation], intervals: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per model, in the order given: model, n, events, prevalence, mean_risk, every measure, then every yield.

    A yield's columns end in its label, as in `ppv at 2%`. intervals: what `bootstrap_by_person` gave, for one metric or
    several one below the other; each adds `<metric> low` and `<metric> high`. Measures without a value are missing.
    Raises EvaluationError if the models were not evaluated on the same rows.
    """
    sizes = {(one.n, one.events) for one in evaluations.values()}
    if len(sizes) > 1:
        raise EvaluationError("the models were evaluated on different rows; evaluate each on the same test set")
    ends = _collect_ends(intervals)
    rows = [_build_row(name, one) | ends.get(name, {}) for name, one in evaluations.items()]
    table = pd.DataFrame(rows)
    columns = sorted((str(column) for column in table.columns), key=_place)
    return table[columns] if rows else table


def verdict(
    intervals: pd.DataFrame, *, model: str = "lightgbm", against: str = "logistic_regression", metric: str = "auroc"
) -> str:
    """One sentence: does the model beat the other, by the interval of their paired difference?

    Beats: the whole interval is on its side of 0. Does not beat: the interval holds 0. Is worse: the whole interval is
    on the other side. intervals: what `bootstrap_by_person` gave. Raises EvaluationError if the two were not compared,
    or if the metric has no better direction.
    """
    if metric not in HIGHER_IS_BETTER + LOWER_IS_BETTER:
        allowed = ", ".join(HIGHER_IS_BETTER + LOWER_IS_BETTER)
        raise EvaluationError(f"{metric} has no better direction; compare {allowed}")
    own, other = (_find_estimate(intervals, name, metric) for name in (model, against))
    estimate, low, high, level, reason = _find_difference(intervals, model, against, metric)
    names = f"{_format_name(model)} {{}} {_format_name(against).replace('The ', 'the ', 1)}"
    if reason:
        return f"{names.format('cannot be compared with')}: {reason}."
    sign = 1 if metric in HIGHER_IS_BETTER else -1
    ahead = sorted((sign * low, sign * high))
    claim = "beats" if ahead[0] > 0 else "is worse than" if ahead[1] < 0 else "does not beat"
    return (
        f"{names.format(claim)}: {_format_name(metric)} {own:.4f} against {other:.4f}, "
        f"difference {estimate:+.4f} ({level:.0%} interval {low:+.4f} to {high:+.4f}, same people drawn for both)."
    )


class MetricInterval(NamedTuple):
    """The interval of one model's metric."""

    model: str
    metric: str
    low: float
    high: float


class PairedInterval(NamedTuple):
    """The interval of the difference of two models, model minus versus; reason: why there is none."""

    model: str
    versus: str
    estimate: float
    low: float
    high: float
    level: float
    reason: str | None


def _build_row(name: str, one: Evaluation) -> dict[str, object]:
    row: dict[str, object] = {"model": name, "n": one.n, "events": one.events, "prevalence": one.prevalence}
    row |= {"mean_risk": one.mean_risk} | {measure: getattr(one, measure) for measure in MEASURED}
    for each in one.yields:
        row |= {f"{figure} at {each.label}": getattr(each, figure) for figure in AT_EACH_LIST}
    return row


def _collect_ends(intervals: pd.DataFrame | None) -> dict[str, dict[str, float]]:
    """The ends of each model's own intervals, by column name."""
    ends: dict[str, dict[str, float]] = {}
    if intervals is None:
        return ends
    for row in read_rows(intervals[intervals["versus"].isna()], MetricInterval):
        ends.setdefault(row.model, {}).update({f"{row.metric} low": row.low, f"{row.metric} high": row.high})
    return ends


def _place(column: str) -> tuple[int, int]:
    """Where a column stands: what describes the rows, then measures each followed by its interval, then yields."""
    name, _, rest = column.partition(" ")
    if name in MEASURED:
        return 1 + MEASURED.index(name), ("", "low", "high").index(rest)
    return (100, 0) if rest else (0, 0)


def _find_estimate(intervals: pd.DataFrame, model: str, metric: str) -> float:
    found = intervals[(intervals["metric"] == metric) & (intervals["model"] == model) & intervals["versus"].isna()]
    if len(found) != 1:
        raise EvaluationError(f"the intervals hold no single {metric} of {model}; draw it with bootstrap_by_person")
    return float(found["estimate"].iloc[0])


def _find_difference(
    intervals: pd.DataFrame, model: str, against: str, metric: str
) -> tuple[float, float, float, float, str | None]:
    """The paired difference, model minus against, whichever way round it was drawn."""
    pairs = intervals[(intervals["metric"] == metric) & intervals["versus"].notna()]
    for row in read_rows(pairs, PairedInterval):
        if (row.model, row.versus) == (model, against):
            return row.estimate, row.low, row.high, row.level, row.reason
        if (row.model, row.versus) == (against, model):
            return 0.0 - row.estimate, 0.0 - row.high, 0.0 - row.low, row.level, row.reason
    raise EvaluationError(f"{model} and {against} were not compared on {metric}; draw both with bootstrap_by_person")


def _format_name(name: str) -> str:
    return SPELLED.get(name, name.replace("_", " "))
