"""What a list remembers of the lists before it, published or rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from riskstrat.publication import PublishedList

_LISTED = ["team", "patient_id", "reference", "rank", "listed_since", "weeks_on_list", "margin"]


@dataclass(frozen=True)
class PastList:
    """A list of an earlier date, by version `version` of the model.

    `read_everyone` gives columns of `publication.EVERYONE_COLUMNS`, one row per eligible person with a team. codes: by
    name the code of each of its teams.
    """

    day: date
    version: int
    read_everyone: Callable[[Sequence[str]], pd.DataFrame]
    codes: Mapping[str, str] = field(default_factory=dict)

    def read_listed(self) -> pd.DataFrame:
        """One row per person who was on it."""
        rows = self.read_everyone(["place", *_LISTED])
        return rows.loc[rows["place"] == "listed", _LISTED].assign(list_date=pd.Timestamp(self.day))

    def read_margins(self) -> pd.Series:
        """By patient_id the margin (log odds) of everybody eligible."""
        return self.read_everyone(["patient_id", "margin"]).set_index("patient_id")["margin"]


def remember(published: PublishedList) -> PastList:
    """A published list as the next ones remember it."""
    codes = {name: code for code, name in published.team_names.items()}
    return PastList(published.list_date, published.version, published.read_everyone, codes)


def find_team_codes(earlier: Sequence[PastList]) -> dict[str, str]:
    """By name the code that each team had last, the latest list first; a later team's code is no earlier one's."""
    found: dict[str, str] = {}
    for past in earlier:
        given = set(found.values())
        found |= {name: code for name, code in past.codes.items() if name not in found and code not in given}
    return found


def read_listed_before(earlier: Sequence[PastList]) -> pd.DataFrame:
    """One row per earlier list and person on it: list_date, team, patient_id, reference, rank, ..."""
    frames = [past.read_listed() for past in earlier]
    if not frames:
        return pd.DataFrame(columns=["list_date", *_LISTED])
    return pd.concat(frames, ignore_index=True)


def read_estimates_before(earlier: Sequence[PastList], list_date: date, weeks: int, version: int) -> pd.DataFrame:
    """By patient_id margin, risk and list_date at the earliest list of the last weeks by a version of the model.

    Empty where there is none: the estimates of two versions cannot be held against each other.
    """
    since = list_date - timedelta(weeks=weeks)
    within = [past for past in earlier if past.day >= since and past.version == version]
    if not within:
        return pd.DataFrame(columns=["margin", "risk", "list_date"])
    rows = within[-1].read_everyone(["patient_id", "margin", "risk"]).set_index("patient_id")
    return rows.assign(list_date=pd.Timestamp(within[-1].day))


def read_trend(earlier: Sequence[PastList], patients: Sequence[str]) -> pd.DataFrame:
    """One row per patient and earlier list, the oldest first: patient_id, list_date, risk."""
    wanted, frames = set(patients), []
    for past in reversed(earlier):
        rows = past.read_everyone(["patient_id", "risk"]).dropna(subset="risk")
        frames.append(rows[rows["patient_id"].isin(wanted)].assign(list_date=pd.Timestamp(past.day)))
    columns = ["patient_id", "list_date", "risk"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
