"""The columns of the workbook's list: one fact a column, so that it can be sorted and filtered; heading and width.

The reference comes first, then the fields that a person fills in, under titles that `riskstrat reviews import` knows,
then the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskstrat.documents.person import NO_SUPPORT, Pairs, PrintedPerson
from riskstrat.documents.words import (
    NOT_REACHED_BRIEF,
    VERB,
    ReasonLine,
    count_heading,
    name_edition,
    no_reason,
    printable,
    round_shown,
    sentence,
    word_reach,
)
from riskstrat.publication import CountColumn, Direction, ListedPerson, TeamList

# On a list the first reasons do; the page for each person has them all.
LIST_RAISING, LIST_LOWERING, LIST_SENTENCES = 3, 2, 1

Choice = Literal["yes", "outcome", "agree", "date", "text"]
Look = Literal["text", "number", "date", "in 100"]
Cell = str | int | float | date | None


@dataclass(frozen=True)
class FactColumn:
    """A column of facts: `width` in characters, `cell` gives what stands there for one person, None for nothing."""

    title: str
    width: float
    cell: Callable[[PrintedPerson, ListedPerson], Cell]
    look: Look = "text"


@dataclass(frozen=True)
class FillInField:
    """A column that a person fills in, with what it takes."""

    title: str
    width: float
    takes: Choice


REFERENCE, REFERENCE_WIDTH = "Reference", 12.0
FIELDS = (
    FillInField("Status checked", 8.5, "yes"),
    *(
        field
        for number in (1, 2, 3)
        for field in (
            FillInField(f"Outcome {number}", 15, "outcome"),
            FillInField(f"Owner {number}", 9, "text"),
            FillInField(f"Due {number}", 10.5, "date"),
        )
    ),
    FillInField("Agree", 6.5, "agree"),
    FillInField("Note", 20, "text"),
    FillInField("Decided on", 10.5, "date"),
    FillInField("Decided by", 10, "text"),
)


def list_facts(team: TeamList, people: Sequence[PrintedPerson]) -> tuple[FactColumn, ...]:
    """The columns of facts of one team's list, from left to right; `people` are those listed, as printed."""
    return (*_list_place_on_list(), *_list_person(team, people), *_list_what_to_consider(), *_list_last_decision(team))


def list_reasons(person: PrintedPerson, direction: Direction) -> list[ReasonLine]:
    """The reasons of one person that stand on a list, cut to their first sentences."""
    lines, most = (person.raises, LIST_RAISING) if direction == "raises" else (person.lowers, LIST_LOWERING)
    return [line._replace(sentences=line.sentences[:LIST_SENTENCES]) for line in lines[:most]]


def direction_title(direction: Direction) -> str:
    """The heading over the reasons of one direction."""
    return f"What {VERB[direction]} the estimate"


def describe_reasons(person: PrintedPerson, direction: Direction) -> str:
    """The reasons of one direction as one text, or that there is none."""
    lines = list_reasons(person, direction)
    said = [f"{line.heading()}. {line.facts}" for line in lines] or [no_reason(direction)]
    reach = word_reach(lines, person.untold, NOT_REACHED_BRIEF) if direction == "lowers" else ""
    return " ".join([*said, reach] if reach else said)


def describe_pathways(person: PrintedPerson) -> str:
    """The titles of the pathways to consider, or that there is none."""
    return " ".join(f"{one.title}." for one in person.pathways) or person.no_pathway


def word_pathways(person: PrintedPerson) -> str:
    """The same as a sentence that may stand among others, which says that they are to be considered."""
    return f"Consider: {', '.join(one.title for one in person.pathways)}." if person.pathways else person.no_pathway


def describe_support(person: PrintedPerson) -> str:
    """What is in place, or that nothing is recorded."""
    return " ".join(person.support) or NO_SUPPORT


def _list_place_on_list() -> Iterable[FactColumn]:
    yield FactColumn("Rank", 7, lambda person, _: person.rank, "number")
    yield FactColumn("Came to the list", 13, lambda person, _: person.arrival)
    yield FactColumn("Known before", 34, lambda person, _: person.known_before or None)
    yield FactColumn("Rising", 26, lambda person, _: person.rising or None)
    yield FactColumn("Weeks on the list", 9, lambda _, listed: listed.weeks_on_list, "number")
    yield FactColumn("Escalate", 18, lambda person, _: person.escalation or None)
    yield FactColumn("Risk", 17, lambda _, listed: round_risk(listed.risk), "in 100")
    yield FactColumn("Range", 22, lambda person, _: person.range)
    yield FactColumn("Band", 10, lambda person, _: person.band)


