"""A scan is compiled once for an expression, however often it is built, and never taken for another's."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from riskstrat.sources.scan import compile_scan
from riskstrat.sources.selection import _write_standing, select_standing
from riskstrat.sources.tables import attendances


def select_since(day: date) -> ir.Table:
    return attendances.filter(attendances.attended_on > day).select("person", "valid_from")


def test_an_expression_built_again_is_not_compiled_again() -> None:
    assert compile_scan(select_since(date(2025, 3, 4))) is compile_scan(select_since(date(2025, 3, 4)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (select_since(date(2025, 3, 4)), select_since(date(2025, 3, 5))),
        (attendances.select("person", v=ibis.literal(1)), attendances.select("person", v=ibis.literal(True))),
        (attendances.select("person", v=ibis.literal(1)), attendances.select("person", v=ibis.literal(1.0))),
        (attendances.select("person", "valid_from"), attendances.select("valid_from", "person")),
    ],
    ids=["another day", "true for 1", "1.0 for 1", "another order"],
)
def test_what_differs_is_compiled_apart(one: ir.Table, other: ir.Table) -> None:
    assert compile_scan(one).sql != compile_scan(other).sql


@pytest.mark.parametrize("began", [-1, 0, 1])
@pytest.mark.parametrize("ended", [-1, 0, 1])
def test_which_version_stood_on_a_day_is_one_rule_in_sql_and_as_an_expression(began: int, ended: int) -> None:
    day = date(2025, 3, 4)
    period = {"valid_from": [day + timedelta(began)], "valid_to": [day + timedelta(ended)]}
    backend = ibis.duckdb.connect()
    backend.con.register("periods", pa.table(period))
    by_sql = backend.con.execute(f"SELECT * FROM periods WHERE {_write_standing(day)}").fetchall()
    by_expression = backend.to_pyarrow(select_standing(backend.table("periods"), day))
    assert len(by_sql) == len(by_expression) == (began <= 0 < ended)
