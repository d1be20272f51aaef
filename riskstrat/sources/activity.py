"""When people were last seen alive: what is held against a recorded death."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from riskstrat.sources import tables
from riskstrat.sources.selection import find_latest_days
from riskstrat.sources.store import Store

SEEN_ALIVE = (
    (tables.admissions, "last_admitted_on"),
    (tables.attendances, "attended_on"),
    (tables.falls, "fell_on"),
    (tables.contacts.filter(tables.contacts.attended.isnull() | tables.contacts.attended), "contacted_on"),
    (tables.prescriptions, "issued_on"),
    (tables.measurements, "measured_on"),
    (tables.social_care, "started_on"),
    (tables.registrations, "registered_from"),
)
"""Rows that a person must have been alive for, and their day. Diagnoses and conditions are no such rows: they are coded
from letters long after. Nor is a discharge: a stay may be closed late."""


def find_last_activity(store: Store, persons: Iterable[object], at: date) -> pd.Series:
    """By person of `persons` the latest day of activity known on the day `at`; NaT where none is recorded."""
    asked = np.unique(np.fromiter(persons, np.int32))
    last = find_latest_days(store, SEEN_ALIVE if len(asked) else (), asked, at)
    return pd.Series(last.astype("datetime64[s]"), index=pd.Index(asked, name="person"))
