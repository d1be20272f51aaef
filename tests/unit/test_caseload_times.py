"""What a page says of a team's times with a person is what the lists read of the same caseload."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding.register import DECLINED, find_endings, list_holders, list_holdings, register_at
from riskstrat.definitions.vocabulary import NOT_TAKEN_ON
from tests.suite.properties import property_settings

MONDAY = date(2026, 11, 16)
COLUMNS = ["person", "team", "status", "from_on", "to_on", "referred_in"]
LATER = "2026-12-01"
DAYS = [f"2026-0{month}-01" for month in range(1, 7)]
CASELOAD_ROWS = st.lists(
    st.tuples(
        st.just(7),
        st.sampled_from(("Kirkby", "Huyton")),
        st.sampled_from(("active", "accepted", "identified", "not_suitable", "declined", "closed")),
        st.sampled_from(DAYS),
        st.sampled_from((None, *DAYS, LATER)),
        st.booleans(),
    ).filter(lambda row: row[4] is None or row[4] >= row[3]),
    min_size=1,
    max_size=5,
)


@property_settings(30, drawn=75)
@given(CASELOAD_ROWS)
def test_the_times_of_a_person_say_what_the_lists_read(drawn: list[tuple[Any, ...]]) -> None:
    rows = pd.DataFrame(drawn, columns=COLUMNS)
    times = list_holdings(rows, MONDAY)
    lasting = [time for time in times if time.until is None]
    holding = {time.team for time in lasting if time.status is None}
    register = register_at(rows, MONDAY)
    assert list_holders(rows, MONDAY).get(7, frozenset()) == holding
    assert (7 in register.known) == bool(holding)
    waits = {time.status for time in lasting if time.status} if not register.known else set()
    assert bool(register.nominated or register.declined) == bool(waits)
    assert 7 not in register.nominated or waits != {DECLINED}
    assert 7 not in register.declined or DECLINED in waits
    ended = {(time.team, pd.Timestamp(time.until)) for time in times if time.until and time.status is None}
    for team, day in find_endings(rows, MONDAY).itertuples(index=False, name=None):
        before = [until for where, until in ended if where == team and until <= day]
        shut = (7, team, "closed", str(day.date()), None)
        # Of a time that had ended a later closing row says nothing new.
        assert (team, day) in ended or (before and shut in [row[:5] for row in drawn])
    refused = {(row[1], pd.Timestamp(row[3])) for row in drawn if row[2] in NOT_TAKEN_ON and row[4] in (None, LATER)}
    for team, day in ended - refused:
        assert find_endings(rows[rows["team"] == team], MONDAY)["ended_on"].item() >= day
    assert not any(time.put for time in times) or any(row[5] for row in drawn)
