"""What an ibis expression says of one row, worked out node by node in plain Python.

Null is None, and logic has three values as in SQL. An operation that is not written here raises NotImplementedError,
so that a new one is thought about before it is believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import ibis.expr.operations as ops

Row = Mapping[str, Any]


def meets(node: ops.Node, row: Row) -> bool:
    """Whether the row is kept by a filter: true, and neither false nor unknown."""
    return evaluate(node, row) is True


def evaluate(node: ops.Node, row: Row) -> Any:
    """The value of `node` for `row`; None is SQL's null."""
    if isinstance(node, ops.Field):
        return row[node.name]
    if isinstance(node, ops.Literal):
        return node.value
    special = _SPECIAL.get(type(node))
    if special is not None:
        return special(node, row)
    strict = _STRICT.get(type(node))
    if strict is None:
        raise NotImplementedError(f"the oracle does not know {type(node).__name__}; write it in plain_expressions.py")
    values = [evaluate(argument, row) for argument in node.__args__ if isinstance(argument, ops.Node)]
    return None if any(value is None for value in values) else strict(*values)


def _and(node: ops.And, row: Row) -> bool | None:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(node: ops.Or, row: Row) -> bool | None:
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def _in_values(node: ops.InValues, row: Row) -> bool | None:
    value = evaluate(node.value, row)
    options = [evaluate(option, row) for option in node.options]
    if value is None:
        return None
    if value in [option for option in options if option is not None]:
        return True
    return None if None in options else False


def _coalesce(node: ops.Coalesce, row: Row) -> Any:
    return next((value for value in (evaluate(part, row) for part in node.arg) if value is not None), None)


def _if_else(node: ops.IfElse, row: Row) -> Any:
    chosen = node.true_expr if meets(node.bool_expr, row) else node.false_null_expr
    return evaluate(chosen, row)


def _searched_case(node: ops.SearchedCase, row: Row) -> Any:
    for case, result in zip(node.cases, node.results, strict=True):
        if meets(case, row):
            return evaluate(result, row)
    return evaluate(node.default, row)


def _cast(node: ops.Cast, row: Row) -> Any:
    value = evaluate(node.arg, row)
    if value is None:
        return None
    if node.to.is_floating():
        return float(value)
    if node.to.is_string() and isinstance(value, str):
        return value
    if node.to.is_integer() and float(value).is_integer():
        return int(value)
    raise NotImplementedError(f"the oracle does not know a cast of {type(value).__name__} to {node.to}")


def _date_delta(node: ops.DateDelta, row: Row) -> int | None:
    if evaluate(node.part, row) != "day":
        raise NotImplementedError("the oracle counts differences of dates in days only")
    left, right = evaluate(node.left, row), evaluate(node.right, row)
    return None if left is None or right is None else (left - right).days


def _substring(text: str, start: int, length: int) -> str:
    if start < 0 or length < 0:
        raise NotImplementedError("the oracle takes substrings from the left only")
    return text[start : start + length]


def _divide(left: float, right: float) -> float | None:
    return None if right == 0 else left / right


def _month_of(day: date) -> int:
    return day.month


_SPECIAL: dict[type, Callable[[Any, Row], Any]] = {
    ops.And: _and,
    ops.Or: _or,
    ops.InValues: _in_values,
    ops.Coalesce: _coalesce,
    ops.IfElse: _if_else,
    ops.SearchedCase: _searched_case,
    ops.Cast: _cast,
    ops.DateDelta: _date_delta,
    ops.IsNull: lambda node, row: evaluate(node.arg, row) is None,
    ops.NotNull: lambda node, row: evaluate(node.arg, row) is not None,
}
"""Operations that look at null themselves."""

_STRICT: dict[type, Callable[..., Any]] = {
    ops.Not: lambda value: not value,
    ops.Equals: lambda left, right: left == right,
    ops.NotEquals: lambda left, right: left != right,
    ops.Less: lambda left, right: left < right,
    ops.LessEqual: lambda left, right: left <= right,
    ops.Greater: lambda left, right: left > right,
    ops.GreaterEqual: lambda left, right: left >= right,
    ops.Between: lambda value, low, high: low <= value <= high,
    ops.Add: lambda left, right: left + right,
    ops.Subtract: lambda left, right: left - right,
    ops.Multiply: lambda left, right: left * right,
    ops.Divide: _divide,
    ops.Negate: lambda value: -value,
    ops.Abs: abs,
    ops.Floor: math.floor,
    ops.StartsWith: lambda text, start: text.startswith(start),
    ops.EndsWith: lambda text, end: text.endswith(end),
    ops.StringContains: lambda text, part: part in text,
    ops.Substring: _substring,
    ops.StringLength: len,
    ops.Lowercase: str.lower,
    ops.Uppercase: str.upper,
    ops.ExtractYear: lambda day: day.year,
    ops.ExtractMonth: _month_of,
}
"""Operations that are null where any argument is null."""
