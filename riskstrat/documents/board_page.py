"""The page of a board pack: a summary, every indicator in one table, then each with its charts and places."""

from __future__ import annotations

from typing import Any

from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.phrases import long_date, word_month, word_short_month
from riskstrat.documents.board_chart import HEIGHT, MARK, WIDTH, BoardChart, draw_chart
from riskstrat.documents.board_records import BoardIndicator, BoardPack, BoardSeries, ShownRate
from riskstrat.documents.board_words import RULES, describe_mark, format_rate, format_span, list_definition, title_pack
from riskstrat.documents.rendering import render_html
from riskstrat.documents.words import printable, sentence

OVERVIEW = ["Month", "Numerator", "Denominator", "Rate", "Latest month", "12 months together", "Published before"]


def build_board_page(pack: BoardPack) -> bytes:
    """The page as it is written; the same pack gives the same bytes."""
    return render_html(
        "board.html.j2",
        date=pack.data_as_at.isoformat(),
        heading=title_pack(pack),
        as_at=long_date(pack.data_as_at),
        summary=pack.summary,
        purpose=pack.purpose,
        notes=[*pack.notes, *RULES],
        overview_titles=OVERVIEW,
        overview_rows=[_describe_overview(told) for told in pack.told],
        told=[_describe_told(told) for told in pack.told],
        untold=[_describe_untold(one, reason) for one, reason in pack.untold],
        size=(WIDTH, HEIGHT, MARK),
    )


def _describe_overview(told: BoardIndicator) -> tuple[str, list[str]]:
    one, latest = told.indicator, told.latest
    month = word_short_month(told.month)
    value = format_span(latest, one)
    rate = value if latest.rate is None else f"{value}{'' if one.unit == '%' else ' '}{one.unit}"
    cells = [month, latest.numerator, latest.denominator, rate, describe_mark(told), told.year, one.baseline or "none"]
    return f"{one.name} {one.title}", cells


def _describe_told(told: BoardIndicator) -> dict[str, Any]:
    one = told.indicator
    return {
        "name": one.name,
        "title": one.title,
        "month": word_month(told.month),
        "value": format_span(told.latest, one),
        "unit": one.unit,
        "finding": told.finding,
        "year": told.year,
        "definition": list_definition(one),
        "charts": [_describe_chart(series, told) for series in told.series],
        "parts": [
            (kind, [(printable(name), _list_cells(rate, told)) for name, rate in rows]) for kind, rows in told.parts
        ],
    }


def _list_cells(rate: ShownRate, told: BoardIndicator) -> list[str]:
    return [rate.numerator, rate.denominator, format_span(rate, told.indicator)]


def _describe_chart(series: BoardSeries, told: BoardIndicator) -> tuple[str, BoardChart | None, str]:
    """A series' place, its picture, and the picture in words."""
    chart = draw_chart(series)
    if series.limits is None:
        return printable(series.place), chart, series.no_limits
    flagged = [
        word_short_month(month) for month, flags in zip(series.months, series.limits.flags, strict=True) if flags
    ]
    lower, upper = series.limits.lower[-1], series.limits.upper[-1]
    words = f"Mean {format_rate(series.limits.mean[-1], told.indicator)}"
    if lower is not None and upper is not None:
        ends = [format_rate(max(end, 0.0), told.indicator) for end in (lower, upper)]
        words += f", limits {ends[0]} to {ends[1]}"
    return printable(series.place), chart, f"{words}. Flagged: {', '.join(flagged) if flagged else 'no month'}."


def _describe_untold(one: Indicator, reason: str) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    return one.name, one.title, sentence(reason), printable(one.baseline), list_definition(one)
