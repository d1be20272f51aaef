"""Which months the sources of an indicator hold whole: a month that one of them does not reach is none of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import pandas as pd

from riskstrat.casefinding.caseload_coverage import CASELOAD, WORDS
from riskstrat.definitions.indicators import NEEDED_TABLES, Indicator
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.sources.coverage import COVERED, Coverage
from riskstrat.sources.doubts import explain_lacking, explain_silence

_WORDS = {**SOURCE_WORDS, CASELOAD: WORDS}


def list_tables(indicator: Indicator) -> tuple[str, ...]:
    """The tables without which an indicator cannot be told."""
    assert indicator.measure is not None
    return (*NEEDED_TABLES[indicator.measure], *(("diagnoses",) if indicator.codelist else ()))


def explain_uncovered(indicator: Indicator, month: date, follow_days: int, coverage: Coverage) -> str:
    """Why the sources of an indicator do not hold a month and the days after it that count; empty where they do."""
    last = (pd.Timestamp(month) + pd.offsets.MonthEnd(1)).date() + timedelta(days=follow_days)
    asked = [source for source in list_tables(indicator) if source in (*COVERED, CASELOAD)]
    whys = (explain_lacking(coverage, source, _WORDS[source], month, last) for source in asked)
    # A fall for want of what a large contributor would have sent would read as success.
    silences = (explain_silence(coverage, source, _WORDS[source], month, last) for source in asked)
    return next(filter(None, (*whys, *silences)), "")


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
