"""The features that every engine can compute alike, as plain data for peers: from the product's own plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.operations as ops
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.cohort import at_dates
from riskstrat.definitions.durations import EVER
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.features import kinds
from riskstrat.features.links import match_codes
from riskstrat.features.plan import Measure, ScanPlan
from riskstrat.sources.scan_sql import write_sql
from riskstrat.sources.store import Store
from tests.benchmarks.bench.borough import make_engine

KINDS = {
    kinds.COUNT: "count",
    kinds.EXISTS: "exists",
    kinds.TOTAL: "total",
    kinds.LAST: "last",
    kinds.FIRST: "first",
    kinds.DISTINCT: "distinct",
}
UNIONS = {
    "recorded_conditions": {
        "diagnoses": {"code": "code", "system": "system", "recorded_on": "admitted_on"},
        "conditions": {"code": "code", "system": "system", "recorded_on": "recorded_on"},
    }
}
"""Streams that are more than one stored table, with the stored column of each of theirs."""

NO_PEER = frozenset({"all_falls"})
"""Streams that only riskstrat's own SQL makes."""

STEP = 182
COUNTS = 16


class UnknownOperationError(Exception):
    """An expression that the peers have no word for: its feature is left out of the comparison."""


def find_dates(store: Store) -> list[date]:
    """Four index dates half a year apart, the newest first."""
    return [store.data_as_at - timedelta(days=STEP * step) for step in range(4)]


def write_job(store: Store, folder: Path) -> Path:
    """The job of a store in a folder: features, streams, and the people of each index date."""
    streams = [made for scan in make_engine(store).plan.scans if (made := _describe_scan(store, scan))["features"]]
    return _write(store, folder, "job", streams, find_dates(store))


def write_counts(store: Store, folder: Path) -> Path:
    """The job of the first COUNTS plain counts within a lookback, for the newest date alone."""
    streams = json.loads(write_job(store, folder).read_text("utf-8"))["streams"]
    left = COUNTS
    for stream in streams:
        stream["features"] = [one for one in stream["features"] if _is_plain_count(one)][:left]
        left -= len(stream["features"])
    return _write(store, folder, "counts", [one for one in streams if one["features"]], find_dates(store)[:1])


def _is_plain_count(one: dict[str, Any]) -> bool:
    return one["kind"] == "count" and not one["coded"] and one["lookback"] is not None and one["missing"] == 0


def _write(store: Store, folder: Path, name: str, streams: list[dict[str, Any]], dates: list[date]) -> Path:
    cohorts = {}
    for day in dates:
        rows = at_dates(store, CohortRecipe(min_age=0), [day], ()).rows
        cohorts[day.isoformat()] = str(folder / f"cohort-{day}.parquet")
        pq.write_table(pa.table({"person": rows["person"].to_numpy()}), cohorts[day.isoformat()])
    names = [one["name"] for stream in streams for one in stream["features"]]
    job = folder / f"{name}.json"
    job.write_text(json.dumps({"names": names, "cohorts": cohorts, "streams": streams}), "utf-8")
    return job


def _describe_scan(store: Store, scan: ScanPlan) -> dict[str, Any]:
    parts = {name: list(getattr(scan, name).values()) for name in ("days", "values", "codes")}
    trees = {name: [_try(lambda one=one: describe(one.op())) for one in given] for name, given in parts.items()}
    filters = [_try(lambda one=one: [describe(part.op()) for part in one]) for one in scan.filters.values()]
    described = [_describe_measure(number, one) for number, one in enumerate(scan.measures)]
    kept = [
        one
        for one in described
        if scan.stream.name not in NO_PEER
        and one["kind"]
        and _is_told(one, trees, filters)
        and not (one["kind"] == "distinct" and one["coded"])
    ]
    return {
        "sources": _list_sources(store, scan, [trees, filters]) if kept else [],
        **{name: [tree or ["Literal", None] for tree in given] for name, given in trees.items()},
        "filters": [one or [] for one in filters],
        "reach": scan.reach,
        "features": kept,
        "counted": _count_codes(store, scan, kept) if kept else [],
    }


