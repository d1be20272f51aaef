"""What may be meant but is more often a slip: entries that do not go together, and days from a dragged cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from riskstrat.definitions.review_rules import ACTION, ANY, DISAGREE, DUE, Contradiction
from riskstrat.definitions.vocabulary import NO_ACTION
from riskstrat.reviews.filled import AGREE, DUES, OUTCOMES, FilledRow

SERIES = 3
"""Rows one below the other whose days follow each other that make a series."""


def find_contradictions(
    row: FilledRow, outcomes: Mapping[str, str], agrees: bool | None, rules: Sequence[Contradiction]
) -> Iterator[tuple[str, str]]:
    """Pairs of titles whose entries do not go together, each once: the one in doubt, and the outcome beside it.

    outcomes: by its title each outcome of the row, as the engine names it.
    """
    found: dict[frozenset[str], tuple[str, str]] = {}
    for rule in rules:
        for title, outcome in outcomes.items():
            if _is_among(outcome, rule.outcomes):
                for beside in _find_beside(row, title, outcomes, agrees, rule.beside):
                    found.setdefault(frozenset((title, beside)), (beside, title))
    yield from found.values()


def _find_beside(
    row: FilledRow, title: str, outcomes: Mapping[str, str], agrees: bool | None, beside: Sequence[str]
) -> Iterator[str]:
    others = {other: outcome for other, outcome in outcomes.items() if other != title}
    yield from (other for other, outcome in others.items() if ANY in beside or _is_among(outcome, beside))
    if DUE in beside:
        own = DUES[OUTCOMES.index(title)]
        yield from [own] if row.holds(own) else []
    if DISAGREE in beside and agrees is False:
        yield AGREE


def _is_among(outcome: str, terms: Sequence[str]) -> bool:
    return outcome in terms or (ACTION in terms and outcome not in NO_ACTION)


def find_series(days: Sequence[tuple[str, date]]) -> list[str]:
    """The names, in order, of those whose days follow each other by one, upwards or downwards, in a run of `SERIES`.

    days: name and day of each row, from the top of the sheet.
    """
    kept: dict[str, None] = {}
    for step in (timedelta(days=1), timedelta(days=-1)):
        run: list[tuple[str, date]] = []
        for name, day in days:
            run = [*run, (name, day)] if run and day - run[-1][1] == step else [(name, day)]
            if len(run) >= SERIES:
                kept |= dict.fromkeys(name for name, _ in run)
    return list(kept)
