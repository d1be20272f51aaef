"""A scan is compiled once for an expression, however often it is built, and never taken for another's."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pytest

from riskstrat.sources.scan import compile_scan
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
