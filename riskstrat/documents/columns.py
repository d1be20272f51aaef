"""The columns of the workbook's list: heading, width and what each cell holds.

Facts stand grouped in few wide columns, so that they can be read on A4 paper; the fields that a person fills in each
have a column of their own, under a title that `riskstrat reviews import` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from riskstrat.documents.person import NO_PATHWAY, NO_SUPPORT, Pairs, PrintedPerson
from riskstrat.documents.words import NOT_REACHED_BRIEF, VERB, ReasonLine, may_not_be_reached, no_reason
from riskstrat.publication import Direction

# On a list the first reasons do; the page for each person has them all.
LIST_RAISING, LIST_LOWERING, LIST_SENTENCES = 3, 2, 1

TITLES: dict[Direction, str] = {"raises": "Raised:", "lowers": "Lowered:"}

Choice = Literal["yes", "outcome", "agree", "date", "text"]


class CellLine(NamedTuple):
    """One line of a cell: a label in bold, if any, and its text."""

    label: str
    text: str = ""

    def plain(self) -> str:
        """The line as plain text."""
        return f"{self.label}{' ' if self.label and self.text else ''}{self.text}"


@dataclass(frozen=True)
class FactColumn:
    """A column of facts: `width` in characters, `cell` gives the lines printed for one person."""

    title: str
    width: float
    cell: Callable[[PrintedPerson], list[CellLine]]


@dataclass(frozen=True)
class FillInField:
    """A column that a person fills in, with what it takes."""

    title: str
    width: float
    takes: Choice


# The first two are columns of one short value each, kept for sorting and finding.
RANK, REFERENCE = "Rank", "Reference"
KEY_WIDTHS = (6.0, 16.0)

# The paper breaks between the two: who and why on the left sheet, what to do about it on the right one.
WHO_AND_WHY = (
    FactColumn("Status", 12, lambda person: [CellLine("", person.status)]),
    FactColumn("Risk", 18, lambda person: _format_risk(person)),
    FactColumn("Since the last list", 27, lambda person: _change(person)),
    FactColumn("About the person", 24, lambda person: _format_pairs(person.about)),
    FactColumn("Recent use", 24, lambda person: _format_pairs(person.counts)),
    FactColumn("Health", 37, lambda person: _format_pairs(person.health)),
    FactColumn("What moved the estimate", 38, lambda person: _format_reasons(person)),
)
WHAT_TO_CONSIDER = (
    FactColumn("Pathways to consider", 28, lambda person: _format_pathways(person)),
    FactColumn("Support in place, caution, last review", 35, lambda person: _format_support(person)),
)
FIELDS = (
    FillInField("Status checked", 9.5, "yes"),
    FillInField("Outcome 1", 15, "outcome"),
    FillInField("Outcome 2", 15, "outcome"),
    FillInField("Outcome 3", 15, "outcome"),
    FillInField("Agree", 7.5, "agree"),
    FillInField("Reason", 19, "text"),
    FillInField("Owner", 13, "text"),
    FillInField("Decided on", 12, "date"),
    FillInField("Next due", 12, "date"),
)


def list_reasons(person: PrintedPerson, direction: Direction) -> list[ReasonLine]:
    """The reasons of one person that stand on a list, cut to their first sentences."""
    lines, most = (person.raises, LIST_RAISING) if direction == "raises" else (person.lowers, LIST_LOWERING)
    return [line._replace(sentences=line.sentences[:LIST_SENTENCES]) for line in lines[:most]]


def direction_title(direction: Direction) -> str:
    """The heading over the reasons of one direction."""
    return f"What {VERB[direction]} the estimate"


def _format_risk(person: PrintedPerson) -> list[CellLine]:
    return [
        CellLine(person.risk[:1].upper() + person.risk[1:]),
        CellLine("Range:", person.range),
        CellLine("Band:", person.band),
    ]


def _change(person: PrintedPerson) -> list[CellLine]:
    escalation = [CellLine(person.escalation)] if person.escalation else []
    change = [CellLine("", person.change)] if person.change else []
    return [*escalation, *change, *(CellLine("", text) for text in person.causes), CellLine("", f"{person.week}.")]


def _format_pairs(pairs: Pairs) -> list[CellLine]:
    return [CellLine(f"{label}:", text) for label, text in pairs]


def _format_reasons(person: PrintedPerson) -> list[CellLine]:
    lines: list[CellLine] = []
    for direction, title in TITLES.items():
        shown = list_reasons(person, direction)
        lines += [CellLine(f"{title} {line.heading()}.", line.facts) for line in shown]
        lines += [] if shown else [CellLine("", no_reason(direction))]
    reached = [CellLine("", NOT_REACHED_BRIEF)] if may_not_be_reached(list_reasons(person, "lowers")) else []
    return [*lines, *reached]


def _format_pathways(person: PrintedPerson) -> list[CellLine]:
    if not person.pathways:
        return [CellLine("", NO_PATHWAY)]
    return [CellLine("", f"{one.title}.") for one in person.pathways]


def _format_support(person: PrintedPerson) -> list[CellLine]:
    caution = [CellLine("Caution:", person.caution)] if person.caution else []
    return [CellLine("Support:", _join_support(person.support)), *caution, CellLine("Last review:", person.last_review)]


def _join_support(texts: Iterable[str]) -> str:
    return " ".join(texts) or NO_SUPPORT
