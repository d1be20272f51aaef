"""Who left hospital dead: a death that no other record needs to know of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.definitions.coded_columns import CODED_COLUMNS, SAY_NOTHING
from riskstrat.definitions.codelists import Codelist
from riskstrat.sources.doubtful import STAYS, read_doubtful, select_holding
from riskstrat.sources.store import Store
from riskstrat.sources.streams import ADMISSION_DETAILS, codes_in

DIED_BY = {"discharge_method": "died (method)", "destination": "died (destination)"}
"""Columns of a spell that say that it ended by death, and the group of the codelist that says how."""

_PLACE = ("admissions", "destination")

_ALIVE_METHODS = frozenset("123")
"""DISMETH of whoever left alive: discharged, by themselves or a relative, or by a court (HES data dictionary)."""

_READ = ("person", "admitted_on", "discharged_on", "settled_known_on", "settle_day", *DIED_BY)
_KEPT = ("person", "admitted_on", "discharged_on", *DIED_BY)


@dataclass(frozen=True)
class HospitalDeaths:
    """days: by person the day on which the last spell that ended by death did.

    disputed: persons of whom no such spell goes uncontradicted by its own other column.
    """

    days: Mapping[int, pd.Timestamp]
    disputed: frozenset[int]


def find_hospital_deaths(store: Store, codelists: Mapping[str, Codelist], list_date: date) -> HospitalDeaths:
    """Who left hospital dead, as known on the day of a list.

    Every spell counts, whichever stay it is in, and so does a quarantined one. Without a day of discharge up to the
    list it is that of the admission, and never a day to come. When a quarantined end became known may not be recorded,
    so a list of a day before the extract's knows one only by a day that had come.
    """
    now = pd.Timestamp(list_date)
    told = DIED_BY.keys() - set(store.absent_columns.get("admissions", ()))
    codes = {name: codes_in(codelists, ADMISSION_DETAILS, DIED_BY[name]) if name in told else () for name in DIED_BY}
    method, destination = (pc.field(name).isin(pa.array(codes[name], pa.string())) for name in DIED_BY)
    spells = store.read_spells(columns=_READ, where=method | destination).to_pandas(date_as_object=False)
    known_on = spells["settle_day"].fillna(spells["settled_known_on"]).fillna(pd.Timestamp(store.data_as_at))
    doubtful = read_doubtful(store, STAYS)
    doubtful = doubtful[doubtful[list(DIED_BY)].isin(codes).any(axis=1)]
    doubtful = _select_known(doubtful, list_date, store.data_as_at)
    found = pd.concat([rows[list(_KEPT)] for rows in (spells[known_on <= now], doubtful)])
    ended = found["discharged_on"].where(found["discharged_on"] <= now)
    days = ended.fillna(found["admitted_on"]).fillna(now).clip(upper=now)
    agreed = found.loc[~_mark_disputed(found, codes), "person"]
    return HospitalDeaths(
        {int(person): day for person, day in days.groupby(found["person"]).max().items()},
        frozenset(int(person) for person in set(found["person"]) - set(agreed)),
    )


def _select_known(doubtful: pd.DataFrame, list_date: date, data_as_at: date) -> pd.DataFrame:
    """The quarantined ends that hold on a day; a list of the past knows one only by a day that had come."""
    doubtful = doubtful.assign(no_end=np.datetime64("NaT"))
    for began in ("admitted_on", "discharged_on", "settled_known_on"):
        doubtful = select_holding(doubtful, list_date, data_as_at, began, "no_end")
    if list_date >= data_as_at:
        return doubtful
    return doubtful[doubtful["discharged_on"] <= pd.Timestamp(list_date)]


def _mark_disputed(rows: pd.DataFrame, codes: Mapping[str, Sequence[str]]) -> pd.Series:
    """Where one of the two columns says that the person died, and the other that they left alive."""
    died = {name: rows[name].isin(codes[name]) for name in DIED_BY}
    placed = {value for one in CODED_COLUMNS for value in one.words if (one.table, one.column) == _PLACE}
    somewhere = rows["destination"].isin(placed.difference(SAY_NOTHING[_PLACE], codes["destination"]))
    alive = rows["discharge_method"].isin(_ALIVE_METHODS.difference(codes["discharge_method"]))
    return died["discharge_method"] & somewhere | died["destination"] & alive
