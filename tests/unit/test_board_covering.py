"""Which months of an indicator its sources hold, at the edges of what may be chance."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.settings import CoveredPeriod
from riskstrat.indicators.covering import explain_uncovered, list_covered
from riskstrat.sources.coverage import Coverage

MONTHS = [date(2025, month, 1) for month in range(1, 13)]
VISITS = Indicator.model_construct(name="K14", measure="register_attendances", codelist="")


def cover(rows: dict[date, int], last: date, first_day: int = 1, **stated: date) -> Coverage:
    """A&E attendances by month, the first on a day of its month and the last on a day."""
    months = pd.DataFrame(
        [
            {
                "source": "attendances",
                "contributor": "",
                "month": month,
                "rows": number,
                "first_day": month.replace(day=first_day if month == min(rows) else 1),
                "last_day": last if month == max(rows) else month.replace(day=28),
            }
            for month, number in rows.items()
        ]
    )
    held = months.assign(source="caseload")
    days = {name: months[name].astype("datetime64[s]") for name in ("month", "first_day", "last_day")}
    both = pd.concat([months.assign(**days), held.assign(**days)])
    whole = CoveredPeriod(complete_from=date(2025, 1, 1), complete_to=date(2026, 1, 31))
    landed = {"attendances": last, "caseload": last}
    return Coverage(both, landed, {"attendances": CoveredPeriod(**stated), "caseload": whole})


def list_told(coverage: Coverage) -> list[int]:
    return [month.month for month in list_covered(VISITS, MONTHS, dict.fromkeys(MONTHS, 0), coverage)]


@pytest.mark.parametrize(
    ("rows_a_month", "last", "told"),
    [
        (3000, date(2025, 12, 31), True),
        (3000, date(2025, 12, 30), False),
        (300, date(2025, 12, 29), True),
        (300, date(2025, 12, 27), False),
        (9, date(2025, 12, 2), True),
    ],
)
def test_a_source_that_ends_before_the_month_does_counts_where_it_is_no_chance(
    rows_a_month: int, last: date, told: bool
) -> None:
    coverage = cover(dict.fromkeys(MONTHS, rows_a_month), last)
    why = explain_uncovered(VISITS, MONTHS[-1], 0, coverage)
    assert why == ("" if told else f"A&E visits end on {last.day} December 2025, and are needed up to 31 December 2025")
    assert list_told(coverage) == (list(range(1, 13)) if told else [])


def test_what_is_followed_after_the_month_must_be_there_too() -> None:
    coverage = cover(dict.fromkeys(MONTHS, 3000), date(2025, 12, 31))
    assert explain_uncovered(VISITS, MONTHS[-2], 29, coverage) == ""
    assert "are needed up to 31 December" not in explain_uncovered(VISITS, MONTHS[-1], 0, coverage)
    assert explain_uncovered(VISITS, MONTHS[-1], 29, coverage).endswith("are needed up to 29 January 2026")


def test_months_before_a_source_began_or_that_it_lacks_are_not_told_of() -> None:
    begun = cover({month: 3000 for month in MONTHS if month.month >= 4}, date(2025, 12, 31), first_day=3)
    assert list_told(begun) == list(range(5, 13))
    gap = cover({month: 3000 for month in MONTHS if month.month != 6}, date(2025, 12, 31))
    assert list_told(gap) == list(range(7, 13))


STAYS = Indicator.model_construct(name="K09", measure="stays", codelist="")
MEMBERS = Indicator.model_construct(name="K08", measure="register", codelist="")


def steady(source: str, contributor: str, rows_a_month: int, months: list[date]) -> pd.DataFrame:
    """So many rows in each of these months, from its first day to its last."""
    made = pd.DataFrame({"month": pd.to_datetime(months).astype("datetime64[s]")})
    made = made.assign(source=source, contributor=contributor, rows=rows_a_month)
    made = made.assign(
        first_day=made["month"], last_day=(made["month"] + pd.offsets.MonthEnd(0)).astype("datetime64[s]")
    )
    return made[["source", "contributor", "month", "rows", "first_day", "last_day"]]


def tell_of(indicator: Indicator, last: date, *parts: pd.DataFrame, **stated: CoveredPeriod) -> list[int]:
    """The months of 2025 that are told of an indicator of one source."""
    months = pd.concat(parts)
    coverage = Coverage(months, dict.fromkeys(months["source"], last), stated)
    return [month.month for month in list_covered(indicator, MONTHS, dict.fromkeys(MONTHS, 0), coverage)]


@pytest.mark.parametrize(
    ("source", "indicator", "words"), [("admissions", STAYS, "hospital admissions"), ("caseload", MEMBERS, "rows of")]
)
def test_no_month_is_told_of_in_which_a_large_contributor_sent_nothing(
    source: str, indicator: Indicator, words: str
) -> None:
    others, end = steady(source, "RAA", 600, MONTHS), date(2025, 12, 31)
    every = list(range(1, 13))
    assert tell_of(indicator, end, others, steady(source, "RBB", 300, MONTHS)) == every
    silent = steady(source, "RBB", 300, MONTHS[:9])
    assert tell_of(indicator, end, others, silent) == []
    coverage = Coverage(pd.concat([others, silent]), {source: end}, {})
    assert explain_uncovered(indicator, MONTHS[8], 0, coverage) == ""
    why = explain_uncovered(indicator, MONTHS[9], 0, coverage)
    assert why.startswith(words)
    assert why.endswith("of 1 large contributor are missing from 1 October 2025, while others go on")
    away = steady(source, "RBB", 300, [month for month in MONTHS if month.month != 5])
    assert tell_of(indicator, end, others, away) == every[5:]


def test_a_provider_that_is_small_or_closed_long_ago_or_stated_is_no_silence() -> None:
    months = [date(year, month, 1) for year in range(2021, 2026) for month in range(1, 13)]
    others, end = steady("admissions", "RAA", 600, months), date(2025, 12, 31)
    every = list(range(1, 13))
    assert tell_of(STAYS, end, others, steady("admissions", "RBB", 25, months[:-3])) == every
    closed = steady("admissions", "RBB", 600, months[:30])
    assert tell_of(STAYS, end, others, closed) == every
    renamed = steady("admissions", "RBB", 600, months[:-10])
    assert tell_of(STAYS, end, others, renamed) == []
    assert tell_of(STAYS, end, others, renamed, admissions=CoveredPeriod(complete_to=end)) == every


def test_the_site_knows_better_than_the_rows() -> None:
    rows = dict.fromkeys(MONTHS, 3000)
    assert list_told(cover(rows, date(2025, 12, 1), complete_to=date(2025, 12, 31))) == list(range(1, 13))


def test_a_source_without_a_row_tells_of_no_month() -> None:
    coverage = cover({MONTHS[0]: 1}, date(2025, 12, 31))
    nothing = Coverage(coverage.months.iloc[:0], coverage.landed_to, {})
    assert explain_uncovered(VISITS, MONTHS[0], 0, nothing) == "A&E visits are not in these data"
