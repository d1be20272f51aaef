"""What the lists of a site could show after some months of listing, and the page that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from riskstrat.definitions.phrases import long_date
from riskstrat.documents.figures_page import FiguresPage, FiguresTable
from riskstrat.impact.detecting import Assumptions, find_detectable_fall
from riskstrat.impact.listings import Listings

MONTHS = (3, 6, 12, 24)
ROUNDED_TO = 5

LIMITS = (
    "It is about comparing people listed with people as likely who were not listed yet. A plain before and after needs "
    "fewer people and shows nothing: people chosen at their worst get better by themselves.",
    "A smaller effect may still be there: that it cannot be told from none does not mean that there is none.",
    "The shares assumed come from simulated lists; a site's own may differ. Where all teams have room for nearly "
    "everybody at high risk, there are few people to compare with, and less can be told.",
    "Effects are on the number of emergency admissions, and are taken to be the same for everybody listed.",
    "It is of the planned comparison. The line of the lists by itself tells next to nothing on most sites.",
    "Nor do teams that begin at different times tell much: they are far fewer than people.",
)


@dataclass(frozen=True)
class Detectable:
    """After `months` of listing: people listed for the first time, and the smallest fall found in 8 trials of 10."""

    months: int
    people: float
    fall: float | None


def compute_events(risks: pd.Series, horizon_days: int, followed_weeks: int) -> float:
    """Emergency admissions expected of a person in the weeks followed, from risks of one within the horizon."""
    capped = np.clip(risks.to_numpy(float), 0, 1 - 1e-9)
    return float((-np.log1p(-capped)).mean() * followed_weeks * 7 / horizon_days)


def compute_detectable(new_a_year: float, events: float, assumed: Assumptions) -> tuple[Detectable, ...]:
    """What could be found after each of `MONTHS`."""
    people = {months: new_a_year * months / 12 for months in MONTHS}
    return tuple(
        Detectable(months, count, find_detectable_fall(count, events, assumed)) for months, count in people.items()
    )


def word_detectable(one: Detectable) -> str:
    """One plain sentence."""
    whom = f"With {_word_people(one.people)} people listed in {one.months} months"
    if one.fall is None:
        return f"{whom}, no effect of any size could be told from none."
    return f"{whom}, effects below {one.fall:.0%} cannot be told from none."


def build_power_page(
    listings: Listings, found: Sequence[Detectable], events: float, followed_weeks: int, assumed: Assumptions
) -> FiguresPage:
    """The page; findings and assumptions as they were worked out."""
    return FiguresPage(
        title="What these lists could show",
        about=f"From {listings.lists} published {_word_lists(listings.lists)}, {long_date(listings.first)} to "
        f"{long_date(listings.last)}.",
        summary=[
            "Before anybody promises fewer admissions: this is the smallest fall that a fair comparison would find.",
            *(word_detectable(one) for one in found),
        ],
        tables=[_tabulate_found(found, followed_weeks), _tabulate_assumed(events, followed_weeks, assumed)],
        limits=LIMITS,
        date=listings.last.isoformat(),
    )


def describe_power(
    listings: Listings, found: Sequence[Detectable], events: float, followed_weeks: int, assumed: Assumptions
) -> dict[str, object]:
    """The same as data."""
    return {
        "first_list": listings.first,
        "last_list": listings.last,
        "lists": listings.lists,
        "events_expected": events,
        "followed_weeks": followed_weeks,
        "assumed": asdict(assumed),
        "detectable": [asdict(one) for one in found],
        "sentences": [word_detectable(one) for one in found],
    }


def _tabulate_found(found: Sequence[Detectable], followed_weeks: int) -> FiguresTable:
    rows = [(f"{one.months} months", _word_people(one.people), _word_fall(one.fall)) for one in found]
    says = (
        f"Each person is followed for {followed_weeks} weeks from their first list. The fall is the smallest that "
        "would be found in 8 trials of 10, with at most 1 in 20 finding an effect where there is none.",
    )
    columns = ("Listing for", "People listed for the first time", "Smallest fall in emergency admissions")
    return FiguresTable("Smallest fall that would be found", says, columns, rows)


def _tabulate_assumed(events: float, followed_weeks: int, assumed: Assumptions) -> FiguresTable:
    rows = (
        (f"Emergency admissions of a person in {followed_weeks} weeks, by the model", f"{events:.2f}"),
        ("People listed who have somebody to compare with", f"{assumed.matched:.0%}"),
        ("People compared with, for each", f"{assumed.controls:.1f}"),
        ("Of their admissions, those after they are listed themselves", f"{assumed.listed_later:.0%}"),
        ("Variance of a person's number of admissions, over its mean", f"{assumed.clustering:.1f}"),
    )
    says = ("The first comes from the estimates on the published lists, the others from simulated lists.",)
    return FiguresTable("What is assumed", says, ("Assumption", "Taken as"), rows)


def _word_people(people: float) -> str:
    return f"{round(people / ROUNDED_TO) * ROUNDED_TO:,}"


def _word_fall(fall: float | None) -> str:
    return "none could be found" if fall is None else f"{fall:.0%}"


def _word_lists(lists: int) -> str:
    return "list" if lists == 1 else "lists"
