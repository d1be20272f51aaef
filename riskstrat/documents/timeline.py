"""The strip of one person's last 24 months, and the scale of the risk, as drawings with the same facts in words.

Shapes differ by lane, so that the strip reads in black and white; a screen reader is given a title and a description,
and the list of events beside the strip says everything that it shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from riskstrat.definitions.phrases import MONTHS, long_date, lower_first
from riskstrat.documents.words import joined, printable, sentence, word_count
from riskstrat.publication import Lane, TimelineEvent

LANES: tuple[Lane, ...] = get_args(Lane)
MONTHS_SHOWN = 24
LEFT, WIDE, LANE_HIGH, TOP = 96.0, 604.0, 23.0, 6.0
SMALLEST_BAR = 4.0
# The room between bars that are counts of a stretch of time.
GAP = 10.0
# Events of one lane that stand on paper; on a screen all do.
ON_PAPER = 2


@dataclass(frozen=True)
class Mark:
    """One event as drawn: a bar from `x` over `width`, or a shape at `x` where `width` is None.

    counted: the bar is a stretch of time of which its words count something; nothing lasted that long.
    """

    x: float
    width: float | None
    counted: bool = False


@dataclass(frozen=True)
class LaneStrip:
    """One lane: its name, where it is drawn, its marks, its events in words, latest first, and what is said of none."""

    name: str
    y: float
    marks: tuple[Mark, ...]
    events: tuple[str, ...]
    earlier: tuple[str, ...]
    empty: str


@dataclass(frozen=True)
class Strip:
    """The drawing of 24 months: lanes, ticks of the months as (x, label), its size, title and description."""

    lanes: tuple[LaneStrip, ...]
    ticks: tuple[tuple[float, str], ...]
    width: float
    height: float
    title: str
    description: str


def strip(events: Sequence[TimelineEvent], index_date: date, untold: Mapping[str, str]) -> Strip:
    """The strip of the 24 months up to the index date; an event outside them is left out, a longer one is cut.

    untold: by lane why it cannot be told that nothing happened.
    """
    start = _subtract_months(index_date, MONTHS_SHOWN)
    kept = [event for event in events if event.start <= index_date and (event.end or event.start) >= start]
    ordered = sorted(kept, key=lambda event: (event.start, event.end or event.start, event.label), reverse=True)
    lanes = tuple(
        _build_lane(place, lane, [event for event in ordered if event.lane == lane], (start, index_date), untold)
        for place, lane in enumerate(LANES)
    )
    return Strip(
        lanes=lanes,
        ticks=tuple(_place_ticks(start, index_date)),
        width=LEFT + WIDE + 20,
        height=TOP + LANE_HIGH * len(LANES) + 26,
        title=f"Recorded events from {long_date(start)} to {long_date(index_date)}",
        description=" ".join(_count(lane) for lane in lanes) + " The list beside this drawing gives each date.",
    )


def percent_place(risk: float) -> float:
    """Where a probability stands on the scale of 0 to 100, in hundredths of its width."""
    return round(100 * risk, 1)


def _build_lane(
    place: int, lane: Lane, events: list[TimelineEvent], shown: tuple[date, date], untold: Mapping[str, str]
) -> LaneStrip:
    start, end = shown
    words = tuple(_describe_event(event, start) for event in events)
    return LaneStrip(
        lane,
        TOP + LANE_HIGH * place,
        tuple(_mark(event, start, end) for event in events),
        words[:ON_PAPER],
        words[ON_PAPER:],
        f"cannot be told: {printable(untold[lane])}" if lane in untold else "none recorded",
    )


def _mark(event: TimelineEvent, start: date, end: date) -> Mark:
    first, last = max(event.start, start), min(event.end or event.start, end)
    x = _compute_x(first, start, end)
    if event.end is None or event.end == event.start or _has_unknown_end(event):
        return Mark(x, None)
    counted = _is_counted(event)
    # With room to the next one, so that stretches side by side are no single bar.
    return Mark(x, max(round(_compute_x(last, start, end) - x - GAP * counted, 1), SMALLEST_BAR), counted)


def _is_counted(event: TimelineEvent) -> bool:
    """Whether it is no event by itself: its words begin with how many there were in that time, as "3 GP contacts"."""
    return event.label[:1].isdecimal()


def _has_unknown_end(event: TimelineEvent) -> bool:
    """Whether only its beginning is known: a stay without a discharge, of whose person a status may say that they left.

    Whoever is known to lie in it still is on no list.
    """
    return event.running and event.lane == "Hospital"


def _compute_x(day: date, start: date, end: date) -> float:
    return round(LEFT + WIDE * (day - start).days / (end - start).days, 1)


def _place_ticks(start: date, end: date) -> list[tuple[float, str]]:
    """The first day of every third month of the strip."""
    year, month = start.year, start.month
    ticks = []
    for _ in range(MONTHS_SHOWN + 1):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        day = date(year, month, 1)
        if day <= end and month % 3 == 1:
            ticks.append((_compute_x(day, start, end), f"{MONTHS[month - 1][:3]} {year}"))
    return ticks


def _describe_event(event: TimelineEvent, start: date) -> str:
    """One event in words; of what began before the drawing, the day it began is not told."""
    began = f"before {long_date(start)}" if event.start < start else long_date(event.start)
    if event.running:
        when = f"{'admitted' if _has_unknown_end(event) else 'since'} {began}"
    elif event.start < start:
        when = f"from {began} to {long_date(event.end)}" if event.end else began
    elif event.end is None or event.end == event.start:
        when = long_date(event.start)
    else:
        when = f"{long_date(event.start)} to {long_date(event.end)}"
    return sentence(f"{when}: {lower_first(printable(event.label))}")


def _count(lane: LaneStrip) -> str:
    """How many events a lane holds; of stretches of which each counts several, how many stretches there are."""
    counted = sum(mark.counted for mark in lane.marks)
    single = len(lane.marks) - counted
    parts = [*([str(single)] if single else []), *([f"counts of {word_count(counted, 'period')}"] if counted else [])]
    return f"{lane.name}: {joined(parts) if parts else lane.empty}."


def _subtract_months(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
