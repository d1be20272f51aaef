"""All measures of one risk on one test set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.evaluation.calibration import calibration_in_the_large, recalibrate
from riskstrat.evaluation.curve import calibration_errors
from riskstrat.evaluation.inputs import (
    Array,
    Figure,
    as_codes,
    as_margin,
    as_outcome,
    as_risk,
    one_outcome_only,
    same_length,
    ten_digits,
)
from riskstrat.evaluation.yields import Yield, yields


@dataclass(frozen=True)
class Evaluation:
    """One risk on one test set. A measure that cannot be had is None and `reasons` says why, by its name.

    n: rows. people: distinct people, None if not given. prevalence, mean_risk, brier, ici and below: from 0 to 1.
    auroc: chance that a person with the event has the higher risk (0.5 is none). auprc: average precision, to be read
    beside the prevalence, which is its value without any signal. scaled_brier: 1 - Brier / (prevalence * (1 -
    prevalence)), 0 is no better than the prevalence (Steyerberg et al., Epidemiology 2010). calibration_in_the_large,
    calibration_intercept: log odds, ideal 0. calibration_slope: ideal 1. ici, e90, emax, ici_of_top_5_percent: see
    `calibration_errors`.
    """

    n: int
    people: int | None
    events: int
    prevalence: float | None
    mean_risk: float | None
    auroc: float | None
    auprc: float | None
    brier: float | None
    scaled_brier: float | None
    calibration_in_the_large: float | None
    calibration_slope: float | None
    calibration_intercept: float | None
    ici: float | None
    e90: float | None
    emax: float | None
    ici_of_top_5_percent: float | None
    yields: tuple[Yield, ...]
    reasons: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dictionaries in the order of the fields, ready for JSON.

        Numbers keep ten significant digits.
        """
        whole = asdict(self)
        rows = [_round_figures(row) for row in whole.pop("yields")]
        reasons = whole.pop("reasons")
        return _round_figures(whole) | {"yields": rows, "reasons": dict(reasons)}


def _round_figures(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: ten_digits(one) if isinstance(one, float) else one for name, one in figures.items()}


def evaluate(
    outcome: object, risk: object, *, capacity: int | None, people: object = None, margin: object = None
) -> Evaluation:
    """Every measure of one risk, from one row per patient and index date.

    outcome: 0 or 1. risk: probability from 0 to 1. capacity: people the teams can take on from these rows; None leaves
    that yield out. people: the person of each row, counted and used to settle ties at a list's end (ascending; without
    it, by row). margin: what the lists are ranked by, by default the risk itself. The order of the rows changes nothing
    where people are given and nobody has two rows of the same margin. Several index dates stacked share one list here;
    `pooled_yield` gives each its own. Raises EvaluationError for missing values, outcomes other than 0 and 1, risks
    outside 0 to 1, unequal lengths.
    """
    y, p = as_outcome(outcome), as_risk(risk)
    score = p if margin is None else as_margin(margin)
    same_length(outcome=y, risk=p, people=people, margin=score)
    # Sums of floats depend on their order in the last digit: sorted, they are the same for any order of rows.
    rows = np.lexsort((y, p))
    figures = (
        _measure_discrimination(y[rows], p[rows])
        | _measure_accuracy(y[rows], p[rows])
        | _measure_calibration(y[rows], p[rows])
    )
    return Evaluation(
        n=len(y),
        people=None if people is None else len(np.unique(as_codes(people, "people"))),
        events=int(y.sum()),
        yields=yields(y, score, capacity=capacity, order=people),
        reasons={name: figure.reason for name, figure in figures.items() if figure.reason},
        **{name: figure.value for name, figure in figures.items()},
    )


def _measure_discrimination(y: Array, p: Array) -> dict[str, Figure]:
    reason = one_outcome_only(y.sum(), len(y))
    if reason:
        return {"auroc": Figure(None, reason), "auprc": Figure(None, reason)}
    return {
        "auroc": Figure(float(roc_auc_score(y, p))),
        "auprc": Figure(float(average_precision_score(y, p))),
    }


def _measure_accuracy(y: Array, p: Array) -> dict[str, Figure]:
    reason = one_outcome_only(y.sum(), len(y))
    if len(y) == 0:
        return dict.fromkeys(("prevalence", "mean_risk", "brier", "scaled_brier"), Figure(None, reason))
    prevalence, brier = float(y.mean()), float(np.mean((y - p) ** 2))
    scaled = Figure(None, reason) if reason else Figure(1 - brier / (prevalence * (1 - prevalence)))
    return {
        "prevalence": Figure(prevalence),
        "mean_risk": Figure(float(p.mean())),
        "brier": Figure(brier),
        "scaled_brier": scaled,
    }


def _measure_calibration(y: Array, p: Array) -> dict[str, Figure]:
    line = recalibrate(y, p)
    return {
        "calibration_in_the_large": calibration_in_the_large(y, p),
        "calibration_slope": Figure(line.slope, line.reason),
        "calibration_intercept": Figure(line.intercept, line.reason),
    } | calibration_errors(y, p)
