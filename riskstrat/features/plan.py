"""From declared features to the scans that serve them: one narrow scan per stream, and a place for every feature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

from riskstrat.definitions.durations import EVER
from riskstrat.definitions.expressions import columns_of, structure
from riskstrat.definitions.features import AGE, Feature
from riskstrat.errors import DefinitionError
from riskstrat.features import kinds
from riskstrat.sources.scan import Scan, compile_scan
from riskstrat.sources.tables import STREAMS, Stream, conditions_of

_KINDS = {
    "count": kinds.COUNT,
    "exists": kinds.EXISTS,
    "total": kinds.TOTAL,
    "distinct": kinds.DISTINCT,
    "weighted": kinds.DISTINCT,
    "latest": kinds.LATEST,
    "slope": kinds.SLOPE,
    "episodes": kinds.EPISODES,
    "days_in": kinds.DAYS_IN,
    "active": kinds.ACTIVE,
}
_FILTERS_PER_SCAN = 62

_LARGEST = 2**53
"""Whole numbers up to this are exact in a floating column. A scan reads what no filter of it asks for, too."""


@dataclass(frozen=True)
class Measure:
    """One feature's place in a scan: numbers of the filter, day, value, end and code columns it reads."""

    feature: Feature
    column: int
    kind: int
    filter: int
    day: int
    value: int
    until: int
    code: int


@dataclass
class ScanPlan:
    """One narrow scan of one stream: the expressions it computes for each row, by structure, and whom it serves.

    `coded` is the number of its coded column with the code system before it; -1 if no measure reads one.
    """

    stream: Stream
    filters: dict[str, tuple[ir.BooleanValue, ...]] = field(default_factory=dict)
    days: dict[str, ir.Value] = field(default_factory=dict)
    values: dict[str, ir.Value] = field(default_factory=dict)
    untils: dict[str, ir.Value] = field(default_factory=dict)
    codes: dict[str, ir.Value] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)
    coded: int = -1
    _compiled: list[Scan] = field(default_factory=list, repr=False, compare=False)

    @property
    def compiled(self) -> Scan:
        """The scan as its engine runs it. Compiled once for this plan and all scans that differ in measures alone."""
        if not self._compiled:
            self._compiled.append(_compile_once(_SameScan(self)))
        return self._compiled[0]

    def leave_out_unmet(self) -> ScanPlan:
        """The same scan without the rows that meet no filter of its measures: for few filters that few rows meet."""
        asked = sum({1 << measure.filter for measure in self.measures})
        return replace(self, _compiled=[self.compiled.keep(f"word & {asked} <> 0")])

    @property
    def reach(self) -> int | None:
        """Days before an index date that any feature of the scan can see; None if some can see everything."""
        if len(self.days) > 1 or any(m.kind in kinds.WITHOUT_LOOKBACK for m in self.measures):
            return None
        longest = max(m.feature.lookback for m in self.measures)
        return None if longest >= EVER else longest

    def expression(self) -> ir.Table:
        """The scan: person, period of validity, filter word and the columns.

        Every condition is worked out once, however many filters share it. Rows that meet no filter stay: leaving them
        out would have the engine work every filter out twice.
        """
        table = self.stream.table
        # A discharge is the last spell's, so that is the one by which an index date names its stay.
        spells = [name for name in ("last_spell", "spell") if name in table.columns]
        spell = table[spells[0]] if spells else ibis.literal(-1, "int32")
        columns: dict[str, ir.Value] = {
            "person": table.person,
            "valid_from": table.valid_from,
            "valid_to": table.valid_to,
            "spell": spell,
        }
        for prefix, parts in (("d", self.days), ("v", self.values), ("u", self.untils), ("c", self.codes)):
            columns |= {f"{prefix}{number}": part for number, part in enumerate(parts.values())}
        conditions = {structure(part): part for filter_ in self.filters.values() for part in filter_}
        names = {text: f"b{number}" for number, text in enumerate(conditions)}
        met = table.select(**columns, **{names[text]: part for text, part in conditions.items()})
        filters = [[met[names[structure(part)]] for part in filter_] for filter_ in self.filters.values()]
        return met.select(*columns, word=_word(filters))


