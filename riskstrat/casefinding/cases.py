"""Cases and their numbers: a case is one person with one team, from the first list until it is closed or left for good.

A number is given once and never again, so a reference made of it never names two people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from riskstrat.definitions.table_rows import read_rows

REFERRED = range(5001, 10001)
"""Numbers of cases that a clinician put forward between lists. No list gives one, so that none is given twice."""

CASE_WEEKS = 52
"""Weeks without a list after which a case is left for good: somebody who comes back later is a new one."""

_YEAR = timedelta(weeks=CASE_WEEKS)

CASE_COLUMNS = ("team_code", "number", "patient_id", "opened_on", "listed_on")


def _make_no_cases() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in CASE_COLUMNS})


@dataclass(frozen=True)
class CaseRegister:
    """Cases by the lists that stood or were withdrawn: one row per case and list that told of it, `CASE_COLUMNS`.

    `listed_on` is the latest list date by that list; a case that is over has no patient_id, only its number. Dates are
    `date`. Rows stand in the order in which lists were made for a date, so that of one date the last row counts.
    reserved: the same of everybody whom a list kept in reserve: the number is theirs, and no case yet.
    """

    rows: pd.DataFrame = field(default_factory=_make_no_cases)
    reserved: pd.DataFrame = field(default_factory=_make_no_cases)

    def find_patients(self, list_date: date) -> frozenset[str]:
        """Everybody with a case that a list of this date or an earlier one opened, withdrawn or not."""
        opened = self.rows[(self.rows["opened_on"] <= list_date).to_numpy(bool)]
        return frozenset(opened["patient_id"].dropna())

    def number_cases(
        self, team_code: str, patients: Sequence[str], list_date: date, closed_on: Mapping[str, date]
    ) -> pd.DataFrame:
        """One row per patient, in the order given: the case in which this list holds them, `CASE_COLUMNS`.

        A case that is still open on the list's date keeps its number; others take the next that no list ever gave.
        closed_on: by patient_id the day on which a case was closed; one that no list has told of since is over.
        """
        own, kept = (rows[rows["team_code"] == team_code] for rows in (self.rows, self._select_reserved(self.rows)))
        still = _find_reserved(kept, list_date) | _find_open_cases(own, list_date, closed_on)
        given = (int(number) for rows in (own, kept) for number in rows["number"] if number not in REFERRED)
        highest, made = max(given, default=0), []
        for patient in patients:
            if patient not in still:
                highest = highest + 1 if highest + 1 not in REFERRED else REFERRED.stop
            number, opened_on = still.get(patient, (highest, list_date))
            made.append((team_code, number, patient, opened_on, list_date))
        return pd.DataFrame(made, columns=list(CASE_COLUMNS))

    def list_cases(self, listed: pd.DataFrame, list_date: date, opted_out: Collection[str] = ()) -> CaseRegister:
        """What the list of a date hands on: its own cases, those that are not left for good, each team's last number.

        listed: one row per case on this list, `CASE_COLUMNS`. One row per case; a case left for good is forgotten, and
        so is who it was where the person has opted out since.
        """
        reserved = self._select_reserved(self.rows, listed).assign(patient_id="")
        known = [rows for rows in (reserved, self.rows, listed) if len(rows)]
        rows = pd.concat(known, ignore_index=True) if known else listed
        rows = rows.sort_values("listed_on", kind="stable").drop_duplicates(["team_code", "number"], keep="last")
        kept = (rows["listed_on"] > list_date - _YEAR) & ~rows["patient_id"].isin([*opted_out, ""])
        numbers = rows["number"].astype("int64")
        last = numbers.groupby([rows["team_code"], numbers.isin(REFERRED)]).transform("max") == numbers
        rows = rows.assign(patient_id=rows["patient_id"].where(kept, ""))[kept | last]
        return CaseRegister(rows.sort_values(["team_code", "number"])[list(CASE_COLUMNS)].reset_index(drop=True))

    def _select_reserved(self, *cases: pd.DataFrame) -> pd.DataFrame:
        """What was kept in reserve under a number that is no case of these: a case says by itself whose it is.

        A row that names nobody hands on a number, which may be of the reserve, and is no case.
        """
        named = (rows[rows["patient_id"].ne("")] for rows in cases)
        taken = {one for rows in named for one in zip(rows["team_code"], rows["number"], strict=True)}
        numbers = zip(self.reserved["team_code"], self.reserved["number"], strict=True)
        free = [one not in taken for one in numbers]
        return self.reserved[pd.Series(free, index=self.reserved.index, dtype=bool)]


class CaseRow(NamedTuple):
    """A case of one team on one of its lists."""

    patient_id: str
    number: int
    opened_on: date
    listed_on: date


def _find_reserved(kept: pd.DataFrame, list_date: date) -> dict[str, tuple[int, date]]:
    """By patient_id the number that one team's reserves of a year kept for somebody, whose case would begin now."""
    near = kept[kept["listed_on"].map(lambda day: abs(day - list_date) < _YEAR).astype(bool)]
    near = near.sort_values("listed_on", kind="stable")
    return {row.patient_id: (row.number, list_date) for row in read_rows(near, CaseRow)}


def _find_open_cases(own: pd.DataFrame, list_date: date, closed_on: Mapping[str, date]) -> dict[str, tuple[int, date]]:
    """Number and first day of each open case of one team, by patient_id.

    The latest list by this date that held the person decides; without one the next after it, where this list is late.
    """
    near = own[own["patient_id"].ne("") & own["listed_on"].map(lambda day: abs(day - list_date) < _YEAR).astype(bool)]
    late = near["listed_on"] > list_date
    found: dict[str, tuple[int, date]] = {}
    over: set[int] = set()
    # Of several rows of one date the last counts, so the order is turned before it is sorted.
    for row in read_rows(near[~late].iloc[::-1].sort_values("listed_on", ascending=False, kind="stable"), CaseRow):
        if row.listed_on == list_date or closed_on.get(row.patient_id, date.min) < row.listed_on:
            found.setdefault(row.patient_id, (row.number, row.opened_on))
        else:
            over.add(row.number)
    for row in read_rows(near[late].sort_values("listed_on", kind="stable"), CaseRow):
        if row.number not in over:
            found.setdefault(row.patient_id, (row.number, min(row.opened_on, list_date)))
    return found
