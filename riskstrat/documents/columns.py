"""The columns of the workbook's list: heading, width and what each cell holds.

Facts stand grouped in few wide columns, so that they can be read on A4 paper; the fields that a person fills in each
have a column of their own, under a title that `riskstrat reviews import` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from riskstrat.documents.person import NO_PATHWAY, NO_SUPPORT, Pairs, Person
from riskstrat.documents.words import NOT_REACHED_BRIEF, VERB, ReasonLine, may_not_be_reached, no_reason
from riskstrat.publication import Direction

# On a list the first reasons do; the page for each person has them all.
LIST_RAISING, LIST_LOWERING, LIST_SENTENCES = 3, 2, 1

TITLES: dict[Direction, str] = {"raises": "Raised:", "lowers": "Lowered:"}

Choice = Literal["yes", "outcome", "agree", "date", "text"]


class Line(NamedTuple):
    """One line of a cell: a label in bold, if any, and its text."""

    label: str
    text: str = ""

    def plain(self) -> str:
        """The line as plain text."""
        return f"{self.label}{' ' if self.label and self.text else ''}{self.text}"


@dataclass(frozen=True)
class Column:
    """A column of facts: `width` in characters, `cell` gives the lines printed for one person."""

    title: str
    width: float
    cell: Callable[[Person], list[Line]]


@dataclass(frozen=True)
class Field:
    """A column that a person fills in, with what it takes."""

    title: str
    width: float
    takes: Choice


# The first two are columns of one short value each, kept for sorting and finding.
RANK, REFERENCE = "Rank", "Reference"
KEY_WIDTHS = (6.0, 16.0)

# The paper breaks between the two: who and why on the left sheet, what to do about it on the right one.
WHO_AND_WHY = (
    Column("Status", 12, lambda person: [Line("", person.status)]),
    Column("Risk", 18, lambda person: _risk(person)),
    Column("Since the last list", 27, lambda person: _change(person)),
    Column("About the person", 24, lambda person: _pairs(person.about)),
    Column("Recent use", 24, lambda person: _pairs(person.counts)),
    Column("Health", 37, lambda person: _pairs(person.health)),
    Column("What moved the estimate", 38, lambda person: _reasons(person)),
)
WHAT_TO_CONSIDER = (
    Column("Pathways to consider", 28, lambda person: _pathways(person)),
    Column("Support in place, caution, last review", 35, lambda person: _support(person)),
)
FIELDS = (
    Field("Status checked", 9.5, "yes"),
    Field("Outcome 1", 15, "outcome"),
    Field("Outcome 2", 15, "outcome"),
    Field("Outcome 3", 15, "outcome"),
    Field("Agree", 7.5, "agree"),
    Field("Reason", 19, "text"),
    Field("Owner", 13, "text"),
    Field("Decided on", 12, "date"),
    Field("Next due", 12, "date"),
)


def list_reasons(person: Person, direction: Direction) -> list[ReasonLine]:
    """The reasons of one person that stand on a list, cut to their first sentences."""
    lines, most = (person.raises, LIST_RAISING) if direction == "raises" else (person.lowers, LIST_LOWERING)
    return [line._replace(sentences=line.sentences[:LIST_SENTENCES]) for line in lines[:most]]


def direction_title(direction: Direction) -> str:
    """The heading over the reasons of one direction."""
    return f"What {VERB[direction]} the estimate"


def _risk(person: Person) -> list[Line]:
    return [Line(person.risk[:1].upper() + person.risk[1:]), Line("Range:", person.range), Line("Band:", person.band)]


def _change(person: Person) -> list[Line]:
    escalation = [Line(person.escalation)] if person.escalation else []
    change = [Line("", person.change)] if person.change else []
    return [*escalation, *change, *(Line("", text) for text in person.causes), Line("", f"{person.week}.")]


def _pairs(pairs: Pairs) -> list[Line]:
    return [Line(f"{label}:", text) for label, text in pairs]


def _reasons(person: Person) -> list[Line]:
    lines: list[Line] = []
    for direction, title in TITLES.items():
        shown = list_reasons(person, direction)
        lines += [Line(f"{title} {line.heading()}.", line.facts) for line in shown]
        lines += [] if shown else [Line("", no_reason(direction))]
    reached = [Line("", NOT_REACHED_BRIEF)] if may_not_be_reached(list_reasons(person, "lowers")) else []
    return [*lines, *reached]


def _pathways(person: Person) -> list[Line]:
    if not person.pathways:
        return [Line("", NO_PATHWAY)]
    return [Line("", f"{one.title}.") for one in person.pathways]


def _support(person: Person) -> list[Line]:
    caution = [Line("Caution:", person.caution)] if person.caution else []
    return [Line("Support:", _sentences(person.support)), *caution, Line("Last review:", person.last_review)]


def _sentences(texts: Iterable[str]) -> str:
    return " ".join(texts) or NO_SUPPORT
