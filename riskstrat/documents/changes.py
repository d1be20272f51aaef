"""What changed since the last list, in words and, for those who want them, in figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.words import SMALLEST_SHOWN, joined, number, people, printable, sentence, signed, strength
from riskstrat.publication import OTHER_THEME, Cause, CauseKind, Move, Swap, TeamList

KINDS: tuple[CauseKind, ...] = get_args(CauseKind)
KIND_WORDS: dict[CauseKind, str] = {
    "new events": "New events",
    "ageing of earlier events": "Earlier events growing older",
    "late or corrected data": "Late or corrected data",
    "model change": "A change of model",
}
MOVE_WORDS = {"entered": "Entered", "left": "Left", "moved": "Moved"}
MOST_THEMES = 3
NOT_WORKED_OUT = "Not worked out"
NOTHING_CLEAR = "Nothing moved the estimate clearly."


@dataclass(frozen=True)
class MoveLine:
    """One move as printed: words, and the four parts with their sum in log odds (empty without causes)."""

    reference: str
    what: str
    detail: str
    why: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class SwapLine:
    """One exchange as printed."""

    left_out: str
    taken: str
    given_up: str


def cause_sentences(causes: Sequence[Cause]) -> tuple[str, ...]:
    """What moved one person's estimate, the largest part first; empty where nothing is known of it."""
    clear = [cause for cause in causes if abs(cause.part) >= SMALLEST_SHOWN]
    if causes and not clear:
        return (NOTHING_CLEAR,)
    return tuple(_describe_cause(cause) for cause in sorted(clear, key=lambda cause: (-abs(cause.part), cause.kind)))


def cause_figures(causes: Iterable[Cause]) -> tuple[str, ...]:
    """The four parts in the order of KINDS and their sum, in log odds; empty without causes."""
    parts = cause_parts(causes)
    return (*map(signed, parts), signed(sum(parts))) if parts else ()


def cause_parts(causes: Iterable[Cause]) -> tuple[float, ...]:
    """The four parts in the order of KINDS, in log odds; empty without causes."""
    by_kind: dict[CauseKind, float] = {}
    for cause in causes:
        by_kind[cause.kind] = by_kind.get(cause.kind, 0.0) + cause.part
    return tuple(by_kind.get(kind, 0.0) for kind in KINDS) if by_kind else ()


def move_lines(team: TeamList) -> tuple[MoveLine, ...]:
    """Everybody who entered, left or moved, in this order and then as given."""
    order = list(MOVE_WORDS)
    return tuple(_move_line(move) for move in sorted(team.moves, key=lambda move: order.index(move.what)))


def change_sentences(team: TeamList) -> tuple[str, ...]:
    """What changed for the list as a whole."""
    if team.previous_list is None:
        return ("This is the first list of this team, so there is no earlier list to compare with.",)
    said = [f"The last list was made on {long_date(team.previous_list)}."]
    if team.no_source_moved:
        said.append("No source has moved since the last list. Any change comes from time passing alone.")
    said.append(_describe_move_counts(team))
    return tuple(said)


def swap_sentences(team: TeamList) -> tuple[str, ...]:
    """What keeping to the places of the services gives up; empty where no exchange was made."""
    if not team.swaps:
        return ()
    total = sum(swap.given_up for swap in team.swaps)
    times = "One exchange was" if len(team.swaps) == 1 else f"{number(len(team.swaps))} exchanges were"
    return (
        f"{times} made to keep to the places that each service has. A person further up was left out for one whom "
        "a service has a place for.",
        f"By the estimates, {_word_difference(total)} of those left out than of those taken would have the outcome "
        "that the risk is the chance of.",
    )


def swap_lines(swaps: Iterable[Swap]) -> tuple[SwapLine, ...]:
    """The exchanges, in the order in which they were made."""
    return tuple(
        SwapLine(printable(one.left_out), printable(one.taken), signed(one.given_up).lstrip("+")) for one in swaps
    )


def _describe_cause(cause: Cause) -> str:
    verb = "raised" if cause.part > 0 else "lowered"
    much = strength(cause.part)
    named = [
        printable(theme)
        for theme, part in cause.themes
        if theme != OTHER_THEME and _is_same_direction(part, cause.part)
    ]
    about = f": {joined(named[:MOST_THEMES])}" if named else ""
    return sentence(f"{KIND_WORDS[cause.kind]} {verb} it{' ' + much if much else ''}{about}")


def _is_same_direction(part: float, whole: float) -> bool:
    return abs(part) >= SMALLEST_SHOWN and (part > 0) == (whole > 0)


def _move_line(move: Move) -> MoveLine:
    return MoveLine(
        printable(move.reference),
        MOVE_WORDS[move.what],
        sentence(move.detail) if move.detail.strip() else "",
        cause_sentences(move.causes),
        cause_figures(move.causes),
    )


def _describe_move_counts(team: TeamList) -> str:
    counts = {what: sum(move.what == what for move in team.moves) for what in MOVE_WORDS}
    if not any(counts.values()):
        return "Nobody entered, left or moved."
    return sentence(joined(f"{people(counts[what])} {what}" for what in MOVE_WORDS))


def _word_difference(people: float) -> str:
    """So many people more or, where cases weigh differently, fewer."""
    way = "fewer" if people < 0 else "more"
    return f"about {abs(people):.1f} {way}" if abs(people) >= 0.05 else f"less than 0.1 {way}"
