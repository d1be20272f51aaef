"""Which row of a cohort trains, calibrates or tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.recipes import Recipe
from riskstrat.errors import TrainingError
from riskstrat.storage import compute_digest
from riskstrat.training.dates import Origin, Periods

TRAIN, CALIBRATION, TEST, UNUSED = "train", "calibration", "test", ""

Slices: TypeAlias = "pd.Categorical[str] | npt.NDArray[np.str_]"
"""One of them per row; made here in a byte a row, since every fit of a study has its own."""


def slices_by_time(origin: Origin, index_dates: object) -> Slices:
    """One of "train", "calibration", "test" and "" (unused, such as the embargo) per index date given."""
    when = pd.to_datetime(pd.Series(index_dates)).to_numpy("datetime64[D]")
    given = _fill_slices(UNUSED, len(when))
    for name, periods in ((TRAIN, origin.train), (CALIBRATION, origin.calibration), (TEST, origin.test)):
        given[within(periods, when)] = name
    return given


def within(periods: Periods, when: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """Whether each day lies in one of the periods."""
    inside = np.zeros(len(when), bool)
    for first, last in periods:
        inside |= (when >= np.datetime64(first)) & (when <= np.datetime64(last))
    return inside


def slices_by_person(recipe: Recipe, patient_ids: Iterable[object]) -> Slices:
    """The slice of each person's rows, for sources whose dates are shifted from person to person.

    Raises TrainingError where the recipe refuses such sources, or leaves nobody to train on.
    """
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
    given = _fill_slices(TRAIN, len(share))
    given[share < split.test_share + split.calibration_share] = CALIBRATION
    given[share < split.test_share] = TEST
    return given


def without_the_tested(recipe: Recipe, slice_of: Slices, patient_ids: Iterable[object]) -> Slices:
    """The same slices where a share of the people is only tested on, and the others only learned from."""
    tested = shares(patient_ids, recipe.learner.seed + 2) < recipe.split.test_share
    given = slice_of.copy()
    given[tested != (slice_of == TEST)] = UNUSED
    return given


def shares(patient_ids: Iterable[object], seed: int) -> npt.NDArray[np.float64]:
    """One number in [0, 1) per patient id given, the same wherever and whenever it is computed."""
    codes, people = pd.factorize(pd.Series(list(patient_ids), dtype=object))
    digests = (compute_digest(f"{seed}:{person}")[:12] for person in people)
    return np.array([int(digest, 16) / 2**48 for digest in digests], dtype=np.float64)[codes]


def find_places(slice_of: Slices, outcome: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.int64]]:
    """The positions of the train, calibration and test rows whose outcome is known."""
    known = ~np.isnan(outcome)
    return {name: np.flatnonzero((slice_of == name) & known) for name in (TRAIN, CALIBRATION, TEST)}


def repeat_places(
    places: dict[str, npt.NDArray[np.int64]], times: npt.NDArray[np.int64] | None
) -> dict[str, npt.NDArray[np.int64]]:
    """The positions with each of a training or calibration row as often as the row counts; once each for None."""
    if times is None:
        return places
    return {name: place if name == TEST else np.repeat(place, times[place]) for name, place in places.items()}


def mark_once(places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """The first of each position among positions that `repeat_places` gave."""
    marked: npt.NDArray[np.bool_] = np.diff(places, prepend=-1) != 0
    return marked


def _fill_slices(name: str, rows: int) -> pd.Categorical[str]:
    """Rows that are all of one slice so far."""
    every = (TRAIN, CALIBRATION, TEST, UNUSED)
    return pd.Categorical.from_codes(np.full(rows, every.index(name), np.int8), pd.Index(every))
