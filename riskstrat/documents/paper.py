"""How a team's list is laid out on paper: what is not said twice, and how wide each column is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations

from riskstrat.documents.changes import MoveLine
from riskstrat.documents.columns import describe_pathways, direction_title, list_reasons
from riskstrat.documents.person import NO_SUPPORT, Pairs, PrintedPerson
from riskstrat.documents.words import VERB
from riskstrat.publication import Direction

TOLD_ABOVE = "What changed for each person on the list stands in their row."
ON_PAPER: Mapping[Direction, int] = {"raises": 2, "lowers": 1}
"""Reasons of each direction that stand on paper; the page on a screen has more, and each person's page has them all."""

NARROWEST = 12
"""Percent of a sheet that the reference and how the person came need."""
LETTERS_IN_PERCENT, LETTERS_LOST = 2.1, 6.0
"""Letters of print that a percent of a sheet holds, and those that a line loses to its end and to the space beside."""

POWER = 8
"""How much more the highest cell of a row counts than the others."""


def find_moves_told_in_rows(moves: Sequence[MoveLine], people: Sequence[PrintedPerson]) -> list[MoveLine]:
    """The moves whose every word stands in the row of the person too: paper, which has both, has them once."""
    told = {(person.reference, person.change, person.causes) for person in people}
    return [move for move in moves if (move.reference, move.detail, move.why) in told]


def share_paper(people: Sequence[PrintedPerson]) -> dict[str, int]:
    """Each column of the list with its percent of a sheet: the widths by which the rows take the fewest lines.

    From equal widths, one percent at a time goes to whichever column saves most lines by it.
    """
    texts = [[[len(text) for text in tell(person)] for tell in _COLUMNS.values()] for person in people]
    widths = [100 // len(_COLUMNS)] * len(_COLUMNS)
    while True:
        best = min(_list_neighbours(widths), key=lambda some: _count_lines(texts, some))
        if _count_lines(texts, best) >= _count_lines(texts, widths):
            return dict(zip(_COLUMNS, widths, strict=True))
        widths = best


def _list_neighbours(widths: list[int]) -> list[list[int]]:
    """The same widths with one percent moved from one column to another."""
    pairs = [(give, take) for give, take in permutations(range(len(widths)), 2) if widths[give] > NARROWEST]
    return [[width - (place == give) + (place == take) for place, width in enumerate(widths)] for give, take in pairs]


def _count_lines(texts: list[list[list[int]]], widths: list[int]) -> float:
    """Lines of the rows at these widths, in letters over letters a line.

    Nearly each row's highest cell. The power lets the next highest count too, so that no step is blocked by two alike.
    """
    room = [LETTERS_IN_PERCENT * width - LETTERS_LOST for width in widths]
    heights = (
        [sum(length / line + 0.5 for length in cell) for cell, line in zip(row, room, strict=True)] for row in texts
    )
    return sum(sum(height**POWER for height in row) ** (1 / POWER) for row in heights)


def _tell_person(person: PrintedPerson) -> Iterable[str]:
    return person.reference, _run_on(person.about)


def _tell_risk(person: PrintedPerson) -> Iterable[str]:
    more = (person.escalation, person.known_before, person.rising, *person.causes)
    first = (person.risk, f"Range: {person.range}", f"Band: {person.band}", f"{person.week}. {person.change}")
    return *first, *filter(None, more)


def _tell_health(person: PrintedPerson) -> Iterable[str]:
    return _run_on(person.counts), *(f"{label}: {text}" for label, text in person.health)


def _tell_reasons(person: PrintedPerson) -> Iterable[str]:
    for direction in VERB:
        yield direction_title(direction)
        yield from (
            f"{line.heading()}: {line.facts}" for line in list_reasons(person, direction)[: ON_PAPER[direction]]
        )


def _tell_support(person: PrintedPerson) -> Iterable[str]:
    yield f"Pathways to consider: {describe_pathways(person)}"
    yield f"Support: {' '.join(person.support) or NO_SUPPORT}"
    yield from (f"Caution: {text}" for text in filter(None, (person.caution,)))
    yield f"Last decision: {person.last_review}"


def _run_on(pairs: Pairs) -> str:
    return ". ".join(f"{label}: {text}" for label, text in pairs)


_COLUMNS: dict[str, Callable[[PrintedPerson], Iterable[str]]] = {
    "person": _tell_person,
    "risk": _tell_risk,
    "health": _tell_health,
    "moved": _tell_reasons,
    "support": _tell_support,
}
