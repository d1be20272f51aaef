"""Rows that training/outcomes.py names, for the features of the same workspace: one rule, declared once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import ibis.expr.types as ir

from riskstrat.definitions.codelists import near
from riskstrat.definitions.expressions import rewrite_on, rows_of
from riskstrat.errors import DefinitionError

_named: ContextVar[Mapping[str, ir.Table] | None] = ContextVar("named_rows", default=None)


@contextmanager
def offer_rows(outcomes: Mapping[str, ir.Table]) -> Iterator[None]:
    """While a workspace loads its features, `rows_named(name)` finds these."""
    token = _named.set(outcomes)
    try:
        yield
    finally:
        _named.reset(token)


def rows_named(name: str, on: ir.Table | None = None) -> ir.Table:
    """The rows that training/outcomes.py of the workspace being loaded names so.

    on: another table with the columns that the rows are chosen by, such as `diagnoses`, which carries its stay's; the
    same conditions on that table are given. Raises DefinitionError if there is no such name, or a column is lacking.
    """
    outcomes = _named.get() or {}
    if name not in outcomes:
        raise DefinitionError(f'training/outcomes.py names no "{name}"{near(name, tuple(outcomes))}')
    if on is None:
        return outcomes[name]
    return on.filter(*(rewrite_on(on, condition) for condition in rows_of(outcomes[name]).conditions))
