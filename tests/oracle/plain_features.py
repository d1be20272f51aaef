"""Every feature in plain Python loops: the slow second opinion on the engine, written from what the verbs promise.

It reads landed tables, not a store, and shares nothing with riskstrat.features. A value is a float, NaN for unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

import ibis.expr.operations as ops
import numpy as np
from plain_expressions import Row, evaluate, meets
from plain_records import Landed, Source, belongs, by_person, stream

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.features import Feature
from riskstrat.sources.tables import STREAMS

UNKNOWN = math.nan
DAYS_OF_A_YEAR = Fraction(1461, 4)


@cache
def columns_of(node: ops.Node) -> frozenset[str]:
    """Names of the columns that an expression reads."""
    return frozenset(found.name for found in node.find(ops.Field))


@dataclass(frozen=True)
class IndexDate:
    """One row of a cohort: a person, an index date, and the index spell of a cohort of discharges, as it was landed."""

    patient: str
    day: date
    landed: Row | None = field(default=None, compare=False, repr=False)

    @property
    def spell(self) -> str | None:
        """The spell_id of the index spell."""
        return None if self.landed is None else str(self.landed["spell_id"])


def plain_matrix(
    landed: Landed,
    features: Mapping[str, Feature],
    codelists: Mapping[str, Codelist],
    cohort: Sequence[IndexDate],
    lags: Mapping[str, int] | None = None,
    continuous_stays: str = "three_days",
) -> dict[str, list[float]]:
    """For each feature that can be built from what was landed, one value per row of `cohort`, as float32 holds it."""
    people = by_person(landed, lags or {}, continuous_stays)
    made = [
        _Reckoning(people[asked.patient], asked, features, codelists, frozenset(landed)).values() for asked in cohort
    ]
    return {name: [values[name] for values in made] for name in features if all(name in values for values in made)}


@dataclass
class _Reckoning:
    """All features of one person at one index date."""

    source: Source
    asked: IndexDate
    features: Mapping[str, Feature]
    codelists: Mapping[str, Codelist]
    landed: frozenset[str]
    streams: dict[str, list[Row]] = field(default_factory=dict)
    kept: dict[tuple[Any, ...], list[Row]] = field(default_factory=dict)

    def values(self) -> dict[str, float]:
        return {name: value for name, feature in self.features.items() if (value := self.value(feature)) is not None}

    def value(self, feature: Feature) -> float | None:
        """The feature as float32 holds it; None if the landed tables cannot say."""
        if feature.verb == "derive":
            return self._derived(feature)
        if not self._can_be_built(feature):
            return None
        found = _VERBS[feature.verb](feature, self)
        if found is None:
            return UNKNOWN if feature.missing is None else float(feature.missing)
        return float(np.float32(float(found)))

    def rows(self, feature: Feature) -> list[Row]:
        """The rows of the feature's stream that stood at the index date and meet its conditions."""
        assert feature.rows is not None
        name = feature.rows.stream
        absent = self._absent(name)
        conditions = tuple(node for node in _conditions(feature) if not columns_of(node) & absent)
        if name not in self.streams:
            self.streams[name] = stream(self.source, name, self.asked.day, self.asked.spell, self.codelists)
        key = (name, conditions)
        if key not in self.kept:
            self.kept[key] = [row for row in self.streams[name] if all(meets(node, row) for node in conditions)]
        return self.kept[key]

    def _can_be_built(self, feature: Feature) -> bool:
        assert feature.rows is not None
        name = feature.rows.stream
        absent = self._absent(name)
        if not STREAMS[name].available(self.landed):
            return False
        if not absent:
            return True
        read = (feature.day, feature.value, feature.until, None if isinstance(feature.key, str) else feature.key)
        coded = frozenset(STREAMS[name].systems) if feature.codes else frozenset()
        if any(columns_of(part.op()) & absent for part in read if part is not None) or (coded and coded <= absent):
            return False
        return all(_may_be_left_out(node) for node in _conditions(feature) if columns_of(node) & absent)

    def _absent(self, name: str) -> frozenset[str]:
        tables = ("diagnoses", "admissions") if name == "diagnoses" else (name,)
        columns = frozenset().union(*(self.source.absent_columns.get(table, frozenset()) for table in tables))
        return (columns | {"ended_by"} if "discharged_on" in columns else columns) - {"known_on"}

    def _derived(self, feature: Feature) -> float | None:
        inputs = {
            name: self.value(self.features[given] if isinstance(given, str) else given)
            for name, given in feature.inputs.items()
        }
        if any(value is None for value in inputs.values()):
            return None
        assert feature.formula is not None
        result = float(feature.formula({name: np.array([value]) for name, value in inputs.items()})[0])
        if math.isnan(result):
            return UNKNOWN if feature.missing is None else float(feature.missing)
        return float(np.float32(result))


