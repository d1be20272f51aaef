"""The newest emergency stay of each person, told as far as it is known, with what the day's status says besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from riskstrat.definitions.codelists import Codelist
from riskstrat.definitions.table_rows import read_rows
from riskstrat.documents import long_date
from riskstrat.sources.streams import ADMISSION_DETAILS, ADMISSION_METHODS, EMERGENCY, NOT_ORDINARY, codes_in

TWO_YEARS = 731
"""Days after which a stay is no longer told of."""

LONGEST_STAY = 365
"""Days after which an admission without a discharge counts as one whose discharge was never recorded."""

ENDED_BY = "ended_by"
"""The column of stays that stands in for a discharge that was not received: the day by which a stay was over."""


@dataclass(frozen=True)
class NewestStay:
    """One stay as known at the index date.

    discharged_on: None where no discharge was received. ended_by: the day by which it was over, None while nobody
    knows. inpatient: what a status of the list's own day says, None without one.
    """

    admitted_on: date
    discharged_on: date | None
    ended_by: date | None
    inpatient: bool | None

    @property
    def left_since(self) -> date | None:
        """The first day on which the person can have left, where they have and no discharge was received."""
        over = self.ended_by is not None or self.inpatient is False
        return self.admitted_on if over and self.discharged_on is None else None

    @property
    def is_untold(self) -> bool:
        """Whether nobody can tell if the person has left: no discharge, no later stay and no status of the day."""
        return self.ended_by is None and self.inpatient is None


class StayRow(NamedTuple):
    """A stay of a person as known; both days are None where nothing was received."""

    person: int
    admitted_on: date
    discharged_on: date | None
    ended_by: date | None


def find_newest_stays(
    stays: pd.DataFrame, persons: Iterable[int], inpatient: Mapping[int, bool], codelists: Mapping[str, Codelist]
) -> list[NewestStay | None]:
    """For each of `persons` the newest emergency stay of two years; None where there is none.

    Emergencies are ordinary stays that began by an emergency method. Of two that began on one day it is the one without
    a discharge. stays: one row per stay as known, with person and index_date. inpatient: by person what a status of the
    list's own day says.
    """
    recent = (stays["index_date"] - stays["admitted_on"]).dt.days < TWO_YEARS
    newest = stays[_mark_emergencies(stays, codelists) & recent].sort_values(
        ["person", "admitted_on", "discharged_on"], kind="stable"
    )
    found = {
        row.person: NewestStay(row.admitted_on, row.discharged_on, row.ended_by, inpatient.get(row.person))
        for row in read_rows(newest.drop_duplicates("person", keep="last"), StayRow)
    }
    return [found.get(person) for person in persons]


def _mark_emergencies(stays: pd.DataFrame, codelists: Mapping[str, Codelist]) -> pd.Series:
    """Which stays are ordinary ones that began by an emergency method."""
    emergency = stays["method"].isin(codes_in(codelists, ADMISSION_METHODS, EMERGENCY))
    return emergency & ~stays["patient_class"].isin(codes_in(codelists, ADMISSION_DETAILS, NOT_ORDINARY))


def word_unended_stays(
    stays: pd.DataFrame, lookback: int, inpatient: Mapping[int, bool], codelists: Mapping[str, Codelist]
) -> dict[int, str]:
    """By person why nights of so many days cannot be told: an emergency stay in them whose discharge was not received.

    A stay that lasts, of somebody who is in hospital by a status of the list's own day, is told up to that day.
    """
    last = stays["ended_by"].fillna(stays["index_date"])
    reaches = _mark_emergencies(stays, codelists) & ((stays["index_date"] - last).dt.days < lookback)
    lasts = stays["ended_by"].isna() & stays["person"].map(dict(inpatient)).eq(True)
    unended = stays[reaches & stays["discharged_on"].isna() & ~lasts].sort_values("admitted_on", kind="stable")
    newest = unended.drop_duplicates("person", keep="last")
    return {
        row.person: f"the discharge date of the stay from {long_date(row.admitted_on)} was not received"
        for row in read_rows(newest, StayRow)
    }


def read_inpatients(statuses: pd.DataFrame, list_date: date) -> dict[int, bool]:
    """By person whether they were in hospital, from statuses of the list's own day that say so."""
    given = statuses[(statuses["as_at"] == pd.Timestamp(list_date)) & statuses["inpatient"].notna()]
    return dict(zip(given["person"].tolist(), given["inpatient"].astype(bool).tolist(), strict=True))


def word_stay(stay: NewestStay, list_date: date) -> str:
    """The stay as far as it is known, such as "Admitted 13 November 2026; discharge date not received"."""
    if stay.discharged_on is not None:
        return f"Left hospital {long_date(stay.discharged_on)} ({_word_before(list_date, stay.discharged_on)})"
    told = f"Admitted {long_date(stay.admitted_on)}; discharge date not received"
    if stay.inpatient is not None:
        return f"{told}; {'in' if stay.inpatient else 'not in'} hospital on {long_date(list_date)}"
    if stay.ended_by is not None:
        return f"{told}; had left by {long_date(stay.ended_by)}, when another stay began"
    return f"{told}; whether still in hospital on {long_date(list_date)} cannot be told"


def _word_before(list_date: date, earlier: date) -> str:
    days = (list_date - earlier).days
    return "the same day" if days == 0 else f"{days} day{'' if days == 1 else 's'} before"


def word_recent_discharge(stay: NewestStay, within: float, words: str, unknown: str, list_date: date) -> str | None:
    """What a rule on a recent discharge says of a stay whose discharge was not received; None where it says nothing.

    words: of the rule, where the person left within so many days whichever day it was. unknown: what cannot be told
    where nobody knows whether they left.
    """
    admitted = long_date(stay.admitted_on)
    if stay.is_untold:
        return f"{unknown}: cannot be told; the discharge date of the stay from {admitted} was not received"
    if stay.left_since is None or (stay.ended_by and (list_date - stay.ended_by).days > within):
        return None
    if (list_date - stay.left_since).days <= within:
        return words
    return f"Left hospital since {admitted}; discharge date not received"
