"""The columns of the workbook: heading, width and what each cell holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from riskstrat.documents.content import CountColumn, Direction, TeamList, ThemeReason
from riskstrat.documents.notes import PLACE_TITLES
from riskstrat.documents.words import (
    SEX,
    VERB,
    count_heading,
    long_date,
    natural_frequency,
    no_reason,
    printable,
    reason_lines,
)

Cell = str | int | float
WIDEST_PLACE = 16
Kind = Literal["text", "number"]


@dataclass(frozen=True)
class Column:
    """One column: `width` in characters, `cell` gives the printed value from one row of the list."""

    title: str
    width: float
    kind: Kind
    cell: Callable[[dict[Any, Any]], Cell]


def columns(team: TeamList) -> tuple[Column, ...]:
    """The columns of one team's list, in reading order; every one has something to say in every row."""
    own_dates = [Column("Index date", 12, "text", lambda row: long_date(row["index_date"]))]
    return (
        Column("Rank", 7, "number", lambda row: int(row["rank"])),
        Column("Reference", 15, "text", lambda row: printable(row["reference"])),
        Column("Risk", 7.5, "text", lambda row: natural_frequency(row["risk"])),
        *(own_dates if team.own_index_dates() else []),
        *(_place(team, name) for name in team.places_shown()),
        Column("Age band", 8, "text", lambda row: printable(row["age_band"])),
        Column("Sex", 8, "text", lambda row: SEX[row["sex"]]),
        *(_count(count) for count in team.counts_shown),
        Column(direction_title("raises"), 40, "text", lambda row: reason_text(row["themes"], "raises")),
        Column(direction_title("lowers"), 27, "text", lambda row: reason_text(row["themes"], "lowers")),
    )


def place_text(value: Any) -> str:
    """A place's name, or that it is not recorded."""
    text = printable(value)
    return text if text.strip() else "not recorded"


def count_cell(value: Any, count: CountColumn) -> Cell:
    """A count as a number, or the words for its absence."""
    if pd.isna(value):
        return count.when_missing
    return int(value) if float(value).is_integer() else round(float(value), 1)


def reason_text(themes: list[ThemeReason], direction: Direction) -> str:
    """One person's reasons in one direction, one line each."""
    lines = [f"{line.heading()}: {line.facts}" for line in reason_lines(themes, direction)]
    return "\n".join(lines) or no_reason(direction)


def direction_title(direction: Direction) -> str:
    """The heading over the reasons of one direction."""
    return f"What {VERB[direction]} the estimate"


def _place(team: TeamList, name: str) -> Column:
    longest = max((_longest_word(printable(value)) for value in team.rows[name]), default=0)
    width = min(max(10.5, longest), WIDEST_PLACE)
    return Column(PLACE_TITLES[name], width, "text", lambda row: place_text(row[name]))


def _count(count: CountColumn) -> Column:
    heading = count_heading(count)
    return Column(heading, max(9, _longest_word(heading)) + 2, "number", lambda row: count_cell(row[count.name], count))


def _longest_word(text: str) -> int:
    return max((len(word) for word in text.split()), default=0)