def _conditions(feature: Feature) -> list[ops.Node]:
    assert feature.rows is not None
    return [condition.op() for condition in feature.rows.conditions]


def _may_be_left_out(condition: ops.Node) -> bool:
    """Whether a condition on a column that was not landed only excludes rows: it holds for null."""
    columns = columns_of(condition)
    return len(columns) == 1 and evaluate(condition, dict.fromkeys(columns)) is True


# ---- Rows in the lookback ----


def _days_ago(feature: Feature, made: _Reckoning) -> Iterator[tuple[int, Row]]:
    """The rows that count, each with its days before the index date: those of (index - L, index]."""
    for row in made.rows(feature):
        happened = _event(feature, row)
        if happened is None:
            continue
        ago = (made.asked.day - happened).days
        if 0 <= ago < feature.lookback and (feature.codes is None or any(_entries(feature, row))):
            yield ago, row


def _event(feature: Feature, row: Row) -> date | None:
    if feature.day is not None:
        return evaluate(feature.day.op(), row)
    assert feature.rows is not None
    event = STREAMS[feature.rows.stream].event
    assert event is not None
    return row[event]


def _entries(feature: Feature, row: Row) -> Iterator[tuple[tuple[int, str], int]]:
    """(entry's number and group, weight) of each codelist entry that one of the row's coded columns belongs to."""
    assert feature.rows is not None
    assert feature.codes is not None
    for column, system in STREAMS[feature.rows.stream].systems.items():
        code, named = row[column], system.strip("'") if system.startswith("'") else row[system]
        if code is not None:
            yield from _entries_of(feature.codes, named, code)


_MATCHED: dict[tuple[int, str, str], list[tuple[tuple[int, str], int]]] = {}
_KEPT_ALIVE: list[Codelist] = []


def _entries_of(codes: Codelist, system: str, code: str) -> list[tuple[tuple[int, str], int]]:
    key = (id(codes), system, code)
    if key not in _MATCHED:
        _KEPT_ALIVE.append(codes)
        _MATCHED[key] = [
            ((number, entry.group), entry.weight)
            for number, entry in enumerate(codes.entries)
            if belongs(entry, system, code)
        ]
    return _MATCHED[key]


# ---- Verbs: the value, or None when no row counts ----


def _count(feature: Feature, made: _Reckoning) -> int | None:
    return len(list(_days_ago(feature, made))) or None


def _exists(feature: Feature, made: _Reckoning) -> int | None:
    return 1 if any(True for _ in _days_ago(feature, made)) else None


def _fixed(value: float, scale: int) -> int:
    """The value as a whole number of 1/scale, halves away from zero."""
    scaled = Fraction(value) * scale
    whole = math.floor(abs(scaled) + Fraction(1, 2))
    return whole if scaled >= 0 else -whole


def _values(feature: Feature, made: _Reckoning) -> list[tuple[int, int]]:
    """(days ago, fixed-point value) of the rows that have a value."""
    assert feature.value is not None
    read = ((ago, evaluate(feature.value.op(), row)) for ago, row in _days_ago(feature, made))
    return [(ago, _fixed(value, feature.scale)) for ago, value in read if value is not None]


def _total(feature: Feature, made: _Reckoning) -> Fraction | None:
    values = _values(feature, made)
    return Fraction(sum(value for _, value in values), feature.scale) if values else None


def _latest(feature: Feature, made: _Reckoning) -> Fraction | None:
    values = _values(feature, made)
    if not values:
        return None
    newest = min(ago for ago, _ in values)
    return Fraction(max(value for ago, value in values if ago == newest), feature.scale)


