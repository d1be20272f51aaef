"""Which months the sources of an indicator hold whole: a month that one of them does not reach is none of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pandas as pd

from riskstrat.definitions.indicators import NEEDED_TABLES, Indicator
from riskstrat.definitions.phrases import NOT_IN_DATA, long_date, word_month
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.sources.coverage import COVERED, SURE, Coverage

MONTH_DAYS, YEAR_MONTHS = 30.4, 12


def list_tables(indicator: Indicator) -> tuple[str, ...]:
    """The tables without which an indicator cannot be told."""
    assert indicator.measure is not None
    return (*NEEDED_TABLES[indicator.measure], *(("diagnoses",) if indicator.codelist else ()))


def explain_uncovered(indicator: Indicator, month: date, follow_days: int, coverage: Coverage) -> str:
    """Why the sources of an indicator do not hold a month and the days after it that count; empty where they do."""
    last = (pd.Timestamp(month) + pd.offsets.MonthEnd(1)).date() + timedelta(days=follow_days)
    whys = (_explain(source, month, last, coverage) for source in list_tables(indicator) if source in COVERED)
    return next(filter(None, whys), "")


def list_covered(
    indicator: Indicator, months: Iterable[date], follow_days: Mapping[date, int], coverage: Coverage
) -> list[date]:
    """The months up to the newest without a break that the sources hold; none where they do not hold the newest."""
    covered: list[date] = []
    for month in sorted(months, reverse=True):
        if explain_uncovered(indicator, month, follow_days[month], coverage):
            break
        covered.insert(0, month)
    return covered


def _explain(source: str, first: date, last: date, coverage: Coverage) -> str:
    """Days that a source lacks count only where so many rows ought to have come in them that it is no chance."""
    words, span = SOURCE_WORDS[source], coverage.find_span(source)
    if span is None:
        return f"{words} {NOT_IN_DATA}"
    per_day = coverage.count_by_month(source)[1][-YEAR_MONTHS:].mean() / MONTH_DAYS
    if (span.first - first).days * per_day >= SURE:
        return f"{words} begin on {long_date(span.first)}"
    if (last - span.last).days * per_day >= SURE:
        return f"{words} end on {long_date(span.last)}, and are needed up to {long_date(last)}"
    gap = span.find_gap(first, last)
    return f"{words} of {word_month(gap)} are missing" if gap else ""
