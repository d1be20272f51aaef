"""The words that a workspace's features and outcomes compare a landed column with: these its engine understands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import ibis.expr.operations as ops
import ibis.expr.types as ir

from riskstrat.definitions.expressions import rows_of
from riskstrat.definitions.features import Feature
from riskstrat.definitions.schemas import SCHEMAS
from riskstrat.sources.tables import SPELL_COLUMNS
from riskstrat.workspace.loading import Workspace


def find_compared_words(workspace: Workspace) -> dict[tuple[str, str], frozenset[str]]:
    """By table and column the words that some row filter or value of the workspace compares it with."""
    found: dict[tuple[str, str], set[str]] = {}
    for stream, expression in _iterate_expressions(workspace):
        for column, word in _list_words(expression):
            table = "admissions" if stream == "diagnoses" and column in SPELL_COLUMNS else stream
            if table in SCHEMAS and column in SCHEMAS[table].names:
                found.setdefault((table, column), set()).add(word)
    return {place: frozenset(words) for place, words in found.items()}


def _iterate_expressions(workspace: Workspace) -> Iterator[tuple[str, ir.Value]]:
    for table in workspace.outcomes.values():
        rows = rows_of(table)
        yield from ((rows.stream, condition) for condition in rows.conditions)
    for feature in workspace.features.values():
        yield from _iterate_feature(feature)


def _iterate_feature(feature: Feature) -> Iterator[tuple[str, ir.Value]]:
    for given in feature.inputs.values():
        if isinstance(given, Feature):
            yield from _iterate_feature(given)
    if feature.rows is not None:
        parts = (getattr(feature, part.name) for part in fields(feature))
        for part in (*feature.rows.conditions, *parts):
            if isinstance(part, ir.Value):
                yield feature.rows.stream, part


def _list_words(expression: ir.Value) -> Iterator[tuple[str, str]]:
    for node in expression.op().find((ops.Equals, ops.NotEquals, ops.InValues)):
        sides = (node.value, *node.options) if isinstance(node, ops.InValues) else (node.left, node.right)
        columns = [side.name for side in sides if isinstance(side, ops.Field)]
        words = [side.value for side in sides if isinstance(side, ops.Literal) and isinstance(side.value, str)]
        yield from ((column, word) for column in columns for word in words)
