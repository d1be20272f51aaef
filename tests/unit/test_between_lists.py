"""What teams tell between lists: cases of people put forward have numbers that no list gives."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.casefinding import CASE_COLUMNS, REFERRED, CaseRegister
from riskstrat.errors import PublicationError
from riskstrat.reviews import InQuestion, Notices, PutForward, parse_notices
from riskstrat.weekly.between_lists import open_told

MONDAY = date(2026, 11, 16)
NEXT = MONDAY + timedelta(weeks=1)


def register(*rows: tuple[str, int, str]) -> CaseRegister:
    return CaseRegister(pd.DataFrame([(*row, MONDAY, MONDAY) for row in rows], columns=list(CASE_COLUMNS)))


def number(given: CaseRegister, *patients: str) -> list[int]:
    return [int(one) for one in given.number_cases("NHU", patients, NEXT, {})["number"]]


def test_a_person_put_forward_keeps_the_number_that_they_were_given() -> None:
    told = Notices((PutForward("p9", "NHU", 5001, MONDAY), PutForward("p8", "SHU", 5001, MONDAY)))
    opened = open_told(register(("NHU", 7, "p1")), told)
    assert number(opened, "p1", "p9", "p2", "p8", "p3") == [7, 5001, 8, 9, 10]
    handed_on = opened.list_cases(opened.number_cases("NHU", ["p9", "p2"], NEXT, {}), NEXT)
    assert number(open_told(handed_on, told), "p9", "p2", "p3") == [5001, 8, 9]


def test_the_last_number_of_either_series_is_handed_on_when_its_case_is_left() -> None:
    later = MONDAY + timedelta(weeks=60)
    left = register(("NHU", 7, "p1"), ("NHU", 5003, "p9")).list_cases(register().rows, later)
    assert sorted(zip(left.rows["number"], left.rows["patient_id"], strict=True)) == [(7, ""), (5003, "")]


def test_lists_pass_over_the_numbers_of_people_put_forward() -> None:
    assert number(register(("NHU", REFERRED.start - 1, "p1")), "p2", "p3") == [REFERRED.stop, REFERRED.stop + 1]


PATIENTS = st.text("abc123", min_size=1, max_size=4)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
NOTICES = st.builds(
    Notices,
    st.lists(st.builds(PutForward, PATIENTS, st.just("NHU"), st.integers(5001, 10000), DAYS)).map(tuple),
    st.lists(st.builds(InQuestion, PATIENTS, DAYS, DAYS)).map(tuple),
)


@given(NOTICES)
def test_notices_are_read_as_they_were_kept(told: Notices) -> None:
    assert parse_notices(told.dump()) == told


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b'{"in_question": [], "put_forward": [], "more": 1}\n'])
def test_notices_that_were_changed_are_refused(damage: bytes) -> None:
    with pytest.raises(PublicationError, match="notices kept with the list"):
        parse_notices(damage)
