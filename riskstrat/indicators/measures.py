"""How each measure counts: events or people of the numerator and of the denominator, beside the members of months."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from riskstrat.casefinding.register import select_held
from riskstrat.definitions.coded_columns import SAY_NOTHING
from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.table_rows import split_by_day
from riskstrat.indicators.records import IndicatorRecords

READMISSION_DAYS = 29
"""The last day after a discharge on which an emergency stay counts as a readmission; the day itself is 0."""

ORDINARY = "1"
"""Patient class of an ordinary admission."""


@dataclass(frozen=True)
class Counted:
    """`numerator` and `denominator`: one row per member and month, in the order of members, of events or people.

    events: of a sum such as bed days, how many events it is of; None where the numerator counts them itself.
    follow_days: how long after the end of a month its figure is not known yet.
    """

    numerator: pd.Series
    denominator: pd.Series
    events: pd.Series | None = None
    follow_days: int = 0


Measuring = Callable[[Indicator, pd.DataFrame, IndicatorRecords], Counted]


def count_indicator(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    """The counts of one indicator for every member and month. It must have a measure."""
    assert indicator.measure is not None
    return _MEASURES[indicator.measure](indicator, members, records)


def _count_stays(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    stays = records.stays(indicator.rows)
    if indicator.codelist:
        stays = stays[stays["spell"].isin(records.spells_coded(indicator))]
    aged = _is_aged(indicator, members)
    return Counted(_place(members, stays["person"], stays["admitted_on"]) * aged, aged)


def _count_bed_days(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    stays = records.stays(indicator.rows)
    ended = stays[stays["discharged_on"].notna()]
    nights = (ended["discharged_on"] - ended["admitted_on"]).dt.days
    aged = _is_aged(indicator, members)
    summed = _place(members, ended["person"], ended["discharged_on"], nights)
    return Counted(summed * aged, aged, _place(members, ended["person"], ended["discharged_on"]) * aged)


def _count_readmissions(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    discharged = records.stays(indicator.discharges)[["person", "spell", "discharged_on"]].reset_index(drop=True)
    again = records.stays(indicator.rows)[["person", "spell", "admitted_on"]]
    pairs = discharged.reset_index(names="row").merge(again, on="person", suffixes=("", "_again"))
    days = (pairs["admitted_on"] - pairs["discharged_on"]).dt.days
    back = pairs.loc[days.between(0, READMISSION_DAYS) & (pairs["spell"] != pairs["spell_again"]), "row"].unique()
    readmitted = discharged.loc[back]
    return Counted(
        _place(members, readmitted["person"], readmitted["discharged_on"]),
        _place(members, discharged["person"], discharged["discharged_on"]),
        follow_days=READMISSION_DAYS,
    )


def _count_usual_place(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    stays = records.every_stay
    ordinary = stays["patient_class"].isna() | (stays["patient_class"] == ORDINARY)
    told = stays["destination"].notna() & ~stays["destination"].isin(SAY_NOTHING["admissions", "destination"])
    ended = stays["discharged_on"].notna() & ~stays["discharge_method"].isin(indicator.left_out)
    alive = stays[ended & ordinary & told]
    home = alive[alive["destination"].isin(indicator.codes)]
    return Counted(
        _place(members, home["person"], home["discharged_on"]), _place(members, alive["person"], alive["discharged_on"])
    )


def _count_register(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    last = members["month"] + pd.offsets.MonthEnd(1)
    aged = _is_aged(indicator, members)
    return Counted(_is_on_caseload(indicator, members, last, records) * aged, aged)


def _count_register_attendances(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    found = records.attendances
    unplanned = found[found["category"].isna() | found["category"].isin(indicator.codes)]
    register = _is_on_caseload(indicator, members, members["month"], records)
    return Counted(_place(members, unplanned["person"], unplanned["attended_on"]) * register, register)


def _count_care_home_moves(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    services = records.social_care
    first = services[services["service"].isin(indicator.codes)].groupby("person", as_index=False)["started_on"].min()
    aged = _is_aged(indicator, members)
    return Counted(_place(members, first["person"], first["started_on"]) * aged, aged)


def _count_helped_at_home(indicator: Indicator, members: pd.DataFrame, records: IndicatorRecords) -> Counted:
    services = records.social_care
    helped = services[services["service"].isin(indicator.codes)]
    aged = _is_aged(indicator, members)
    last = members["month"] + pd.offsets.MonthEnd(1)
    return Counted(
        _is_open(members, last, helped.rename(columns={"started_on": "from_on", "ended_on": "to_on"})) * aged, aged
    )


_MEASURES: dict[str, Measuring] = {
    "stays": _count_stays,
    "bed_days": _count_bed_days,
    "readmissions": _count_readmissions,
    "usual_place": _count_usual_place,
    "register": _count_register,
    "register_attendances": _count_register_attendances,
    "care_home_moves": _count_care_home_moves,
    "helped_at_home": _count_helped_at_home,
    # The ratio is worked out from what is shown of the stays.
    "inequality_ratio": _count_stays,
}


def _is_aged(indicator: Indicator, members: pd.DataFrame) -> pd.Series:
    return members["years_old"].between(indicator.min_age, indicator.max_age).astype(int)


def _is_on_caseload(
    indicator: Indicator, members: pd.DataFrame, days: pd.Series, records: IndicatorRecords
) -> pd.Series:
    """1 for each member whom a team holds on the day, by the rule of the lists; with the statuses of a register, if
    it names any."""
    named = indicator.codes if indicator.measure == "register" else ()
    on_it = pd.Series(0, index=members.index)
    for day, rows in split_by_day(members, days):
        held = select_held(records.caseload, day)
        persons = held.loc[held["status"].isin(named), "person"] if named else held["person"]
        on_it[rows.index] = rows["person"].isin(persons).astype(int)
    return on_it


def _is_open(members: pd.DataFrame, days: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """1 for each member with a row that had begun by the day and had not ended on it."""
    asked = pd.DataFrame({"row": members.index, "person": members["person"], "day": days})
    pairs = asked.merge(rows[["person", "from_on", "to_on"]], on="person")
    begun = pd.to_datetime(pairs["from_on"]) <= pairs["day"]
    ended = pd.to_datetime(pairs["to_on"]) <= pairs["day"]
    return pd.Series(members.index.isin(pairs.loc[begun & ~ended, "row"]).astype(int), index=members.index)


def _place(members: pd.DataFrame, person: pd.Series, day: pd.Series, weight: pd.Series | None = None) -> pd.Series:
    """For each member and month the number of events of that person in that month, or the sum of their weights."""
    months = day.dt.to_period("M").dt.to_timestamp().astype("datetime64[s]")
    events = pd.DataFrame({"person": person, "month": months, "n": 1 if weight is None else weight})
    summed = events.groupby(["person", "month"])["n"].sum()
    keys = pd.MultiIndex.from_arrays([members["person"], members["month"]])
    return pd.Series(summed.reindex(keys).fillna(0).astype(int).to_numpy(), index=members.index)
