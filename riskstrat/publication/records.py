"""A team's list as data: frozen records, checked as they are built. Documents, reviews and reports read these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from riskstrat.casefinding import NO_CASELOAD
from riskstrat.definitions.vocabulary import ARRIVALS, Arrival
from riskstrat.errors import PublicationError
from riskstrat.publication.facts import (
    CaseDecision,
    Change,
    CohortStanding,
    CountColumn,
    FallsCheck,
    Move,
    PersonPage,
    RecordedCondition,
    Rise,
    Suggestion,
    Swap,
    ThemeReason,
    check_one_of,
)

PLACES = ("practice", "pcn", "locality")


@dataclass(frozen=True)
class TeamCounts:
    """Where every eligible person of one team is, each counted once.

    listed + below_the_line + known_on_caseload + sum(excluded) = eligible. `known_on_caseload` is None where no
    caseload was landed. `excluded` maps a reason in words to a number of people. Whom an opt-out takes out is in none
    of these.
    """

    eligible: int
    listed: int
    below_the_line: int
    known_on_caseload: int | None
    excluded: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse counts that do not account for everybody once."""
        parts = self.listed + self.below_the_line + (self.known_on_caseload or 0) + sum(self.excluded.values())
        if parts != self.eligible:
            raise PublicationError(
                f"team counts do not add up: {parts} people accounted for of {self.eligible} eligible; "
                "listed + below the line + known + excluded must equal eligible"
            )


@dataclass(frozen=True)
class ListedPerson:
    """One person on one team's list.

    `reference` is short, sayable, and that of the case: it stays while the person is on lists, whatever their rank, and
    is given to nobody else; `opened_on` is the date of the case's first list. `arrival` says how they came to this
    list. `known_before` says in words when they were known and what came of it, and is blank for others. `rising` is
    None unless the estimate has gone up clearly. `last_decision` is this team's, None without. `rank` runs from 1.
    `risk` is a calibrated probability from 0 to 1; `risk_low` and `risk_high` are the range for people with similar
    records. `weeks_on_list` is 1 in the first week; `escalate` says that they have been listed for too long without a
    decision. `age_band` reads "75 to 84"; `sex` is F, M, I or U. `conditions` stand in a fixed clinical order, the most
    telling first, and those that have ended last. `support` says who is involved now and what is in place. `caution`
    is words, and may be blank.
    `counts` holds one number, or None where there is none, for each `CountColumn` of the list. `untold` says why
    something cannot be told, by the name of a count, a lane of the timeline, `conditions` or `pathways`: a count that
    is named there and has a number is the least that there was, and what is not named there and has no value is not
    there. A place that is not recorded is None.
    `cohorts` has where they stand by each rule of training/cohorts.toml; empty where the list was made without.
    `index_date` is given where people have index dates of their own. Raises PublicationError for a value that would
    print a wrong or an empty cell; no message carries the value.
    """

    reference: str
    rank: int
    risk: float
    risk_low: float
    risk_high: float
    band: str
    arrival: Arrival
    known_before: str
    rising: Rise | None
    opened_on: date
    last_decision: CaseDecision | None
    change: Change
    weeks_on_list: int
    escalate: bool
    age_band: str
    sex: str
    themes: tuple[ThemeReason, ...]
    conditions: tuple[RecordedCondition, ...]
    frailty: str
    falls_check: FallsCheck
    flags: tuple[str, ...]
    pathways: tuple[Suggestion, ...]
    support: tuple[str, ...]
    caution: str
    page: PersonPage
    counts: Mapping[str, float | None] = field(default_factory=dict)
    untold: Mapping[str, str] = field(default_factory=dict)
    practice: str | None = None
    pcn: str | None = None
    locality: str | None = None
    index_date: date | None = None
    cohorts: tuple[CohortStanding, ...] = ()

    @property
    def standing_conditions(self) -> tuple[RecordedCondition, ...]:
        """Those that are not recorded as ended."""
        return tuple(one for one in self.conditions if one.ended is None)

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
        check_one_of(self.sex, ("F", "M", "I", "U"), "sex of a listed person")
        check_one_of(self.arrival, ARRIVALS, "arrival of a listed person")

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
    str: ("reference", "band", "arrival", "known_before", "age_band", "sex", "frailty", "caution"),
    date: ("opened_on",),
    int: ("rank", "weeks_on_list"),
    bool: ("escalate",),
    Change: ("change",),
    FallsCheck: ("falls_check",),
    PersonPage: ("page",),
}
_KINDS_OF_SEVERAL: dict[str, type] = {
    "themes": ThemeReason,
    "pathways": Suggestion,
    "conditions": RecordedCondition,
    "flags": str,
    "support": str,
    "cohorts": CohortStanding,
}


