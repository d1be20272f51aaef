"""What a pack says of its figures, in words made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.phrases import word_month
from riskstrat.documents import BoardIndicator, BoardSeries, joined
from riskstrat.indicators.hiding import CANNOT_BE_TOLD
from riskstrat.indicators.xmr import OUTSIDE, SHIFT, TREND

MOST_WORDS = 150
MOST_NAMED = 3
LATEST_FALSE_ALARMS = 0.02
"""Share of quiet charts whose latest month is flagged all the same, of 12 to 36 months; simulated in the tests."""
BETTER = {"lower": -1, "higher": 1, "context": 0}


def word_value(rate: float | None, indicator: Indicator) -> str:
    """A rate with its unit: "12.3 per 1,000", "14.2%", "not shown"."""
    if rate is None:
        return "not shown"
    return f"{rate:,.1f}%" if indicator.unit == "%" else f"{rate:,.1f} {indicator.unit}"


def word_finding(indicator: Indicator, series: BoardSeries) -> str:
    """What the chart says of its latest month, as better, worse or neither, with season where it may be that."""
    if series.limits is None:
        return series.no_limits
    flags = series.limits.flags[-1]
    if not flags:
        return "No change beyond usual variation in the latest month."
    latest, mean = series.rates[-1].rate or 0.0, series.limits.mean[-1]
    sign = 1 if latest > mean else -1
    wanted = BETTER[indicator.direction]
    verdict = "Change" if not wanted or latest == mean else "Improvement" if sign == wanted else "Concern"
    way = "above the mean" if latest > mean else "below the mean" if latest < mean else "at the mean"
    words = f"{verdict}: the latest month is {way} and flagged ({joined(_word_rules(flags))})."
    return words + (
        " The same month a year before lay on that side too, so it may be the season."
        if _is_season(series, sign)
        else ""
    )


def _word_rules(flags: Sequence[str]) -> list[str]:
    words = {OUTSIDE: "outside the limits", SHIFT: "part of 7 months or more on one side", TREND: "part of a trend"}
    return [words.get(flag, "2 of 3 months near a limit") for flag in flags]


def _is_season(series: BoardSeries, sign: int) -> bool:
    assert series.limits is not None
    if len(series.rates) <= 12:
        return False
    year_ago = series.rates[-13].rate or 0.0
    mean, upper = series.limits.mean[-13], series.limits.upper[-13]
    return upper is not None and sign * (year_ago - mean) > (upper - mean) / 3


def word_year(indicator: Indicator, series: BoardSeries) -> str:
    """The latest 12 months together, from the printed counts; what it may be laid beside a yearly baseline as."""
    counts = [_read(rate.numerator) for rate in series.rates[-12:]]
    people = [_read(rate.denominator) for rate in series.rates[-12:]]
    if len(counts) < 12 or None in counts or None in people or not sum(filter(None, people)):
        return "Not shown: 12 months with printed counts are needed."
    total, whole = sum(filter(None, counts)), sum(filter(None, people))
    if indicator.unit == "%" or indicator.measure in ("register", "helped_at_home", "register_attendances"):
        return f"{word_value(indicator.per * total / whole, indicator)} on average"
    return f"{word_value(indicator.per * total / (whole / 12), indicator)} in 12 months"


def _read(words: str) -> int | None:
    """The number that is printed, or None where words stand in its place."""
    digits = words.replace(",", "")
    return int(digits) if digits.isdigit() else None


def write_summary(month: date, told: Sequence[BoardIndicator], untold: int, charts: int, flagged: int) -> str:
    """The findings for a board member, in at most 150 words: what stands out, what is flagged, what cannot be told."""
    parts = [one for one in told if one.latest.numerator == CANNOT_BE_TOLD]
    whole = len(told) - len(parts)
    sentences = [f"{word_month(month)}: {whole} of {len(told) + untold} indicators can be told from the tables."]
    if parts:
        sentences.append(f"{joined([one.indicator.name for one in parts])} can be told of some places alone.")
    out = [one for one in told if one.stands_out]
    flags = [one for one in told if one not in out and one.whole.limits and one.whole.limits.flags[-1]]
    if out:
        sentences.append(f"To look at first: {_name_all(out)}.")
    elif charts:
        sentences.append("No indicator stands out beyond what chance gives a pack of this size.")
    if flags:
        sentences.append(f"Also flagged by the chart rules: {_name_all(flags)}.")
    if charts:
        expected = max(1, round(LATEST_FALSE_ALARMS * charts))
        sentences.append(
            f"The pack has {charts} charts with limits; {flagged} flag their latest month, and by chance alone about "
            f"{expected} would."
        )
    quiet = [one for one in told if not one.whole.limits and one not in parts]
    if quiet:
        sentences.append(f"{len(quiet)} have no limits, for want of months or events.")
    sentences.append("A flag says that something has changed. It does not say why, or that a team caused it.")
    return " ".join(" ".join(sentences).split()[:MOST_WORDS])


def _name_all(indicators: Sequence[BoardIndicator]) -> str:
    named = [
        f"{one.indicator.name} about {word_value(one.latest.rate, one.indicator)}" for one in indicators[:MOST_NAMED]
    ]
    more = len(indicators) - len(named)
    return joined([*named, *([f"{more} more"] if more else [])])
