"""The rows of a team's list, filtered and sorted as the address says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from riskstrat.documents import FALLS_TITLE, FALLS_WORDS, PrintedPerson, describe_about
from riskstrat.publication import ListedPerson, TeamList
from riskstrat.worklist.gathering import CasesStanding
from riskstrat.worklist.models import Decision, FaultReport
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.standing import is_decided, word_decision

DECIDED, UNDECIDED, REPORTED = "Decided", "Not decided yet", "Reported as wrong"
NO_PRACTICE = "Not recorded"


@dataclass(frozen=True)
class ListRow:
    """One person on a list, with what stands in the database about the case."""

    person: PrintedPerson
    listed: ListedPerson
    decision: Decision | None
    report: FaultReport | None
    warning: str
    taken: str
    """That the person was taken up from the reserve, or that the case fell through; blank for others."""

    @cached_property
    def status(self) -> str:
        """Where the case stands this week."""
        if is_decided(self.decision):
            return DECIDED
        return REPORTED if self.report else UNDECIDED

    @cached_property
    def decided(self) -> str:
        """This week's decision in words; blank without one."""
        return word_decision(self.decision) if self.decision else ""

    @property
    def about(self) -> str:
        """Age, sex and places of the person."""
        return describe_about(self.person)


@dataclass(frozen=True)
class Filter:
    """One way of choosing rows: its name in the address, its title, and the values that a row has by it."""

    name: str
    title: str
    values: Callable[[ListRow], Iterable[str]]


@dataclass(frozen=True)
class OfferedFilter:
    """A filter as the page offers it: the values that occur on this list, and the one that is chosen, or blank."""

    name: str
    title: str
    values: tuple[str, ...]
    chosen: str


FILTERS = (
    Filter("practice", "Practice", lambda row: (row.listed.practice or NO_PRACTICE,)),
    Filter("flag", "Flag, such as a care home", lambda row: row.listed.flags),
    Filter("cohort", "Cohort", lambda row: (one.tag for one in row.listed.cohorts if one.answer == "in")),
    Filter("falls", FALLS_TITLE, lambda row: (FALLS_WORDS[row.listed.falls_check.answer],)),
    Filter("condition", "Condition", lambda row: (one.name for one in row.listed.standing_conditions)),
    Filter("service", "Pathway to consider", lambda row: (one.title for one in row.person.pathways)),
    Filter("arrival", "Came to the list", lambda row: (row.person.arrival,)),
    Filter("status", "This week", lambda row: (row.status,)),
)
SORTS: Mapping[str, tuple[str, Callable[[ListRow], tuple[object, ...]]]] = {
    "rank": ("Rank", lambda row: (row.person.rank,)),
    "reference": ("Reference", lambda row: (row.person.reference,)),
    "practice": ("Practice", lambda row: (row.listed.practice or "", row.person.rank)),
    "weeks": ("Weeks on the list", lambda row: (-row.listed.weeks_on_list, row.person.rank)),
    "status": ("This week, undecided first", lambda row: (is_decided(row.decision), row.person.rank)),
}


def build_rows(current: CurrentList, team: TeamList, stands: CasesStanding) -> list[ListRow]:
    """Everybody on a team's list, by rank."""
    return [
        ListRow(
            *(person, listed, stands.decisions.get(person.reference), stands.reports.get(person.reference)),
            *(stands.warnings.get(person.reference, ""), stands.taken.get(person.reference, "")),
        )
        for person, listed in zip(current.list_people(team.team_code), team.people, strict=True)
    ]


def build_choices(rows: Sequence[ListRow], asked: Mapping[str, str]) -> list[OfferedFilter]:
    """Every filter with the values that occur and the one that is asked for, which nobody may have."""
    choices = []
    for each in FILTERS:
        chosen = asked.get(each.name, "")
        values = {value for row in rows for value in each.values(row)} | ({chosen} if chosen else set())
        choices.append(OfferedFilter(each.name, each.title, tuple(sorted(values)), chosen))
    return choices


def choose_rows(rows: Sequence[ListRow], choices: Sequence[OfferedFilter], order: str) -> list[ListRow]:
    """The rows that every chosen value fits, in the order asked for, else by rank."""
    of_name = {each.name: each for each in FILTERS}
    chosen = [(of_name[choice.name], choice.chosen) for choice in choices if choice.chosen]
    kept = [row for row in rows if all(value in each.values(row) for each, value in chosen)]
    _, key = SORTS.get(order, SORTS["rank"])
    return sorted(kept, key=key)
