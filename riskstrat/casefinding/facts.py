"""What case finding is given beside the scored people: the register, reviews, same-day statuses, earlier lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from riskstrat.casefinding.cases import CaseRegister

LISTED_COLUMNS = ("list_date", "team", "patient_id", "reference", "listed_since")
ESTIMATE_COLUMNS = ("margin", "risk", "list_date")


@dataclass(frozen=True)
class CaseFacts:
    """Each may be None where it was not landed. Persons are row numbers of people, as in the landed tables.

    caseload: one row per person, team and period: `person, team, status, from_on, to_on`, and `referred_in`.
    reviews: one row per decision: `person, list_date, outcome`, and `decided_on, due_on`.
    statuses: one row per person and day: `person, as_at`, and `inpatient, died, moved, palliative_register`.
    in_hospital: persons with an open inpatient spell. palliative: persons in palliative care by their recorded
    conditions; None where those cannot tell.
    contacted: persons whom a service saw in the last `caseload_quiet_months`, other than their GP or as outpatients.
    in_question: persons about whom somebody reported that something is wrong, until that is settled.
    doubtful: persons recorded dead by the records themselves, with later activity. last_active: by person said to have
    died by a status, a review or a hospital, the latest day of activity. died_in_hospital: by person the day on which
    the last stay that ended by death did. disputed_in_hospital: those of them of whom the stay says also that they left
    alive. gone: persons of whom a refresh says that they died or left, with the reason
    for which they are not listed. unnamed: teams of the caseload whose name says what is sensitive: whom they hold is
    decided as ever, and nobody is told of them. objecting: persons with an opt-out of any kind, who may be listed where
    a site has an approval, and are in no lot. not_landed: tables that decide who is eligible and of which no row was
    landed.
    """

    caseload: pd.DataFrame | None = None
    reviews: pd.DataFrame | None = None
    statuses: pd.DataFrame | None = None
    in_hospital: frozenset[int] | None = None
    palliative: frozenset[int] | None = None
    contacted: frozenset[int] | None = None
    in_question: frozenset[int] = frozenset()
    doubtful: frozenset[int] = frozenset()
    last_active: pd.Series | None = None
    died_in_hospital: Mapping[int, pd.Timestamp] = field(default_factory=dict)
    disputed_in_hospital: frozenset[int] = frozenset()
    gone: Mapping[int, str] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    objecting: frozenset[int] = frozenset()
    not_landed: frozenset[str] = frozenset()

    def select_named(self) -> pd.DataFrame | None:
        """The rows of the caseload that may be told of; None where it was not landed."""
        return None if self.caseload is None else self.caseload[~self.caseload["team"].isin(self.unnamed)]


def _make_empty_list() -> pd.DataFrame:
    return pd.DataFrame(columns=list(LISTED_COLUMNS))


def _make_no_estimates() -> pd.DataFrame:
    return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))


@dataclass(frozen=True)
class Memory:
    """Earlier published lists.

    listed: one row per earlier list date and listed patient: `list_date, patient_id, reference, listed_since`.
    estimates: by patient_id `margin` (log odds), `risk` and `list_date` at the earliest list of the last `rising_weeks`
    that was made with this model, of everybody who was eligible then. lists: dates of earlier lists, so that one on
    which nobody stood is not forgotten. cases: the cases that earlier and withdrawn lists opened.
    """

    listed: pd.DataFrame = field(default_factory=_make_empty_list)
    estimates: pd.DataFrame = field(default_factory=_make_no_estimates)
    lists: tuple[date, ...] = ()
    cases: CaseRegister = field(default_factory=CaseRegister)

    def before(self, list_date: date) -> pd.DataFrame:
        """One row per patient on a list before that date, of the latest: list_date, listed_since; indexed by
        patient_id."""
        rows = self.listed.assign(list_date=pd.to_datetime(self.listed["list_date"]))
        rows = rows[rows["list_date"] < pd.Timestamp(list_date)].sort_values(["list_date", "reference"])
        since = pd.to_datetime(rows["listed_since"]).fillna(rows["list_date"])
        latest = rows.assign(listed_since=since).drop_duplicates("patient_id", keep="last")
        return latest.set_index("patient_id")[["list_date", "listed_since"]]

    def previous(self, list_date: date) -> pd.Timestamp | None:
        """The date of the list before that date; None for the first list."""
        days = [pd.Timestamp(day) for day in self.lists] + list(pd.to_datetime(self.listed["list_date"]).unique())
        return max((day for day in days if day < pd.Timestamp(list_date)), default=None)