class _SameScan:
    """A scan, equal to others that read the same expressions of the same stream, by their structure."""

    def __init__(self, scan: ScanPlan) -> None:
        # Without its measures: what asks for them, an edited definition perhaps, need not be kept with it.
        self.scan = replace(scan, measures=[])
        parts = (scan.filters, scan.days, scan.values, scan.untils, scan.codes)
        self._read = (scan.stream.name, *(tuple(texts) for texts in parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameScan) and self._read == other._read

    def __hash__(self) -> int:
        return hash(self._read)


# Made again for other features, as for those that a page asks about, a plan reads the same few scans.
@lru_cache(maxsize=128)
def _compile_once(given: _SameScan) -> Scan:
    return compile_scan(given.scan.expression())


@dataclass(frozen=True)
class Plan:
    """Everything the engine needs: scans, attributes and derived columns, each feature with its column number.

    The first `len(names)` columns are the features of the matrix; further ones are inputs of derived features only.
    """

    names: tuple[str, ...]
    columns: tuple[Feature, ...]
    scans: tuple[ScanPlan, ...]
    attributes: tuple[tuple[int, Feature], ...]
    derived: tuple[tuple[int, Feature, Mapping[str, int]], ...]
    notes: tuple[str, ...]


def plan(features: Mapping[str, Feature], landed: frozenset[str], absent_columns: Mapping[str, Sequence[str]]) -> Plan:
    """The plan for what can be built from the tables and columns that were landed; `notes` say what was left out."""
    absent = tuple((table, tuple(columns)) for table, columns in absent_columns.items())
    return _plan_once(_SameFeatures(features), landed, absent)


class _SameFeatures:
    """Features by name, equal to others only where they are the very same objects: expressions do not compare."""

    def __init__(self, features: Mapping[str, Feature]) -> None:
        self.by_name = dict(features)
        self._objects = tuple((name, id(feature)) for name, feature in features.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameFeatures) and self._objects == other._objects

    def __hash__(self) -> int:
        return hash(self._objects)


# A run asks for several engines of the same definitions; so their scans are compiled once, too.
@lru_cache(maxsize=8)
def _plan_once(given: _SameFeatures, landed: frozenset[str], absent: tuple[tuple[str, tuple[str, ...]], ...]) -> Plan:
    features, absent_columns = given.by_name, dict(absent)
    usable, notes = _select_usable(features, landed, absent_columns)
    columns = [replace(feature, name=name) for name, feature in usable.items()]
    place = {name: number for number, name in enumerate(usable)}
    derived = []
    for name, feature in usable.items():
        if feature.verb == "derive":
            derived.append((place[name], feature, _place_inputs(feature, place, columns)))
    plain = [(n, f) for n, f in enumerate(columns) if f.verb not in ("derive", "attribute", AGE)]
    attributes = tuple((n, f) for n, f in enumerate(columns) if f.verb in ("attribute", AGE))
    scans = tuple(_plan_scans(plain, absent_columns))
    return Plan(tuple(usable), tuple(columns), scans, attributes, _sort_derived(derived, columns), tuple(notes))


def as_evidence(given: Plan) -> Plan:
    """The same plan, giving for each feature the days since the latest row behind it instead of its value.

    What stands behind something that runs is a row that runs: one that began later and has ended is not told of.
    """
    scans = [replace(scan, measures=[_date_measure(one) for one in scan.measures]) for scan in given.scans]
    return replace(given, scans=tuple(scans))


def _date_measure(given: Measure) -> Measure:
    kind = kinds.SINCE if given.kind == kinds.ACTIVE else kinds.LAST
    return replace(given, kind=kind, feature=replace(given.feature, missing=None))


def _select_usable(
    features: Mapping[str, Feature], landed: frozenset[str], absent: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Feature], list[str]]:
    usable: dict[str, Feature] = {}
    left_out: dict[str, list[str]] = {}
    for name, feature in features.items():
        lacking = _find_missing_source(feature, landed, absent)
        if lacking is None:
            usable[name] = feature
        else:
            left_out.setdefault(lacking, []).append(name)
    made_of: list[str] = []
    while more := [name for name, feature in usable.items() if _names_absent(feature, usable)]:
        made_of += more
        usable = {name: feature for name, feature in usable.items() if name not in more}
    notes = [f"no {what}: {_format_feature_names(names)} left out" for what, names in left_out.items()]
    notes += [f"{_format_feature_names(made_of)} left out too, made of what is left out"] if made_of else []
    notes += _list_dropped_filters(usable.values(), absent)
    return usable, notes


