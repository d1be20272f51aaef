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


complaint = attendances.complaint
WORDS: dict[str, ir.BooleanValue] = {
    "one of two": complaint.isin(["fall", "it's"]),
    "none of two": ~complaint.isin(["fall", "it's"]),
    "one of none": complaint.isin([]),
    "one word": complaint == "fall",
    "another word": complaint != "fall",
    "a beginning": complaint.substr(0, 2).isin(["fa", "it"]),
    "not recorded, or none of one": complaint.isnull() | ~complaint.isin(["fall"]),
    "the other column's": complaint == attendances.diagnosis,
    "a day": attendances.attended_on.isin([date(2025, 3, 4)]),
    "a word on the left": ibis.literal("fall") == complaint,
    "nothing": complaint == ibis.null("string"),
}


def test_words_are_asked_for_by_a_function_which_is_worked_out_once_for_each_different_word() -> None:
    asked = attendances.select("person", one=complaint == "fall", several=complaint.isin(["fall", "slip"]))
    written = compile_scan(asked).sql
    assert written.count("CONTAINS(['fall'") == 2
    assert " IN (" not in written
    assert "= 'fall'" not in written


@pytest.mark.parametrize("condition", WORDS.values(), ids=WORDS)
def test_a_condition_is_met_by_the_rows_that_meet_it_as_ibis_writes_it(condition: ir.BooleanValue) -> None:
    """Rows of which it is not known stay unknown: whether a word is none of some is not answered for no word."""
    given = [("fall", "fall"), ("fa", None), ("it's", "fall"), ("", ""), (None, "fall"), ("FALL", "it's"), (None, None)]
    rows = [{"person": n, "complaint": one, "diagnosis": other} for n, (one, other) in enumerate(given)]
    backend = ibis.duckdb.connect()
    table = pa.Table.from_pylist(rows).append_column("attended_on", pa.array([date(2025, 3, 4)] * 4 + [None] * 3))
    backend.con.register("attendances", table)
    asked = attendances.select("person", met=condition)
    by_ibis = backend.con.execute(f"{ibis.to_sql(asked, dialect='duckdb')} ORDER BY 1").fetchall()
    by_scan = backend.con.execute(f"{compile_scan(asked).sql} ORDER BY 1").fetchall()
    assert by_scan == by_ibis
    assert len(by_scan) == len(given)


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
