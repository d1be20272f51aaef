"""A picture of one or two lines with their ranges, as SVG; the table beside it says the same in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

WIDTH, HEIGHT = 640.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 20.0, 14.0, 46.0
MARK = 4.0
STEPS = 4
"""Level lines above the axis."""


@dataclass(frozen=True)
class PictureLine:
    """One line: what it is, and for each place along the axis the value and the ends of its range, all 0 or more."""

    name: str
    values: Sequence[tuple[float, float, float]]


@dataclass(frozen=True)
class LinePicture:
    """What the template draws: by line its path, ranges and points, and labels as (x, y, anchor, words).

    words: what the picture shows, for those who do not see it.
    """

    words: str
    caption: str
    lines: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...]
    levels: str
    labels: tuple[tuple[float, float, str, str], ...]
    size: tuple[float, float, float] = (WIDTH, HEIGHT, MARK)


def draw_lines(lines: Sequence[PictureLine], places: Sequence[str], axis: str, words: str, caption: str) -> LinePicture:
    """The picture of shares: `places` stand evenly along the axis, whose title is `axis`."""
    most = _round_up(max((end for line in lines for values in line.values for end in values), default=1.0))
    steps = [most * step / STEPS for step in range(STEPS + 1)]
    levels = " ".join(f"M{LEFT} {_raise_to(step, most)} H{WIDTH - RIGHT}" for step in steps)
    beside = [(LEFT - 8, _raise_to(step, most) + 4, "end", f"{step:.0%}") for step in steps]
    below = [(_place(number, len(places)), HEIGHT - 28, "middle", place) for number, place in enumerate(places)]
    title = (round((LEFT + WIDTH - RIGHT) / 2, 1), HEIGHT - 8, "middle", axis)
    drawn = tuple(_draw_line(line, number, len(lines), most) for number, line in enumerate(lines))
    return LinePicture(words, caption, drawn, levels, (*beside, *below, title))


def _round_up(share: float) -> float:
    """The end of the axis, so that its level lines stand at whole percentages."""
    step = 0.2 if share > 0.2 else 0.04
    return max(ceil(round(share / step, 9)), 1) * step


def _draw_line(
    line: PictureLine, number: int, lines: int, most: float
) -> tuple[str, str, tuple[tuple[float, float], ...]]:
    aside = 4 * (number - (lines - 1) / 2)
    count = len(line.values)
    points = tuple(
        (round(_place(at, count) + aside, 1), _raise_to(value, most)) for at, (value, _, _) in enumerate(line.values)
    )
    ranges = " ".join(
        f"M{x} {_raise_to(low, most)} V{_raise_to(high, most)}"
        for (x, _), (_, low, high) in zip(points, line.values, strict=True)
    )
    return "M" + " L".join(f"{x} {y}" for x, y in points), ranges, points


def _place(number: int, count: int) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (number + 0.5) / count, 1)


def _raise_to(value: float, most: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / most, 1)
