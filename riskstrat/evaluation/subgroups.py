"""The same measures for every group of people, with intervals that hold for all groups together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.evaluation.bootstrap import all_draws, with_everybody
from riskstrat.evaluation.cells import cells_of, cells_table, reason_at_capacity, spread
from riskstrat.evaluation.inputs import (
    Array,
    EvaluationError,
    as_codes,
    as_listed,
    as_outcome,
    as_risk,
    same_length,
)
from riskstrat.evaluation.repeated import RepeatedRows, measured
from riskstrat.evaluation.simultaneous import PLAIN, RATIO, SHARE, simultaneous

SCALES = {
    "prevalence": SHARE,
    "mean_risk_over_observed": RATIO,
    "auroc": SHARE,
    "auprc": SHARE,
    "brier": SHARE,
    "scaled_brier": PLAIN,
    "calibration_in_the_large": PLAIN,
    "calibration_slope": PLAIN,
    "calibration_intercept": PLAIN,
    "ici": SHARE,
    "e90": SHARE,
    "emax": SHARE,
    "net_benefit": PLAIN,
    "ppv_at_capacity": SHARE,
    "sensitivity_at_capacity": SHARE,
    "lift": RATIO,
    "number_needed_to_review": RATIO,
}
"""Every measure that has an interval, in the order of the columns, and the scale of that interval."""

OF_THE_LISTED = ("ppv_at_capacity", "lift", "number_needed_to_review")
"""What is measured among the listed people of a group alone, so that they too must be enough."""


def subgroups(
    outcome: object,
    risk: object,
    people: object,
    groups: pd.DataFrame,
    *,
    listed: object = None,
    threshold: float = 0.2,
    rounds: int,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per dimension (a column of groups) and group (a value in it): dimension, group, people (distinct), rows,
    events, reason, reason_at_capacity, mean_risk, then each measure of `SCALES` with `<measure>_low` and `_high`.

    Dimensions stand in the order of the columns; groups in that of the categories, or ascending; rows without a value
    are the group `not recorded`. Intervals of one measure hold together for all groups shown (see `simultaneous`), by
    `rounds` draws of whole people. A group of fewer than 50 people, or 8 of them with or 8 without an event, has no
    figures and no counts but a reason; PPV, lift and number needed to review ask the same of the listed people.

    outcome, risk, people: one per row. listed: whether the row was on the list at capacity (`listed_rows`); without it
    those measures are missing. threshold: the risk at which net_benefit is taken. Raises EvaluationError for unusable
    columns, unequal lengths or no rounds.
    """
    on_list = None if listed is None else as_listed(listed)
    rows = RepeatedRows(as_outcome(outcome), as_risk(risk), as_codes(people, "people"), on_list)
    same_length(outcome=rows.outcome, risk=rows.risk, people=rows.person, listed=on_list)
    if not 0 < threshold < 1:
        raise EvaluationError(f"the threshold {threshold:g} is no risk to act on; give one between 0 and 1")
    cells = cells_of(groups, rows.outcome, rows.person)
    table = cells_table(cells)
    reasons = [reason_at_capacity(cell, rows.outcome, rows.person, rows.listed) for cell in cells]
    table["reason_at_capacity"] = pd.Series(reasons, dtype=object)
    draws = with_everybody(all_draws(rows.person, rounds, seed))
    shown = [place for place, cell in enumerate(cells) if cell.reason is None]
    figures = [measured(rows.at(cells[place].rows), draws, threshold) for place in shown]
    enough_listed = np.array([reasons[place] is None for place in shown], dtype=bool)
    return pd.concat([table, spread(_compute_columns(figures, enough_listed, level), shown, len(table))], axis=1)


def _compute_columns(figures: list[dict[str, Array]], enough_listed: Array, level: float) -> dict[str, Array]:
    """Each measure and the ends of its interval, one value per group shown."""
    columns = {"mean_risk": np.array([each["mean_risk"][0] for each in figures])}
    for name, scale in SCALES.items():
        values = np.zeros((0, 2))
        if figures:
            values = np.array([each.get(name, np.full_like(each["mean_risk"], np.nan)) for each in figures])
        if name in OF_THE_LISTED:
            values = np.where(enough_listed[:, None], values, np.nan)
        low, high, _ = simultaneous(values[:, 0], values[:, 1:], scale, level)
        columns |= {name: values[:, 0], f"{name}_low": low, f"{name}_high": high}
    return columns
