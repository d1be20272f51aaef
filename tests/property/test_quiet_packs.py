"""How often a pack in which nothing has changed raises an alarm."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskstrat.definitions.indicators import Indicator
from riskstrat.documents import BoardSeries
from riskstrat.indicators.hiding import WHOLE, ShownCount
from riskstrat.indicators.series import build_series, stands_out
from riskstrat.indicators.words import LATEST_FALSE_ALARMS

STAYS = Indicator(
    name="X01",
    title="Stays",
    numerator="Stays",
    denominator="People",
    per=1000,
    period="month",
    direction="lower",
    standard="none",
    area="outcome",
    status="made up",
    source="made up",
    measure="stays",
    rows="stay",
)
MONTHS = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(24)]
PEOPLE = ShownCount("20,000", 20_000)


def draw_series(counts: list[int]) -> BoardSeries:
    def read(count: int) -> ShownCount:
        rounded = 5 * ((count + 2) // 5)
        return ShownCount(str(rounded), rounded)

    numerators = {month: {WHOLE: read(count)} for month, count in zip(MONTHS, counts, strict=True)}
    return build_series(STAYS, WHOLE, numerators, {month: {WHOLE: PEOPLE} for month in MONTHS})


@pytest.mark.exhaustive
def test_of_quiet_packs_of_forty_charts_about_5_in_100_have_one_that_stands_out() -> None:
    chance = np.random.default_rng(11)
    packs, charts = 400, 40
    alarms = flags = 0
    for _ in range(packs):
        series = [
            draw_series(list(counts)) for counts in chance.poisson(chance.integers(60, 400, (charts, 1)), (charts, 24))
        ]
        alarms += any(stands_out(one, charts) for one in series)
        flags += sum(bool(one.limits and one.limits.flags[-1]) for one in series)
    assert alarms / packs < 0.08
    assert 0.5 * LATEST_FALSE_ALARMS < flags / packs / charts < 1.5 * LATEST_FALSE_ALARMS


def test_a_month_at_twice_the_level_stands_out_of_many_charts_and_a_usual_one_does_not() -> None:
    level = [100, 110, 95, 105] * 5 + [100, 110, 95]
    assert stands_out(draw_series([*level, 200]), 50)
    assert not stands_out(draw_series([*level, 110]), 50)


def test_few_events_a_month_have_no_limits() -> None:
    assert draw_series([9, 12, 15, 10] * 6).no_limits.startswith("No limits: with fewer than 25")