def _slope(feature: Feature, made: _Reckoning) -> Fraction | None:
    """Least squares over the rows, exactly, a year."""
    points = [(Fraction(-ago), Fraction(value, feature.scale)) for ago, value in _values(feature, made)]
    days = [x for x, _ in points]
    if not days or max(days) - min(days) < feature.within:
        return None
    mean_x = sum((x for x, _ in points), Fraction(0)) / len(points)
    mean_y = sum((y for _, y in points), Fraction(0)) / len(points)
    rise = sum(((x - mean_x) * (y - mean_y) for x, y in points), Fraction(0))
    run = sum(((x - mean_x) ** 2 for x, _ in points), Fraction(0))
    return rise / run * DAYS_OF_A_YEAR


def _keys(feature: Feature, made: _Reckoning) -> dict[Any, int]:
    """Each different key of the rows, with its weight."""
    keys: dict[Any, int] = {}
    for _, row in _days_ago(feature, made):
        if not isinstance(feature.key, str):
            assert feature.key is not None
            keys[evaluate(feature.key.op(), row)] = 1
            continue
        for (number, group), weight in _entries(feature, row):
            key = number if feature.key == "entry" else group
            if keys.setdefault(key, weight) != weight:
                raise AssertionError(f"the entries of {group} carry different weights")
    keys.pop(None, None)
    return keys


def _distinct(feature: Feature, made: _Reckoning) -> int | None:
    return len(_keys(feature, made)) or None


def _weighted(feature: Feature, made: _Reckoning) -> Fraction | None:
    keys = _keys(feature, made)
    return Fraction(sum(keys.values()), feature.scale) if keys else None


def _days_since(feature: Feature, made: _Reckoning) -> int | None:
    ago = [ago for ago, _ in _days_ago(feature, made)]
    if not ago:
        return None
    return max(ago) if feature.first else min(ago)


def _episodes(feature: Feature, made: _Reckoning) -> int | None:
    """Merged over everything that was known, before the lookback is looked at."""
    found = [_event(feature, row) for row in made.rows(feature)]
    begun = _first_days(sorted(day for day in found if day is not None), timedelta(days=feature.within))
    return sum(1 for day in begun if 0 <= (made.asked.day - day).days < feature.lookback) or None


def _first_days(days: Iterable[date], within: timedelta) -> Iterator[date]:
    first: date | None = None
    for day in days:
        if first is None or day > first + within:
            first = day
            yield day


def _days_in(feature: Feature, made: _Reckoning) -> int | None:
    """A period holds the days after its start up to its end, so that a night belongs to the morning after it."""
    found: set[int] = set()
    for start, end in _periods(feature, made):
        oldest = min((made.asked.day - start).days, feature.lookback)
        newest = 0 if end is None else max((made.asked.day - end).days, 0)
        found.update(range(newest, oldest))
    return len(found) or None


def _active(feature: Feature, made: _Reckoning) -> int | None:
    periods = _periods(feature, made)
    return 1 if any(end is None or end > made.asked.day for _, end in periods) else None


def _periods(feature: Feature, made: _Reckoning) -> Iterator[tuple[date, date | None]]:
    """Start and end of the rows that have started."""
    assert feature.until is not None
    for row in made.rows(feature):
        start = _event(feature, row)
        if start is not None and start <= made.asked.day:
            yield start, evaluate(feature.until.op(), row)


def _attribute(feature: Feature, made: _Reckoning) -> float | None:
    assert feature.value is not None
    (person,) = made.rows(feature)
    value = evaluate(feature.value.op(), person)
    return None if value is None else float(value)


def _age(feature: Feature, made: _Reckoning) -> int | None:
    (person,) = made.rows(feature)
    born, day = person["date_of_birth"], made.asked.day
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


_VERBS: dict[str, Callable[[Feature, _Reckoning], Any]] = {
    "count": _count,
    "exists": _exists,
    "total": _total,
    "latest": _latest,
    "slope": _slope,
    "distinct": _distinct,
    "weighted": _weighted,
    "days_since": _days_since,
    "episodes": _episodes,
    "days_in": _days_in,
    "active": _active,
    "attribute": _attribute,
    "age": _age,
}

assert EVER < 700_000
