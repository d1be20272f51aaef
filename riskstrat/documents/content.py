"""What the documents are made of: frozen records that the pipeline fills, checked as they are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Literal

import pandas as pd

from riskstrat.errors import PublicationError

Direction = Literal["raises", "lowers"]

REQUIRED_COLUMNS = ("reference", "rank", "risk", "age_band", "sex", "themes")
PLACE_COLUMNS = ("practice", "pcn", "locality")

# The theme into which the contribution of sensitive facts is folded (see words.reason_lines).
OTHER_THEME = "other"


@dataclass(frozen=True)
class CountColumn:
    """One count behind the reasons, shown for every listed person.

    `name` is the column in `TeamList.rows`, `title` the heading people read, `unit` what is counted
    ("admissions", "days"). `when_missing` is printed where a person has no value; give the true reason,
    such as "none in 2 years".
    """

    name: str
    title: str
    unit: str
    when_missing: str = "not recorded"


@dataclass(frozen=True)
class ThemeReason:
    """One theme's part in one person's estimate.

    `contribution` is the theme's sum on the model's margin (log-odds) scale: above 0 when it raises the
    estimate. `sentences` are facts with their dates, as the features themselves word them. The theme
    "other" carries what may not be set out; its sentences and size are never printed.
    """

    theme: str
    direction: Direction
    contribution: float
    sentences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a direction that contradicts the sign of the contribution."""
        if self.direction not in ("raises", "lowers") or not isfinite(self.contribution):
            raise PublicationError(f"theme '{self.theme}': direction must be 'raises' or 'lowers', contribution finite")
        if (self.direction == "raises") != (self.contribution > 0) and self.contribution != 0:
            raise PublicationError(f"theme '{self.theme}': the direction contradicts the sign of the contribution")


@dataclass(frozen=True)
class TeamCounts:
    """Where every eligible person of one team is, each counted once.

    listed + below_the_line + known_on_caseload + sum(excluded) = eligible. `excluded` maps a reason in
    words to a number of people. People who opted out are in none of these.
    """

    eligible: int
    listed: int
    below_the_line: int
    known_on_caseload: int
    excluded: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse counts that do not account for everybody once."""
        parts = self.listed + self.below_the_line + self.known_on_caseload + sum(self.excluded.values())
        if parts != self.eligible:
            raise PublicationError(
                f"team counts do not add up: {parts} people accounted for of {self.eligible} eligible; "
                "listed + below the line + known + excluded must equal eligible"
            )


@dataclass(frozen=True, eq=False)
class TeamList:
    """One team's list at one index date, ready to print.

    `rows`: one row per listed person, in any order, with
      reference   str    short reference a person can say; unique in the list
      rank        int    1 to n, each once
      risk        float  calibrated probability, 0 to 1
      age_band    str    such as "75 to 84"
      sex         str    F, M, I or U
      themes      list of ThemeReason
      practice, pcn, locality   str, optional; a column that is absent or empty in every row is left out
                                of the documents and named among the limits
      index_date  date, optional, where people have index dates of their own
      and one column per CountColumn in `counts_shown` (number, or null).
    `data_as_at_by_table` maps a landed table to the date up to which it is complete.
    `horizon` completes "the estimated chance of ...". `definitions` is the short hash of what was loaded.
    """

    team: str
    team_code: str
    index_date: date
    data_as_at: date
    data_as_at_by_table: Mapping[str, date]
    model: str
    model_version: str
    definitions: str
    horizon: str
    counts: TeamCounts
    intended_purpose: str
    clinical_use: str
    rows: pd.DataFrame
    counts_shown: tuple[CountColumn, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rows that could print a wrong or an empty cell; no message carries a person's value."""
        _check_columns(self)
        if len(self.rows) != self.counts.listed:
            raise PublicationError(
                f"team {self.team_code}: {len(self.rows)} rows but {self.counts.listed} people counted as listed"
            )
        _check_ranks_and_references(self)
        _check_values(self)

    def ordered(self) -> pd.DataFrame:
        """One row per listed person, by rank."""
        return self.rows.sort_values("rank", kind="stable").reset_index(drop=True)

    def places_shown(self) -> tuple[str, ...]:
        """The place columns that at least one listed person has a value in; all given ones if nobody is listed."""
        given = [name for name in PLACE_COLUMNS if name in self.rows.columns]
        return tuple(name for name in given if self.rows.empty or _filled(self.rows[name]).any())

    def places_missing(self) -> tuple[str, ...]:
        """The place columns that the documents leave out."""
        return tuple(name for name in PLACE_COLUMNS if name not in self.places_shown())

    def own_index_dates(self) -> bool:
        """Whether people on this list have index dates of their own."""
        return "index_date" in self.rows.columns


def _filled(values: pd.Series) -> pd.Series:
    """Whether each value is there: neither null nor blank text."""
    return values.notna() & (values.astype("string").str.strip().fillna("") != "")


def _check_columns(team: TeamList) -> None:
    wanted = [*REQUIRED_COLUMNS, *(count.name for count in team.counts_shown)]
    absent = [name for name in wanted if name not in team.rows.columns]
    if absent:
        raise PublicationError(f"team {team.team_code}: the rows lack the columns {', '.join(absent)}; add them")


def _check_ranks_and_references(team: TeamList) -> None:
    if sorted(team.rows["rank"]) != list(range(1, len(team.rows) + 1)):
        raise PublicationError(f"team {team.team_code}: ranks must be 1 to {len(team.rows)}, each once")
    if team.rows["reference"].duplicated().any():
        raise PublicationError(f"team {team.team_code}: two people have the same reference; references must be unique")


def _check_values(team: TeamList) -> None:
    if not pd.to_numeric(team.rows["risk"], errors="coerce").between(0, 1).all():
        raise PublicationError(f"team {team.team_code}: column risk must hold a probability from 0 to 1 in every row")
    for name in ("reference", "age_band", "sex"):
        if not _filled(team.rows[name]).all():
            raise PublicationError(f"team {team.team_code}: column {name} has an empty cell; fill it for every person")
    if not team.rows["sex"].isin(["F", "M", "I", "U"]).all():
        raise PublicationError(f"team {team.team_code}: column sex must hold F, M, I or U")
    if not all(isinstance(reason, ThemeReason) for themes in team.rows["themes"] for reason in themes):
        raise PublicationError(f"team {team.team_code}: column themes must hold a list of ThemeReason for every person")