def _list_person(team: TeamList, people: Sequence[PrintedPerson]) -> Iterable[FactColumn]:
    """What is recorded of the person; the counts as numbers, where there is one."""
    for place, title in enumerate(_find_labels(person.about for person in people)):
        yield FactColumn(title, 26 if title == "Practice" else 14, _read_pair("about", place))
    for place, count in enumerate(team.counts_shown):
        yield FactColumn(count_heading(count), 14, _read_count(place, count), "number")
    for place, title in enumerate(_find_labels(person.health for person in people)):
        yield FactColumn(title, 34, _read_pair("health", place))


def _list_what_to_consider() -> Iterable[FactColumn]:
    for direction in VERB:
        yield FactColumn(direction_title(direction), 60, _read_reasons(direction))
    yield FactColumn("Pathways to consider", 28, lambda person, _: describe_pathways(person))
    yield FactColumn("Support in place", 34, lambda person, _: describe_support(person))
    yield FactColumn("Caution", 28, lambda person, _: person.caution or None)
    yield FactColumn("Since the last list", 24, lambda person, _: person.change or None)
    yield FactColumn("What moved the estimate since", 36, lambda person, _: " ".join(person.causes) or None)


def _list_last_decision(team: TeamList) -> Iterable[FactColumn]:
    yield FactColumn("Case opened on", 12, lambda _, listed: listed.opened_on, "date")
    yield FactColumn("Last decided on", 12, lambda _, listed: _read_decided(listed), "date")
    yield FactColumn("Last outcomes", 26, lambda _, listed: _join_actions(listed, "outcome"))
    yield FactColumn("Last owners", 14, lambda _, listed: _join_actions(listed, "owner"))
    yield FactColumn("Last due", 12, lambda _, listed: _find_first_due(listed), "date")
    yield FactColumn("Last note", 30, lambda _, listed: _read_note(listed))
    yield FactColumn("List", 26, lambda _, listed: name_edition(team))


def round_risk(risk: float) -> float:
    """A probability in hundreds as printed: whole, but below 1 for "fewer than 1", above 99 for "more than 99"."""
    if not 0.01 <= risk <= 0.99:
        return 0.5 if risk < 0.01 else 99.5
    return float(int(round(100 * risk, 9) + 0.5))


def _find_labels(of_people: Iterable[Pairs]) -> list[str]:
    """The labels of pairs that stand for every person of a list; none where nobody is listed."""
    return [label for label, _ in next(iter(of_people), ())]


def _read_pair(name: Literal["about", "health"], place: int) -> Callable[[PrintedPerson, ListedPerson], Cell]:
    def read(person: PrintedPerson, _: ListedPerson) -> Cell:
        pairs: Pairs = getattr(person, name)
        return pairs[place][1]

    return read


def _read_count(place: int, count: CountColumn) -> Callable[[PrintedPerson, ListedPerson], Cell]:
    def read(person: PrintedPerson, listed: ListedPerson) -> Cell:
        value = listed.counts[count.name]
        if value is None or count.name in listed.untold:
            return person.counts[place][1]
        return round_shown(value)

    return read


def _read_reasons(direction: Direction) -> Callable[[PrintedPerson, ListedPerson], Cell]:
    return lambda person, _: describe_reasons(person, direction)


def _read_decided(listed: ListedPerson) -> date | None:
    return listed.last_decision.decided_on if listed.last_decision else None


def _read_note(listed: ListedPerson) -> str | None:
    note = listed.last_decision.note if listed.last_decision else ""
    return sentence(note) if note else None


def _join_actions(listed: ListedPerson, name: Literal["outcome", "owner"]) -> str | None:
    actions = listed.last_decision.actions if listed.last_decision else ()
    return "; ".join(filter(None, (printable(getattr(action, name)) for action in actions))) or None


def _find_first_due(listed: ListedPerson) -> date | None:
    """The first date by which something was to be done."""
    actions = listed.last_decision.actions if listed.last_decision else ()
    return min((action.due_on for action in actions if action.due_on), default=None)
