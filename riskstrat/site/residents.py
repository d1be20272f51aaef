"""Who counts as living in a care home by a row that cannot be read whole: no team lists or advises them otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.matrix import FeatureMatrix
from riskstrat.site.opening import Site
from riskstrat.sources.doubtful import HOMES, read_doubtful, select_holding


def assume_homes(opened: Site, matrix: FeatureMatrix, columns: Sequence[str] | None = None) -> FeatureMatrix:
    """A matrix of one index date for rules, in which such people live in a care home by every feature that tells so.

    It has `columns`, or all; the same matrix where there are no such people, or no such feature is among these.
    """
    asked = tuple(matrix.columns if columns is None else columns)
    names = [name for name in opened.workspace.roles.care_home if name in asked]
    there = mark_doubtful_residents(opened, matrix.keys) if names else np.zeros(0, np.bool_)
    if not there.any():
        return matrix
    values = np.array(matrix.select(asked))
    for name in names:
        values[there, asked.index(name)] = 1
    return FeatureMatrix(matrix.keys, values, asked, {name: matrix.fingerprints[name] for name in asked})


def mark_doubtful_residents(opened: Site, keys: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """For each row of a matrix of one index date whether such a row stands about the person. keys: the matrix's."""
    rows = read_doubtful(opened.store, HOMES)
    if rows.empty or keys.empty:
        return np.zeros(len(keys), np.bool_)
    day = keys["index_date"].max().date()
    standing = select_holding(rows, day, opened.store.data_as_at, "started_on", "ended_on")
    people = opened.store.people()
    meant = people.loc[people["person"].isin(standing["person"]), "patient_id"]
    return keys["patient_id"].isin(meant).to_numpy(np.bool_)
