"""What makes a source doubtful, in sentences: for the analyst after ingest, and for whoever reads a list made from it.

A doubt stops nothing. What cannot be told of a person, because a source does not cover the time asked about, is worked
out from the same coverage (`riskstrat/features/telling.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.definitions.phrases import NOT_IN_DATA, long_date, word_month
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.sources.coverage import MONTH_DAYS, SURE, Coverage, expect_counts
from riskstrat.sources.store import Store

MONTHS = 12
"""Complete months, the latest ones, that are looked at."""

SETTLED = 31
"""Days after a month by which most of its rows should have come."""

HALF, DOUBLE = 0.5, 2.0
"""Share of the rows of the months around it below or above which a month is no chance."""

SILENT = 31
"""Days by which a large contributor may end before the rest of its source before that is told of."""

LESS_UNDERSTOOD = 0.1
"""Fall of the share of a column's rows that is understood, since the load before, that tells of other codes."""


class PlausibleRate(NamedTuple):
    """Rows of a source per 1,000 people and year outside of which it does not hold what it should."""

    low: float
    high: float


PLAUSIBLE_RATES: Mapping[str, PlausibleRate] = {
    "admissions": PlausibleRate(60, 1500),
    "attendances": PlausibleRate(90, 2000),
    "prescriptions": PlausibleRate(3000, 120_000),
}
"""A quarter and four to five times of what England has: some 300 finished admission episodes (NHS England, Hospital
Admitted Patient Care Activity), 450 A&E attendances (Hospital Accident and Emergency Activity) and 20,000 items
dispensed (NHSBSA, Prescription Cost Analysis) per 1,000 people and year. From background knowledge of these yearly
publications, unchecked. Wide, so that a feed of older people alone, or of one town, is not doubted."""


class _ByMonth(NamedTuple):
    """Complete months, the oldest first, and the rows of each."""

    months: npt.NDArray[np.datetime64]
    counts: npt.NDArray[np.float64]


def find_doubts(store: Store, coverage: Coverage) -> tuple[str, ...]:
    """One sentence for each doubt, by source in the order of `SOURCE_WORDS`, then by kind.

    None where the dates of the source are shifted from person to person: its months mean nothing.
    """
    if not store.comparable_dates:
        return ()
    found = []
    for source in (name for name in SOURCE_WORDS if name in store.landed):
        by_month = _count_complete_months(coverage, source)
        found += [*_doubt_months(source, by_month), *_doubt_contributors(source, coverage)]
        found += _doubt_rate(source, by_month, store.people_count)
        found += _doubt_codes(source, store.manifest["codes"])
    return tuple(found)


def _count_complete_months(coverage: Coverage, source: str) -> _ByMonth:
    """Rows of each month, the oldest first, to the last month that most rows of should have come."""
    first, counts = coverage.count_by_month(source)
    if first is None:
        return _ByMonth(np.zeros(0, "datetime64[M]"), counts)
    began, running = np.datetime64(first, "M"), coverage.landed_to[source] - timedelta(days=SETTLED - 1)
    months = np.arange(began, max(began, np.datetime64(running, "M")))
    complete = np.zeros(len(months))
    complete[: len(counts)] = counts[: len(months)]
    return _ByMonth(months, complete)


def _doubt_months(source: str, by_month: _ByMonth) -> Iterator[str]:
    """Months with far fewer or far more rows than those around them; the rows of a month come in clusters."""
    if len(by_month.months) <= MONTHS:
        return
    expected = expect_counts(by_month.counts)
    share = by_month.counts / np.maximum(expected, 1)
    odd = (expected >= 2 * SURE) & ((share < HALF) | (share > DOUBLE))
    for month, part in zip(by_month.months[-MONTHS:][odd[-MONTHS:]], share[-MONTHS:][odd[-MONTHS:]], strict=True):
        day = month.astype("datetime64[D]").item()
        yield f"{SOURCE_WORDS[source]} of {word_month(day)} are {part:.0%} of what the months around it have"


def _doubt_contributors(source: str, coverage: Coverage) -> Iterator[str]:
    whole = coverage.find_span(source)
    silent = [one for one in coverage.list_silences(source) if whole and one.last == whole.last]
    long = [one.first - timedelta(days=1) for one in silent if (one.last - one.first).days >= SILENT]
    if long:
        who = "1 large contributor" if len(long) == 1 else f"{len(long)} large contributors"
        yield f"{SOURCE_WORDS[source]} of {who} end on {long_date(min(long))}, before those of the others"


def explain_lacking(coverage: Coverage, source: str, words: str, first: date, last: date) -> str:
    """Why a source, named in words, does not hold the days from one to another; empty where it does.

    Days that it lacks count only where so many rows ought to have come in them that it is no chance.
    """
    span = coverage.find_span(source)
    if span is None:
        return f"{words} {NOT_IN_DATA}"
    per_day = coverage.count_by_month(source)[1][-MONTHS:].mean() / MONTH_DAYS
    if (span.first - first).days * per_day >= SURE:
        return f"{words} begin on {long_date(span.first)}, and are needed from {long_date(first)}"
    if (last - span.last).days * per_day >= SURE:
        return f"{words} end on {long_date(span.last)}, and are needed up to {long_date(last)}"
    gap = span.find_gap(first, last)
    return f"{words} of {word_month(gap)} are missing" if gap else ""


def explain_silence(coverage: Coverage, source: str, words: str, first: date, last: date) -> str:
    """Why a source, named in words, is not whole from a day to another: a large contributor sent nothing in some of
    them while others did. Empty where it is."""
    silent = [one for one in coverage.list_silences(source) if one.touches(first, last)]
    if not silent:
        return ""
    who = "1 large contributor" if len(silent) == 1 else f"{len(silent)} large contributors"
    return f"{words} of {who} are missing from {long_date(min(silent).first)}, while others go on"


def _doubt_rate(source: str, by_month: _ByMonth, people: int) -> Iterator[str]:
    plausible = PLAUSIBLE_RATES.get(source)
    if plausible is None or len(by_month.months) <= MONTHS:
        return
    rate = 1000 * by_month.counts[-MONTHS:].sum() / people
    if not plausible.low <= rate <= plausible.high:
        yield (
            f"{SOURCE_WORDS[source]}: {rate:,.0f} in 12 months for each 1,000 people, where {plausible.low:,} to "
            f"{plausible.high:,} would be plausible"
        )


def _doubt_codes(source: str, codes: list[Mapping[str, Any]]) -> Iterator[str]:
    for entry in codes:
        before = entry.get("before")
        if entry["table"] == source and before is not None and before - entry["understood"] > LESS_UNDERSTOOD:
            yield (
                f"{entry['column']} in {SOURCE_WORDS[source]}: {entry['understood']:.0%} of the codes are understood, "
                f"{before:.0%} were at the load before"
            )
