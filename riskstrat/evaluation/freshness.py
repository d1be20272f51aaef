"""How AUROC and the yield of the lists fall as a score, or the model behind it, grows older."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskstrat.evaluation.bootstrap import Draws, at_least_one, each_draw, intervals
from riskstrat.evaluation.inputs import (
    Array,
    EvaluationError,
    as_codes,
    as_margin,
    as_outcome,
    same_length,
    ten_digits,
)
from riskstrat.evaluation.weighted import Ranked, auroc, ranked

COLUMNS = [
    "kind",
    "months",
    *(name + end for name in ("auroc", "difference", "ppv") for end in ("", "_low", "_high")),
    "rows",
    "events",
]


@dataclass(frozen=True)
class _Scored:
    """One score's rows: ranked all together, and ranked within each list. first: where the list of a row begins."""

    whole: Ranked
    outcome: Array
    person: Array
    first: Array


def freshness(
    outcome: object,
    scores: Mapping[tuple[str, int], object],
    people: object,
    dates: object,
    capacity: int,
    rounds: int,
    seed: int,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per kind and age in months, in the order given: kind, months, auroc, difference, ppv, rows, events.

    scores: margins or risks by (kind, months), one per row, missing where the person could not be scored so long ago.
    Rows missing any score are left out of all, so that every line is about the same people. difference: AUROC less that
    of the same kind at 0 months. ppv: of the lists of `capacity` at each index date (`dates`), pooled; ties by person.
    auroc, difference and ppv have `_low` and `_high`, percentile intervals over the same draws of people for every
    line, missing where they do not exist. Raises EvaluationError for unusable columns, no rounds or no capacity.
    """
    at_least_one(rounds)
    if capacity < 1:
        raise EvaluationError(f"a capacity of {capacity} lists nobody; give the length of the lists, at least 1")
    columns = {key: pd.to_numeric(pd.Series(each), errors="coerce").to_numpy(float) for key, each in scores.items()}
    same_length(
        outcome=outcome, people=people, dates=dates, **{f"{kind} {age}": columns[kind, age] for kind, age in columns}
    )
    y, person, date = as_outcome(outcome), as_codes(people, "people"), as_codes(dates, "dates")
    kept = np.all([~np.isnan(each) for each in columns.values()], axis=0) if columns else np.zeros(len(y), bool)
    y, date, person = y[kept], date[kept], as_codes(person[kept], "people")
    scored = {key: _prepare_scores(y, as_margin(each[kept]), person, date) for key, each in columns.items()}
    areas, ppvs = _measure_draws(scored, person, capacity, rounds, seed)
    rows = [(*_build_row(key, areas, ppvs, level), len(y), int(y.sum())) for key in scores]
    return pd.DataFrame(rows, columns=COLUMNS)


def _prepare_scores(y: Array, score: Array, person: Array, date: Array) -> _Scored:
    order = np.lexsort((y, person, -score, date))
    first = np.searchsorted(date[order], date[order], side="left")
    return _Scored(ranked(y, score, person, "auroc"), y[order], person[order], first)


def _compute_ppv(one: _Scored, copies: Array, capacity: int) -> float:
    """Share of events among the first `capacity` of each list, all lists together."""
    weights = copies[one.person]
    before = np.cumsum(weights) - weights
    listed = np.clip(capacity - (before - before[one.first]), 0, weights)
    return float(listed @ one.outcome / listed.sum()) if listed.sum() else np.nan


def _measure_draws(
    scored: Mapping[tuple[str, int], _Scored], person: Array, capacity: int, rounds: int, seed: int
) -> tuple[dict[tuple[str, int], Array], dict[tuple[str, int], Array]]:
    """AUROC and PPV of each score: first as they are, then on each draw."""
    areas = {key: np.full(rounds + 1, np.nan) for key in scored}
    ppvs = {key: np.full(rounds + 1, np.nan) for key in scored}
    everybody = np.ones(int(person.max()) + 1 if len(person) else 0)
    for place, copies in enumerate([everybody, *each_draw(person, rounds, seed)]):
        for key, one in scored.items():
            areas[key][place] = auroc(one.whole, copies[one.whole.person])
            ppvs[key][place] = _compute_ppv(one, copies, capacity)
    return areas, ppvs


def _build_row(
    key: tuple[str, int], areas: Mapping[tuple[str, int], Array], ppvs: Mapping[tuple[str, int], Array], level: float
) -> tuple[object, ...]:
    kind, months = key
    fresh = areas.get((kind, 0), np.full_like(areas[key], np.nan))
    figures = [*_compute_ends("auroc", areas[key], level), *_compute_ends("difference", areas[key] - fresh, level)]
    return kind, months, *figures, *_compute_ends("ppv", ppvs[key], level)


def _compute_ends(name: str, values: Array, level: float) -> tuple[float, float, float]:
    """The figure, and the ends of its interval."""
    row = intervals(Draws(name, {name: float(values[0])}, {name: values[1:]}), level).iloc[0]
    return ten_digits(row["estimate"]), ten_digits(row["low"]), ten_digits(row["high"])
