"""The features by pandas: each stream read once, each feature a mask and a group-by."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from expressions import COMPARED, list_coded, translate

_PLAIN = (operator.eq, operator.ne, operator.gt, operator.ge, operator.lt, operator.le)

NOTHING = ["Literal", None]
READ: tuple[tuple[str, str, Callable[[Any], np.ndarray]], ...] = (
    ("d", "days", lambda days: days.astype("int32[pyarrow]").to_numpy(np.float64, na_value=np.nan)),
    ("v", "values", lambda values: values.to_numpy(np.float64, na_value=np.nan)),
    ("c", "codes", lambda codes: codes.to_numpy(object, na_value=None)),
)
"""The columns of a stream: their first letter, which part of the stream tells of them, and how an array is made."""

_TYPES = {"float64": "double", "int64": "int64", "string": "string"}


def build_operations(rows: pd.DataFrame) -> dict[str, Any]:
    """The operations on the columns of some rows; Arrow's types, so that what is unknown stays unknown."""
    return {
        "Field": rows.__getitem__,
        "Literal": lambda value: value,
        **dict(zip(COMPARED, _PLAIN, strict=True)),
        "InValues": lambda value, options: value.isin(options).astype("bool[pyarrow]").where(value.notna()),
        "IsNull": lambda value: value.isna().astype("bool[pyarrow]"),
        "NotNull": lambda value: value.notna().astype("bool[pyarrow]"),
        "Not": operator.invert,
        "And": operator.and_,
        "Or": operator.or_,
        "Add": operator.add,
        "Subtract": operator.sub,
        "Multiply": operator.mul,
        "DateDelta": lambda left, right: left.astype("int32[pyarrow]") - right.astype("int32[pyarrow]"),
        "Cast": lambda value, to: value.astype(
            {"float64": "double", "int64": "int64", "string": "string"}[to] + "[pyarrow]"
        ),
        "Round": lambda value: value.round(0),
        "Substring": lambda value, start, length: value.str.slice(start, start + length),
        "StringConcat": lambda *parts: _join(parts),
        "StartsWith": lambda value, start: value.str.startswith(start),
    }


def compute(job: dict[str, Any], day: str) -> np.ndarray:
    """One row per person of the cohort on that day, one column per feature of the job."""
    at = (pd.Timestamp(day) - pd.Timestamp(0)).days
    cohort = pd.Index(np.sort(pq.read_table(job["cohorts"][day])["person"].to_numpy()))
    made: dict[str, np.ndarray] = {}
    for stream in job["streams"]:
        frame, met = read_stream(stream, pd.Timestamp(day), at)
        for one in stream["features"]:
            found = _aggregate(one, frame, met[one["filter"]], at).reindex(cohort).to_numpy(np.float64)
            found = np.where(found == 0, np.nan, found) if one["kind"] in ("count", "exists", "distinct") else found
            missing = np.nan if one["missing"] is None else float(one["missing"])
            made[one["name"]] = np.where(np.isnan(found), missing, found)
    return np.column_stack([made[name] for name in job["names"]]).astype(np.float32)


def read_stream(stream: dict[str, Any], day: pd.Timestamp, at: int) -> tuple[pd.DataFrame, list[np.ndarray | None]]:
    """The rows known on that day with their days as numbers, values and codes, and which rows meet each filter."""
    rows = pd.concat([_read(one, day) for one in stream["sources"]], ignore_index=True)
    operations = build_operations(rows)
    made = {"person": rows["person"].to_numpy()}
    for prefix, name, read in READ:
        for n, tree in enumerate(stream[name]):
            # What the peers have no word for no feature of the job reads.
            if tree != NOTHING:
                made[f"{prefix}{n}"] = read(translate(tree, operations))
    kept = made["d0"] <= at
    kept &= made["d0"] > at - stream["reach"] if stream["reach"] else True
    met = [_meet(filter_, operations, kept) if filter_ else None for filter_ in stream["filters"]]
    frame = pd.DataFrame({name: column[kept] for name, column in made.items()})
    for column, codes in enumerate(stream["counted"]):
        for n in list_coded(stream, column):
            frame[f"k{n}"] = frame[f"c{column}"].isin([code for code, counted in codes.items() if n in counted])
    return frame, met


def _read(source: dict[str, Any], day: pd.Timestamp) -> pd.DataFrame:
    table = pq.read_table(source["file"], columns=["person", "valid_from", "valid_to", *source["columns"].values()])
    rows = table.to_pandas(types_mapper=pd.ArrowDtype)
    rows = rows[(rows["valid_from"] <= day.date()) & (rows["valid_to"] > day.date())]
    made = {new: rows[old] for new, old in source["columns"].items()}
    return pd.DataFrame({"person": rows["person"], **made}).reset_index(drop=True)


def _meet(filter_: list[Any], operations: dict[str, Any], kept: np.ndarray) -> np.ndarray:
    met = translate(filter_[0], operations)
    for tree in filter_[1:]:
        met = met & translate(tree, operations)
    return met.fillna(value=False).to_numpy(bool)[kept]


def _join(parts: tuple[Any, ...]) -> Any:
    made = parts[0]
    for part in parts[1:]:
        made = made + part
    return made


def _aggregate(one: dict[str, Any], frame: pd.DataFrame, met: np.ndarray | None, at: int) -> pd.Series:
    when = frame[f"d{one['day']}"]
    needed = when <= at
    needed = needed & (when > at - one["lookback"]) if one["lookback"] else needed
    needed = needed & met if met is not None else needed
    needed = needed & frame[f"k{one['number']}"] if one["coded"] else needed
    rows = frame[needed]
    if one["kind"] == "distinct":
        code = f"c{one['code']}"
        return rows.dropna(subset=[code]).drop_duplicates(["person", code]).groupby("person").size()
    grouped = rows.groupby("person")
    if one["kind"] in ("count", "exists"):
        found = grouped.size()
        return found if one["kind"] == "count" else (found > 0).astype(float)
    if one["kind"] == "total":
        return grouped[f"v{one['value']}"].sum(min_count=1) / float(one["scale"])
    days = grouped[f"d{one['day']}"]
    return at - (days.max() if one["kind"] == "last" else days.min())
