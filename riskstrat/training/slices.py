"""Which row of a cohort trains, calibrates or tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.training.dates import index_dates, periods

TRAIN, CALIBRATION, TEST, UNUSED = "train", "calibration", "test", ""

Slices = npt.NDArray[np.str_]


def slices(recipe: Recipe, cohort: pd.DataFrame, as_at: date, comparable_dates: bool) -> Slices:
    """One of "train", "calibration", "test" and "" (unused, such as the embargo) per row of the cohort.

    cohort: one row per patient and index date. By time where dates are comparable between people, otherwise by person,
    as the recipe declares. Raises TrainingError where it refuses, IndexDateError where no date is complete.
    """
    if not comparable_dates:
        return _by_person(recipe, cohort["patient_id"])
    when = pd.to_datetime(cohort["index_date"]).to_numpy("datetime64[D]")
    if recipe.cohort.index == "live_discharge":
        return _by_period(recipe, when, as_at)
    return _by_date(recipe, when, as_at)


def shares(patient_ids: Iterable[Any], seed: int) -> npt.NDArray[np.float64]:
    """One number in [0, 1) per patient id given, the same wherever and whenever it is computed."""
    codes, people = pd.factorize(pd.Series(list(patient_ids), dtype=object))
    digests = (hashlib.sha256(f"{seed}:{person}".encode()).digest()[:6] for person in people)
    return np.array([int.from_bytes(digest) / 2**48 for digest in digests], dtype=np.float64)[codes]


def _by_date(recipe: Recipe, when: npt.NDArray[np.datetime64], as_at: date) -> Slices:
    dates = index_dates(recipe, as_at)
    given = _unused(len(when))
    for name, chosen in ((TRAIN, dates.train), (CALIBRATION, dates.calibration), (TEST, dates.test)):
        given[np.isin(when, np.array(chosen, "datetime64[D]"))] = name
    return given


def _by_period(recipe: Recipe, when: npt.NDArray[np.datetime64], as_at: date) -> Slices:
    by_time = periods(recipe, as_at)
    given = _unused(len(when))
    for name, (first, last) in ((TRAIN, by_time.train), (CALIBRATION, by_time.calibration), (TEST, by_time.test)):
        given[(when >= np.datetime64(first)) & (when <= np.datetime64(last))] = name
    return given


def _by_person(recipe: Recipe, patient_ids: pd.Series) -> Slices:
    split = recipe.split
    if split.shifted_dates == "refuse":
        raise TrainingError(
            f"dates in this source are shifted from person to person, so {recipe.name or recipe.title} cannot be split "
            'by time; set shifted_dates = "person" under [split] to split by person, or train where dates are real'
        )
    if split.test_share + split.calibration_share >= 1:
        raise TrainingError(
            "test_share and calibration_share under [split] leave nobody to train on; lower one of them"
        )
    share = shares(patient_ids, recipe.learner.seed)
    given = np.full(len(share), TRAIN, dtype="<U11")
    given[share < split.test_share + split.calibration_share] = CALIBRATION
    given[share < split.test_share] = TEST
    return given


def _unused(rows: int) -> Slices:
    return np.full(rows, UNUSED, dtype="<U11")
