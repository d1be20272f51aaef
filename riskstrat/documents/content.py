"""What the documents are made of: frozen records that the pipeline fills, checked as they are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Literal, get_args

import pandas as pd

from riskstrat.definitions.vocabulary import STATUSES
from riskstrat.errors import PublicationError

Direction = Literal["raises", "lowers"]
CauseKind = Literal["new events", "ageing of earlier events", "late or corrected data", "model change"]
Lane = Literal["Hospital", "A&E", "Falls", "Care and contacts"]
FallsAnswer = Literal["met", "not met", "cannot tell"]

REQUIRED_COLUMNS = (
    "reference", "rank", "risk", "risk_low", "risk_high", "band", "status", "change", "weeks_on_list", "escalate",
    "age_band", "sex", "themes", "top_conditions", "frailty", "falls_check", "flags", "pathways", "support", "caution",
    "last_review", "page",
)  # fmt: skip
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
class Suggestion:
    """One pathway to consider: its title, one sentence of what to consider, and the rule that was met, in words."""

    title: str
    consider: str
    rule: str


@dataclass(frozen=True)
class FallsCheck:
    """The NG249 criteria for a comprehensive falls assessment, answered for one person, with the reason in words."""

    answer: FallsAnswer
    why: str

    def __post_init__(self) -> None:
        """Refuse an answer outside the three."""
        _check_one_of(self.answer, get_args(FallsAnswer), "the answer of a falls check")


@dataclass(frozen=True)
class Cause:
    """One of the four parts of a change in one person's estimate, in log odds; the four add up to the change.

    `themes` holds (theme, log odds), largest first, the theme "other" last.
    """

    kind: CauseKind
    part: float
    themes: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown kind and a size that is no number."""
        _check_one_of(self.kind, get_args(CauseKind), "the kind of a cause")
        if not all(isfinite(part) for part in (self.part, *(part for _, part in self.themes))):
            raise PublicationError(f"the change by {self.kind} must be a finite number of log odds")


@dataclass(frozen=True)
class Change:
    """What changed for one person since the last list ("New on this list", "Up from rank 5") and what moved it."""

    what: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True)
class Move:
    """One line of "What changed": somebody who entered, left or moved, with the detail in words."""

    reference: str
    what: Literal["entered", "left", "moved"]
    detail: str
    causes: tuple[Cause, ...] = ()

    def __post_init__(self) -> None:
        """Refuse any other word for a move."""
        _check_one_of(self.what, ("entered", "left", "moved"), "a move")


@dataclass(frozen=True)
class Swap:
    """One exchange made to keep to the places of a service.

    `left_out` and `taken` are a reference or a place in the order ("rank 5"). `given_up` is the expected
    number of admissions by which pure risk order would have been higher.
    """

    left_out: str
    taken: str
    given_up: float


@dataclass(frozen=True)
class TimelineEvent:
    """One event of a person's timeline: a day, or a spell from `start` to `end`, in one lane, with words for it."""

    start: date
    end: date | None
    lane: Lane
    label: str

    def __post_init__(self) -> None:
        """Refuse an unknown lane and a spell that ends before it starts."""
        _check_one_of(self.lane, get_args(Lane), "the lane of a timeline event")
        if self.end is not None and self.end < self.start:
            raise PublicationError("a timeline event must not end before it starts; check the spell's dates")


