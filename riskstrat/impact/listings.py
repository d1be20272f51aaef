"""Who was listed for the first time, and how likely they were said to be admitted, from the published lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from riskstrat.errors import PublicationError
from riskstrat.publication import EVERYONE, PublishedList, find_earlier, find_folders, open_published
from riskstrat.reviews import Notices

NEEDED = timedelta(weeks=8)
"""How long lists must have been published for their pace to be told: the first lists are made of new people alone."""


@dataclass(frozen=True)
class Listings:
    """The lists of a year up to the newest.

    firsts: one row per person listed on them for the first time ever, with `risk` and `day` of that list.
    """

    first: date
    last: date
    lists: int
    firsts: pd.DataFrame

    def count_new_a_year(self) -> float:
        """People listed for the first time in a year at the pace since the first list, whose people are left out.

        Raises PublicationError where lists have not been published for long enough.
        """
        if self.last - self.first < NEEDED:
            raise PublicationError(
                f"the lists go from {self.first} to {self.last}, too short to tell how many people a year are "
                f"listed for the first time ({NEEDED.days // 7} weeks are needed); give --new-a-year"
            )
        later = int((self.firsts["day"] > pd.Timestamp(self.first)).sum())
        return later * 365 / (self.last - self.first).days


def read_listings(lists: Path, told: Notices) -> Listings:
    """The listings of the newest list's model; told: who was taken up from reserves, so listed.

    Raises PublicationError where no list stands or one cannot be read.
    """
    folders = find_folders(lists)
    if not folders:
        raise PublicationError("no list is published yet; publish one first: riskstrat weekly")
    newest = open_published(folders[max(folders)])
    every = [*reversed(find_earlier(lists, newest.model, newest.list_date)), newest]
    rows = pd.concat([_read_listed(each, told) for each in every], ignore_index=True)
    firsts = rows.drop_duplicates("patient_id", keep="first")
    firsts = firsts[~firsts["patient_id"].isin(_find_listed_before(lists, every[0], told))].reset_index(drop=True)
    if firsts.empty:
        raise PublicationError(
            f"nobody stands for the first time on the lists from {every[0].list_date} to {newest.list_date}; publish "
            "one with new people on it"
        )
    return Listings(every[0].list_date, newest.list_date, len(every), firsts)


def _find_listed_before(lists: Path, first: PublishedList, told: Notices) -> set[str]:
    """Everybody on an earlier list of the same model: whoever rested and comes back is not new, nor compared as new."""
    held = [folder for day, folder in find_folders(lists).items() if day < first.list_date]
    earlier = (open_published(folder) for folder in held if (folder / EVERYONE).is_file())
    return {name for one in earlier if one.model == first.model for name in _read_listed(one, told)["patient_id"]}


def _read_listed(found: PublishedList, told: Notices) -> pd.DataFrame:
    published = found.count_taken_up(told.find_taken_up(found.list_date))
    everyone = published.read_everyone(["patient_id", "place", "risk"])
    listed = everyone.loc[everyone["place"] == "listed", ["patient_id", "risk"]]
    return listed.assign(day=pd.Timestamp(published.list_date))
