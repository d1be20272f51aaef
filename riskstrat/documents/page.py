"""The list as a page that stands alone: no script, no outside file, printable on A4 landscape."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.changes import (
    KIND_WORDS,
    KINDS,
    NOT_WORKED_OUT,
    change_sentences,
    move_lines,
    swap_lines,
    swap_sentences,
)
from riskstrat.documents.columns import LIST_LOWERING, LIST_RAISING, direction_title, list_reasons
from riskstrat.documents.notes import (
    accounting,
    freshness_line,
    nobody,
    purpose,
    risk_meaning,
    run_line,
    sections,
    title,
)
from riskstrat.documents.paper import ON_PAPER, TOLD_ABOVE, find_moves_told_in_rows, share_paper
from riskstrat.documents.person import NO_SUPPORT, PrintedPerson, people_of, status_check
from riskstrat.documents.rendering import write_html
from riskstrat.documents.words import (
    NOT_LISTED,
    NOT_REACHED_BRIEF,
    OTHER_COUNTS,
    SUPPORTS,
    VERB,
    no_reason,
    number,
    printable,
    word_reach,
)
from riskstrat.publication import TeamList, name_files

FIGURES_MEAN = (
    "Changes in log odds. The four parts add up to the whole change exactly. 0.69 doubles the odds, and −0.69 halves "
    "them."
)


def write_page(team_list: TeamList, path: Path) -> None:
    """Write one team's page: readable on a phone, printable on A4 landscape.

    Raises StorageError if the file cannot be written.
    """
    people = people_of(team_list)
    moves = move_lines(team_list)
    write_html(
        "list.html.j2",
        path,
        title=title(team_list),
        date=team_list.index_date.isoformat(),
        team=printable(team_list.team),
        people_file=f"{name_files(team_list.team_code)}-people.html",
        index_date=long_date(team_list.index_date),
        run_line=run_line(team_list),
        sources=freshness_line(team_list),
        not_listed=NOT_LISTED,
        supports=SUPPORTS,
        status_check=status_check(team_list),
        purpose=purpose(team_list),
        accounting=accounting(team_list),
        risk_meaning=risk_meaning(team_list),
        nobody=nobody(team_list),
        people=[(person, _gather_reasons(person)) for person in people],
        not_set_out=OTHER_COUNTS,
        shown=_describe_shown(LIST_RAISING, LIST_LOWERING),
        shown_on_paper=_describe_shown(*ON_PAPER.values()),
        no_support=NO_SUPPORT,
        changes=change_sentences(team_list),
        moves=moves,
        told_in_rows=find_moves_told_in_rows(moves, people),
        told_above=TOLD_ABOVE,
        figured=[move for move in moves if move.figures],
        not_worked_out=NOT_WORKED_OUT,
        kinds=[KIND_WORDS[kind] for kind in KINDS],
        figures_mean=FIGURES_MEAN,
        swaps=swap_lines(team_list.swaps),
        swap_sentences=swap_sentences(team_list),
        summary=summary(people),
        widths=share_paper(people),
        said_above={NOT_LISTED, status_check(team_list), risk_meaning(team_list), OTHER_COUNTS},
        sections=sections(team_list),
    )


def summary(people: Sequence[PrintedPerson]) -> str:
    """How many people came to the list in which way, in one sentence; empty for nobody."""
    counts: dict[str, int] = {}
    for person in people:
        counts[person.arrival] = counts.get(person.arrival, 0) + 1
    parts = [f"{number(count)} {arrival.lower()}" for arrival, count in counts.items()]
    escalated = sum(bool(person.escalation) for person in people)
    more = f" {number(escalated)} to escalate." if escalated else ""
    return f"On this list: {', '.join(parts)}.{more}" if parts else ""


def _describe_shown(raising: int, lowering: int) -> str:
    return f"Up to {raising} reasons that raised each estimate and {lowering} that lowered it stand here."


def _gather_reasons(person: PrintedPerson) -> dict[str, object]:
    """What one person's row says of both directions, and how many of the reasons stand on paper."""
    return {
        direction: {
            "title": direction_title(direction),
            "lines": list_reasons(person, direction),
            "otherwise": no_reason(direction),
            "on_paper": ON_PAPER[direction],
        }
        for direction in VERB
    } | {"not_reached": word_reach(list_reasons(person, "lowers"), person.untold, NOT_REACHED_BRIEF)}
