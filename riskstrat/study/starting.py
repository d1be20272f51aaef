"""A model that began as another site's: where it came from, and how it does beside what is learned here."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import pandas as pd

from riskstrat.definitions.baselines import LOGISTIC, TRANSFERRED, find_learned, find_own
from riskstrat.evaluation import verdict
from riskstrat.scoring import Package


def describe_start(start: Package | None) -> dict[str, Any]:
    """For the evidence: the package that a model began from, and on whose approval; nothing where it learned here."""
    if start is None:
        return {}
    told = {name: getattr(start, name) for name in ("digest", "licence", "given_by", "taken_by")}
    return {"start": {**told, "there": dict(start.statistics)}}


def word_verdict(intervals: pd.DataFrame, models: Container[str]) -> str:
    """Whether the model beats logistic regression or, of another site's model, what the recipe learns here."""
    if intervals.empty:
        return "No intervals: bootstrap_rounds is 0, or the test rows have one outcome only."
    own = find_own(models)
    rival = find_learned(models) if own == TRANSFERRED else LOGISTIC
    if rival not in models:
        what = "Nothing that was learned here" if own == TRANSFERRED else "No logistic regression"
        return f"{what} to compare with."
    return verdict(intervals[intervals["metric"] == "auroc"], model=own, against=rival)
