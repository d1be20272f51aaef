"""What the lists of a trial would have been one after the other: worked out once all are opened, from them alone.

Nobody acted on any of them. So two things are told: how much a list changes by itself, and whom a team would have met
that went through each list in its week and let everybody rest as its own rules say.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

import pandas as pd

from riskstrat.trial.content import OpenedList
from riskstrat.weekly.replayed_orders import take_first

_PLACES = ("listed", "below the line")


@dataclass(frozen=True)
class FollowedLists:
    """found: one row per person, patient_id, team, risk and day of the first list that they would have stood on.

    new: people of each list after the first who were not on the one before, and how many it had. met: people gone
    through by team and week, 0 in a week with nobody new.
    """

    found: pd.DataFrame
    new: tuple[tuple[int, int], ...]
    met: pd.DataFrame


def follow_lists(lists: Sequence[OpenedList]) -> FollowedLists:
    """The lists in the order of their dates."""
    last_met: dict[str, date] = {}
    frames = []
    for one in lists:
        candidates = one.everyone[one.everyone["place"].isin(_PLACES)]
        free = candidates[_compute_waited(candidates, last_met, one.day) >= _compute_rest(candidates, one)]
        rows = take_first(free, "margin", one.sizes).assign(day=pd.Timestamp(one.day))
        last_met |= dict.fromkeys(rows["patient_id"], one.day)
        frames.append(rows[["patient_id", "team", "risk", "day"]])
    every = pd.concat(frames, ignore_index=True)
    return FollowedLists(
        found=every.drop_duplicates("patient_id", keep="first").reset_index(drop=True),
        new=tuple(_count_new(before, now) for before, now in itertools.pairwise(lists)),
        met=_count_met(every, lists),
    )


def _count_met(every: pd.DataFrame, lists: Sequence[OpenedList]) -> pd.DataFrame:
    """One row per team that met anybody and list: team, day and people, 0 where it had nobody new."""
    days = [pd.Timestamp(one.day) for one in lists]
    weeks = pd.MultiIndex.from_product([sorted(every["team"].unique()), days], names=["team", "day"])
    return every.groupby(["team", "day"]).size().reindex(weeks, fill_value=0).rename("people").reset_index()


def _compute_waited(candidates: pd.DataFrame, last_met: Mapping[str, date], day: date) -> pd.Series:
    """Days since each was gone through; without end for who never was."""
    waited = {patient: float((day - last).days) for patient, last in last_met.items()}
    return candidates["patient_id"].map(waited).astype(float).fillna(inf)


def _compute_rest(candidates: pd.DataFrame, one: OpenedList) -> pd.Series:
    return 7 * candidates["team"].map(dict(one.facts.rest_weeks)).astype(float).fillna(0)


def _count_new(before: OpenedList, now: OpenedList) -> tuple[int, int]:
    earlier, listed = (set(one.everyone.loc[one.everyone["place"] == "listed", "patient_id"]) for one in (before, now))
    return len(listed - earlier), len(listed)
