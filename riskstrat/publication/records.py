"""A team's list as data: frozen records, checked as they are built. Documents, reviews and reports read these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Literal, get_args

from riskstrat.definitions.vocabulary import STATUSES
from riskstrat.errors import PublicationError

Direction = Literal["raises", "lowers"]
CauseKind = Literal["new events", "ageing of earlier events", "late or corrected data", "model change"]
Lane = Literal["Hospital", "A&E", "Falls", "Care and contacts"]
FallsAnswer = Literal["met", "not met", "cannot tell"]

PLACES = ("practice", "pcn", "locality")

# The theme into which the contribution of sensitive facts is folded (see words.reason_lines).
OTHER_THEME = "other"


@dataclass(frozen=True)
class CountColumn:
    """One count behind the reasons, shown for every listed person.

    `name` is the key in `ListedPerson.counts`, `title` the heading people read, `unit` what is counted
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


@dataclass(frozen=True)
class ListedPerson:
    """One person on one team's list.

    `reference` is short, sayable and unique in the list. `rank` runs from 1. `risk` is a calibrated probability from
    0 to 1; `risk_low` and `risk_high` are the range for people with similar records. `weeks_on_list` is 1 in the first
    week; `escalate` says that they have been listed for too long without a decision. `age_band` reads "75 to 84";
    `sex` is F, M, I or U. `caution` and `last_review` are words, and may be blank. `counts` holds one number, or None
    where there is none, for each `CountColumn` of the list. A place that is not recorded is None. `index_date` is given
    where people have index dates of their own. Raises PublicationError for a value that would print a wrong or an
    empty cell; no message carries the value.
    """

    reference: str
    rank: int
    risk: float
    risk_low: float
    risk_high: float
    band: str
    status: str
    change: Change
    weeks_on_list: int
    escalate: bool
    age_band: str
    sex: str
    themes: tuple[ThemeReason, ...]
    top_conditions: tuple[str, ...]
    frailty: str
    falls_check: FallsCheck
    flags: tuple[str, ...]
    pathways: tuple[Suggestion, ...]
    support: tuple[str, ...]
    caution: str
    last_review: str
    page: PersonPage
    counts: Mapping[str, float | None] = field(default_factory=dict)
    practice: str | None = None
    pcn: str | None = None
    locality: str | None = None
    index_date: date | None = None

    def __post_init__(self) -> None:
        """Refuse values that could print a wrong or an empty cell."""
        self._check_kinds()
        for name in ("risk", "risk_low", "risk_high"):
            if not 0 <= getattr(self, name) <= 1:
                raise PublicationError(f"{name} of a listed person must be a probability from 0 to 1")
        if self.risk_low > self.risk_high:
            raise PublicationError("risk_low of a listed person must not be above risk_high")
        if self.weeks_on_list < 1:
            raise PublicationError("weeks_on_list of a listed person must be a whole number from 1 upwards")
        for name in ("reference", "band", "age_band", "frailty"):
            if not getattr(self, name).strip():
                raise PublicationError(f"{name} of a listed person is empty; fill it for every person")
        _check_one_of(self.sex, ("F", "M", "I", "U"), "sex of a listed person")
        _check_one_of(self.status, STATUSES, "status of a listed person")

    def _check_kinds(self) -> None:
        for kind, names in _KINDS.items():
            for name in names:
                if not isinstance(getattr(self, name), kind):
                    raise PublicationError(f"{name} of a listed person must be a {kind.__name__}")
        for name, kind in _KINDS_OF_SEVERAL.items():
            values = getattr(self, name)
            if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):
                raise PublicationError(f"{name} of a listed person must be a tuple of {kind.__name__}")


_KINDS: dict[type, tuple[str, ...]] = {
    str: ("reference", "band", "status", "age_band", "sex", "frailty", "caution", "last_review"),
    int: ("rank", "weeks_on_list"),
    bool: ("escalate",),
    Change: ("change",),
    FallsCheck: ("falls_check",),
    PersonPage: ("page",),
}
_KINDS_OF_SEVERAL: dict[str, type] = {
    "themes": ThemeReason,
    "pathways": Suggestion,
    "top_conditions": str,
    "flags": str,
    "support": str,
}


@dataclass(frozen=True)
class TeamList:
    """One team's list at one index date, ready to print.

    `people` stand by rank. `data_as_at_by_table` maps a landed table to the date up to which it is complete. `horizon`
    completes "the estimated chance of ...". `definitions` is the short hash of what was loaded. `statuses_as_at` is the
    date of the latest status check that was landed, None where there is none. `previous_list` is the date of the list
    before this one. `no_source_moved` says that no source has moved since then. `routed` maps the team that people were
    sent to instead onto their number; they are part of `counts.excluded`.
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
    people: tuple[ListedPerson, ...]
    counts_shown: tuple[CountColumn, ...] = ()
    notes: tuple[str, ...] = ()
    statuses_as_at: date | None = None
    previous_list: date | None = None
    no_source_moved: bool = False
    moves: tuple[Move, ...] = ()
    swaps: tuple[Swap, ...] = ()
    routed: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse people who do not fit the list; no message carries a person's value."""
        if len(self.people) != self.counts.listed:
            raise PublicationError(
                f"team {self.team_code}: {len(self.people)} people but {self.counts.listed} counted as listed"
            )
        if sum(self.routed.values()) > sum(self.counts.excluded.values()):
            raise PublicationError(
                f"team {self.team_code}: more people routed than excluded; routed is part of excluded"
            )
        if [person.rank for person in self.people] != list(range(1, len(self.people) + 1)):
            raise PublicationError(f"team {self.team_code}: ranks must be 1 to {len(self.people)}, each once, in order")
        if len({person.reference for person in self.people}) < len(self.people):
            raise PublicationError(
                f"team {self.team_code}: two people have the same reference; references must be unique"
            )
        wanted = [count.name for count in self.counts_shown]
        if any(list(person.counts) != wanted for person in self.people):
            raise PublicationError(f"team {self.team_code}: every person needs the counts {', '.join(wanted)}")

    def places_shown(self) -> tuple[str, ...]:
        """The places that at least one listed person has a value in; all if nobody is listed."""
        return tuple(name for name in PLACES if not self.people or any(_has_place(one, name) for one in self.people))

    def places_missing(self) -> tuple[str, ...]:
        """The places that the documents leave out."""
        return tuple(name for name in PLACES if name not in self.places_shown())


def _has_place(person: ListedPerson, place: str) -> bool:
    value = getattr(person, place)
    return value is not None and bool(value.strip())


def _check_one_of(value: object, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise PublicationError(f"{what} must be one of: {', '.join(allowed)}")