def _is_told(one: dict[str, Any], trees: dict[str, list[Any]], filters: list[Any]) -> bool:
    """Whether the peers have words for all that a feature reads. Without conditions a filter is [], and told."""
    read = [trees["days"][one["day"]], filters[one["filter"]]]
    read += [trees["values"][one["value"]]] if one["value"] >= 0 else []
    read += [trees["codes"][one["code"]]] if one["code"] >= 0 else []
    return all(part is not None for part in read)


def _describe_measure(number: int, measure: Measure) -> dict[str, Any]:
    feature = measure.feature
    return {
        "number": number,
        "name": feature.name,
        "kind": KINDS.get(measure.kind) if feature.name and feature.verb != "weighted" else None,
        "coded": feature.codes is not None,
        "lookback": feature.lookback if feature.lookback < EVER else None,
        "scale": feature.scale,
        "missing": feature.missing,
        **{name: getattr(measure, name) for name in ("day", "filter", "value", "code")},
    }


def _list_sources(store: Store, scan: ScanPlan, used: list[Any]) -> list[dict[str, Any]]:
    columns = sorted(set(_iterate_fields(used)) - {"person", "valid_from", "valid_to"})
    tables = UNIONS.get(scan.stream.name, {scan.stream.name: {name: name for name in columns}})
    return [
        {"file": str(store.file(table)), "columns": {name: given[name] for name in columns}}
        for table, given in tables.items()
    ]


def _iterate_fields(part: Any) -> Any:
    """The names of the columns in trees, however they are nested."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        if len(part) == 2 and part[0] == "Field":
            yield part[1]
        for one in part:
            yield from _iterate_fields(one)


def _count_codes(store: Store, scan: ScanPlan, kept: list[dict[str, Any]]) -> list[dict[str, list[int]]]:
    """For each code column the features that count each code; the peers have it ready-made, outside their time."""
    made: list[dict[str, list[int]]] = []
    for column, expression in enumerate(scan.codes.values()):
        coded = [one["number"] for one in kept if one["code"] == column and one["coded"]]
        counted: dict[str, list[int]] = {}
        if coded:
            with store.connect() as connection:
                asked = write_sql(scan.stream.table.select(code=expression).distinct())
                found = [code for (code,) in connection.execute(asked).fetchall()]
            codes = sorted(code for code in found if code is not None)
            for number in coded:
                for code, links in zip(codes, match_codes(scan.measures[number], codes), strict=True):
                    counted.setdefault(code, []).extend([number] if links else [])
        made.append(counted)
    return made


def _try(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except UnknownOperationError:
        return None


def describe(node: Any) -> list[Any]:
    """An expression as nested lists. Raises UnknownOperationError."""
    name = type(node).__name__
    if isinstance(node, ops.Field):
        return ["Field", node.name]
    if isinstance(node, ops.Literal):
        return ["Date", node.value.isoformat()] if isinstance(node.value, date) else ["Literal", node.value]
    if isinstance(node, ops.InValues):
        return [name, describe(node.value), [option.value for option in node.options]]
    if isinstance(node, ops.Cast):
        return [name, describe(node.arg), str(node.to).lower().lstrip("!")]
    if isinstance(node, ops.Substring):
        return [name, describe(node.arg), node.start.value, node.length.value]
    if isinstance(node, ops.StartsWith):
        return [name, describe(node.arg), node.start.value]
    if isinstance(node, ops.StringConcat):
        return [name, *map(describe, node.arg)]
    if isinstance(node, ops.IsNull | ops.NotNull | ops.Not | ops.Round):
        return [name, describe(node.arg)]
    if isinstance(node, ops.DateDelta | ops.And | ops.Or | ops.Add | ops.Subtract | ops.Multiply | ops.Comparison):
        return [name, describe(node.left), describe(node.right)]
    raise UnknownOperationError(name)
