"""Who the lists hold, group by group, against who went on to be admitted.

Rates by group, their differences and ratios are those of fairlearn's MetricFrame (Bird et al., Fairlearn, 2020).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.evaluation.bootstrap import all_draws, with_everybody
from riskstrat.evaluation.cells import Cell, cells_of, cells_table, reason_at_capacity, spread
from riskstrat.evaluation.inputs import (
    Array,
    as_codes,
    as_listed,
    as_outcome,
    same_length,
    ten_digits,
)
from riskstrat.evaluation.repeated import sums
from riskstrat.evaluation.simultaneous import RATIO, SHARE, simultaneous, wilson_ends

RATES = ("selection_rate", "sensitivity", "false_positive_rate", "ppv")
SHARES = ("share_of_list", "share_of_admissions", "list_over_admissions")

PARTS = {
    "selection_rate": ("listed", "rows"),
    "sensitivity": ("listed_events", "events"),
    "false_positive_rate": ("listed_without", "without"),
    "ppv": ("listed_events", "listed"),
    "share_of_list": ("listed", "all_listed"),
    "share_of_admissions": ("events", "all_events"),
}
"""Each share: what of what."""


def fairness(
    outcome: object,
    people: object,
    groups: pd.DataFrame,
    listed: object,
    *,
    rounds: int,
    seed: int,
    level: float = 0.95,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables: one row per dimension and group (cells as in `subgroups`), and one per dimension and rate.

    Groups: dimension, group, people, rows, events, reason, reason_at_capacity, listed, selection_rate (listed / rows),
    sensitivity (listed with the event / with the event), false_positive_rate (listed without / without), ppv,
    share_of_list and share_of_admissions (of all rows listed, of all rows with the event), list_over_admissions (the
    one over the other: below 1 the group is listed less than it is admitted later); each share with `_low` and `_high`,
    simultaneous over groups, by draws of whole people. PPV asks for 50 listed people and 8 of them with the event.
    Differences: dimension, measure, difference (highest less lowest group shown), ratio (lowest over highest); missing
    where fewer than two groups are shown.

    outcome, people, listed (0 or 1): one per row. Raises EvaluationError for unusable columns or no rounds.
    """
    y, person, on_list = as_outcome(outcome), as_codes(people, "people"), as_listed(listed)
    same_length(outcome=y, people=person, listed=on_list)
    cells = cells_of(groups, y, person)
    table = cells_table(cells)
    reasons = [reason_at_capacity(cell, y, person, on_list) for cell in cells]
    table["reason_at_capacity"] = pd.Series(reasons, dtype=object)
    table["listed"] = pd.array([None if cell.reason else int(on_list[cell.rows].sum()) for cell in cells], "Int64")
    draws = with_everybody(all_draws(person, rounds, seed))
    shown = [place for place, cell in enumerate(cells) if cell.reason is None]
    columns = _compute_columns([cells[place] for place in shown], table.iloc[shown], y, person, on_list, draws, level)
    by_group, differences = _compute_rates(groups.columns, cells, table, y, on_list)
    columns |= {rate: by_group[rate].to_numpy()[shown] for rate in RATES}
    names = [name + end for name in (*RATES, *SHARES) for end in ("", "_low", "_high")]
    return pd.concat([table, spread({name: columns[name] for name in names}, shown, len(table))], axis=1), differences


def _compute_columns(
    cells: list[Cell], table: pd.DataFrame, y: Array, person: Array, listed: Array, draws: Array, level: float
) -> dict[str, Array]:
    """Each share and the ends of its interval, for the groups that are shown."""
    totals = _sum_by_group(cells, y, person, listed, draws)
    columns: dict[str, Array] = {}
    for name, (part, whole) in PARTS.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            values = totals[part] / totals[whole]
        if name == "ppv":
            values = np.where(table["reason_at_capacity"].isna().to_numpy()[:, None], values, np.nan)
        low, high, width = simultaneous(values[:, 0], values[:, 1:], SHARE, level)
        # Nobody or everybody varies on no draw: then by Wilson, each row by itself.
        exact = (values[:, 0] == 0) | (values[:, 0] == 1)
        low[exact], high[exact] = wilson_ends(totals[part][exact, 0], totals[whole][exact, 0], width)
        columns |= {name: values[:, 0], f"{name}_low": low, f"{name}_high": high}
    return columns | _compute_list_ratio(totals, columns, level)


