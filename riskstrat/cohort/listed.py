"""People of a list that was made before, as they stand in the records now: whose outcomes may be followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from riskstrat.cohort.eligibility import mark_opted_out
from riskstrat.sources.store import Store


def find_listed(store: Store, rows: pd.DataFrame, day: date, opt_outs: Sequence[str]) -> pd.DataFrame:
    """The rows of a list of `day`, one per person with a patient_id, in the order of the store's numbers.

    With person, index_date and spell, as `label` reads them. Whoever is in the records no more, or has opted out since
    by one of the kinds `opt_outs`, is left out.
    """
    numbers = store.people()[["patient_id", "person"]]
    found = rows.merge(numbers[~mark_opted_out(store, opt_outs)[numbers["person"]]], on="patient_id", how="inner")
    found = found.sort_values("person", kind="stable").reset_index(drop=True)
    return found.assign(index_date=pd.Timestamp(day), spell=-1)
