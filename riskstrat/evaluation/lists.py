"""The lists that would have been made on several index dates: what each found, and what they found together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.evaluation.inputs import Array, EvaluationError, as_codes, as_margin, as_outcome, same_length
from riskstrat.evaluation.yields import listing_order, wilson_interval


@dataclass(frozen=True)
class PooledYield:
    """The observed rate among everybody listed, over all index dates and teams. Shares are from 0 to 1.

    lists: pairs of index date and team. short_lists: those with fewer people than capacity, where everybody is listed.
    rows, events: everybody eligible, and those of them with the event. listed, listed_events: those on a list.
    low, high: Wilson 95% interval, which takes a person listed on two dates for two people and is then a little narrow.
    prevalence: events / rows. lift: rate / prevalence. sensitivity: listed_events / events. reason: why one is None.
    """

    index_dates: int
    lists: int
    short_lists: int
    rows: int
    events: int
    listed: int
    listed_events: int
    rate: float | None
    low: float | None
    high: float | None
    prevalence: float | None
    lift: float | None
    sensitivity: float | None
    reason: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts in the order of the fields, ready for JSON."""
        return asdict(self)


def yield_by_list(
    outcome: object,
    margin: object,
    index_date: object,
    team: object,
    capacity: int | Mapping[str, int],
    order: object = None,
) -> pd.DataFrame:
    """One row per index date and team: index_date, team, people, events, capacity, listed, listed_events.

    Each list holds the first `capacity` people by margin descending, ties by `order` ascending, then by row; all of
    them where there are fewer. capacity: people per list, for all teams or by team. team: one per row, or None for one
    team `all`. Raises EvaluationError for a team without a capacity or below 0, missing keys or unequal lengths.
    """
    y, keys = as_outcome(outcome), _build_list_keys(margin, index_date, team)
    same_length(outcome=y, margin=keys)
    rows = keys.assign(outcome=y, capacity=_find_capacities(keys["team"], capacity))
    rows["listed"] = listed_rows(margin, index_date, team, capacity, order).astype(np.int64)
    rows["listed_events"] = rows["listed"] * rows["outcome"]
    return _count_lists(rows)


def listed_rows(
    margin: object, index_date: object, team: object, capacity: int | Mapping[str, int], order: object = None
) -> Array:
    """One truth value per row: was it on the list of its index date and team? Arguments and errors as in
    `yield_by_list`.
    """
    keys, scores = _build_list_keys(margin, index_date, team), as_margin(margin)
    same_length(margin=scores, order=order)
    rows = listing_order(scores, order)
    place = keys.iloc[rows].groupby(["index_date", "team"]).cumcount()
    listed = np.empty(len(keys), dtype=bool)
    listed[rows] = place.to_numpy() < _find_capacities(keys["team"], capacity)[rows]
    return listed


def pooled_yield(
    outcome: object,
    margin: object,
    index_date: object,
    team: object,
    capacity: int | Mapping[str, int],
    order: object = None,
) -> PooledYield:
    """The observed rate among those who would have been listed at each index date and by each team, pooled.

    Arguments and errors as in `yield_by_list`; no rows, no events or an empty list give None and the reason.
    """
    return pooled(yield_by_list(outcome, margin, index_date, team, capacity, order))


def pooled(lists: pd.DataFrame) -> PooledYield:
    """The totals of the table that `yield_by_list` gives."""
    rows, events, listed, found = (int(lists[name].sum()) for name in ("people", "events", "listed", "listed_events"))
    low, high = wilson_interval(found, listed) if listed else (None, None)
    return PooledYield(
        index_dates=int(lists["index_date"].nunique()),
        lists=len(lists),
        short_lists=int((lists["people"] < lists["capacity"]).sum()),
        rows=rows,
        events=events,
        listed=listed,
        listed_events=found,
        rate=found / listed if listed else None,
        low=low,
        high=high,
        prevalence=events / rows if rows else None,
        lift=found * rows / (listed * events) if listed and events else None,
        sensitivity=found / events if events else None,
        reason=_explain_gap(rows, listed, events),
    )


def _count_lists(rows: pd.DataFrame) -> pd.DataFrame:
    """People, events and listed of each list, dates and teams ascending."""
    lists = rows.groupby(["index_date", "team"], as_index=False).agg(
        people=("outcome", "size"),
        events=("outcome", "sum"),
        capacity=("capacity", "first"),
        listed=("listed", "sum"),
        listed_events=("listed_events", "sum"),
    )
    whole = ("people", "events", "capacity", "listed", "listed_events")
    return lists.astype(dict.fromkeys(whole, np.int64))


def _build_list_keys(margin: object, index_date: object, team: object) -> pd.DataFrame:
    """The list of each row: index_date, team."""
    teams = np.full(len(margin), "all") if team is None else team  # type: ignore[arg-type]
    same_length(margin=margin, index_date=index_date, team=teams)
    keys = pd.DataFrame({"index_date": pd.Series(index_date).array, "team": pd.Series(teams).array})
    for name, key in keys.items():
        as_codes(key, str(name))
    return keys


def _find_capacities(team: pd.Series, capacity: int | Mapping[str, int]) -> Array:
    """The capacity of each row's team."""
    if not isinstance(capacity, Mapping):
        capacity = dict.fromkeys(team.unique(), capacity)
    unknown = sorted(str(name) for name in set(team.unique()) - set(capacity))
    if unknown:
        raise EvaluationError(f"no capacity for team {', '.join(unknown)}; give one for every team, or one number")
    if any(places < 0 for places in capacity.values()):
        raise EvaluationError("a capacity is below 0; give the people a team can take on per list")
    return team.map(dict(capacity)).to_numpy(dtype=np.int64)


def _explain_gap(rows: int, listed: int, events: int) -> str | None:
    if rows == 0:
        return "there is nobody to evaluate"
    if listed == 0:
        return "no list has a place"
    return None if events else "there are no events"
