"""Everybody eligible at one index date, with the margin and risk that a version of the model gives them."""

from __future__ import annotations

import pandas as pd

from riskstrat.cohort import Cohort
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.registry import ModelVersion, champion
from riskstrat.scoring import RiskModel
from riskstrat.site.opening import Site, build_matrix, cohort_at, index_date


class Scored:
    """Everybody eligible with margin and risk.

    `rows`: the cohort and columns `margin, risk, risk_low, risk_high`, in the matrix's order; low and high are the ends
    of the 95% interval of the rate among people with similar scores.
    """

    def __init__(self, cohort: Cohort, matrix: FeatureMatrix, model: RiskModel, version: ModelVersion) -> None:
        margin = model.margin(matrix)
        self.cohort = cohort
        self.matrix = matrix
        self.model = model
        self.version = version
        low, high = model.range_of(margin)
        self.rows: pd.DataFrame = cohort.rows.assign(
            margin=margin, risk=model.risk_of(margin), risk_low=low, risk_high=high
        )


def score_cohort(opened: Site, recipe: Recipe, when: str, progress: Progress) -> Scored:
    """Score everybody eligible at `when` with the champion of the recipe. Raises ModelError if there is none."""
    wanted = index_date(when, recipe, opened.store)
    model, version = champion(opened.workspace.root / "registry", recipe.name)
    cohort = cohort_at(opened, recipe, wanted)
    return Scored(cohort, build_matrix(opened, cohort, progress), model, version)
