"""Whether one list finds as many as another, of those who have the event, in each group of people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.evaluation.bootstrap import all_draws, with_everybody
from riskstrat.evaluation.cells import Cell, cells_of, cells_table, spread
from riskstrat.evaluation.inputs import Array, as_codes, as_listed, as_outcome, same_length
from riskstrat.evaluation.repeated import sums
from riskstrat.evaluation.simultaneous import PLAIN, simultaneous


def compare_recall(
    outcome: object,
    people: object,
    groups: pd.DataFrame,
    listed: object,
    against: object,
    *,
    rounds: int,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per dimension and group (cells as in `subgroups`): dimension, group, people, rows, events, reason, recall
    (listed with the event / with the event), recall_against (of the other list), difference, low and high.

    The interval of the paired difference is simultaneous over groups, by draws of whole people, the same for both
    lists. outcome, people, listed, against (0 or 1): one per row. Raises EvaluationError for unusable columns.
    """
    y, person = as_outcome(outcome), as_codes(people, "people")
    one, other = as_listed(listed), as_listed(against)
    same_length(outcome=y, people=person, listed=one, against=other)
    cells = cells_of(groups, y, person)
    shown = [place for place, cell in enumerate(cells) if cell.reason is None]
    draws = with_everybody(all_draws(person, rounds, seed))
    recalls = [_compute_recalls(cells[place], y, person, one, other, draws) for place in shown]
    own, rival = (np.array([pair[side] for pair in recalls]).reshape(len(shown), len(draws)) for side in (0, 1))
    low, high, _ = simultaneous(own[:, 0] - rival[:, 0], own[:, 1:] - rival[:, 1:], PLAIN, level)
    columns = {
        "recall": own[:, 0],
        "recall_against": rival[:, 0],
        "difference": own[:, 0] - rival[:, 0],
        "low": low,
        "high": high,
    }
    return pd.concat([cells_table(cells), spread(columns, shown, len(cells))], axis=1)


def _compute_recalls(
    cell: Cell, y: Array, person: Array, one: Array, other: Array, draws: Array
) -> tuple[Array, Array]:
    """The recall of both lists in one group on each draw."""
    kinds = {"events": y, "one": one * y, "other": other * y}
    total = sums({name: kind[cell.rows] for name, kind in kinds.items()}, person[cell.rows], draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        return total["one"] / total["events"], total["other"] / total["events"]
