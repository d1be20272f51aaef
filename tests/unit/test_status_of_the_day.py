"""A status of the day that says nothing, or nothing of the hospital: it is no check, and no flag gives way."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from riskstrat.definitions.flags import Flag
from riskstrat.documents import STATUS_UNKNOWN
from riskstrat.people import conditions, limits
from riskstrat.people.newest_stay import read_inpatients

LIST_DATE = date(2026, 11, 16)
SAYS = ("inpatient", "died", "moved", "palliative_register")
STAY = Flag(feature="stay_open", recorded=True, says="In hospital", unknown="Stays", until_status_is_known=True)


def make_store(rows: list[tuple[bool | None, ...]], day: str = "2026-11-16") -> Any:
    told = pd.DataFrame(rows, columns=list(SAYS), dtype=object)
    people = [f"p{person}" for person in range(len(rows))]
    statuses = told.assign(person=range(len(rows)), patient_id=people, as_at=pd.Timestamp(day))
    return SimpleNamespace(landed={"statuses"}, tables={"statuses"}, read=lambda _: statuses)


class People(SimpleNamespace):
    """Records of as many people as there are rows."""

    def __len__(self) -> int:
        return len(self.rows)


def make_records(store: Any) -> Any:
    """People who each have an open emergency stay that began a week ago."""
    people = store.read("statuses")[["person", "patient_id"]].assign(index_date=pd.Timestamp(LIST_DATE))
    built = SimpleNamespace(columns=["stay_open"], select=lambda _: np.ones((len(people), 1)))
    return People(
        store=store,
        opened=SimpleNamespace(store=store, workspace=SimpleNamespace(flags=(STAY,))),
        rows=people,
        told=built,
        whole=built,
        untold=lambda _: np.full(len(people), None, object),
        when=lambda _: np.full(len(people), np.datetime64("2026-11-09", "D")),
        find_inpatients=lambda day: read_inpatients(store.read("statuses"), day),
    )


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ((False, False, False, False), ()),
        ((False, None, None, None), ()),
        ((None, False, False, False), ("In hospital",)),
        ((None, None, None, True), ("On the palliative care register on 16 November 2026", "In hospital")),
        ((None, None, None, None), (STATUS_UNKNOWN, "In hospital")),
    ],
)
def test_a_stay_gives_way_only_to_a_status_that_speaks_of_the_hospital(
    status: tuple[bool | None, ...], flags: tuple[str, ...]
) -> None:
    records = make_records(make_store([status, (False, False, False, False)]))
    assert conditions.flags(cast(Any, records), LIST_DATE) == [flags, ()]


def test_a_day_on_which_no_status_says_anything_was_no_check() -> None:
    silent: tuple[bool | None, ...] = (None, None, None, None)
    assert limits.find_day_of_statuses(make_store([silent, silent]), LIST_DATE) is None
    assert limits.find_day_of_statuses(make_store([silent, (None, None, False, None)]), LIST_DATE) == LIST_DATE


def test_an_assessment_of_long_ago_does_not_run_on() -> None:
    def known_whole(table: str) -> pd.DataFrame:
        day = dict(limits.GP_RECORD | limits.HOSPITAL_RECORD | limits.OTHER_RECORD)[table]
        services = pd.DataFrame(
            {
                "patient_id": ["assessed", "equipped", "cared_for", "seen"],
                "service": ["assessment", "equipment", "home_care", "assessment"],
                day: pd.to_datetime(["2015-03-01", "2015-03-01", "2015-03-01", "2026-03-01"]),
                "ended_on": pd.NaT,
                "index_date": pd.Timestamp(LIST_DATE),
            }
        )
        return services if table == "social_care" else services.iloc[:0]

    people = pd.DataFrame({"patient_id": ["assessed", "equipped", "cared_for", "seen", "nobody"]})
    found = limits.nothing_recorded(cast(Any, SimpleNamespace(rows=people, known_whole=known_whole)))
    assert found.keys() == {"assessed", "equipped", "nobody"}
