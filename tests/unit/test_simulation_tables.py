"""What the simulated borough's own tables say of one another."""

from __future__ import annotations

import pytest

from riskstrat.simulation.codes import PLANNED, REASONS
from riskstrat.simulation.conditions import BRINGS, CONDITIONS, TOGETHER
from riskstrat.simulation.shipped_tables import read_rows


def test_every_row_on_what_raises_a_reason_reaches_that_reason() -> None:
    named = [(row["reason"], row["condition"], float(row["factor"])) for row in read_rows("raised")]
    held = [(reason.name, CONDITIONS[number].name, by) for reason in REASONS for number, by in reason.raised_by]
    assert sorted(held) == sorted(named)


@pytest.mark.parametrize("name", ["conditions", "brings", "together", "reasons", "raised", "signs", "planned"])
def test_no_table_has_a_row_twice_or_a_row_of_another_length(name: str) -> None:
    rows = read_rows(name)
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)
    assert len({tuple(row.values()) for row in rows}) == len(rows)


def test_names_stand_once_and_nothing_brings_itself() -> None:
    for records in (CONDITIONS, REASONS):
        names = [record.name for record in records]
        assert len(set(names)) == len(names)
    assert all(one != other for one, other, _ in (*BRINGS, *TOGETHER))


def test_planned_care_says_yes_or_no_and_a_sex_that_exists() -> None:
    assert {row["day_case"] for row in read_rows("planned")} == {"yes", "no"}
    assert {care.sex for care in PLANNED} == {"", "male", "female"}