@dataclass(frozen=True)
class PersonPage:
    """What stands on one person's page alone.

    `typical_risk` is the probability typical of `typical_group` ("women aged 75 to 84 here"). `trend` holds
    (list date, risk), oldest first. `changeable` and `fixed` are sentences; so are `cannot_see`, `missing`
    and `reliability`. `timeline` covers the 24 months before the index date.
    """

    typical_risk: float | None
    typical_group: str
    trend: tuple[tuple[date, float], ...] = ()
    changeable: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    cannot_see: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reliability: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a risk that is no probability."""
        risks = [risk for _, risk in self.trend] + ([] if self.typical_risk is None else [self.typical_risk])
        if not all(0 <= risk <= 1 for risk in risks):
            raise PublicationError("the typical risk and the trend of a person must be probabilities from 0 to 1")


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
      reference       str    short reference a person can say; unique in the list
      rank            int    1 to n, each once
      risk            float  calibrated probability, 0 to 1; risk_low and risk_high are the range for people
                             with similar records
      band            str    such as "high"
      status          str    one of STATUSES
      change          Change
      weeks_on_list   int    1 in the first week
      escalate        bool   listed for too long without a decision
      age_band        str    such as "75 to 84"
      sex             str    F, M, I or U
      themes          list of ThemeReason
      top_conditions, flags, support   tuples of words; may be empty
      frailty, caution, last_review    words; caution and last_review may be blank
      falls_check     FallsCheck
      pathways        tuple of Suggestion
      page            PersonPage
      practice, pcn, locality   str, optional; a column that is absent or empty in every row is left out
                                of the documents and named among the limits
      index_date      date, optional, where people have index dates of their own
      and one column per CountColumn in `counts_shown` (number, or null).
    `data_as_at_by_table` maps a landed table to the date up to which it is complete. `horizon` completes
    "the estimated chance of ...". `definitions` is the short hash of what was loaded. `statuses_as_at` is the
    date of the latest status check that was landed, None where there is none. `previous_list` is the date of
    the list before this one. `no_source_moved` says that no source has moved since then. `routed` maps the
    team that people were sent to instead onto their number; they are part of `counts.excluded`.
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
    statuses_as_at: date | None = None
    previous_list: date | None = None
    no_source_moved: bool = False
    moves: tuple[Move, ...] = ()
    swaps: tuple[Swap, ...] = ()
    routed: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse rows that could print a wrong or an empty cell; no message carries a person's value."""
        _check_columns(self)
        if len(self.rows) != self.counts.listed:
            raise PublicationError(
                f"team {self.team_code}: {len(self.rows)} rows but {self.counts.listed} people counted as listed"
            )
        if sum(self.routed.values()) > sum(self.counts.excluded.values()):
            raise PublicationError(
                f"team {self.team_code}: more people routed than excluded; routed is part of excluded"
            )
        _check_ranks_and_references(self)
        _check_values(self)
        _check_kinds(self)

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


def _check_one_of(value: object, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise PublicationError(f"{what} must be one of: {', '.join(allowed)}")


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
    for name in ("risk", "risk_low", "risk_high"):
        if not pd.to_numeric(team.rows[name], errors="coerce").between(0, 1).all():
            raise PublicationError(
                f"team {team.team_code}: column {name} must hold a probability from 0 to 1 in every row"
            )
    if (team.rows["risk_low"] > team.rows["risk_high"]).any():
        raise PublicationError(f"team {team.team_code}: column risk_low must not be above risk_high")
    weeks = pd.to_numeric(team.rows["weeks_on_list"], errors="coerce")
    if not ((weeks >= 1) & (weeks % 1 == 0)).all():
        raise PublicationError(f"team {team.team_code}: column weeks_on_list must hold a whole number from 1 upwards")
    if not team.rows["escalate"].isin([True, False]).all():
        raise PublicationError(f"team {team.team_code}: column escalate must say yes or no for every person")
    for name in ("reference", "band", "age_band", "sex", "frailty"):
        if not _filled(team.rows[name]).all():
            raise PublicationError(f"team {team.team_code}: column {name} has an empty cell; fill it for every person")
    for name, allowed in (("sex", ("F", "M", "I", "U")), ("status", STATUSES)):
        if not team.rows[name].isin(allowed).all():
            raise PublicationError(f"team {team.team_code}: column {name} must hold one of: {', '.join(allowed)}")


def _check_kinds(team: TeamList) -> None:
    """Refuse a column that holds another kind of thing than its documents print."""
    single = {"change": Change, "falls_check": FallsCheck, "page": PersonPage, "caution": str, "last_review": str}
    several = {"themes": ThemeReason, "pathways": Suggestion, "top_conditions": str, "flags": str, "support": str}
    for name, kind in single.items():
        if not all(isinstance(value, kind) for value in team.rows[name]):
            raise PublicationError(f"team {team.team_code}: column {name} must hold a {kind.__name__} for every person")
    for name, kind in several.items():
        given = list(team.rows[name])
        sequences = all(isinstance(values, list | tuple) for values in given)
        if not sequences or not all(isinstance(value, kind) for values in given for value in values):
            raise PublicationError(
                f"team {team.team_code}: column {name} must hold a list of {kind.__name__} for every person"
            )
