"""Each team's list: who is on it and why, and where everybody else is, each eligible person exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.casefinding.cases import CASE_COLUMNS
from riskstrat.casefinding.checks import NO_CASELOAD, describe_unchecked
from riskstrat.casefinding.facts import CaseFacts, Memory
from riskstrat.casefinding.lots import IN_LOT, LEFT_OFF, Lot, draw_lot
from riskstrat.casefinding.places import Taken, take, take_with_slots
from riskstrat.casefinding.references import reference
from riskstrat.casefinding.standing import ROUTED, standings
from riskstrat.casefinding.swaps import CaseSwap, swaps_of
from riskstrat.casefinding.teams import ListTeam
from riskstrat.casefinding.waiting import HISTORY_COLUMNS, find_arrivals, find_rising, histories, weeks_on_list
from riskstrat.casefinding.weights import THOUSANDTHS, weights_of
from riskstrat.definitions.settings import CasefindingSettings, Settings
from riskstrat.errors import WorkspaceError

LISTED, BELOW, KNOWN, EXCLUDED = "listed", "below the line", "known", "excluded"
NO_ROOM = "no room for all who were put forward or keep a place"
"""Why somebody with a place by right is below the line."""

EVERYONE_COLUMNS = ("patient_id", "person", "index_date", "margin", "risk", "place", "reason", "order")
ROW_COLUMNS = (
    *("number", "opened_on", "arrival", "rising_since", "risk_before", "weeks_on_list", "listed_since", "escalate"),
    *("listed_before", "held_by", "held_since", "left_team", "left_on", "weight", "slot"),
)
RESERVE_COLUMNS = ("team_code", "rank", "reference", "patient_id", "arrival")


@dataclass(frozen=True)
class CaseList:
    """One team's list; listed + below the line + known + excluded = eligible.

    everyone: one row per person of the team who is eligible or set apart, highest margin first: `EVERYONE_COLUMNS`;
    `place` is "listed", "below the line", "known" or "excluded", `reason` says why (excluded people; NO_ROOM and
    LEFT_OFF below the line; IN_LOT of listed people), `order` counts from 1 among listed and below the line. rows: one
    row per listed person by rank: `reference`, `rank`, the columns of the scored people, and `ROW_COLUMNS`; the
    reference is that of the case, whatever its rank. reserve: the same for the next people below the line, who are not
    listed; their ranks go on from there. excluded: people by reason. swaps: what sizing to services costs. unfilled:
    slots that nobody on the list can take, by pathway. unchecked: one sentence for each exclusion that could not be
    checked.
    """

    team: ListTeam
    everyone: pd.DataFrame
    rows: pd.DataFrame
    reserve: pd.DataFrame = field(default_factory=pd.DataFrame)
    swaps: tuple[CaseSwap, ...] = ()
    unfilled: Mapping[str, int] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()

    @property
    def eligible(self) -> int:
        return len(self.everyone)

    @property
    def known(self) -> int:
        return self._count_in_place(KNOWN)

    @property
    def known_as_told(self) -> int | None:
        """Those known; None instead of 0 without a landed caseload, as a refresh may name some all the same."""
        return self.known or None if NO_CASELOAD in self.unchecked else self.known

    @property
    def below_the_line(self) -> int:
        return self._count_in_place(BELOW)

    @property
    def has_lot(self) -> bool:
        """Whether a lot decided of anybody."""
        return bool(self.everyone["reason"].isin([LEFT_OFF, IN_LOT]).any())

    @property
    def left_off(self) -> int:
        """Of those below the line, people whom a lot left off."""
        return int((self.everyone["reason"] == LEFT_OFF).sum())

    @property
    def excluded(self) -> Mapping[str, int]:
        counts = self.everyone.loc[self.everyone["place"] == EXCLUDED, "reason"].value_counts()
        return {str(reason): int(counts[reason]) for reason in sorted(counts.index)}

    @property
    def routed(self) -> Mapping[str, int]:
        """Of the excluded, people passed on, by whom to."""
        made: dict[str, int] = {}
        for reason, people in self.excluded.items():
            if reason in ROUTED:
                made[ROUTED[reason]] = made.get(ROUTED[reason], 0) + people
        return made

    @property
    def given_up(self) -> float:
        """Expected admissions that sizing to services gives up against pure order of risk: the sum of the swaps."""
        return float(sum(swap.given_up for swap in self.swaps))

    def _count_in_place(self, place: str) -> int:
        return int((self.everyone["place"] == place).sum())


def find_cases(
    people: pd.DataFrame,
    teams: Sequence[ListTeam],
    facts: CaseFacts,
    memory: Memory,
    list_date: date,
    settings: Settings,
) -> tuple[CaseList, ...]:
    """Each team's list from `people`: one row per eligible patient with `patient_id, person, index_date, team, margin,
    risk`; `age`, `care_home`, `conditions` and `pathways` (a tuple of names) where a team's rules need them.

    Candidates (see `standings`) stand in order of margin, highest first; of equal margins the smaller patient_id
    first, so that order never depends on chance. Places go first to nominated people, then to those not discussed yet
    or only put off, as long as they are among the first `keeps_within` x capacity, then to the rest; within each, in
    that order, taking each whose case still fits the capacity. Ranks on the list are by margin. People whose `team` is
    None are on no list.

    Raises WorkspaceError where a team's limits need a column that `people` has not.
    """
    rules = settings.casefinding
    ordered = people.sort_values(["margin", "patient_id"], ascending=[False, True], kind="stable")
    ordered = ordered[ordered["team"].notna()].reset_index(drop=True)
    standing = standings(ordered, teams, facts, list_date, rules)
    told = standing.join(histories(ordered, facts, memory, list_date, rules))
    told["objecting"] = ordered["person"].isin(facts.objecting)
    told["has_case"] = ordered["patient_id"].isin(memory.cases.find_patients(list_date))
    told["weight"] = weights_of(ordered, settings.lists.bands, rules)
    groups = ordered.groupby("team", sort=False).indices
    nobody = np.empty(0, dtype=np.int64)
    cases = []
    for team in teams:
        rows = np.sort(groups.get(team.name, nobody))
        case = _list_of(team, ordered.iloc[rows], told.iloc[rows], memory, list_date, settings)
        cases.append(replace(case, unchecked=describe_unchecked(facts, case.rows["person"], list_date)))
    return tuple(cases)


def _list_of(
    team: ListTeam,
    people: pd.DataFrame,
    told: pd.DataFrame,
    memory: Memory,
    list_date: date,
    settings: Settings,
) -> CaseList:
    """`people` and `told` (what is told of each) are of one team, highest margin first."""
    rules = settings.casefinding
    everyone = people[["patient_id", "person", "index_date", "margin", "risk"]].reset_index(drop=True)
    everyone["place"] = told["place"].to_numpy()
    everyone["reason"] = pd.Series(told["reason"].tolist(), index=everyone.index, dtype=object)
    candidates = np.flatnonzero(everyone["place"] == "candidate")
    sequence, keeping = _order_candidates(told.iloc[candidates], team, rules)
    lot, chosen, taken, pure = _choose(team, people, told, candidates[sequence], keeping, list_date, settings)
    listed = np.sort(chosen[list(taken.positions)])
    next_ones = chosen[~np.isin(chosen, listed)][: settings.lists.reserve]
    order = pd.Series(pd.NA, index=everyone.index, dtype="Int64")
    order.iloc[candidates] = np.arange(1, len(candidates) + 1)
    everyone.loc[candidates, "place"] = BELOW
    everyone.loc[listed, "place"] = LISTED
    everyone.loc[np.setdiff1d(chosen[:keeping], listed), "reason"] = NO_ROOM
    everyone.loc[np.setdiff1d(candidates, chosen), "reason"] = LEFT_OFF
    everyone.loc[listed[lot.decides[listed]], "reason"] = IN_LOT
    everyone["order"] = order
    services = {int(chosen[position]): service for position, service in taken.services.items()}
    both = _build_list_rows(team, people, told, np.append(listed, next_ones), services, memory, list_date, rules)
    rows, reserve = both.iloc[: len(listed)], both.iloc[len(listed) :].reset_index(drop=True)
    swaps = swaps_of(everyone, np.sort(chosen[list(pure.positions)]), rows)
    return CaseList(team, everyone, rows, reserve, swaps, taken.unfilled)


def _order_candidates(
    told: pd.DataFrame, team: ListTeam, rules: CasefindingSettings
) -> tuple[npt.NDArray[np.int64], int]:
    """Positions of the candidates in the order in which places are given, and how many of them come by right."""
    within = np.arange(1, len(told) + 1) <= rules.keeps_within * team.capacity
    nominated = told["nominated"].to_numpy(dtype=bool)
    keeps = told["keeps_place"].to_numpy(dtype=bool) & within & ~nominated
    turn = np.select([nominated, keeps], [0, 1], default=2)
    return np.argsort(turn, kind="stable"), int((turn < 2).sum())


def _choose(
    team: ListTeam,
    people: pd.DataFrame,
    told: pd.DataFrame,
    chosen: npt.NDArray[np.int64],
    keeping: int,
    list_date: date,
    settings: Settings,
) -> tuple[Lot, npt.NDArray[np.int64], Taken, Taken]:
    """The lot, the candidates in the order of places without those whom it leaves off, and what `_take` gives of them.

    Whoever comes up in the place of one left off may be left off too. The line is that of the list without a lot.
    """
    taken, pure = _take(team, people.iloc[chosen], told.iloc[chosen], keeping)
    newcomers = [position for position in pure.positions if position >= keeping]
    line = float(people["margin"].iloc[chosen[newcomers]].min()) if newcomers else None
    lot = draw_lot(people, told, line, settings.lists.hold_out, list_date)
    while (about := chosen[list(taken.positions)])[lot.leaves_off[about]].size:
        chosen = chosen[~np.isin(chosen, about[lot.leaves_off[about]])]
        taken, pure = _take(team, people.iloc[chosen], told.iloc[chosen], keeping)
    return lot, chosen, taken, pure


def _take(team: ListTeam, people: pd.DataFrame, told: pd.DataFrame, keeping: int) -> tuple[Taken, Taken]:
    """Who is taken, and who would be without regard to services; both are the same where the team has no slots."""
    weights = told["weight"].to_numpy(dtype=np.int64)
    capacity = team.capacity * THOUSANDTHS
    pure = take(weights, capacity)
    if not team.slots:
        return pure, pure
    if "pathways" not in people:
        raise WorkspaceError(
            f'riskstrat.toml: team "{team.name}" has slots, but nobody\'s pathways are known; '
            "add training/pathways.toml or take the slots out"
        )
    pathways = people["pathways"].tolist()
    return take_with_slots(weights, capacity, pathways, team.slots, keeping), pure


def _build_list_rows(
    team: ListTeam,
    people: pd.DataFrame,
    told: pd.DataFrame,
    listed: npt.NDArray[np.int64],
    services: Mapping[int, str | None],
    memory: Memory,
    list_date: date,
    rules: CasefindingSettings,
) -> pd.DataFrame:
    rows, told = people.iloc[listed].reset_index(drop=True), told.iloc[listed].reset_index(drop=True)
    rows = rows.join(_number_cases(team, rows, told, memory, list_date))
    weeks = weeks_on_list(told["listed_since"], list_date).astype("int64")
    rows.insert(0, "rank", range(1, len(rows) + 1))
    rows.insert(0, "reference", [reference(team.code, number) for number in rows["number"]])
    rows = rows.join(told[[name for name in HISTORY_COLUMNS if name in ROW_COLUMNS]])
    rows = rows.join(find_rising(rows, memory, rules)).assign(
        arrival=find_arrivals(told),
        weeks_on_list=weeks,
        escalate=weeks >= rules.escalate_after_weeks,
        weight=told["weight"] / THOUSANDTHS,
        slot=pd.Series([services.get(int(place)) for place in listed], dtype=object),
    )
    return rows[[*(name for name in rows if name not in ROW_COLUMNS), *ROW_COLUMNS]]


def _number_cases(
    team: ListTeam, rows: pd.DataFrame, told: pd.DataFrame, memory: Memory, list_date: date
) -> pd.DataFrame:
    """The number and the first day of the case of each listed row, with its index."""
    closed = told["closed_on"].dropna().dt.date
    closed_on = dict(zip(rows.loc[closed.index, "patient_id"], closed, strict=True))
    cases = memory.cases.number_cases(team.code, rows["patient_id"].tolist(), list_date, closed_on)
    return cases[["number", "opened_on"]].set_axis(rows.index)


def tabulate_reserve(found: Sequence[CaseList]) -> pd.DataFrame:
    """One row per person in reserve at the lists of a date, by team and rank: `RESERVE_COLUMNS`."""
    frames = [case.reserve.assign(team_code=case.team.code) for case in found if len(case.reserve)]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(RESERVE_COLUMNS))
    return rows[list(RESERVE_COLUMNS)]


def tabulate_cases(found: Sequence[CaseList], list_date: date) -> pd.DataFrame:
    """One row per case on the lists of a date: `CASE_COLUMNS`."""
    frames = [case.rows[["number", "patient_id", "opened_on"]].assign(team_code=case.team.code) for case in found]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(CASE_COLUMNS))
    return rows.assign(listed_on=list_date)[list(CASE_COLUMNS)]
