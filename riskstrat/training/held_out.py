"""Rows of the training slice that are kept back to judge settings by, in time wherever dates allow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.durations import days
from riskstrat.definitions.recipes import Recipe
from riskstrat.training.rows import Array, Index, enough
from riskstrat.training.slices import shares

SHARE = 0.25
"""People held out where dates do not allow a split in time."""


class HeldOut(NamedTuple):
    """Positions that trees are grown on, later positions (or other people's) they are judged on, and how in words."""

    grown_on: Index
    judged_on: Index
    sentence: str


def held_out(recipe: Recipe, keys: pd.DataFrame, outcome: Array, train: Index, calibration: Index) -> HeldOut | None:
    """The latest training date kept back, with the dates whose labels were final before it left to learn from.

    keys, outcome: of the whole matrix; train, calibration: positions of those slices. Where index dates are discharges
    the last stretch as long as their spacing is kept back. A quarter of the people is kept back instead where dates are
    too few, or where the slices were cut by person. None where either part would hold too few events.
    """
    if len(train) == 0:
        return None
    when = pd.to_datetime(keys["index_date"]).to_numpy("datetime64[D]")
    parts = _split_by_time(recipe, when, train) if _cut_in_time(recipe, when[train], when[calibration]) else None
    if parts is None or not _is_judgeable(outcome, parts):
        parts = _split_by_person(recipe, keys["patient_id"].to_numpy(), train)
    return parts if _is_judgeable(outcome, parts) else None


def _cut_in_time(recipe: Recipe, train: npt.NDArray[np.datetime64], calibration: npt.NDArray[np.datetime64]) -> bool:
    """Whether every training label was final before calibration began; never so where people were split."""
    closed = train.max() + np.timedelta64(recipe.label.complete_after, "D")
    return len(calibration) == 0 or bool(closed <= calibration.min())


def _split_by_time(recipe: Recipe, when: npt.NDArray[np.datetime64], train: Index) -> HeldOut:
    latest, first = when[train].max(), _find_newest_start(recipe, when[train])
    judged_on = train[when[train] >= first]
    grown_on = train[when[train] + np.timedelta64(recipe.label.complete_after, "D") <= first]
    spoken = f"the {len(judged_on):,} rows of {first}" + ("" if first == latest else " and later")
    return HeldOut(grown_on, judged_on, f"{spoken}, from {len(grown_on):,} rows whose outcomes were final by then")


def mark_newest(recipe: Recipe, keys: pd.DataFrame, train: Index) -> npt.NDArray[np.bool_]:
    """Whether each training row is of the latest index date or, where these are discharges, of the last stretch."""
    when = pd.to_datetime(keys["index_date"]).to_numpy("datetime64[D]")[train]
    return np.asarray(when >= _find_newest_start(recipe, when))


def _find_newest_start(recipe: Recipe, when: npt.NDArray[np.datetime64]) -> np.datetime64:
    latest: np.datetime64 = when.max()
    if recipe.cohort.index == "calendar":
        return latest
    return latest - np.timedelta64(days(recipe.split.every) - 1, "D")


def _split_by_person(recipe: Recipe, patient_ids: Array, train: Index) -> HeldOut:
    share = shares(patient_ids[train], recipe.learner.seed + 4)
    judged_on, grown_on = train[share < SHARE], train[share >= SHARE]
    return HeldOut(
        grown_on, judged_on, f"{len(judged_on):,} rows of people held out, from {len(grown_on):,} rows of the others"
    )


def _is_judgeable(outcome: Array, parts: HeldOut) -> bool:
    return enough(outcome[parts.grown_on]) and enough(outcome[parts.judged_on])
