"""How large a share of ordinary reasons is not told: what the site states, and more where its own records ask for it.

"Another reason" gives nothing away only while most events that read so are ordinary ones. How many are sensitive is not
the same everywhere, so the share that a site states is the least that is not told. By age it is raised until, among the
events that a reader can tell apart and that hold the most sensitive reasons, about 1 in 6 that read so is a sensitive
one: 1 in 5 is the promise, and which ordinary ones are taken is by chance. In steps of a fifth, so that a few more
events change no page from week to week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from riskstrat.definitions.ages import AGES
from riskstrat.definitions.durations import age_in_years
from riskstrat.people.told_reasons import SILENT, ReasonRules, mark_sensitive_complaints, mark_sensitive_stays
from riskstrat.sources.selection import find_event_column, known_rows
from riskstrat.sources.store import Store
from riskstrat.sources.streams import ADMISSION_METHODS, EMERGENCY, codes_in
from riskstrat.sources.tables import admissions, attendances, diagnoses

ORDINARY, FEWEST_ORDINARY = 5, 4
"""Ordinary events that should read so for each sensitive one; how many must, or nothing is said at all."""

STEPS = 5
"""Steps from telling every ordinary reason to telling none."""

FEWEST = 400
"""Events of a group, or of an age in all, below which one person's records could move its share by a step."""

NIGHTS, TIMES = (1, 4, 8), (2, 4)
"""From how many nights, and from how many events of one person, another group of events begins."""


@dataclass(frozen=True)
class RecentEvents:
    """Everybody's whole record as it stood on a day, of so many days up to it."""

    store: Store
    day: date
    days: int

    def read(self, rows: ir.Table, *columns: str) -> pd.DataFrame:
        """One row per row of a stream: person, `day` of its event, and these columns."""
        event = find_event_column(rows)
        recent = rows.filter(rows[event] >= self.day - timedelta(days=self.days - 1), rows[event] <= self.day)
        found, _ = known_rows(self.store, recent, ("person", event, *columns), self.day)
        return pd.DataFrame(found).rename(columns={event: "day"})

    def people(self) -> pd.DataFrame:
        """One row per person, in the order of person numbers."""
        return self.store.people()


def raise_for_stays(rules: ReasonRules, borough: RecentEvents) -> ReasonRules:
    """The rules with the shares that the coded emergency stays ask for."""
    urgent = admissions.filter(admissions.method.isin(codes_in(rules.codelists, ADMISSION_METHODS, EMERGENCY)))
    stays = borough.read(urgent, "spell", "discharged_on", "specialty", "destination")
    coded = borough.read(diagnoses, "spell", "position", "system", "code")
    stays = stays[stays["spell"].isin(coded["spell"][(coded["position"] == 1).to_numpy()]).to_numpy()]
    nights = np.searchsorted(NIGHTS, (stays["discharged_on"] - stays["day"]).dt.days, side="right")
    secret = mark_sensitive_stays(stays, coded, rules.codelists)
    return _raise_shares(rules, borough, stays.assign(nights=nights, secret=secret), ["nights", "destination"])


def raise_for_visits(rules: ReasonRules, borough: RecentEvents) -> ReasonRules:
    """The rules with the shares that the A&E visits with a complaint ask for."""
    told = attendances.filter(attendances.complaint.notnull())
    visits = borough.read(told, "complaint", "arrival_mode", "department_type")
    secret = mark_sensitive_complaints(visits, rules.codelists)
    return _raise_shares(rules, borough, visits.assign(secret=secret), ["arrival_mode", "department_type"])


def find_share(secret: int, of: int) -> float:
    """The share of ordinary events not to be told where so many are sensitive, in steps; `SILENT` if none will do."""
    ordinary = of - secret
    if ordinary < FEWEST_ORDINARY * secret:
        return SILENT
    return min(1.0, -(-STEPS * ORDINARY * secret // ordinary) / STEPS) if secret else 0.0


def _raise_shares(rules: ReasonRules, borough: RecentEvents, events: pd.DataFrame, seen: list[str]) -> ReasonRules:
    """seen: columns of what a reader sees of such events, beside age, sex, year and how many a person has."""
    people, person = borough.people(), events["person"].to_numpy()
    born = people["date_of_birth"].to_numpy().astype("datetime64[D]")[person]
    age = np.nan_to_num(age_in_years(born, events["day"].to_numpy().astype("datetime64[D]")))
    told = events.assign(
        aged=np.searchsorted(AGES, age, side="right"),
        sex=people["sex"].to_numpy()[person],
        year=(pd.Timestamp(borough.day) - events["day"]).dt.days // 365,
        times=np.searchsorted(TIMES, events.groupby("person")["person"].transform("size"), side="right"),
    )
    starts = rules.settings.list_untold_ages()
    own = np.searchsorted(starts, age, side="right") - 1
    groups = ["aged", "sex", "year", "times", *seen]
    return replace(rules, raised={start: _find_largest(told[own == n], groups) for n, start in enumerate(starts)})


def _find_largest(events: pd.DataFrame, groups: list[str]) -> float:
    """The largest share that any group of events asks for, or all of them together."""
    found = [find_share(int(events["secret"].sum()), len(events)) if len(events) >= FEWEST else 0.0]
    for name in groups:
        counted = events.groupby(name, dropna=False, observed=True)["secret"].agg(["sum", "size"])
        large = counted[(counted["size"] >= FEWEST).to_numpy()]
        found += [find_share(int(secret), int(of)) for secret, of in zip(large["sum"], large["size"], strict=True)]
    return max(found)
