"""Reading ibis expressions: which rows, which columns, and a fingerprint of what they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from riskstrat.errors import DefinitionError


def none_of(column: ir.StringColumn, values: Sequence[str]) -> ir.BooleanValue:
    """True where `column` is not one of `values`, an unknown (null) value included."""
    return column.isnull() | ~column.isin(list(values))


@dataclass(frozen=True)
class Rows:
    """Rows of one stream: its name and the conditions they meet, all written on the stream itself."""

    stream: str
    conditions: tuple[ir.BooleanValue, ...]


def rows_of(table: ir.Table) -> Rows:
    """The stream behind `table` and every `.filter(...)` between. Raises DefinitionError for any other operation."""
    conditions: list[ops.Node] = []
    node = table.op()
    while isinstance(node, ops.Filter):
        conditions.extend(node.predicates)
        node = node.parent
    if not isinstance(node, ops.UnboundTable):
        raise DefinitionError(
            f"rows are a table of riskstrat.sources.tables and .filter(...) on it; {type(node).__name__} is not allowed"
        )
    return Rows(node.name, tuple(on_stream(condition.to_expr()) for condition in conditions))


def table_of(column: ir.Value) -> ir.Table:
    """The filtered table that `column` was taken from. Raises DefinitionError if it is not a column of one table."""
    relations = column.op().relations
    if len(relations) != 1:
        raise DefinitionError("a column must come from exactly one table of riskstrat.sources.tables")
    return next(iter(relations)).to_expr()


def on_stream(expression: ir.Value) -> Any:
    """The same expression written on the unfiltered stream, so that one scan can serve many filters."""
    return _replace_relations(expression.op(), _drop_filters).to_expr()


def rewrite_on(table: ir.Table, expression: ir.Value) -> Any:
    """The same expression on the columns of the same names of `table`. Raises DefinitionError if one is lacking."""
    for name in sorted(columns_of(expression) - set(table.columns)):
        raise DefinitionError(f"{table.get_name()} has no column {name}, which these rows are chosen by")
    return _replace_relations(expression.op(), lambda _: table.op()).to_expr()


def _drop_filters(relation: object) -> Any:
    while isinstance(relation, ops.Filter):
        relation = relation.parent
    return relation


def _replace_relations(part: object, relation_of: Callable[[Any], Any]) -> Any:
    if isinstance(part, ops.Field):
        return ops.Field(relation_of(part.rel), part.name)
    if isinstance(part, ops.Node):
        return type(part)(*(_replace_relations(argument, relation_of) for argument in part.__args__))
    if isinstance(part, tuple):
        return tuple(_replace_relations(member, relation_of) for member in part)
    return part


def columns_of(expression: ir.Value) -> frozenset[str]:
    """Names of the columns that `expression` reads."""
    return _find_columns(expression.op())


# Asked of the same few expressions again and again: whether a feature can be built, read and told.
@lru_cache(maxsize=4096)
def _find_columns(node: ops.Node) -> frozenset[str]:
    return frozenset(field.name for field in node.find(ops.Field))


def lets_null_pass(condition: ir.Value) -> bool:
    """Whether `condition` asks for null somewhere, so that a row without a value may meet it."""
    return bool(condition.op().find(ops.IsNull))


def is_null_of(condition: ir.Value, columns: frozenset[str]) -> bool:
    """Whether `condition` is that `columns` are null, and nothing else."""
    return _asks_for_null(condition.op(), columns)


def is_null_or_more(condition: ir.Value, columns: frozenset[str]) -> bool:
    """Whether `condition` says of itself that it also holds where `columns` are null, as `none_of` does."""
    node = condition.op()
    return isinstance(node, ops.Or) and any(_asks_for_null(side, columns) for side in (node.left, node.right))


def _asks_for_null(node: object, columns: frozenset[str]) -> bool:
    return isinstance(node, ops.IsNull) and columns_of(node.arg.to_expr()) == columns


def structure(value: object) -> str:
    """What an expression computes, as text that does not depend on a SQL dialect or on the names of variables."""
    if isinstance(value, ir.Expr):
        return structure(value.op())
    if isinstance(value, ops.UnboundTable):
        return f"table:{value.name}"
    if isinstance(value, ops.Node):
        return f"{type(value).__name__}({','.join(_describe_arguments(value))})"
    if isinstance(value, tuple | list):
        return f"[{','.join(structure(part) for part in value)}]"
    return repr(value)


def _describe_arguments(node: ops.Node) -> Iterator[str]:
    for argument in node.__args__:
        yield structure(argument)
