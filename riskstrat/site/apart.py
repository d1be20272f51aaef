"""People who are where a model says that others may come to: set apart, and counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from riskstrat.cohort import Cohort
from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import SourceError

ALREADY = "there already"
"""The reason, in the words of a cohort's counts."""


def set_apart(
    recipe: Recipe, cohort: Cohort, matrix: FeatureMatrix
) -> tuple[Cohort, FeatureMatrix, npt.NDArray[np.bool_]]:
    """The cohort and its matrix without those whom `cohort.already` names, and which rows stayed.

    Raises SourceError where the feature that tells could not be built.
    """
    already = recipe.cohort.already
    if already is None:
        return cohort, matrix, np.ones(len(matrix), bool)
    if already.feature not in matrix.columns:
        raise SourceError(
            f"{recipe.name} sets people apart by {already.feature}, and its source was not landed; land it, or take "
            "cohort.already out of the recipe"
        )
    kept = ~(matrix.select([already.feature])[:, 0] >= already.at_least)
    rows = cohort.rows[kept].reset_index(drop=True)
    before = {reason: number for reason, number in cohort.counts.items() if reason != "eligible"}
    counts = before | {ALREADY: int((~kept).sum()), "eligible": len(rows)}
    return replace(cohort, rows=rows, counts=counts), matrix.keep(kept), kept
