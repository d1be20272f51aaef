"""The SQL of a scan for DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler


def write_sql(expression: ir.Table) -> str:
    """The SQL of an unbound expression."""
    query = _COMPILER.to_sqlglot(expression.unbind())
    return str(query.sql(dialect=_COMPILER.dialect, copy=False))


class _ScanCompiler(DuckDBCompiler):
    """DuckDB's SQL, with every test for words as `matching.build_words_test` has it.

    ibis finds a method by the name of the operation that it writes.
    """

    def visit_InValues(self, op: ops.InValues, *, value: Any, options: Sequence[Any]) -> Any:  # noqa: N802
        if all(_is_word(option) for option in op.options):
            return self.f.list_contains(self.f.array(*options), value)
        return super().visit_InValues(op, value=value, options=options)

    def visit_Equals(self, op: ops.Equals, *, left: Any, right: Any) -> Any:  # noqa: N802
        if _is_word(op.right):
            return self.f.list_contains(self.f.array(right), left)
        return super().visit_Equals(op, left=left, right=right)


def _is_word(node: ops.Node) -> bool:
    """Whether it is text as a definition has it."""
    return isinstance(node, ops.Literal) and node.dtype.is_string() and node.value is not None


_COMPILER = _ScanCompiler()
