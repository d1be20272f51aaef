"""Long-term conditions that have ended: by the GP record alone, and never against a later or an open record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.definitions.codelists import Codelist

Ends = Mapping[tuple[str, str], date]
"""By patient and feature of a condition the day on which it ended by the GP record; only of those that have."""


def find_ends(entries: pd.DataFrame, recorded: pd.DataFrame, codes: Mapping[str, Codelist | None]) -> Ends:
    """The conditions that have ended: every entry in the GP record has, and no hospital code is of that day or later.

    A hospital code alone never ends. entries: rows of `conditions` as known at each person's index date. recorded: the
    same of `recorded_conditions`. codes: by feature of a condition its codes.
    """
    some = set(entries.loc[entries["ended_on"] <= entries["index_date"], "patient_id"])
    entries, recorded = (rows[rows["patient_id"].isin(some).to_numpy()] for rows in (entries, recorded))
    recorded = recorded[(recorded["origin"] == "hospital").to_numpy()]
    ends = {}
    for name, of_condition in codes.items():
        for patient, own in _take_coded(entries, of_condition).groupby("patient_id", sort=True):
            last = own["ended_on"].where(own["ended_on"] <= own["index_date"]).max(skipna=False)
            coded = _take_coded(recorded[(recorded["patient_id"] == patient).to_numpy()], of_condition)
            if not pd.isna(last) and not (coded["recorded_on"] >= last).any():
                ends[str(patient), name] = last.date()
    return ends


def _take_coded(rows: pd.DataFrame, codes: Codelist | None) -> pd.DataFrame:
    pairs = zip(rows["code"], rows["system"], strict=True)
    return rows[np.array([codes is not None and bool(codes.find(*pair)) for pair in pairs], bool)]
