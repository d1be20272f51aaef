"""Which team each person belongs to at an index date, by practice or by locality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from riskstrat.definitions.settings import NO_FILE_NAMES, Team

EVERYBODY = "all"


@dataclass(frozen=True)
class ListTeam:
    """One team as the list needs it: name, three-letter code, units of case weight it can take on at one list.

    Ages in completed years at the index date, both ends included. `slots`: places of each pathway at one list; without
    any, the list is sized to capacity alone. `rest_weeks` stands for the site's own where given.
    """

    name: str
    code: str
    capacity: int
    min_age: int | None = None
    max_age: int | None = None
    excludes: tuple[str, ...] = ()
    slots: Mapping[str, int] = field(default_factory=dict, hash=False)
    rest_weeks: int | None = None


@dataclass(frozen=True)
class Membership:
    """`rows`: one row per patient of the cohort, in its order: `practice, pcn, locality, hub, borough, team`.

    `team` is None for people whose practice no team serves. `teams` are in the order of their names.
    """

    rows: pd.DataFrame
    teams: tuple[ListTeam, ...]


_PLACES = ("pcn", "locality", "hub", "borough")


def assign_teams(
    practices: pd.Series,
    areas: pd.DataFrame | None,
    teams: Sequence[Team],
    default_capacity: int,
    index_date: date,
    codes: Mapping[str, str] | None = None,
) -> Membership:
    """The team of each person, from the practice at the index date and the area that the practice then belonged to.

    A team that names the practice wins over one that names its locality; a locality no team names has a team of its
    own name with the default capacity. Where nobody's practice is known, or there are neither areas nor teams that
    name practices, there is one team, `all`. codes: by name those of earlier lists; a team that riskstrat.toml does not
    name keeps its own, and takes nobody else's.
    """
    rows = pd.DataFrame({"practice": _replace_missing(practices).to_numpy()}, dtype=object)
    for place in _PLACES:
        rows[place] = None
    placed = areas is not None or any(team.practices for team in teams)
    if not placed or rows["practice"].isna().all():
        rows["team"] = EVERYBODY
        return Membership(rows, _build_everybody_team(teams, default_capacity))
    if areas is not None:
        now = _select_current_areas(areas, index_date).set_index("practice")
        for place in _PLACES:
            rows[place] = _replace_missing(rows["practice"].map(now[place]))
    rows["team"] = _assign_team_names(rows, teams)
    return Membership(rows, _build_teams(rows["team"], teams, default_capacity, codes or {}))


def _build_everybody_team(teams: Sequence[Team], default_capacity: int) -> tuple[ListTeam, ...]:
    named = [_convert_team(team) for team in teams if team.name == EVERYBODY]
    return tuple(named[:1]) or (ListTeam(EVERYBODY, "ALL", default_capacity),)


def _convert_team(team: Team) -> ListTeam:
    limits = (team.min_age, team.max_age, team.excludes, team.slots, team.rest_weeks)
    return ListTeam(team.name, team.code, team.capacity, *limits)


def _replace_missing(values: pd.Series) -> pd.Series:
    values = values.astype(object)
    return values.where(values.notna(), None)


def _select_current_areas(areas: pd.DataFrame, index_date: date) -> pd.DataFrame:
    """One row per practice: the area it belonged to at the index date; of several, the latest to begin."""
    at = pd.Timestamp(index_date)
    begun = areas["from_on"].isna() | (pd.to_datetime(areas["from_on"]) <= at)
    ended = areas["to_on"].notna() & (pd.to_datetime(areas["to_on"]) <= at)
    return areas[begun & ~ended].sort_values("from_on", na_position="first").drop_duplicates("practice", keep="last")


def _assign_team_names(rows: pd.DataFrame, teams: Sequence[Team]) -> pd.Series:
    by_practice = {practice: team.name for team in teams for practice in team.practices}
    by_locality = {locality: team.name for team in teams for locality in team.localities}
    named = rows["practice"].map(by_practice).astype(object)
    placed = rows["locality"].map({place: by_locality.get(place, place) for place in rows["locality"].unique()})
    return _replace_missing(named.where(named.notna(), placed.astype(object)))


def _build_teams(
    names: pd.Series, teams: Sequence[Team], default_capacity: int, codes: Mapping[str, str]
) -> tuple[ListTeam, ...]:
    """Every team by name. One code is of one team for good, since references begin with it."""
    declared = {team.name: _convert_team(team) for team in teams}
    own = {team.code for team in declared.values()}
    taken = own | set(codes.values())
    for name in sorted(set(names.dropna()) - set(declared)):
        kept = codes.get(name)
        code = _find_free_code(name, taken) if kept is None or kept in own else kept
        taken.add(code)
        declared[name] = ListTeam(name, code, default_capacity)
    return tuple(declared[name] for name in sorted(declared))


def _find_free_code(name: str, taken: set[str]) -> str:
    """Three letters for a team that riskstrat.toml does not name: from its name, else the first that is free."""
    letters = [c for c in name.upper() if "A" <= c <= "Z"] or ["T"]
    padded = [*letters, "X", "X"][:3]
    return next(code for code in _suggest_codes("".join(padded)) if code not in taken | NO_FILE_NAMES)


def _suggest_codes(wanted: str) -> Iterable[str]:
    yield wanted
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    yield from (wanted[:2] + c for c in alphabet)
    yield from (wanted[0] + b + c for b in alphabet for c in alphabet)
    yield from (a + b + c for a in alphabet for b in alphabet for c in alphabet)