def _names_absent(feature: Feature, usable: Mapping[str, Feature]) -> bool:
    """Whether it is made of a feature that is not built."""
    return any(isinstance(given, str) and given not in usable for given in feature.inputs.values())


def _format_feature_names(names: Sequence[str]) -> str:
    return f"feature {names[0]} is" if len(names) == 1 else f"{len(names)} features ({names[0]} ... {names[-1]}) are"


def _find_missing_source(feature: Feature, landed: frozenset[str], absent: Mapping[str, Sequence[str]]) -> str | None:
    """What the feature cannot do without and was not landed, in words; None if nothing."""
    for given in feature.inputs.values():
        if isinstance(given, Feature) and (lacking := _find_missing_source(given, landed, absent)):
            return lacking
    if feature.rows is None:
        return None
    _refuse_unsettled(feature)
    stream = STREAMS[feature.rows.stream]
    if not stream.available(landed):
        absent_tables = [table for table in stream.needs if table not in landed]
        return f"{' and '.join(absent_tables) or ' or '.join(stream.any_of)} table"
    gone = stream.absent(absent)
    for part in (feature.day, feature.value, feature.key, feature.until):
        if part is not None and not isinstance(part, str):
            for column in sorted(columns_of(part) & gone):
                return f"column {stream.name}.{column}"
    needed = conditions_of(feature.rows, absent).lacking
    return f"column {needed[0]}" if needed else None


_UNSETTLED = frozenset({"care_home_from", "date_of_death", "died_known_on"})
"""Columns of `people` that become known in time; the table has one row per person, so nothing cuts them."""


def _refuse_unsettled(feature: Feature) -> None:
    """Refuse what could look ahead through `people`: only a day is cut at the index date, and a death is told later."""
    if feature.rows is None or feature.rows.stream != "people":
        return
    read = [*feature.rows.conditions, *(p for p in (feature.value, feature.until, feature.key) if p is not None)]
    seen = {column for part in read if not isinstance(part, str) for column in columns_of(part)}
    days = columns_of(feature.day) - {"care_home_from"} if feature.day is not None else frozenset()
    if unsettled := sorted((seen | days) & _UNSETTLED):
        raise DefinitionError(
            f"{feature.name or 'a feature'} reads people.{unsettled[0]}, which is learned later and would look ahead; "
            "only care_home_from may be used, as the date of days_since or exists"
        )


