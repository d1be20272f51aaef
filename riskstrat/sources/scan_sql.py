"""The SQL of a scan for DuckDB."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

_COMPILERS = "ibis.backends.sql.compilers"


def _import_duckdb_alone() -> ModuleType:
    """ibis's compiler for DuckDB. Its package would load those for 19 other engines, which takes ten times as long.

    What was loaded so is forgotten again, so that whoever asks for the package gets all of it.
    """
    name = f"{_COMPILERS}.duckdb"
    spec = find_spec(_COMPILERS)
    if _COMPILERS in sys.modules or spec is None:
        return import_module(name)
    sys.modules[_COMPILERS] = module_from_spec(spec)
    try:
        return import_module(name)
    finally:
        for loaded in [one for one in sys.modules if one.startswith(_COMPILERS)]:
            del sys.modules[loaded]


if TYPE_CHECKING:
    from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
else:
    DuckDBCompiler = _import_duckdb_alone().DuckDBCompiler


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
