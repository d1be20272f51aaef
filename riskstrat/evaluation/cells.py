"""The groups that figures are given for, and which of them are too small for any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskstrat.evaluation.inputs import Array, EvaluationError, ten_digits

LEAST_PEOPLE = 50
LEAST_EVENTS = 8

NOT_RECORDED = "not recorded"
TOO_SMALL = f"fewer than {LEAST_PEOPLE} people or {LEAST_EVENTS} events"
TOO_FEW_WITHOUT = f"fewer than {LEAST_EVENTS} people without an event"
TOO_FEW_LISTED = f"{TOO_SMALL} on the list"


@dataclass(frozen=True)
class Cell:
    """One group of one dimension: the positions of its rows, and the reason where it is too small for figures."""

    dimension: str
    group: str
    rows: Array
    people: int
    events: int
    reason: str | None


COUNTS = ("people", "rows", "events")


def cells_of(groups: pd.DataFrame, outcome: Array, person: Array) -> list[Cell]:
    """One Cell per column of groups and value in it: columns in their order, values as `_encode_values` orders them."""
    if len(groups) != len(outcome):
        raise EvaluationError(f"groups has {len(groups)} rows and outcome {len(outcome)}; give one of each per row")
    cells = []
    for dimension in groups.columns:
        codes, names = _encode_values(groups[dimension])
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
        for place, name in enumerate(names):
            rows = order[ends[place] : ends[place + 1]]
            if len(rows):
                cells.append(_build_cell(str(dimension), name, rows, outcome, person))
    return cells


def too_small(outcome: Array, person: Array) -> str | None:
    """Why these rows are too few for a figure: people, people with an event and people without one are counted once."""
    with_event = len(np.unique(person[outcome == 1]))
    if len(np.unique(person)) < LEAST_PEOPLE or with_event < LEAST_EVENTS:
        return TOO_SMALL
    return TOO_FEW_WITHOUT if len(np.unique(person[outcome == 0])) < LEAST_EVENTS else None


def cells_table(cells: Sequence[Cell]) -> pd.DataFrame:
    """One row per cell: dimension, group, people, rows, events, reason; no counts where the cell is too small."""
    counts = [(cell.people, len(cell.rows), cell.events) for cell in cells]
    table = pd.DataFrame({"dimension": [cell.dimension for cell in cells], "group": [cell.group for cell in cells]})
    for place, name in enumerate(COUNTS):
        shown = [None if cell.reason else own[place] for cell, own in zip(cells, counts, strict=True)]
        table[name] = pd.array(shown, dtype="Int64")
    table["reason"] = pd.Series([cell.reason for cell in cells], dtype=object)
    return table


def reason_at_capacity(cell: Cell, outcome: Array, person: Array, listed: Array | None) -> str | None:
    """Why a group has no PPV, though it may have other figures.

    The listed without an event may be few: that is a good list, not a small one.
    """
    if cell.reason or listed is None:
        return cell.reason or "no list was given"
    on_list = cell.rows[listed[cell.rows] == 1]
    return TOO_FEW_LISTED if too_small(outcome[on_list], person[on_list]) == TOO_SMALL else None


def spread(columns: Mapping[str, Array], shown: Sequence[int], rows: int) -> pd.DataFrame:
    """One row per cell: the figures of the cells shown, to ten digits, not numbers for the others."""
    whole = {name: np.full(rows, np.nan) for name in columns}
    for name, figures in columns.items():
        whole[name][shown] = [ten_digits(figure) for figure in figures]
    return pd.DataFrame(whole)


def _build_cell(dimension: str, group: str, rows: Array, outcome: Array, person: Array) -> Cell:
    y, who = outcome[rows], person[rows]
    return Cell(dimension, group, rows, len(np.unique(who)), int(y.sum()), too_small(y, who))


def _encode_values(column: pd.Series) -> tuple[Array, list[str]]:
    """The value of each row, and all names: categories in their own order, other values ascending, missing last."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(np.int64), list(column.cat.categories)
    else:
        found, uniques = pd.factorize(column, sort=True)
        codes, values = found.astype(np.int64), list(uniques)
    return np.where(codes < 0, len(values), codes), [*map(_name, values), NOT_RECORDED]


def _name(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]
