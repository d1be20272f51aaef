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
    days = {name: months[name].astype("datetime64[s]") for name in ("month", "first_day", "last_day")}
    return Coverage(months.assign(**days), {"attendances": last}, {"attendances": CoveredPeriod(**stated)})


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


def test_the_site_knows_better_than_the_rows() -> None:
    rows = dict.fromkeys(MONTHS, 3000)
    assert list_told(cover(rows, date(2025, 12, 1), complete_to=date(2025, 12, 31))) == list(range(1, 13))


def test_a_source_without_a_row_tells_of_no_month() -> None:
    coverage = cover({MONTHS[0]: 1}, date(2025, 12, 31))
    nothing = Coverage(coverage.months.iloc[:0], coverage.landed_to, {})
    assert explain_uncovered(VISITS, MONTHS[0], 0, nothing) == "A&E visits are not in these data"
