"""Everybody eligible at one index date, with the margin and risk that a version of the model gives them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.progress import Progress
from riskstrat.definitions.recipes import Recipe
from riskstrat.registry import ModelVersion, champion, champion_version, kept, newest
from riskstrat.scoring import RiskModel
from riskstrat.site.apart import set_apart
from riskstrat.site.opening import Site, build_matrix, cohort_at, index_date


class Scored:
    """Everybody eligible with margin and risk.

    `rows`: those scored of the cohort, with the cohort's columns and `margin, risk, risk_low, risk_high`, in the
    matrix's order; low and high are the ends of the 95% interval of the rate among people with similar scores. margin:
    the model's for this matrix, where it was computed with it. eligible: one row for everybody of the cohort, where not
    all of it was scored.
    """

    def __init__(
        self,
        cohort: Cohort,
        matrix: FeatureMatrix,
        model: RiskModel,
        version: ModelVersion,
        margin: npt.NDArray[np.float64] | None = None,
        eligible: pd.DataFrame | None = None,
    ) -> None:
        margin = model.margin(matrix) if margin is None else margin
        self.cohort = cohort
        self.eligible = cohort.rows if eligible is None else eligible
        self.matrix = matrix
        self.model = model
        self.version = version
        low, high = model.range_of(margin)
        self.rows: pd.DataFrame = cohort.rows.assign(
            margin=margin, risk=model.risk_of(margin), risk_low=low, risk_high=high
        )


def score_cohort(opened: Site, recipe: Recipe, when: str, progress: Progress) -> Scored:
    """Score everybody eligible at `when` with the champion of the recipe. Raises ModelError if there is none, and
    ClusterError where a cluster makes the scores."""
    wanted = index_date(when, recipe, opened.store)
    model, version = champion(opened.workspace.root / "registry", recipe.name)
    cohort = cohort_at(opened, recipe, wanted)
    if opened.on_cluster:
        # Loads what only a site with a cluster needs.
        from riskstrat.site.spread_matrix import spread_scores

        spread, margin = spread_scores(opened.workspace, opened.engine, cohort.rows, model, progress)
        cohort, matrix, kept_rows = set_apart(recipe, cohort, spread)
        return Scored(cohort, matrix, model, version, margin[kept_rows])
    cohort, matrix, _ = set_apart(recipe, cohort, build_matrix(opened, cohort, progress))
    return Scored(cohort, matrix, model, version)


def score_person(opened: Site, recipe: Recipe, patient: str, when: str, progress: Progress) -> Scored | None:
    """Score one person as `score_cohort` does; None where they are not eligible. Raises as it does.

    Where a feature sets people apart, everybody is scored: who is eligible follows from the features of all.
    """
    if recipe.cohort.already is not None:
        scored = score_cohort(opened, recipe, when, progress)
        return scored if patient in set(scored.rows["patient_id"]) else None
    model, version = champion(opened.workspace.root / "registry", recipe.name)
    cohort = cohort_at(opened, recipe, index_date(when, recipe, opened.store))
    own = replace(cohort, rows=cohort.rows[cohort.rows["patient_id"] == patient].reset_index(drop=True))
    # Of nobody too: a model of other definitions is refused first.
    scored = Scored(own, build_matrix(opened, own, progress), model, version, eligible=cohort.rows)
    return scored if len(scored.rows) else None


def score_then(opened: Site, recipe: Recipe, day: date, progress: Progress) -> Scored:
    """Scored by the newest model of the champion version that was made by the day.

    Raises ModelError where there is none, or no champion.
    """
    folder = opened.workspace.root / "registry"
    version = kept(folder, recipe.name, champion_version(folder, recipe.name))
    model = newest(version.origins(), day.isoformat())
    cohort = cohort_at(opened, recipe, day)
    cohort, matrix, _ = set_apart(recipe, cohort, build_matrix(opened, cohort, progress))
    return Scored(cohort, matrix, model, version.version)


def name_model(scored: Scored) -> str:
    """The model in words, as it would have been on a past day."""
    return f"{scored.version.name} version {scored.version.version} as it would have been then"
