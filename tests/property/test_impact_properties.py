"""Laws of a comparison over random lists: matching against a plain one, sets that lose people, tallies of days."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.impact.matching import CALIPER, CONTROLS, RISE_CALIPER, Matches, Panel, keep_rows, match_controls
from riskstrat.impact.tallies import EventTally, HomeTally, NightTally
from tests.oracle.plain_matching import Sets, match_plainly
from tests.suite.properties import property_settings

BEGINS = np.datetime64("2026-01-01", "D")


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """A few lists of a few people, with margins that often lie just within or beyond a caliper."""
    weeks, people = draw(st.integers(1, 4)), draw(st.integers(3, 9))
    values = st.sampled_from([0.0, 0.07, 0.14, 0.21, 0.28, 0.35, 0.5, float("nan")])
    row = st.lists(values, min_size=people, max_size=people)
    margin = np.array(draw(st.lists(row, min_size=weeks, max_size=weeks)))
    weeks_listed = st.sampled_from([-1] * (2 * weeks) + list(range(weeks)))
    first = np.array(draw(st.lists(weeks_listed, min_size=people, max_size=people)), np.int64)
    for person, week in enumerate(first):
        if week >= 0 and np.isnan(margin[week, person]):
            margin[week, person] = 0.3
    kinds = st.lists(st.sampled_from([0, 0, 0, 1]), min_size=people, max_size=people)
    strata = np.array(draw(st.lists(kinds, min_size=weeks, max_size=weeks)), np.int64)
    return Panel(margin, strata, first)


def read_sets(found: Matches) -> Sets:
    """The controls of each set that has any."""
    return {
        (int(found.week[head]), int(found.person[head])): found.person[
            (found.set == found.set[head]) & ~found.listed
        ].tolist()
        for head in np.flatnonzero(found.listed)
    }


@property_settings(40)
@given(panels())
def test_matching_is_that_of_plain_python(panel: Panel) -> None:
    plain = match_plainly(
        panel.margin.tolist(), panel.strata.tolist(), panel.first_week.tolist(), (CALIPER, RISE_CALIPER), CONTROLS
    )
    found = match_controls(panel)
    assert read_sets(found) == {key: controls for key, controls in plain.items() if controls}
    assert found.unmatched == sum(not controls for controls in plain.values())


@property_settings(40)
@given(panels(), st.integers(0, 3))
def test_a_later_beginning_takes_earlier_sets_away_and_no_other(panel: Panel, since: int) -> None:
    every, later = read_sets(match_controls(panel)), read_sets(match_controls(panel, since))
    assert later == {key: controls for key, controls in every.items() if key[0] >= since}


@property_settings(40)
@given(panels(), st.data())
def test_a_set_that_loses_its_person_or_all_controls_is_gone_and_weights_sum_to_one(
    panel: Panel, data: st.DataObject
) -> None:
    matches = match_controls(panel)
    size = len(matches.set)
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
    found = keep_rows(matches, kept)
    for number in set(matches.set.tolist()):
        rows = matches.set == number
        whole = kept[rows & matches.listed].all() and kept[rows & ~matches.listed].any()
        left = found.set == number
        assert left.sum() == (kept[rows].sum() if whole else 0)
        if whole:
            assert np.isclose(found.weight[left & ~found.listed].sum(), 1)


spans = st.tuples(st.integers(0, 60), st.integers(0, 30))


@property_settings(40)
@given(st.lists(spans, max_size=5), st.one_of(st.none(), st.integers(0, 90)), st.integers(0, 60), st.integers(0, 30))
def test_nights_and_days_at_home_are_those_of_a_calendar(
    stays: list[tuple[int, int]], death: int | None, start: int, length: int
) -> None:
    """Stays of one person that do not overlap, day by day; nobody is in hospital after death."""
    taken: list[tuple[int, int]] = []
    for since, nights in sorted(stays):
        until = since + nights if death is None else min(since + nights, death)
        if (not taken or since >= taken[-1][1]) and until >= since:
            taken.append((since, until))
    calendar = [start + ahead for ahead in range(1, length + 1)]
    inside = {day for since, until in taken for day in range(since, until)}
    alive = [day for day in calendar if death is None or day < death]
    since, until = (BEGINS + np.array([stay[side] for stay in taken], np.int64) for side in (0, 1))
    tally = NightTally(np.zeros(len(taken), np.int64), since, until)
    died = np.array([np.datetime64("NaT") if death is None else BEGINS + death], "datetime64[D]")
    asked = np.zeros(1, np.int64), np.array([BEGINS + start]), np.array([BEGINS + start + length])
    assert tally.count_between(*asked)[0] == len(inside & set(calendar))
    assert HomeTally(tally, died).count_between(*asked)[0] == len(set(alive) - inside)


@property_settings(40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=12), st.integers(0, 30), st.integers(0, 20))
def test_events_are_counted_after_the_first_day_up_to_the_last(
    events: list[tuple[int, int]], start: int, length: int
) -> None:
    person, day = (np.array([event[side] for event in events], np.int64) for side in (0, 1))
    tally = EventTally(person, BEGINS + day)
    everybody = np.arange(4)
    found = tally.count_between(everybody, np.full(4, BEGINS + start), np.full(4, BEGINS + start + length))
    inside = [who for who, on in events if start < on <= start + length]
    assert found.tolist() == [inside.count(one) for one in everybody]


def test_a_stay_that_has_not_ended_goes_on() -> None:
    """Of somebody in hospital since 30 December, every night of January's first ten days."""
    tally = NightTally(np.zeros(1, np.int64), np.array([BEGINS - 2]), np.array(["NaT"], "datetime64[D]"))
    first = np.array([BEGINS - 1])
    assert tally.count_between(np.zeros(1, np.int64), first, first + 10)[0] == 10
