"""Who was on the teams' caseload on a day and how old they were, and whether the records reach far enough to tell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from riskstrat.casefinding.caseload_coverage import CASELOAD, WORDS, add_caseload, explain_endless
from riskstrat.casefinding.register import register_at
from riskstrat.cohort import at_dates
from riskstrat.definitions.ages import name_age_band
from riskstrat.definitions.durations import age_in_years
from riskstrat.definitions.recipes import CohortRecipe
from riskstrat.definitions.vocabulary import SOURCE_WORDS
from riskstrat.planning.caseload import CaseloadForecast, follow_year, forecast_caseload
from riskstrat.site.opening import Site
from riskstrat.sources.coverage import Coverage, read_coverage
from riskstrat.sources.doubts import explain_lacking, explain_silence

EVERYBODY = CohortRecipe(min_age=0, max_age=120)
YEAR = timedelta(days=365)


def forecast_from(opened: Site, day: date) -> tuple[CaseloadForecast | None, str]:
    """The caseload 12 months after a day, by what happened in the year up to it; or none, and why it cannot be told."""
    why = explain_untold(opened, day - YEAR, day)
    return (None, why) if why else (_forecast(opened, day, None), "")


def forecast_back(opened: Site, day: date) -> tuple[CaseloadForecast | None, str]:
    """The same from a year before a day, with those on the caseload on the day; or none, and why."""
    why = explain_untold(opened, day - 2 * YEAR, day)
    return (None, why) if why else (_forecast(opened, day - YEAR, day), "")


def explain_untold(opened: Site, first: date, last: date) -> str:
    """Why the records do not tell who was on the caseload from one day to the other; empty where they do."""
    store = opened.store
    if not store.comparable_dates:
        return "the dates of this source are shifted from person to person"
    for table in (CASELOAD, "registrations"):
        if table not in store.landed:
            return f"no {table} table was landed"
    coverage = add_caseload(read_coverage(store, opened.workspace.settings.data.coverage), store)
    spans = (_explain_span(coverage, table, first, last) for table in (CASELOAD, "registrations"))
    return explain_endless(store.read(CASELOAD)) or next(filter(None, spans), "")


def _explain_span(coverage: Coverage, table: str, first: date, last: date) -> str:
    words = {CASELOAD: WORDS, **SOURCE_WORDS}[table]
    lacking = explain_lacking(coverage, table, words, first, last)
    return lacking or (explain_silence(coverage, table, words, first, last) if table == CASELOAD else "")


def _forecast(opened: Site, day: date, then: date | None) -> CaseloadForecast:
    before, now = _read_day(opened, day - YEAR), _read_day(opened, day)
    followed, joined = follow_year(before.people, now.people, now.dead)
    return forecast_caseload(now.people, followed, joined, None if then is None else _read_day(opened, then).people)


class _Day(NamedTuple):
    """people: one row per person alive and registered on a day, as known then, who has not opted out now: person, band,
    next_band (of their age a year on), held. dead: persons recorded dead by then."""

    people: pd.DataFrame
    dead: frozenset[int]


def _read_day(opened: Site, day: date) -> _Day:
    found = at_dates(opened.store, EVERYBODY, [day], opened.opt_outs)
    person = found.rows["person"].to_numpy()
    born = pd.to_datetime(opened.store.people()["date_of_birth"]).to_numpy().astype("datetime64[D]")[person]
    bands = [
        [name_age_band(age) for age in age_in_years(born, np.full(len(born), at, "datetime64[D]"))]
        for at in (day, day + YEAR)
    ]
    held = np.isin(person, [*register_at(opened.store.read(CASELOAD), day).known])
    people = pd.DataFrame({"person": person, "band": bands[0], "next_band": bands[1], "held": held})
    return _Day(people, frozenset(found.dead["person"].tolist()))
