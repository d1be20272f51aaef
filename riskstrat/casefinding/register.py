"""The teams' caseload at one date: whom they hold, whom clinicians nominated, who declined, whom they held before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from riskstrat.definitions.vocabulary import CLOSED, NOT_TAKEN_ON

DECLINED = "declined"
NOMINATED = tuple(status for status in NOT_TAKEN_ON if status not in (DECLINED, "not_suitable"))
"""Statuses in which a person referred in by a clinician still waits for the team to look."""


@dataclass(frozen=True)
class Register:
    """Persons (row numbers), each in at most one of `known`, `nominated` and `declined`.

    `nominated` gives the day of the nomination; `left` has everybody whom a team once took on and no longer holds by
    that row, whatever else holds now.
    """

    known: frozenset[int] = frozenset()
    nominated: Mapping[int, date] = field(default_factory=dict)
    declined: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()


def register_at(caseload: pd.DataFrame | None, at: date) -> Register:
    """The register on that day, from one row per person, team and period.

    Of a team's rows for one person the latest to begin counts, so that a closing row ends those before it. A row that
    says closed and when it ended held the person until then. A row that somebody referred in and that nobody has taken
    on is a nomination, and one that says declined is that; of these the latest to begin decides. Any other row holds
    the person, whichever team it is of, and then the person is known and nothing else.
    """
    if caseload is None or caseload.empty:
        return Register()
    rows = _read(caseload, at)
    open_rows = rows[rows["open"]]
    waiting = open_rows[open_rows["nomination"] | (open_rows["status"] == DECLINED)]
    known = _collect_persons(open_rows.drop(waiting.index))
    waiting = waiting[~waiting["person"].isin(known)].drop_duplicates("person", keep="last")
    nominations = waiting[waiting["nomination"]]
    return Register(
        known=known,
        nominated={
            int(who): day.date() for who, day in zip(nominations["person"], nominations["from_on"], strict=True)
        },
        declined=_collect_persons(waiting[~waiting["nomination"]]),
        left=_collect_persons(rows[rows["left"]]),
    )


def on_caseload(caseload: pd.DataFrame | None, at: date) -> frozenset[int]:
    """Persons (row numbers) whom any team holds on its caseload at that date; nominated people are not held."""
    return register_at(caseload, at).known


def _read(caseload: pd.DataFrame, at: date) -> pd.DataFrame:
    """One row per row that had begun by then, in the order in which they count: status, open, nomination, left."""
    now = pd.Timestamp(at)
    words = caseload["status"].str.strip().str.lower().str.replace(r"[ -]+", "_", regex=True)
    rows = caseload[["person", "team"]].assign(
        status=words, from_on=pd.to_datetime(caseload["from_on"]), to_on=pd.to_datetime(caseload["to_on"])
    )
    referred_in = caseload["referred_in"] if "referred_in" in caseload else pd.Series(False, index=caseload.index)
    rows["nomination"] = referred_in.eq(True).fillna(False).astype(bool) & words.isin(NOMINATED)
    rows["ended"] = rows["to_on"] <= now
    rows["closed"] = (words == CLOSED) & rows["to_on"].isna()
    rows = rows[rows["from_on"] <= now].sort_values(["from_on", "closed", "team", "status"], kind="stable")
    latest = ~rows[~rows["ended"]].duplicated(["person", "team"], keep="last")
    rows["open"] = latest.reindex(rows.index, fill_value=False) & ~rows["closed"]
    rows["left"] = (rows["ended"] | rows["closed"]) & ~rows["status"].isin(NOT_TAKEN_ON)
    return rows


def _collect_persons(rows: pd.DataFrame) -> frozenset[int]:
    return frozenset(int(person) for person in rows["person"])
