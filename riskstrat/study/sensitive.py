"""What it costs, or gains, to keep sensitive records out of the score: the same test rows told the other way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from riskstrat.definitions.progress import Progress
from riskstrat.errors import TrainingError
from riskstrat.evaluation import bootstrap_by_person, pooled_yield
from riskstrat.site.opening import Site, build_matrix, engine_of
from riskstrat.study.fitting import PooledTestRows, TrainingRun, fit_fold, pooled
from riskstrat.study.gathering import leave_out_sensitive

WITH, WITHOUT = "with", "without"
"""Names of the two ways in the evidence: sensitive records in the score, and out of it."""


def compare_sensitive(learned: TrainingRun, progress: Progress) -> dict[str, Any]:
    """The model of each test date once more, with sensitive records where it had none or without, on the same rows.

    Only test dates are told so; nothing of the other way is registered or kept but these figures: AUROC with and
    without, their paired difference (with minus without) and its interval by person, and how many of those whom lists
    at capacity would have held had the outcome. Settings of the learner are those of the registered way. Where the
    other way cannot be fitted, or all outcomes are one, `reason` says so in place of the figures.
    """
    rows = pooled(learned)
    in_score = learned.study.opened.workspace.settings.sensitive.in_score
    if not 0 < rows.outcome.sum() < len(rows.outcome):
        return {"in_score": in_score, "reason": "the test rows have one outcome only"}
    try:
        other = _predict_other_way(learned, progress)
    except TrainingError as refused:
        return {"in_score": in_score, "reason": f"it cannot be fitted the other way: {refused}"}
    names = (WITH, WITHOUT) if in_score else (WITHOUT, WITH)
    risks = dict(zip(names, (rows.own_risk, other), strict=True))
    return {"in_score": in_score, **_measure_difference(learned, rows, {name: risks[name] for name in (WITH, WITHOUT)})}


def _predict_other_way(learned: TrainingRun, progress: Progress) -> Any:
    study, opened = learned.study, _turn_round(learned.study.opened)
    asked = opened.recipe(learned.recipe.name)
    left_out = {"exclude_features": leave_out_sensitive(opened, asked).exclude_features}
    turned = replace(study, opened=opened, matrix=build_matrix(opened, study.cohort, progress))
    recipe, risks = learned.recipe.model_copy(update=left_out), []
    for place, one in enumerate(learned.tested, start=1):
        fitted = fit_fold(turned, recipe, one.fold, rivals=False)
        assert np.array_equal(fitted.test_rows, one.fitted.test_rows)
        risks.append(fitted.own_risk)
        progress("sensitive records the other way", place / len(learned.tested))
    return np.concatenate(risks)


def _turn_round(opened: Site) -> Site:
    """The same site with sensitive records in the score where they are out, and out where they are in."""
    settings = opened.workspace.settings
    sensitive = settings.sensitive.model_copy(update={"in_score": not settings.sensitive.in_score})
    workspace = replace(opened.workspace, settings=settings.model_copy(update={"sensitive": sensitive}))
    return replace(opened, workspace=workspace, engine=engine_of(workspace, opened.store))


def _measure_difference(learned: TrainingRun, rows: PooledTestRows, risks: dict[str, Any]) -> dict[str, Any]:
    drawn = {"rounds": max(learned.recipe.evaluation.bootstrap_rounds, 1), "seed": learned.recipe.learner.seed}
    found = bootstrap_by_person(rows.outcome, risks, rows.people, metric="auroc", **drawn)
    one, two, pair = (found.iloc[place] for place in range(3))
    yields = {
        name: pooled_yield(rows.outcome, risk, rows.list_of, None, rows.capacity, order=rows.people).to_dict()
        for name, risk in risks.items()
    }
    return {
        "auroc_with": one.estimate,
        "auroc_without": two.estimate,
        "difference": pair.estimate,
        "low": pair.low,
        "high": pair.high,
        "at_capacity": yields,
        "rows": len(rows.outcome),
        "events": int(rows.outcome.sum()),
        "reason": pair.reason,
    }
