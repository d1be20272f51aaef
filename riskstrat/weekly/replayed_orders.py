"""Beside the replayed lists: lists of the same size by another order of the same people, and lists nobody reviewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.casefinding import CaseList
from riskstrat.definitions.baselines import ReplayOrder
from riskstrat.site.scored import Scored

_PLACES = ("listed", "below the line")


@dataclass
class OtherLists:
    """Lists by other orders, each with people who rest after they stood on it: by order the day each was first listed.

    orders: as the site declares them. rest: days for which somebody on a list is not listed again, by team.
    """

    orders: Sequence[ReplayOrder]
    rest: Mapping[str, int]
    last_listed: dict[str, dict[str, date]] = field(default_factory=dict)

    def add(self, scored: Scored, candidates: pd.DataFrame, sizes: Mapping[str, int], day: date) -> pd.DataFrame:
        """One row per order that can be built and person on its list of that day: order, and columns of `candidates`.

        candidates: as `find_candidates` gives them. sizes: people on each team's own list.
        """
        frames = [
            self._list_by(order, values, candidates, sizes, day).assign(order=order.title)
            for order, values in self._find_values(scored)
        ]
        return pd.concat(frames) if frames else candidates.iloc[:0].assign(order=pd.Series(dtype=object))

    def _find_values(self, scored: Scored) -> Iterator[tuple[ReplayOrder, pd.Series]]:
        patients = scored.rows["patient_id"].to_numpy()
        for order in self.orders:
            if order.feature in scored.matrix.columns:
                values = scored.matrix.select([order.feature])[:, 0]
                if not np.isnan(values).all():
                    yield order, pd.Series(values, index=patients)

    def _list_by(
        self, order: ReplayOrder, values: pd.Series, candidates: pd.DataFrame, sizes: Mapping[str, int], day: date
    ) -> pd.DataFrame:
        last = self.last_listed.setdefault(order.title, {})
        waited = candidates["patient_id"].map(lambda patient: (day - last[patient]).days if patient in last else None)
        free = candidates[~(waited < candidates["team"].map(self.rest))]
        rows = take_first(free.assign(value=free["patient_id"].map(values)), "value", sizes)
        last |= dict.fromkeys(rows["patient_id"], day)
        return rows.drop(columns="value")


def find_candidates(cases: Sequence[CaseList], assumed: frozenset[str]) -> pd.DataFrame:
    """Whom each team could list if nobody on an earlier replayed list had been reviewed.

    One row per person: team, patient_id, person, margin, risk. assumed: people whose rest after a review is assumed.
    """
    frames = []
    for case in cases:
        rows = case.everyone
        resting = rows["patient_id"].isin(assumed) & rows["reason"].fillna("").str.startswith("reviewed in the last")
        frames.append(rows[rows["place"].isin(_PLACES) | resting].assign(team=case.team.name))
    return pd.concat(frames, ignore_index=True)[["team", "patient_id", "person", "margin", "risk"]]


def take_first(candidates: pd.DataFrame, by: str, sizes: Mapping[str, int]) -> pd.DataFrame:
    """The rows of each team with the largest `by`, as many as its size; missing ones last, equal ones by patient_id."""
    ordered = candidates.sort_values([by, "patient_id"], ascending=[False, True], na_position="last", kind="stable")
    place = ordered.groupby("team").cumcount()
    return ordered[place < ordered["team"].map(dict(sizes)).astype(float).fillna(0)]
