"""Rows of a table as typed records: by name, with what a field is made sure of."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.table_rows import read_rows, split_by_day


class Visit(NamedTuple):
    """What these tests read."""

    day: date
    left: date | None
    place: str
    note: str | None
    times: int
    share: float
    urgent: bool | None


MONDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 20)
TABLE = pd.DataFrame(
    {
        "urgent": pd.array([True, None], dtype="boolean"),
        "share": [0.5, np.nan],
        "unread": ["x", "y"],
        "times": np.array([3, 4], np.int32),
        "note": ["seen", None],
        "place": ["A&E", "ward"],
        "left": pd.to_datetime(["2026-11-20", None]).as_unit("s"),
        "day": pd.to_datetime(["2026-11-16", "2026-11-20"]),
    },
    index=[7, 7],
)


def test_fields_are_read_by_name_and_a_missing_cell_is_none() -> None:
    first, second = read_rows(TABLE, Visit)
    assert first == Visit(MONDAY, FRIDAY, "A&E", "seen", 3, 0.5, True)
    assert second[:5] == (FRIDAY, None, "ward", None, 4)
    assert np.isnan(second.share)
    assert second.urgent is None
    assert [type(cell) for cell in first] == [date, date, str, str, int, float, bool]


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_days_of_every_resolution_and_days_held_as_objects_are_dates(unit: Literal["s", "ms", "ns"]) -> None:
    days = pd.to_datetime(TABLE["day"]).dt.as_unit(unit)
    for column in (days, days.astype(object), days.dt.date, days.dt.strftime("%Y-%m-%d")):
        assert [row.day for row in read_rows(TABLE.assign(day=column), Visit)] == [MONDAY, FRIDAY]


@pytest.mark.parametrize("name", Visit._fields)
def test_a_table_without_the_column_of_a_field_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"Visit reads {name}, which"):
        read_rows(TABLE.drop(columns=name), Visit)


@pytest.mark.parametrize("name", ["day", "place", "times"])
def test_a_missing_cell_is_refused_where_a_field_is_always_there(name: str) -> None:
    table = TABLE.assign(**{name: TABLE[name].astype(object).where([True, False], None)})
    with pytest.raises(ValueError, match=f"Visit.{name} has no value in 1 of 2 rows"):
        read_rows(table, Visit)


def test_numbers_are_not_read_as_text() -> None:
    with pytest.raises(ValueError, match="place is read as text, and has float64"):
        read_rows(TABLE.assign(place=[1.0, 2.0]), Visit)
    assert [row.note for row in read_rows(TABLE.assign(note=np.nan), Visit)] == [None, None]


def test_a_choice_of_texts_holds_no_other() -> None:
    class Turn(NamedTuple):
        way: Literal["up", "down"]

    assert list(read_rows(pd.DataFrame({"way": ["down", "up"]}), Turn)) == [Turn("down"), Turn("up")]
    with pytest.raises(ValueError, match=r"Turn\.way is one of up, down"):
        read_rows(pd.DataFrame({"way": ["down", "left"]}), Turn)


def test_a_table_of_no_rows_gives_none_whatever_its_columns_hold() -> None:
    assert list(read_rows(pd.DataFrame(columns=list(Visit._fields)), Visit)) == []
    assert list(read_rows(TABLE.iloc[:0], Visit)) == []


def test_a_field_that_no_column_is_read_as_is_refused() -> None:
    class Odd(NamedTuple):
        times: set[int]

    with pytest.raises(TypeError, match=r"Odd\.times: no column is read as set"):
        read_rows(TABLE, Odd)


def test_rows_are_split_by_day_ascending() -> None:
    table = pd.DataFrame({"month": pd.to_datetime(["2026-11-20", "2026-11-16", None, "2026-11-20"]), "n": range(4)})
    assert [(day, rows["n"].tolist()) for day, rows in split_by_day(table, "month")] == [
        (MONDAY, [1]),
        (FRIDAY, [0, 3]),
    ]
    with pytest.raises(TypeError, match="rows are split by day, not by str"):
        list(split_by_day(pd.DataFrame({"month": ["May"]}), "month"))