def _compute_list_ratio(totals: dict[str, Array], columns: dict[str, Array], level: float) -> dict[str, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        values = totals["listed"] / totals["all_listed"] / (totals["events"] / totals["all_events"])
    low, high, _ = simultaneous(values[:, 0], values[:, 1:], RATIO, level)
    none = values[:, 0] == 0
    low[none], high[none] = 0, columns["share_of_list_high"][none] / columns["share_of_admissions"][none]
    return {
        "list_over_admissions": values[:, 0],
        "list_over_admissions_low": low,
        "list_over_admissions_high": high,
    }


def _sum_by_group(cells: list[Cell], y: Array, person: Array, listed: Array, draws: Array) -> dict[str, Array]:
    """One line per group, one count per draw."""
    kinds = {"rows": np.ones(len(y)), "events": y, "listed": listed, "listed_events": listed * y}
    by_cell = [
        sums({name: kind[cell.rows] for name, kind in kinds.items()}, person[cell.rows], draws) for cell in cells
    ]
    totals = {name: np.array([each[name] for each in by_cell]).reshape(len(cells), len(draws)) for name in kinds}
    whole = sums({"all_listed": listed, "all_events": y}, person, draws)
    totals |= {name: np.tile(each, (len(cells), 1)) for name, each in whole.items()}
    totals["without"] = totals["rows"] - totals["events"]
    return totals | {"listed_without": totals["listed"] - totals["listed_events"]}


def _compute_rates(
    dimensions: Iterable[Hashable], cells: list[Cell], table: pd.DataFrame, y: Array, listed: Array
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rates of each cell, in the order of cells, and the differences of each dimension, by fairlearn."""
    by_group = pd.DataFrame(np.nan, index=table.index, columns=list(RATES))
    differences = []
    for dimension in map(str, dimensions):
        own = table.index[(table["dimension"] == dimension) & table["reason"].isna()]
        for rates in (RATES[:-1], RATES[-1:]):
            shown = [place for place in own if rates != ("ppv",) or table["reason_at_capacity"].isna()[place]]
            frame = (
                _build_metric_frame({place: cells[place].rows for place in shown}, rates, y, listed) if shown else None
            )
            if frame is not None:
                by_group.loc[frame.by_group.index, list(rates)] = frame.by_group
            differences += [(dimension, rate, *_spread_of(frame if len(shown) > 1 else None, rate)) for rate in rates]
    return by_group, pd.DataFrame(differences, columns=["dimension", "measure", "difference", "ratio"])


def _spread_of(frame: Any, rate: str) -> tuple[float, float]:
    if frame is None:
        return np.nan, np.nan
    return ten_digits(float(frame.difference()[rate])), ten_digits(float(frame.ratio()[rate]))


def _build_metric_frame(groups: dict[int, Array], rates: Sequence[str], y: Array, listed: Array) -> Any:
    """fairlearn's frame of the rates, given each kind of row once with its number, which is the same and fast."""
    from fairlearn.metrics import (
        MetricFrame,
        false_positive_rate,
        selection_rate,
        true_positive_rate,
    )
    from sklearn.metrics import precision_score

    measures = {
        "selection_rate": selection_rate,
        "sensitivity": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "ppv": partial(precision_score, zero_division=np.nan),
    }
    parts = [pd.DataFrame({"group": place, "y": y[rows], "listed": listed[rows]}) for place, rows in groups.items()]
    kinds = pd.concat(parts).value_counts(sort=False).reset_index(name="number")
    weights = {"sample_weight": kinds["number"]}
    return MetricFrame(
        metrics={rate: measures[rate] for rate in rates},
        y_true=kinds["y"],
        y_pred=kinds["listed"],
        sensitive_features=kinds["group"],
        sample_params=dict.fromkeys(rates, weights),
    )
