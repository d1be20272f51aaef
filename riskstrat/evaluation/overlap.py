"""Two models on one test set: their lists side by side, who enters and leaves, and the paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from riskstrat.evaluation.bootstrap import bootstrap_by_person
from riskstrat.evaluation.inputs import Array, EvaluationError, as_codes, as_margin, same_length
from riskstrat.evaluation.lists import listed_rows
from riskstrat.evaluation.yields import listing_order

COMPARED = ("auroc", "auprc", "brier", "scaled_brier", "ici")


def list_overlap(margin_a: object, margin_b: object, index_date: object, patient_ids: object, k: int) -> pd.DataFrame:
    """One row per index date, ascending: index_date, k (length of each list), both, only_a, only_b, overlap.

    Each list holds the first k people by margin descending, ties by patient_id ascending; all where there are fewer.
    overlap: share of one list that is on the other too. One row per patient and index date is asked for. Raises
    EvaluationError for k below 1, missing values, unequal lengths or a patient given twice on a date.
    """
    rows = _tabulate_both_lists(margin_a, margin_b, index_date, patient_ids, k)
    counted = pd.DataFrame(
        {
            "index_date": rows["index_date"],
            "k": rows["on_a"],
            "both": rows["on_a"] & rows["on_b"],
            "only_a": rows["on_a"] & ~rows["on_b"],
            "only_b": rows["on_b"] & ~rows["on_a"],
        }
    )
    table = (
        counted.groupby("index_date", as_index=False)
        .sum()
        .astype(dict.fromkeys(("k", "both", "only_a", "only_b"), int))
    )
    return table.assign(overlap=table["both"] / table["k"])


def entering_and_leaving(
    margin_a: object, margin_b: object, index_date: object, patient_ids: object, k: int
) -> pd.DataFrame:
    """One row per patient and index date on one list only: index_date, patient_id, change, rank_a, rank_b, row.

    change: `enters` (on b's list, not on a's) or `leaves`. rank_a, rank_b: place by either model among all people of
    the date, from 1. row: its position in the columns given. Sorted by date, change, then place on the list concerned.
    Arguments and errors as in `list_overlap`.
    """
    rows = _tabulate_both_lists(margin_a, margin_b, index_date, patient_ids, k)
    changed = rows[rows["on_a"] != rows["on_b"]]
    changed = changed.assign(change=np.where(changed["on_b"], "enters", "leaves"))
    changed = changed.assign(place=np.where(changed["on_b"], changed["rank_b"], changed["rank_a"]), row=changed.index)
    changed = changed.sort_values(["index_date", "change", "place"], ignore_index=True)
    return changed[["index_date", "patient_id", "change", "rank_a", "rank_b", "row"]]


def compared(
    outcome: object,
    risks: Mapping[str, object],
    people: object,
    *,
    rounds: int,
    seed: int,
    metrics: Sequence[str] = COMPARED,
    capacity: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Per metric one row for each model by itself, then one for each pair, the first less the second on the same draws
    of people, with the columns of `intervals`. Arguments and errors as in `bootstrap_by_person`.
    """
    tables = [
        bootstrap_by_person(
            outcome, risks, people, metric=metric, rounds=rounds, seed=seed, capacity=capacity, level=level
        )
        for metric in metrics
    ]
    return pd.concat(tables, ignore_index=True)


def _tabulate_both_lists(
    margin_a: object, margin_b: object, index_date: object, patient_ids: object, k: int
) -> pd.DataFrame:
    """One row per row given: index_date, patient_id, on_a, on_b, rank_a, rank_b."""
    if k < 1:
        raise EvaluationError(f"a list of {k} is empty; give the length of the lists, at least 1")
    order = as_codes(patient_ids, "patient_ids")
    same_length(margin_a=margin_a, margin_b=margin_b, index_date=index_date, patient_ids=order)
    rows = pd.DataFrame({"index_date": pd.Series(index_date).array, "patient_id": pd.Series(patient_ids).array})
    if rows.duplicated().any():
        raise EvaluationError("a patient stands twice on an index date; give one row per patient and index date")
    for name, margin in (("a", as_margin(margin_a)), ("b", as_margin(margin_b))):
        rows[f"on_{name}"] = listed_rows(margin, rows["index_date"], None, k, order)
        rows[f"rank_{name}"] = _rank_rows(margin, rows["index_date"], order)
    return rows


def _rank_rows(margin: Array, index_date: pd.Series, order: Array) -> Array:
    rows = listing_order(margin, order)
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[rows] = index_date.iloc[rows].groupby(index_date.iloc[rows]).cumcount().to_numpy() + 1
    return ranks