@dataclass(frozen=True)
class TeamList:
    """One team's list at one index date, ready to print.

    `edition` is 1, and one more for each list of that date that was withdrawn before it. `people` stand by rank.
    `data_as_at_by_table` maps a landed table to the date up to which it is complete. `horizon` completes "the estimated
    chance of ...". `definitions` is the short hash of what was loaded. `statuses_as_at` is the date of the latest
    status check that was landed, None where there is none. `not_checked` says of each exclusion that could not be
    checked which and why ("Not checked: ..."), `doubts` what makes a source doubtful. `previous_list` is the date of
    the list before this one.
    `no_source_moved` says that no source has moved since then. `routed` maps the team that people were sent to instead
    onto their number; they are part of `counts.excluded`. `reserve` holds the next people below the line, who are not
    listed and stand in no document: what a coordinator must see to take one up. Their ranks go on from the last one.
    """

    team: str
    team_code: str
    index_date: date
    edition: int
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
    not_checked: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    previous_list: date | None = None
    no_source_moved: bool = False
    moves: tuple[Move, ...] = ()
    swaps: tuple[Swap, ...] = ()
    routed: Mapping[str, int] = field(default_factory=dict)
    reserve: tuple[ListedPerson, ...] = ()

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
        everybody = (*self.people, *self.reserve)
        if [person.rank for person in everybody] != list(range(1, len(everybody) + 1)):
            raise PublicationError(f"team {self.team_code}: ranks must be 1 to {len(everybody)}, each once, in order")
        if len({person.reference for person in everybody}) < len(everybody):
            raise PublicationError(
                f"team {self.team_code}: two people have the same reference; references must be unique"
            )
        wanted = [count.name for count in self.counts_shown]
        if any(list(person.counts) != wanted for person in everybody):
            raise PublicationError(f"team {self.team_code}: every person needs the counts {', '.join(wanted)}")

    @property
    def known(self) -> int | None:
        """How many are on a caseload; None where none was landed, as lists said 0 then that were made before."""
        return None if NO_CASELOAD in self.not_checked else self.counts.known_on_caseload

    def count_taken_up(self, references: Sequence[str]) -> TeamList:
        """The same list with those people of its reserve at its end, as listed, in the order given.

        Whoever is not in its reserve is passed over; the ranks of those who stay in reserve go on from the last one.
        """
        reserve = {person.reference: person for person in self.reserve}
        taken = [reserve.pop(reference) for reference in references if reference in reserve]
        if not taken:
            return self
        listed = len(self.people)
        ranked = [replace(one, rank=rank) for rank, one in enumerate((*taken, *reserve.values()), start=listed + 1)]
        counts = replace(
            self.counts,
            listed=self.counts.listed + len(taken),
            below_the_line=self.counts.below_the_line - len(taken),
        )
        people, left = (*self.people, *ranked[: len(taken)]), tuple(ranked[len(taken) :])
        return replace(self, people=people, reserve=left, counts=counts)

    def places_shown(self) -> tuple[str, ...]:
        """The places that at least one listed person has a value in; all if nobody is listed."""
        return tuple(name for name in PLACES if not self.people or any(_has_place(one, name) for one in self.people))

    def places_missing(self) -> tuple[str, ...]:
        """The places that the documents leave out."""
        return tuple(name for name in PLACES if name not in self.places_shown())


def _has_place(person: ListedPerson, place: str) -> bool:
    value = getattr(person, place)
    return value is not None and bool(value.strip())
