"""The teams' caseload at one date: whom they hold, whom clinicians nominated, who declined, whom they held before.

Whom a team holds on paper alone, without a contact for a long time, is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from riskstrat.definitions.table_rows import read_rows
from riskstrat.definitions.vocabulary import CLOSED, NOT_TAKEN_ON

DECLINED = "declined"
NOMINATED = tuple(status for status in NOT_TAKEN_ON if status not in (DECLINED, "not_suitable"))
"""Statuses in which a person referred in by a clinician still waits for the team to look."""

SENDS_CONTACTS = 0.5
"""Share of the people whom a team has long held that the feed must have seen, before it says of one that nobody did."""


@dataclass(frozen=True)
class Register:
    """Persons (row numbers), each in at most one of `known`, `nominated` and `declined`.

    `nominated` gives the day of the nomination.
    """

    known: frozenset[int] = frozenset()
    nominated: Mapping[int, date] = field(default_factory=dict)
    declined: frozenset[int] = frozenset()


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
    waiting = _select_waiting(open_rows)
    known = _collect_persons(open_rows.drop(waiting.index))
    waiting = waiting[~waiting["person"].isin(known)].drop_duplicates("person", keep="last")
    nominations = waiting[waiting["nomination"]]
    return Register(
        known=known,
        nominated={
            int(who): day.date() for who, day in zip(nominations["person"], nominations["from_on"], strict=True)
        },
        declined=_collect_persons(waiting[~waiting["nomination"]]),
    )


def list_holders(caseload: pd.DataFrame | None, at: date) -> dict[int, frozenset[str]]:
    """By person whom a team holds on its caseload at that date: the names of all teams that do."""
    if caseload is None or caseload.empty:
        return {}
    held = select_held(caseload, at)
    found: dict[int, set[str]] = {}
    for row in read_rows(held, HeldRow):
        found.setdefault(row.person, set()).add(row.team)
    return {person: frozenset(teams) for person, teams in found.items()}


class HeldRow(NamedTuple):
    """A team that holds a person."""

    person: int
    team: str


def select_held(caseload: pd.DataFrame, at: date) -> pd.DataFrame:
    """The rows by which a team holds a person at that date, at most one of each pair: person, team, status."""
    rows = _read(caseload, at)
    rows = rows[rows["open"]]
    return rows.drop(_select_waiting(rows).index)[["person", "team", "status"]]


def find_endings(caseload: pd.DataFrame | None, at: date) -> pd.DataFrame:
    """One row per person whom a team once took on and no longer holds by that row: team, ended_on; indexed by person.

    The latest ending counts, whatever else holds now.
    """
    if caseload is None or caseload.empty:
        return pd.DataFrame({"team": [], "ended_on": []}).rename_axis("person")
    rows = _read(caseload, at)
    rows = rows.assign(ended_on=rows["to_on"].where(rows["ended"], rows["from_on"]))
    rows = rows[rows["left"]].sort_values(["ended_on", "team"], kind="stable").drop_duplicates("person", keep="last")
    return rows.set_index("person")[["team", "ended_on"]]


def list_moves(caseload: pd.DataFrame, at: date) -> pd.DataFrame:
    """One row for each day on which a row says that a team took somebody on or put them forward, or let them go: team,
    day, is_end."""
    rows = _read(caseload, at)
    begun, left = rows[~rows["closed"]], rows[rows["left"]]
    ended = left["to_on"].where(left["ended"], left["from_on"])
    parts = (
        pd.DataFrame({"team": begun["team"], "day": begun["from_on"], "is_end": False}),
        pd.DataFrame({"team": left["team"], "day": ended, "is_end": True}),
    )
    return pd.concat(parts, ignore_index=True).sort_values(["team", "day"], kind="stable").reset_index(drop=True)


def tells_caseload_ends(caseload: pd.DataFrame) -> bool:
    """Whether a caseload says when teams let somebody go: by an end, or by a row after another of a team and person."""
    following = caseload[caseload["status"].str.strip().str.lower().isin((CLOSED, DECLINED))]
    first = caseload.groupby(["person", "team"])["from_on"].transform("min").reindex(following.index)
    return bool(caseload["to_on"].notna().any() or (first < following["from_on"]).any())


class CaseloadRow(NamedTuple):
    """A row of the caseload, as `_read` gives it; waiting: it holds nobody."""

    person: int
    team: str
    from_on: date
    to_on: date | None
    status: str | None
    nomination: bool
    ended: bool
    closed: bool
    waiting: bool


class Holding(NamedTuple):
    """One time of a team with a person, held or only put forward.

    from_on: None where nobody knows. until: None while it lasts. status: None where the team held the person; else the
    word of a row that held nobody. put: whether such a time began with a nomination.
    """

    person: int
    team: str
    from_on: date | None
    until: date | None
    status: str | None
    put: bool


def list_holdings(caseload: pd.DataFrame, at: date) -> list[Holding]:
    """The times of teams with people, by the day on which they began, those whose beginning nobody knows last.

    A row that has an end is a time of its own. A closing row ends the one that is open, which then was held, and says
    nothing new of a team whose time had ended. An open row goes on with an open one of its kind, and whoever was put
    forward and then taken on is told of as held.
    """
    rows = _read(caseload, at)
    not_taken_on = rows["ended"] & ~rows["left"]
    rows["waiting"] = rows["nomination"] | not_taken_on | (rows["status"] == DECLINED)
    ordered = sorted(read_rows(rows, CaseloadRow), key=lambda row: (row.person, row.team))
    pairs = groupby(ordered, key=lambda row: (row.person, row.team))
    made = [time for _, mine in pairs for time in _follow_times(mine)]
    return sorted(made, key=lambda time: (time.from_on or date.max, time.team))


def _follow_times(rows: Iterable[CaseloadRow]) -> list[Holding]:
    """The times of one team with one person, from its rows in the order in which they count."""
    times: list[Holding] = []
    lasting: Holding | None = None
    for row in rows:
        made = Holding(row.person, row.team, row.from_on, None, row.status if row.waiting else None, row.nomination)
        if row.ended:
            times.append(made._replace(until=row.to_on))
        elif row.closed:
            times += _close(lasting, made, had_ended=any(time.status is None for time in times))
            lasting = None
        else:
            ended, lasting = _go_on(lasting, made)
            times += ended
    return [*times, lasting] if lasting is not None else times


def _close(lasting: Holding | None, closing: Holding, *, had_ended: bool) -> list[Holding]:
    """What a closing row ends: the time that lasts, or one of which nothing else is known."""
    if lasting is not None and lasting.status is None:
        return [lasting._replace(until=closing.from_on)]
    if lasting is None and had_ended:
        return []
    return [closing._replace(from_on=None, until=closing.from_on, put=False)]


def _go_on(lasting: Holding | None, made: Holding) -> tuple[list[Holding], Holding]:
    """What an open row ends, and the time that lasts with it."""
    if lasting is None:
        return [], made
    if made.status is None:
        return [], made if lasting.status is not None else lasting
    if lasting.status is None or (lasting.status == DECLINED and made.put):
        return [lasting._replace(until=made.from_on)], made
    return [], lasting._replace(status=made.status)


def find_quiet_holdings(
    caseload: pd.DataFrame | None, contacted: frozenset[int] | None, at: date, months: int
) -> pd.DataFrame:
    """One row per person held on paper alone: team, from_on of the earliest holding; indexed by person.

    Every team that holds them has done so for `months`, and they are not among `contacted`. A team of which the feed
    has seen fewer than half of those it has held for so long is taken not to send its contacts: it holds as ever.
    """
    nobody = pd.DataFrame({"team": [], "from_on": []}).rename_axis("person")
    if caseload is None or caseload.empty or contacted is None:
        return nobody
    rows = _read(caseload, at)
    rows = rows[rows["open"]]
    rows = rows.drop(_select_waiting(rows).index)
    rows["long"] = rows["from_on"] <= pd.Timestamp(at) - pd.DateOffset(months=months)
    rows["seen"] = rows["person"].isin(contacted)
    sends = rows[rows["long"]].groupby("team")["seen"].mean() >= SENDS_CONTACTS
    rows["quiet"] = rows["long"] & ~rows["seen"] & rows["team"].map(sends).eq(True)
    quiet = rows[rows.groupby("person")["quiet"].transform("all")]
    return quiet.drop_duplicates("person").set_index("person")[["team", "from_on"]] if len(quiet) else nobody


def _select_waiting(open_rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold nobody: nominations that nobody has taken on, and people who declined."""
    return open_rows[open_rows["nomination"] | (open_rows["status"] == DECLINED)]


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
