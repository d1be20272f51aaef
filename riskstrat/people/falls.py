"""One date for one fall: that of its first report, wherever a page tells of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.features import Feature

REPORTS = "all_falls"
"""The stream of falls; its rows are reports."""

ONE_FALL = 3
"""Days from the first report of a fall in which another is of the same fall."""


def find_first_reports(days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """For each report of one person, in order of its day, the day of the first report of the same fall."""
    firsts: list[np.datetime64] = []
    for day in days:
        same = firsts and day - firsts[-1] <= np.timedelta64(ONE_FALL, "D")
        firsts.append(firsts[-1] if same else day)
    return np.array(firsts, "datetime64[D]")


def date_by_first_report(
    evidence: npt.NDArray[np.datetime64], features: Mapping[str, Feature], patients: pd.Series, reports: pd.DataFrame
) -> npt.NDArray[np.datetime64]:
    """The dates behind each person's features, those of falls moved to the first report of their fall.

    evidence: one row per patient, one column per feature. reports: one row per report with patient_id and fell_on.
    """
    columns = [
        place for place, one in enumerate(features.values()) if one.rows is not None and one.rows.stream == REPORTS
    ]
    moved = evidence.astype("datetime64[D]")
    ordered = reports.sort_values("fell_on", kind="stable").groupby("patient_id")["fell_on"]
    for patient, fell in ordered:
        days = fell.to_numpy().astype("datetime64[D]")
        first = dict(zip(days.tolist(), find_first_reports(days), strict=True))
        row = patients.to_numpy() == patient
        for column in columns:
            moved[row, column] = [first.get(day.item(), day) for day in moved[row, column]]
    return moved
