"""The features by Polars: one lazy query over all streams, collected by its streaming engine."""

from __future__ import annotations

import operator
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from expressions import COMPARED, list_coded, translate

_TYPES = {"float64": pl.Float64, "int64": pl.Int64, "string": pl.String}
_PLAIN = (operator.eq, operator.ne, operator.gt, operator.ge, operator.lt, operator.le)

OPERATIONS: dict[str, Any] = {
    "Field": pl.col,
    "Literal": pl.lit,
    **dict(zip(COMPARED, _PLAIN, strict=True)),
    "InValues": lambda value, options: value.is_in(options),
    "IsNull": lambda value: value.is_null(),
    "NotNull": lambda value: value.is_not_null(),
    "Not": operator.invert,
    "And": operator.and_,
    "Or": operator.or_,
    "Add": operator.add,
    "Subtract": operator.sub,
    "Multiply": operator.mul,
    "DateDelta": lambda left, right: (left - right).dt.total_days(),
    "Cast": lambda value, to: value.cast(_TYPES[to]),
    "Round": lambda value: value.round(0, mode="half_away_from_zero"),
    "Substring": lambda value, start, length: value.str.slice(start, length),
    "StringConcat": lambda *parts: pl.concat_str(parts),
    "StartsWith": lambda value, start: value.str.starts_with(start),
}


def compute(job: dict[str, Any], day: str) -> np.ndarray:
    """One row per person of the cohort on that day, one column per feature of the job."""
    at = date.fromisoformat(day)
    joined = pl.scan_parquet(job["cohorts"][day])
    for stream in job["streams"]:
        for part in _select_stream(stream, at):
            joined = joined.join(part, on="person", how="left")
    finished = [_finish(one) for stream in job["streams"] for one in stream["features"]]
    found = joined.select("person", *finished).sort("person").collect(engine="streaming")
    return np.column_stack([found[name].to_numpy() for name in job["names"]])


def _select_stream(stream: dict[str, Any], at: date) -> list[pl.LazyFrame]:
    """The plain aggregates of one stream, and each group of distinct counts."""
    rows = pl.concat([_scan(one) for one in stream["sources"]])
    columns = [
        translate(tree, OPERATIONS).alias(f"{prefix}{n}")
        for prefix, name in (("d", "days"), ("v", "values"), ("c", "codes"))
        for n, tree in enumerate(stream[name])
    ]
    for n, filter_ in enumerate(stream["filters"]):
        if filter_:
            met = [translate(tree, OPERATIONS) for tree in filter_]
            columns.append(pl.all_horizontal(met).fill_null(value=False).alias(f"b{n}"))
    day = pl.lit(at)
    rows = rows.filter((pl.col("valid_from") <= day) & (pl.col("valid_to") > day)).select("person", *columns)
    rows = rows.filter(pl.col("d0") <= day)
    if stream["reach"]:
        rows = rows.filter(pl.col("d0") > pl.lit(at - timedelta(days=stream["reach"])))
    return [*_select_plain(rows, stream, at), *_select_distinct(rows, stream, at)]


def _scan(source: dict[str, Any]) -> pl.LazyFrame:
    columns = [pl.col(old).alias(new) for new, old in source["columns"].items()]
    return pl.scan_parquet(source["file"]).select("person", "valid_from", "valid_to", *columns)


def _select_plain(rows: pl.LazyFrame, stream: dict[str, Any], at: date) -> list[pl.LazyFrame]:
    plain = [one for one in stream["features"] if one["kind"] != "distinct"]
    for column, codes in enumerate(stream["counted"]):
        numbers = list_coded(stream, column)
        if numbers:
            flags = {f"k{n}": [n in counted for counted in codes.values()] for n in numbers}
            rows = rows.join(pl.LazyFrame({f"c{column}": list(codes), **flags}), on=f"c{column}", how="left")
    return [rows.group_by("person").agg(_aggregate(one, stream, at) for one in plain)] if plain else []


def _aggregate(one: dict[str, Any], stream: dict[str, Any], at: date) -> pl.Expr:
    when = pl.col(f"d{one['day']}")
    met = when <= pl.lit(at)
    met = met & (when > pl.lit(at - timedelta(days=one["lookback"]))) if one["lookback"] else met
    met = met & pl.col(f"b{one['filter']}") if stream["filters"][one["filter"]] else met
    met = met & pl.col(f"k{one['number']}") if one["coded"] else met
    made = {
        "count": met.sum,
        "exists": met.any,
        "total": lambda: pl.when(met).then(pl.col(f"v{one['value']}")).sum() / float(one["scale"]),
        "last": lambda: (pl.lit(at) - pl.when(met).then(when).max()).dt.total_days(),
        "first": lambda: (pl.lit(at) - pl.when(met).then(when).min()).dt.total_days(),
    }[one["kind"]]()
    return made.alias(one["name"])


def _select_distinct(rows: pl.LazyFrame, stream: dict[str, Any], at: date) -> list[pl.LazyFrame]:
    groups: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for one in stream["features"]:
        if one["kind"] == "distinct":
            groups.setdefault((one["code"], one["filter"], one["day"]), []).append(one)
    made = []
    for (code, filter_, day), members in groups.items():
        met = pl.col(f"c{code}").is_not_null() & (pl.col(f"d{day}") <= pl.lit(at))
        met = met & pl.col(f"b{filter_}") if stream["filters"][filter_] else met
        latest = rows.filter(met).group_by("person", f"c{code}").agg(pl.col(f"d{day}").max().alias("latest"))
        made.append(latest.group_by("person").agg(_count_within(one, at) for one in members))
    return made


def _count_within(one: dict[str, Any], at: date) -> pl.Expr:
    if not one["lookback"]:
        return pl.len().alias(one["name"])
    return (pl.col("latest") > pl.lit(at - timedelta(days=one["lookback"]))).sum().alias(one["name"])


def _finish(one: dict[str, Any]) -> pl.Expr:
    """A number that is nothing where no row counted, and what the feature has there."""
    value = pl.col(one["name"]).cast(pl.Float32)
    if one["kind"] in ("count", "exists", "distinct"):
        value = pl.when(value == 0).then(None).otherwise(value)
    missing = float("nan") if one["missing"] is None else float(one["missing"])
    return value.fill_null(missing).alias(one["name"])
