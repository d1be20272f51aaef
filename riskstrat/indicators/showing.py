"""From the rows of a borough to what is shown of each month: each indicator counted by place, then all hidden together.

What is shown of a month depends on that month's own counts, of every indicator that the tables give, printed or not: so
two packs tell no more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from riskstrat.definitions.indicators import Indicator
from riskstrat.definitions.table_rows import split_by_day
from riskstrat.indicators.hiding import Families, Place, ShownCount, hide_sums
from riskstrat.indicators.layers import list_sums, name_denominator, name_numerator
from riskstrat.indicators.measures import count_indicator
from riskstrat.indicators.places import MonthPlaces, build_tree, count_places, read_members
from riskstrat.indicators.records import IndicatorRecords
from riskstrat.indicators.together import Layer, hide_together
from riskstrat.site.opening import Site

ShownMonths = dict[date, dict[Place, ShownCount]]


@dataclass(frozen=True)
class BoroughMonths:
    """Members with their months, the tree of places of each month, and the rows to count."""

    members: pd.DataFrame
    trees: Mapping[date, MonthPlaces]
    records: IndicatorRecords


@dataclass(frozen=True)
class MonthCounts:
    """One indicator in one month by place; events: of a sum such as bed days, how many events it is of.

    follow_days: how many days after the month count in it.
    """

    numerator: dict[Place, int]
    denominator: dict[Place, int]
    events: dict[Place, int] | None
    follow_days: int = 0


def read_borough(opened: Site, months: Sequence[date]) -> BoroughMonths:
    """Members and places of these months, and the records that indicators count."""
    members = read_members(opened, months)
    by_month = dict(split_by_day(members, "month"))
    empty = members.iloc[:0]
    return BoroughMonths(
        members, {month: build_tree(by_month.get(month, empty)) for month in months}, IndicatorRecords(opened)
    )


def count_months(indicator: Indicator, borough: BoroughMonths, data_as_at: date) -> dict[date, MonthCounts]:
    """The counts of each month, without those that are not followed yet."""
    counted = count_indicator(indicator, borough.members, borough.records)
    found = {}
    for month, tree in sorted(borough.trees.items()):
        if find_last_day(month) + timedelta(days=counted.follow_days) > data_as_at:
            continue
        rows = borough.members[borough.members["month"] == pd.Timestamp(month)]
        parts = (counted.numerator, counted.denominator, counted.events)
        numerator, denominator, events = (
            None if part is None else count_places(rows, part[rows.index], tree) for part in parts
        )
        assert numerator is not None
        assert denominator is not None
        found[month] = MonthCounts(numerator, denominator, events, counted.follow_days)
    return found


def show_months(
    indicators: Sequence[Indicator],
    counted: Mapping[str, Mapping[date, MonthCounts]],
    trees: Mapping[date, MonthPlaces],
) -> dict[str, tuple[ShownMonths, ShownMonths]]:
    """By the name of each indicator what is shown of its numerator and its denominator, by month and place."""
    shown: dict[str, tuple[ShownMonths, ShownMonths]] = {one.name: ({}, {}) for one in indicators}
    for month, tree in trees.items():
        told = [one for one in indicators if month in counted[one.name]]
        layers = show_month(told, {one.name: counted[one.name][month] for one in told}, tree.families)
        for one in told:
            shown[one.name][0][month], shown[one.name][1][month] = layers[one.name]
    return shown


def show_month(
    indicators: Sequence[Indicator], counted: Mapping[str, MonthCounts], families: Families
) -> dict[str, tuple[dict[Place, ShownCount], dict[Place, ShownCount]]]:
    """The same of one month, all of whose indicators are hidden together."""
    layers: dict[Layer, dict[Place, int]] = {}
    for one in indicators:
        if counted[one.name].events is None:
            layers[name_numerator(one)] = counted[one.name].numerator
        layers[name_denominator(one)] = counted[one.name].denominator
    sums = [one for one in list_sums(indicators) if {one.whole, *one.parts} <= layers.keys()]
    shown = hide_together(layers, sums, families)
    found = {}
    for one in indicators:
        month = counted[one.name]
        summed = None if month.events is None else hide_sums(month.events, month.numerator, families)
        found[one.name] = (shown[name_numerator(one)] if summed is None else summed, shown[name_denominator(one)])
    return found


def find_last_day(month: date) -> date:
    """The last day of the month that begins on a day."""
    return (pd.Timestamp(month) + pd.offsets.MonthEnd(1)).date()
