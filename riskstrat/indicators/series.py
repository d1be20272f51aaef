"""Shown counts of every month as rates, charts with limits where limits mean something, and months that stand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from scipy import stats

from riskstrat.definitions.indicators import Indicator
from riskstrat.documents import BoardSeries, ControlLimits, ShownRate
from riskstrat.indicators.hiding import CANNOT_BE_TOLD, NOT_SHOWN, ROUNDING, Place, ShownCount
from riskstrat.indicators.layers import PART_OF_WHOLE
from riskstrat.indicators.xmr import draw_limits

FEWEST_MONTHS = 12
"""Fewer months than this since the start, or since a rebasing, have no limits (Making Data Count asks for as many)."""
FEWEST_EVENTS = 25
"""With fewer events a month on average, counts to the nearest 5 vary by the rounding alone, so no limits are drawn."""
PACK_ERROR = 0.05
"""Chance that any chart of a quiet pack stands out in its latest month."""
Counts = Mapping[date, Mapping[Place, ShownCount]]


def build_rate(numerator: ShownCount, denominator: ShownCount, indicator: Indicator) -> ShownRate:
    """The rate from what is shown of both counts; None where either is hidden, or there is nobody."""
    if numerator.number is None or not denominator.number:
        return ShownRate(numerator.words, denominator.words, None)
    rate = indicator.per * numerator.number / denominator.number
    span = _find_span(numerator.number, denominator.number, indicator.measure in PART_OF_WHOLE)
    return ShownRate(numerator.words, denominator.words, rate, (indicator.per * span[0], indicator.per * span[1]))


def _find_span(numerator: int, denominator: int, is_part: bool) -> tuple[float, float]:
    """The least and the most that the ratio of the counts before rounding can be; a numerator of 0 is shown as it is.

    is_part: whether the numerator counts some of the denominator, so that it is no more.
    """
    if not numerator:
        return 0.0, 0.0
    low, high = (numerator - ROUNDING) / (denominator + ROUNDING), (numerator + ROUNDING) / (denominator - ROUNDING)
    return low, min(high, 1.0) if is_part else high


def build_series(
    indicator: Indicator, place: Place, numerators: Counts, denominators: Counts, rebased: Sequence[date] = ()
) -> BoardSeries:
    """The months of one place in order, with limits where they mean something and no month is hidden.

    rebased: months from which on there are new limits.
    """
    absent = ShownCount(NOT_SHOWN, None)
    months = tuple(sorted(numerators))
    pairs = [(numerators[month].get(place, absent), denominators[month].get(place, absent)) for month in months]
    rates = tuple(build_rate(*pair, indicator) for pair in pairs)
    starts = sorted({months.index(month) for month in rebased if month in months} - {0})
    reason = _find_no_limits(indicator, pairs, rates, starts)
    if reason:
        return BoardSeries(place[1], months, rates, None, reason)
    return BoardSeries(place[1], months, rates, draw_limits(list_values(rates), starts, FEWEST_MONTHS), "")


def list_values(rates: Sequence[ShownRate]) -> list[float]:
    """The rates of a series in which none is hidden."""
    return [rate.rate for rate in rates if rate.rate is not None]


def _find_no_limits(
    indicator: Indicator,
    pairs: Sequence[tuple[ShownCount, ShownCount]],
    rates: Sequence[ShownRate],
    starts: Sequence[int],
) -> str:
    """Why a series has no limits; empty where it has."""
    if any(rate.numerator == CANNOT_BE_TOLD for rate in rates):
        return "Cannot be told: of some of these people nobody was ever on the caseload that was landed."
    if any(rate.rate is None for rate in rates):
        return "No chart: the figure of a month is hidden, or there was nobody."
    if indicator.is_moment:
        return "No limits: a count of people at one moment carries over from month to month."
    newest = len(rates) - max(starts, default=0)
    if newest < FEWEST_MONTHS:
        since = " since the latest rebasing" if starts else ""
        return f"No limits: {newest} months{since} are fewer than the {FEWEST_MONTHS} that limits need."
    events = np.mean([count.number or 0 for count, _ in pairs])
    left = np.mean([(of.number or 0) - (count.number or 0) for count, of in pairs])
    if min(events, left if indicator.unit == "%" else events) < FEWEST_EVENTS:
        return f"No limits: with fewer than {FEWEST_EVENTS} a month on average, chance and rounding hide any change."
    return ""


def stands_out(series: BoardSeries, charts: int) -> bool:
    """Whether the latest month lies where, of `charts` quiet charts, any does in 5 packs of 100.

    It is held against the prediction interval of Student's t from the earlier months since the last rebasing.
    """
    if series.limits is None:
        return False
    *earlier, latest = list_values(series.rates)[_find_last_start(series.limits) :]
    error = np.std(earlier, ddof=1) * np.sqrt(1 + 1 / len(earlier))
    most = stats.t.ppf(1 - PACK_ERROR / 2 / charts, len(earlier) - 1)
    return bool(abs(latest - np.mean(earlier)) > most * error)


def _find_last_start(limits: ControlLimits) -> int:
    """Where the stretch of the latest limits begins."""
    changes = [place for place in range(1, len(limits.mean)) if limits.mean[place] != limits.mean[place - 1]]
    return changes[-1] if changes else 0
