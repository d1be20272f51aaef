"""What random people are made for: index dates, the edges of the features' lookbacks, and the features themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import ibis.expr.operations as ops

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature

Row = dict[str, Any]

MADE_FROM = {
    "recorded_conditions": ("admissions", "conditions"),
    "diagnoses": ("admissions",),
    "all_falls": ("falls", "attendances", "admissions"),
}
"""Landed tables behind the streams that are made from others."""


@dataclass(frozen=True)
class Shape:
    """What all random people of one example share: the index dates, the day of the extract, edges and codes."""

    index_dates: tuple[date, ...]
    as_at: date
    edges: Mapping[str, tuple[int, ...]]
    aims: tuple[Feature, ...]
    codelists: Mapping[str, Codelist]
    _words: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def words(self, table: str, column: str) -> tuple[str, ...]:
        """The words that the features' conditions compare a column with, and one that none of them names."""
        if (table, column) not in self._words:
            found = {word for aim in self.aims for word in _compared(aim, table, column)}
            self._words[table, column] = (*sorted(found), "another")
        return self._words[table, column]


def shape_of(
    index_dates: Sequence[date], features: Mapping[str, Feature], codelists: Mapping[str, Codelist], after: int = 150
) -> Shape:
    """The shape for these features, with the extract `after` days behind the latest index date."""
    edges: dict[str, set[int]] = {}
    for feature in every_part(features):
        if feature.rows is not None and feature.lookback < EVER:
            for table in MADE_FROM.get(feature.rows.stream, (feature.rows.stream,)):
                edges.setdefault(table, set()).add(feature.lookback)
    aims = tuple(f for f in every_part(features) if f.rows is not None and f.rows.stream != "people")
    days = tuple(sorted(index_dates))
    found = {table: tuple(sorted(lookbacks)) for table, lookbacks in edges.items()}
    return Shape(days, days[-1] + timedelta(days=after), found, aims, codelists)


def every_part(features: Mapping[str, Feature]) -> Iterator[Feature]:
    """The features and the unnamed inputs of the derived ones."""
    for feature in features.values():
        yield feature
        yield from (given for given in feature.inputs.values() if isinstance(given, Feature))


def _compared(feature: Feature, table: str, column: str) -> Iterator[str]:
    assert feature.rows is not None
    if feature.rows.stream == table:
        for condition in feature.rows.conditions:
            for node in condition.op().find((ops.Equals, ops.NotEquals)):
                if isinstance(node.left, ops.Field) and node.left.name == column:
                    yield node.right.value
            for node in condition.op().find(ops.InValues):
                if isinstance(node.value, ops.Field) and node.value.name == column:
                    yield from (option.value for option in node.options)
