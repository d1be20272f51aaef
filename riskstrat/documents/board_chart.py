"""An XmR chart as SVG: the months, their mean and limits, flagged months by their shape. The words stand beside it."""

from __future__ import annotations

from dataclasses import dataclass

from riskstrat.definitions.phrases import word_short_month
from riskstrat.documents.board_records import BoardSeries, ControlLimits

WIDTH, HEIGHT = 640.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 12.0, 12.0, 28.0
MARK = 4.0


@dataclass(frozen=True)
class ChartPoint:
    """Where a month stands, and whether it is flagged."""

    x: float
    y: float
    flagged: bool


@dataclass(frozen=True)
class BoardChart:
    """What the template draws: lines as SVG paths, points, and labels as (x, y, anchor, words)."""

    line: str
    mean: str
    limits: str
    points: tuple[ChartPoint, ...]
    labels: tuple[tuple[float, float, str, str], ...]


def draw_chart(series: BoardSeries) -> BoardChart | None:
    """The chart of a series; None where a month's rate is hidden. Without limits it has the months alone."""
    values = [rate.rate for rate in series.rates if rate.rate is not None]
    if len(values) < len(series.rates) or len(values) < 2:
        return None
    limits = series.limits
    ends = [end for end in (*limits.lower, *limits.upper) if end is not None] if limits else []
    low, high = min([*values, *ends]), max([*values, *ends])
    low = max(low, 0.0)
    scale = _Scale(low, high if high > low else low + 1, len(values))
    points = tuple(
        ChartPoint(scale.place(number), scale.raise_to(value), bool(limits and limits.flags[number]))
        for number, value in enumerate(values)
    )
    return BoardChart(
        line="M" + " L".join(f"{point.x} {point.y}" for point in points),
        mean=_draw_steps(list(limits.mean), scale) if limits else "",
        limits=_draw_limits(limits, scale) if limits else "",
        points=points,
        labels=_list_labels(series, scale),
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    count: int

    def place(self, number: float) -> float:
        """Where a month stands from the left."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (number + 0.5) / self.count, 1)

    def raise_to(self, value: float) -> float:
        """Where a value stands from the top; one below the axis stands on it."""
        share = (max(value, self.low) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def _draw_limits(limits: ControlLimits, scale: _Scale) -> str:
    return " ".join(_draw_steps(list(end), scale) for end in (limits.lower, limits.upper))


def _draw_steps(values: list[float | None], scale: _Scale) -> str:
    """A level line over each month, which breaks where there is no value or where a new stretch begins."""
    parts, before = [], None
    for number, value in enumerate(values):
        if value is None:
            before = None
            continue
        start, end, height = scale.place(number - 0.5), scale.place(number + 0.5), scale.raise_to(value)
        parts.append(f"L{end} {height}" if value == before else f"M{start} {height} L{end} {height}")
        before = value
    return " ".join(parts)


def _list_labels(series: BoardSeries, scale: _Scale) -> tuple[tuple[float, float, str, str], ...]:
    months = series.months
    shown = sorted({0, len(months) // 2, len(months) - 1})
    anchors = {0: "start", len(months) - 1: "end"}
    below = [
        (scale.place(number), HEIGHT - 8, anchors.get(number, "middle"), word_short_month(months[number]))
        for number in shown
    ]
    beside = [(LEFT - 8, scale.raise_to(value) + 4, "end", f"{value:,.1f}") for value in (scale.low, scale.high)]
    return (*below, *beside)
