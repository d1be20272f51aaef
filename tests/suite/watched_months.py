"""Months of lists in use, drawn at random with nothing wrong, or with one thing wrong: what `monitor` reads of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.monitoring import MonitoringPlan
from riskstrat.monitoring.drift import judge_features, judge_risks
from riskstrat.monitoring.findings import Finding
from riskstrat.monitoring.recency import judge_recency, judge_sources
from riskstrat.monitoring.ripened import RipeList, judge_ripe, tabulate_months
from riskstrat.monitoring.watching import Watched
from riskstrat.monitoring.work import WorkedList, judge_work
from riskstrat.sources.coverage import Coverage
from riskstrat.sources.doubts import find_doubts

Array = npt.NDArray[Any]

TODAY = date(2026, 11, 16)
THEMES = {"hospital use": ("stays", "visited"), "medicines": ("items", "rare_medicine"), "age and area": ("tested",)}
SHARES = {"North": 0.4, "South": 0.3, "East": 0.25, "Quay": 0.05}
"""The teams, one of them small."""

FIFTHS = ("1 most deprived", "2", "3", "4", "5 least deprived")
MONTHS_OF_OUTCOME = 12


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a month; by itself nothing.

    hospital: how many times as often people have what the features of hospital use count. raised: added to the log odds
    of the scores of new people. happens: how many times as many have the outcome. favoured: by how much, in log odds,
    the list raises the least deprived and lowers the most deprived.
    """

    hospital: float = 1.0
    raised: float = 0.0
    happens: float = 1.0
    favoured: float = 0.0


NOTHING = Wrong()


def expit(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


class Borough:
    """People whose risk of the outcome in 12 months is known, and who are scored with just that risk."""

    def __init__(self, people: int, months: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.risk = expit(self.random.normal(-3, 1.1, people))
        self.groups = pd.DataFrame(
            {
                "imd_quintile": self.random.choice(FIFTHS, people),
                "sex": self.random.choice(["female", "male"], people),
                "age_band": np.where(self.random.random(people) < self.risk**0.5, "75 to 84", "40 to 49"),
            }
        )
        # Events month by month, so that the years of two lists overlap as they do in use.
        rate = -np.log1p(-self.risk) / MONTHS_OF_OUTCOME
        self.events = self.random.poisson(rate, (months + MONTHS_OF_OUTCOME, people))

    def list_at(self, month: int, wrong: Wrong) -> RipeList:
        """The list of a month and what came of everybody."""
        people = len(self.risk)
        had = self.events[month : month + MONTHS_OF_OUTCOME].sum(axis=0) > 0
        had |= self.random.random(people) < self.risk * (wrong.happens - 1)
        had &= self.random.random(people) < wrong.happens
        fifth = np.searchsorted(FIFTHS, self.groups["imd_quintile"]) - 2
        order = np.log(self.risk / (1 - self.risk)) + wrong.favoured * fifth + self.random.normal(0, 0.1, people)
        listed = order >= np.quantile(order, 0.95)
        frame = self.groups.assign(risk=self.risk, outcome=had.astype(float), listed=listed)
        return RipeList(TODAY - timedelta(days=450), frame.assign(touched=listed | (self.random.random(people) < 0.03)))

    def draw_people(self, people: int, wrong: Wrong) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores and features of people drawn anew: as much chance as there can be between two lists."""
        need = self.random.normal(0, 1, people)
        scores = pd.DataFrame(
            {
                "team": self.random.choice(list(SHARES), people, p=list(SHARES.values())),
                "risk": expit(-3 + 1.1 * need + wrong.raised),
            }
        )
        stays = self.random.poisson(np.exp(need - 2) * wrong.hospital).astype(float)
        features = pd.DataFrame(
            {
                "stays": stays,
                "visited": (stays > 0) & (self.random.random(people) < 0.7),
                "items": self.random.poisson(4 * np.exp(0.5 * need)),
                "rare_medicine": self.random.random(people) < 0.01,
                "tested": np.where(self.random.random(people) < 0.3, np.nan, self.random.normal(0, 1, people)),
            }
        ).astype(float)
        return scores, features

    def draw_weeks(self) -> list[WorkedList]:
        """Twelve lists of 60 places, of which about half are new each week and seven in ten come back."""
        return [
            WorkedList(
                TODAY - timedelta(weeks=back), 60, *map(int, self.random.binomial(60, [0.5, 0.7, 0.1])), capacity=60
            )
            for back in range(11, -1, -1)
        ]


def draw_doubts(random: np.random.Generator, silent_for: int = 0) -> tuple[str, ...]:
    """What the engine doubts of two sources of three years, one from three hospitals of which one may fall silent."""
    months = pd.date_range("2023-11-01", "2026-10-01", freq="MS")
    rows = []
    for source, contributors in (("admissions", (200, 150, 100)), ("attendances", (700,))):
        for number, rate in enumerate(contributors):
            last = len(months) - (silent_for if (source, number) == ("admissions", 2) else 0)
            counts = random.poisson(rate, len(months))[:last]
            for month, count in zip(months, counts, strict=False):
                rows.append(
                    (
                        source,
                        f"R{number}" if len(contributors) > 1 else "",
                        month,
                        count,
                        month,
                        month + pd.offsets.MonthEnd(0),
                    )
                )
    columns = ["source", "contributor", "month", "rows", "first_day", "last_day"]
    table = pd.DataFrame(rows, columns=columns)
    coverage = Coverage(
        table, {"admissions": TODAY - timedelta(days=14), "attendances": TODAY - timedelta(days=14)}, {}
    )
    store: Any = SimpleNamespace(
        comparable_dates=True,
        landed=frozenset({"admissions", "attendances"}),
        people_count=20_000,
        manifest={"codes": []},
    )
    return find_doubts(store, coverage)


def watch_months(
    plan: MonitoringPlan, months: int, people: int, seed: int, wrong: Wrong = Wrong()
) -> Iterator[list[Finding]]:
    """What is found in each of `months` months, each with something `wrong`; every two years another champion."""
    borough = Borough(people, months, seed)
    for month in range(months):
        if month % 24 == 0:
            first = borough.draw_people(people, NOTHING)
        later = borough.draw_people(people, wrong)
        weeks = borough.draw_weeks()
        yield [
            *judge_recency([week.day for week in weeks], {"admissions": TODAY - timedelta(days=20)}, TODAY, plan),
            *judge_sources(draw_doubts(borough.random), ()),
            *judge_risks(first[0], later[0], plan),
            *judge_features(first[1], later[1], THEMES, plan),
            *judge_ripe(borough.list_at(month, wrong), None, plan),
            *judge_work(weeks, TODAY, plan),
        ]


def select_alerts(found: list[Finding]) -> list[Finding]:
    """Those that are alerts."""
    return [one for one in found if one.state == "alert"]


def build_watched(plan: MonitoringPlan) -> Watched:
    """A page's worth of findings: alerts, things that are well, and some that too few people tell of."""
    (found,) = watch_months(plan, 1, 3000, 308, Wrong(favoured=0.9, raised=0.7))
    borough = Borough(3000, 2, 309)
    months = tabulate_months([borough.list_at(month, NOTHING) for month in range(2)])
    understood = (("complaint in attendances", 0.93), ("code in diagnoses", 0.71))
    return Watched(TODAY, plan, "Emergency admission in 12 months", tuple(found), months, date(2026, 3, 2), understood)
