"""What a list says of one person besides their place on it: frozen facts, checked as they are built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal, get_args

from riskstrat.errors import PublicationError

Direction = Literal["raises", "lowers"]
CauseKind = Literal["new events", "ageing of earlier events", "late or corrected data", "model change"]
Lane = Literal["Hospital", "A&E", "Falls", "Care", "Contacts"]
FallsAnswer = Literal["met", "not met", "cannot tell"]

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

    `contribution` is the theme's strength, one of a few (`round_strength`): above 0 when it raises the estimate. It is
    no size, so that what may not be set out cannot be got by subtraction. `sentences` are facts with their dates, as
    the features themselves word them. The theme "other" is never among them; older lists hold it; none prints it.
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
class RecordedCondition:
    """One long-term condition, named as in the middle of a sentence, and the day of its first record, if known.

    `ended` is the day on which it ended by the GP record; None where it stands, or nothing says that it has ended.
    """

    name: str
    since: date | None = None
    ended: date | None = None


@dataclass(frozen=True)
class Suggestion:
    """One pathway to consider: its title, one sentence of what to consider, and its whole rule in words.

    `met` are sentences: the facts by which this person meets the rule, with their dates.
    """

    title: str
    consider: str
    rule: str
    met: tuple[str, ...] = ()


@dataclass(frozen=True)
class FallsCheck:
    """The NG249 criteria for a comprehensive falls assessment, answered for one person, with the reason in words."""

    answer: FallsAnswer
    why: str

    def __post_init__(self) -> None:
        """Refuse an answer outside the three."""
        check_one_of(self.answer, get_args(FallsAnswer), "the answer of a falls check")


CohortAnswer = Literal["in", "not in", "cannot be told"]


@dataclass(frozen=True)
class CohortStanding:
    """Where one person stands by one rule of training/cohorts.toml: its name, its tag, the answer, and why not told."""

    name: str
    tag: str
    answer: CohortAnswer
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse an answer outside the three, and one that cannot be told without its reason."""
        check_one_of(self.answer, get_args(CohortAnswer), "the answer of a cohort")
        if (self.answer == "cannot be told") != bool(self.why):
            raise PublicationError(
                f"cohort {self.name}: what cannot be told needs its reason, and nothing else has one"
            )


@dataclass(frozen=True)
class Cause:
    """One of the four parts of a change in one person's estimate, in log odds; the four add up to the change.

    `themes` holds (theme, strength) as `round_strength` gives it, strongest first and without the theme "other".
    """

    kind: CauseKind
    part: float
    themes: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown kind and a size that is no number."""
        check_one_of(self.kind, get_args(CauseKind), "the kind of a cause")
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
        check_one_of(self.what, ("entered", "left", "moved"), "a move")


@dataclass(frozen=True)
class Swap:
    """One exchange made to keep to the places of a service.

    `left_out` and `taken` are a reference or a place in the order ("rank 5"). `given_up` is the expected
    number of people with the outcome by which pure risk order would have been higher.
    """

    left_out: str
    taken: str
    given_up: float


@dataclass(frozen=True)
class TimelineEvent:
    """One event of a person's timeline: a day, or a spell from `start` to `end`, in one lane, with words for it.

    `running` says that no end was known: the spell is drawn to `end`, the index date.
    """

    start: date
    end: date | None
    lane: Lane
    label: str
    running: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown lane and a spell that ends before it starts."""
        check_one_of(self.lane, get_args(Lane), "the lane of a timeline event")
        if self.end is not None and self.end < self.start:
            raise PublicationError("a timeline event must not end before it starts; check the spell's dates")


@dataclass(frozen=True)
class PersonPage:
    """What stands on one person's page alone.

    `typical_risk` is the probability typical of `typical_group` ("women aged 75 to 84 here"). `trend` holds
    (list date, risk), oldest first. `changeable` says what a team could act on; `cannot_see`, `missing` and
    `reliability` are sentences too. `medicines` names kinds of medicine, each with the day of its latest issue.
    `timeline` covers the 24 months before the index date; what began earlier keeps its own start.
    """

    typical_risk: float | None
    typical_group: str
    trend: tuple[tuple[date, float], ...] = ()
    changeable: tuple[str, ...] = ()
    medicines: tuple[tuple[str, date], ...] = ()
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
class Rise:
    """An estimate that has gone up clearly: the date of the list it rose from, and the same model's risk at it."""

    since: date
    risk: float


@dataclass(frozen=True)
class CaseAction:
    """One outcome of the team's last decision in words, who sees to it, and by when."""

    outcome: str
    owner: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class CaseDecision:
    """What the team last decided about a case, as it was given back: when, the actions, and the note on it.

    An outcome that no page may repeat is not among the actions; then neither is the note.
    """

    decided_on: date
    actions: tuple[CaseAction, ...] = ()
    note: str = ""


def check_one_of(value: object, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise PublicationError(f"{what} must be one of: {', '.join(allowed)}")
