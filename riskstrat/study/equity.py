"""Whom a model's lists find less often than another's would: people with few contacts, those registered lately, the
most deprived fifth, and each ethnic group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import NOT_RECORDED, QUINTILES, groups
from riskstrat.definitions.baselines import TRANSFERRED, find_learned
from riskstrat.evaluation import compare_recall, listed_rows
from riskstrat.study.fitting import PooledTestRows, TrainingRun
from riskstrat.study.gathering import Study

FEWEST_FIFTH = 0.2
LATELY = 3 * 365
"""Days of being registered up to which somebody came lately."""

FEW, LATE = "the fewest fifth", "for 3 years at most"
FROM_RECORDS = ("ethnicity", "imd_quintile")
GUARDED = {"imd_quintile": QUINTILES[0], "contacts": FEW, "registered": LATE}
"""Of a dimension the one group that is guarded; of any other each group."""


def measure_equity(learned: TrainingRun, rows: PooledTestRows) -> list[dict[str, Any]]:
    """For each rival that the gates name a record per dimension and group: recall at capacity of both, with the paired
    difference. Another site's model is held against what the recipe learns here, whatever the gates name.
    """
    study, evaluation = learned.study, learned.recipe.evaluation
    named = study.opened.workspace.promotion.equity.recall_not_below
    rivals = {*named, *([find_learned(rows.risks)] if rows.own == TRANSFERRED else [])} - {rows.own}
    table, people = tell_groups(study, rows.rows), rows.people
    own = _mark_listed(rows, rows.own)
    drawn = {"rounds": max(evaluation.bootstrap_rounds, 1), "seed": learned.recipe.learner.seed}
    found = [
        compare_recall(rows.outcome, people, table, own, _mark_listed(rows, rival), **drawn).assign(against=rival)
        for rival in sorted(rivals & rows.risks.keys())
    ]
    return [record for each in found for record in _list_guarded(each)]


def _list_guarded(table: pd.DataFrame) -> list[dict[str, Any]]:
    guarded = table["group"] == table["dimension"].map(GUARDED).fillna(table["group"])
    kept = table[guarded].astype(object)
    return [
        {str(key): value for key, value in row.items()} for row in kept.where(kept.notna(), None).to_dict("records")
    ]


def _mark_listed(rows: PooledTestRows, name: str) -> npt.NDArray[np.bool_]:
    """Who would have been on the lists of a model."""
    return listed_rows(rows.risks[name], rows.list_of, None, rows.capacity, order=rows.people)


def tell_groups(study: Study, rows: npt.NDArray[np.int64]) -> pd.DataFrame:
    """One row per row of the study asked for, one column per dimension; what the records cannot tell is left out."""
    told = groups(study.opened.store, study.cohort.rows.iloc[rows])
    made = {name: told[name] for name in FROM_RECORDS if name in told}
    return pd.DataFrame({**made, **dict(_tell_by_roles(study, rows))})


def _tell_by_roles(study: Study, rows: npt.NDArray[np.int64]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """How much care somebody has had and how long they are registered, by the features that play these parts."""
    roles, matrix = study.opened.workspace.roles, study.matrix
    if roles.contacts in matrix.columns:
        contacts = matrix.select([roles.contacts])[rows, 0]
        known = ~np.isnan(contacts)
        few = contacts <= (np.quantile(contacts[known], FEWEST_FIFTH) if known.any() else np.nan)
        yield "contacts", np.where(known, np.where(few, FEW, "more"), NOT_RECORDED)
    if roles.days_registered in matrix.columns:
        days = matrix.select([roles.days_registered])[rows, 0]
        said = np.where(days <= LATELY, LATE, "for longer")
        yield "registered", np.where(np.isnan(days), NOT_RECORDED, said)
