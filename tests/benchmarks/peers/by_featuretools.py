"""Counts by featuretools: its rows and relations are loaded before the time is taken.

An environment of its own: featuretools reads no frame of pandas 3.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any, NamedTuple

import featuretools as ft
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from by_pandas import read_stream

# The windows ask for the days of rows, which are there, and not for those of their last rows.
warnings.filterwarnings("ignore", message="Using training_window but last_time_index is not set")

COUNT = ft.primitives.Count


class Prepared(NamedTuple):
    """Loaded rows, the people with the date asked for, and by lookback the counts with the places of their columns."""

    loaded: ft.EntitySet
    asked: pd.DataFrame
    counts: dict[int | None, list[tuple[int, Any]]]


def prepare(job: dict[str, Any], day: str) -> Prepared:
    """Load what was known on that day: a frame for each stream and condition, with a row for each of its rows."""
    at = (pd.Timestamp(day) - pd.Timestamp(0)).days
    cohort = np.sort(pq.read_table(job["cohorts"][day])["person"].to_numpy())
    loaded = ft.EntitySet("people")
    loaded.add_dataframe(dataframe_name="people", dataframe=pd.DataFrame({"person": cohort}), index="person")
    counts: dict[int | None, list[tuple[int, Any]]] = defaultdict(list)
    for number, stream in enumerate(job["streams"]):
        frame, met = read_stream(stream, pd.Timestamp(day), at)
        for one in stream["features"]:
            name = f"stream{number}_{one['filter']}_{one['day']}"
            if name not in loaded.dataframe_dict:
                rows = frame if met[one["filter"]] is None else frame[met[one["filter"]]]
                events = _describe_events(rows, f"d{one['day']}", cohort)
                loaded.add_dataframe(dataframe_name=name, dataframe=events, index="row", time_index="day")
                loaded.add_relationship("people", "person", name, "person")
            counted = ft.Feature(
                ft.IdentityFeature(loaded[name].ww["row"]), parent_dataframe_name="people", primitive=COUNT
            )
            counts[one["lookback"]].append((job["names"].index(one["name"]), counted))
    asked = pd.DataFrame({"person": cohort, "time": pd.Timestamp(day)})
    return Prepared(loaded, asked, counts)


def _describe_events(rows: pd.DataFrame, day: str, cohort: np.ndarray) -> pd.DataFrame:
    """One row per row of somebody in the cohort that has a day."""
    rows = rows[rows["person"].isin(cohort) & rows[day].notna()]
    days = pd.to_datetime(rows[day].to_numpy(), unit="D")
    return pd.DataFrame({"row": np.arange(len(rows)), "person": rows["person"].to_numpy(), "day": days})


def compute(prepared: Prepared) -> np.ndarray:
    """One row per person of the cohort, one column per count of the job."""
    values = np.zeros((len(prepared.asked), sum(map(len, prepared.counts.values()))), np.float32)
    for lookback, members in prepared.counts.items():
        made = ft.calculate_feature_matrix(
            [counted for _, counted in members],
            prepared.loaded,
            cutoff_time=prepared.asked,
            training_window=None if lookback is None else f"{lookback} days",
        )
        made = made.reindex(prepared.asked["person"])
        values[:, [place for place, _ in members]] = made.to_numpy(np.float32)
    return values
