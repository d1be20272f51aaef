"""XmR charts as NHSRplotthedots draws them: series worked out by hand, and a plain reading of its four rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest

from riskstrat.definitions.indicators import Indicator, Rebase
from riskstrat.documents import BoardSeries
from riskstrat.indicators.hiding import WHOLE, ShownCount
from riskstrat.indicators.series import build_rate, build_series
from riskstrat.indicators.xmr import CLOSE_TO_LIMIT, OUTSIDE, SHIFT, TREND, draw_limits

FLAT = (10.0, 12.0) * 6


def flagged(values: Sequence[float], rule: str, rebased: Sequence[int] = ()) -> list[int]:
    return [place for place, flags in enumerate(draw_limits(values, rebased).flags) if rule in flags]


def test_limits_of_a_series_worked_out_by_hand() -> None:
    # 4 6 5 9: mean 6, moving ranges 2 1 4, their mean 7/3; none is screened; 2.66 x 7/3 = 6.2067.
    made = draw_limits((4.0, 6.0, 5.0, 9.0))
    assert made.mean == (6.0,) * 4
    assert made.lower == pytest.approx((-0.206667,) * 4, abs=1e-6)
    assert made.upper == pytest.approx((12.206667,) * 4, abs=1e-6)


def test_a_moving_range_beyond_3_267_times_the_mean_is_left_out_of_the_limits() -> None:
    # Eleven ranges of 2, then 38: mean 5, and 38 is more than 16.3; the mean of the others is 2.
    made = draw_limits((*FLAT, 50.0))
    assert made.mean[0] == pytest.approx((6 * 22 + 50) / 13)
    assert made.upper[0] == pytest.approx(made.mean[0] + 2.66 * 2)
    assert [place for place, flags in enumerate(made.flags) if OUTSIDE in flags] == [12]


def test_a_series_that_never_varies_has_no_limits_and_no_flag() -> None:
    made = draw_limits((5.0,) * 13)
    assert made.upper == (None,) * 13
    assert made.flags == ((),) * 13


def test_every_point_of_seven_on_one_side_is_flagged_and_of_six_none() -> None:
    assert flagged((1.0, 2.0) * 4 + (9.0, 8.0) * 3 + (9.0,), SHIFT) == list(range(15))
    assert flagged((9.0, 8.0, 9.0, 8.0, 9.0, 8.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0), SHIFT) == []


def test_every_point_of_seven_that_rise_is_flagged_and_of_six_none() -> None:
    assert flagged((5.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 5.0), TREND) == [1, 2, 3, 4, 5, 6, 7]
    assert flagged((5.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 5.0), TREND) == []
    assert flagged((9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0), TREND) == [0, 1, 2, 3, 4, 5, 6]


def test_a_rebasing_begins_new_limits_and_no_run_goes_across_it() -> None:
    values = (*FLAT, *(value + 20 for value in FLAT))
    assert flagged(values, SHIFT) == list(range(24))
    made = draw_limits(values, (12,))
    assert made.mean == (11.0,) * 12 + (31.0,) * 12
    assert made.flags == ((),) * 24


def test_flags_equal_a_plain_reading_of_the_rules_on_random_series() -> None:
    """R/ptd_spc_standard.R and R/ptd_calculate_point_type.R, point by point, with no code shared."""
    chance, seen = random.Random(20), set()
    for _ in range(400):
        values = [float(chance.choice((0, 2, 5, 6, 7, 8, 9, 11, 14)) + drift) for drift in _list_drifts(chance)]
        made = draw_limits(values)
        assert [set(flags) for flags in made.flags] == read_rules(values)
        seen |= {flag for flags in made.flags for flag in flags}
    assert seen == {OUTSIDE, SHIFT, TREND, CLOSE_TO_LIMIT}


def _list_drifts(chance: random.Random) -> list[float]:
    slope, jump = chance.choice((0, 0, 3)), chance.choice((0, 6, 25))
    return [slope * place + (jump if place > 9 else 0) for place in range(chance.randint(3, 26))]


def read_rules(values: list[float]) -> list[set[str]]:
    count, mean = len(values), sum(values) / len(values)
    ranges = [abs(values[i] - values[i - 1]) for i in range(1, count)]
    kept = [one for one in ranges if one < 3.267 * (sum(ranges) / len(ranges))]
    found: list[set[str]] = [set() for _ in values]
    side = [(one > mean) - (one < mean) for one in values]
    if kept:
        spread = sum(kept) / len(kept)
        out = [abs(one - mean) > 2.66 * spread for one in values]
        near = [abs(one - mean) > 2 * 2.66 / 3 * spread and not out[i] for i, one in enumerate(values)]
        for i in range(count):
            if out[i]:
                found[i].add(OUTSIDE)
            for first in (i - 2, i - 1, i):
                three = slice(first, first + 3)
                whole = 0 <= first <= count - 3
                if whole and near[i] and sum(near[three]) >= 2 and abs(sum(side[three])) == 3:
                    found[i].add(CLOSE_TO_LIMIT)
    for first in range(count - 6):
        seven = values[first : first + 7]
        if abs(sum(side[first : first + 7])) == 7:
            for i in range(first, first + 7):
                found[i].add(SHIFT)
        steps = [(b > a) - (b < a) for a, b in pairwise(seven)]
        if abs(sum(steps)) == 6:
            for i in range(first, first + 7):
                found[i].add(TREND)
    return found


@pytest.mark.parametrize(
    ("numerator", "denominator", "measure", "span"),
    [
        (ShownCount("0", 0), ShownCount("300", 300), "stays", (0.0, 0.0)),
        (ShownCount("20", 20), ShownCount("100", 100), "stays", (18 / 102, 22 / 98)),
        (ShownCount("170", 170), ShownCount("170", 170), "usual_place", (168 / 172, 1.0)),
        (ShownCount("40", 40), ShownCount("30", 30), "register_attendances", (38 / 32, 42 / 28)),
        (ShownCount("30", 30), ShownCount("30", 30), "register", (28 / 32, 1.0)),
        (ShownCount("1 to 7", None), ShownCount("100", 100), "usual_place", None),
        (ShownCount("20", 20), ShownCount("not shown", None), "usual_place", None),
    ],
)
@pytest.mark.parametrize("per", [100, 1000])
def test_a_rate_says_how_far_rounding_may_have_moved_it(numerator, denominator, measure, span, per) -> None:
    """What counts events, and not some of the denominator, may be more than 100 of 100."""
    found = build_rate(numerator, denominator, Indicator.model_construct(measure=measure, per=per)).span
    assert found == (None if span is None else pytest.approx(tuple(per * end for end in span)))


def rebase_series(months: int, *rebased: int) -> BoardSeries:
    """Stays of `months` months about one level, with new limits from the months numbered so."""
    days = [date(2024 + number // 12, number % 12 + 1, 1) for number in range(months)]
    counts = [ShownCount(str(count), count) for count in ((100, 120, 105) * months)[:months]]
    numerators = {day: {WHOLE: count} for day, count in zip(days, counts, strict=True)}
    stays = Indicator.model_construct(measure="stays", per=1000)
    everybody = {day: {WHOLE: ShownCount("20,000", 20_000)} for day in days}
    return build_series(stays, WHOLE, numerators, everybody, [days[number] for number in rebased])


@pytest.mark.parametrize("rebased", [(), (0,), (1,), (5,), (12,), (0, 3), (3, 12)])
def test_limits_are_drawn_of_every_stretch_of_12_months_whatever_lay_before_it(rebased: tuple[int, ...]) -> None:
    limits = rebase_series(24, *rebased).limits
    assert limits is not None
    drawn = [number for number, upper in enumerate(limits.upper) if upper is not None]
    newest = max(rebased, default=0)
    assert drawn == list(range(0 if newest in (0, 12) and 3 not in rebased else newest, 24))


def test_a_rebasing_has_no_limits_before_12_months_are_over() -> None:
    found = rebase_series(24, 13)
    assert found.limits is None
    assert found.no_limits == "No limits: 11 months since the latest rebasing are fewer than the 12 that limits need."


def test_a_rebasing_within_a_month_is_refused() -> None:
    with pytest.raises(ValueError, match="month 2026-04-15 is not the first day of a month; write 2026-04-01"):
        Rebase(indicator="K09", month=date(2026, 4, 15), reason="same-day emergency care")
