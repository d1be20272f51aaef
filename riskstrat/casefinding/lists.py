"""Who is listed: the highest margins of each team, without people it knows already, down to its capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from riskstrat.casefinding.references import reference
from riskstrat.casefinding.teams import ListTeam

CLOSED = "closed"
"""The one caseload status of somebody the team no longer holds."""


@dataclass(frozen=True)
class CaseList:
    """One team's list. `rows`: one row per listed person by rank: the scored cohort's columns, `reference` and `rank`.

    listed + below the line + known on the caseload = eligible.
    """

    team: ListTeam
    rows: pd.DataFrame
    eligible: int
    known: int

    @property
    def below_the_line(self) -> int:
        return self.eligible - self.known - len(self.rows)


def find_cases(
    scored: pd.DataFrame, teams: tuple[ListTeam, ...], caseload: pd.DataFrame | None, list_date: date
) -> tuple[CaseList, ...]:
    """Each team's list from `scored`: one row per eligible patient with `patient_id, person, team, margin`.

    Ranked by margin, highest first; of equal margins the smaller patient_id first, so that order never depends on
    chance. People whose `team` is None are on no list.
    """
    known = on_caseload(caseload, list_date)
    ordered = scored.sort_values(["margin", "patient_id"], ascending=[False, True], kind="stable")
    by_team: Mapping[str, pd.DataFrame] = dict(tuple(ordered.groupby("team", sort=False)))
    return tuple(_list_of(team, by_team.get(team.name, ordered.iloc[:0]), known, list_date) for team in teams)


def on_caseload(caseload: pd.DataFrame | None, at: date) -> frozenset[int]:
    """Persons (row numbers) whom any team holds on its caseload at that date.

    Of a team's rows for one person the latest to begin counts, so that a closing row ends those before it. A row that
    says closed and when it ended held the person until then.
    """
    if caseload is None or caseload.empty:
        return frozenset()
    from_on, to_on = pd.to_datetime(caseload["from_on"]), pd.to_datetime(caseload["to_on"])
    closed = (caseload["status"].str.strip().str.lower() == CLOSED) & to_on.isna()
    rows = caseload[["person", "team"]].assign(from_on=from_on, closed=closed)
    rows = rows[(from_on <= pd.Timestamp(at)) & ~(to_on <= pd.Timestamp(at))].sort_values(["from_on", "closed"])
    latest = rows.drop_duplicates(["person", "team"], keep="last")
    return frozenset(int(person) for person in latest.loc[~latest["closed"], "person"])


def _list_of(team: ListTeam, people: pd.DataFrame, known: frozenset[int], list_date: date) -> CaseList:
    is_known = people["person"].isin(known)
    rows = people[~is_known].head(team.capacity).reset_index(drop=True)
    rows.insert(0, "rank", range(1, len(rows) + 1))
    rows.insert(0, "reference", [reference(team.code, list_date, number) for number in rows["rank"]])
    return CaseList(team, rows, len(people), int(is_known.sum()))