def _list_dropped_filters(features: Iterable[Feature], absent: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted({note for feature in features if feature.rows for note in conditions_of(feature.rows, absent).notes})


def _place_inputs(feature: Feature, place: Mapping[str, int], columns: list[Feature]) -> dict[str, int]:
    numbers = {}
    for name, given in feature.inputs.items():
        if isinstance(given, str):
            if given not in place:
                raise DefinitionError(
                    f'{feature.name or "a derived feature"} needs feature "{given}", which is not declared'
                )
            numbers[name] = place[given]
        else:
            numbers[name] = len(columns)
            columns.append(given)
    return numbers


def _sort_derived(
    derived: Sequence[tuple[int, Feature, Mapping[str, int]]], columns: Sequence[Feature]
) -> tuple[tuple[int, Feature, Mapping[str, int]], ...]:
    """Derived features after the derived features they need. Raises DefinitionError on a circle."""
    waiting = list(derived)
    ordered: list[tuple[int, Feature, Mapping[str, int]]] = []
    done = {n for n, feature in enumerate(columns) if feature.verb != "derive"}
    while waiting:
        ready = [item for item in waiting if set(item[2].values()) <= done]
        if not ready:
            raise DefinitionError(
                f"derived features need each other in a circle: {', '.join(i[1].name for i in waiting)}"
            )
        ordered += ready
        done |= {item[0] for item in ready}
        waiting = [item for item in waiting if item[0] not in done]
    return tuple(ordered)


def _plan_scans(features: Sequence[tuple[int, Feature]], absent: Mapping[str, Sequence[str]]) -> Iterable[ScanPlan]:
    by_stream: dict[tuple[str, str], list[ScanPlan]] = {}
    for column, feature in features:
        assert feature.rows is not None
        stream = STREAMS[feature.rows.stream]
        conditions = conditions_of(feature.rows, absent).kept
        scans = by_stream.setdefault((stream.name, _find_order(feature, stream)), [ScanPlan(stream)])
        scan = scans[-1]
        if len(scan.filters) == _FILTERS_PER_SCAN and structure(conditions) not in scan.filters:
            scan = ScanPlan(stream)
            scans.append(scan)
        scan.measures.append(_measure(scan, column, feature, conditions))
    return [scan for scans in by_stream.values() for scan in scans]


def _find_order(feature: Feature, stream: Stream) -> str:
    """The day in whose order a feature needs its rows, where that is not the event's: a scan has rows in one order."""
    if feature.day is None or _KINDS.get(feature.verb) not in kinds.IN_ORDER:
        return ""
    day, event = structure(feature.day), structure(stream.table[stream.event])
    return "" if day == event else day


def _measure(scan: ScanPlan, column: int, feature: Feature, conditions: tuple[ir.BooleanValue, ...]) -> Measure:
    kind = (kinds.FIRST if feature.first else kinds.LAST) if feature.verb == "days_since" else _KINDS[feature.verb]
    day = feature.day if feature.day is not None else scan.stream.table[scan.stream.event]
    return Measure(
        feature,
        column,
        kind,
        _place(scan.filters, conditions),
        _place(scan.days, day),
        -1 if feature.value is None else _place(scan.values, _count_parts(feature.value, feature.scale)),
        -1 if feature.until is None else _place(scan.untils, feature.until),
        _place_code_column(scan, feature),
    )


def _count_parts(value: ir.Value, scale: int) -> ir.Value:
    """A value in whole 1/scales; none where it is too large to be counted exactly, as no measured number is."""
    parts = value.cast("float64") * scale
    return ibis.ifelse(parts.abs() <= _LARGEST, parts, None).round().cast("int64")


def _place_code_column(scan: ScanPlan, feature: Feature) -> int:
    if feature.codes is not None:
        if scan.coded < 0:
            scan.coded = _place(scan.codes, _add_code_system(scan.stream))
        return scan.coded
    if feature.key is not None and not isinstance(feature.key, str):
        return _place(scan.codes, feature.key.cast("string"))
    return -1


def _add_code_system(stream: Stream) -> ir.Value:
    """The stream's coded column behind its code system, `icd10:I10`, so that equal codes of two systems stay apart."""
    if len(stream.systems) != 1:
        coded = " and ".join(stream.systems) or "none"
        raise DefinitionError(f"codes= needs one coded column; {stream.name} has {coded}: use .filter(...)")
    ((code, system),) = stream.systems.items()
    label = ibis.literal(system.strip("'")) if system.startswith("'") else stream.table[system]
    return label + ":" + stream.table[code]


def _word(filters: Sequence[Sequence[ir.BooleanValue]]) -> ir.Value:
    """A number with bit f set where the row meets every condition of filter f; an unknown condition is not met.

    SQL takes the other branch of a condition that is null, as it does where it is false.
    """
    word: Any = ibis.literal(0, "int64")
    for number, conditions in enumerate(filters):
        bit = ibis.literal(1 << number, "int64")
        if conditions:
            met: Any = conditions[0]
            for condition in conditions[1:]:
                met = met & condition
            bit = ibis.ifelse(met, bit, ibis.literal(0, "int64"))
        word = bit if number == 0 else word + bit
    return word


def _place(parts: dict[str, Any], wanted: object) -> int:
    """The number of `wanted` among `parts`, added at the end if nothing of the same structure is there."""
    text = structure(wanted)
    parts.setdefault(text, wanted)
    return list(parts).index(text)
