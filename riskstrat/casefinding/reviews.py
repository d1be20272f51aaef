"""What the teams decided before: how long a person rests after a review, and when each was last discussed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from riskstrat.definitions.settings import CasefindingSettings

COLUMNS = ("person", "day", "list_date", "outcome", "due_on")

CLOSING = ("moved", "died", "data_error")
"""Outcomes that close a case: whoever is listed after one is another case."""


def reviews_by(reviews: pd.DataFrame | None, at: date) -> pd.DataFrame:
    """One row per decision made by that day: person, day, list_date, outcome, due_on.

    The day is that of the decision; one without a day counts on its list's.
    """
    if reviews is None:
        reviews = pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    dates = {
        name: pd.to_datetime(reviews[name]) if name in reviews else pd.Series(pd.NaT, index=reviews.index)
        for name in ("list_date", "decided_on", "due_on")
    }
    words = reviews["outcome"].str.strip().str.lower().str.replace(r"[ -]+", "_", regex=True)
    rows = pd.DataFrame(
        {
            "person": reviews["person"],
            "day": dates["decided_on"].fillna(dates["list_date"]),
            "list_date": dates["list_date"],
            "outcome": words,
            "due_on": dates["due_on"],
        }
    )
    return rows[rows["day"] <= pd.Timestamp(at)].reset_index(drop=True)


def last_discussed(decided: pd.DataFrame) -> pd.Series:
    """By person the latest day of a decision, or of the list it was made on if that is later."""
    return decided[["day", "list_date"]].max(axis=1).groupby(decided["person"]).max()


def last_put_off(decided: pd.DataFrame) -> pd.Series:
    """By person the latest day of a decision, as `last_discussed` has it, where only deferring was decided then."""
    newest = decided[decided["day"] == decided.groupby("person")["day"].transform("max")]
    deferred = (newest["outcome"] == "deferred").groupby(newest["person"]).all()
    days = last_discussed(newest)
    return days[deferred.reindex(days.index).to_numpy(dtype=bool)]


def last_closed(decided: pd.DataFrame) -> pd.Series:
    """By person the latest day of a decision that closes a case."""
    return decided.loc[decided["outcome"].isin(CLOSING)].groupby("person")["day"].max()


def rests(decided: pd.DataFrame, team_weeks: Mapping[int, int | None], rules: CasefindingSettings) -> pd.DataFrame:
    """One row per person, indexed by person: day, weeks, until (first day of listing again), declined, died, moved.

    Only decisions of a person's latest day count: a later review replaces an earlier one, and of several outcomes of
    one day the longest rest holds. `team_weeks` has each person's own team's rest_weeks. A person deferred to a day
    rests until it.
    """
    latest = decided[decided["day"] == decided.groupby("person")["day"].transform("max")]
    latest = latest[latest["person"].isin(team_weeks.keys())]
    pairs = zip(latest["outcome"], latest["person"], strict=True)
    weeks = [rules.rest_after(outcome, team_weeks[person]) for outcome, person in pairs]
    rows = latest.assign(weeks=pd.Series(weeks, index=latest.index, dtype="int64"))
    until = rows["day"] + pd.to_timedelta(rows["weeks"] * 7, unit="D")
    due = rows["due_on"].where(rows["outcome"] == "deferred")
    rows["until"], rows["deferred"] = until.where(~(due > until), due), due > until
    for outcome in ("declined", "died", "moved"):
        rows[outcome] = rows["outcome"] == outcome
    by_person = rows.sort_values(["person", "until", "weeks"]).groupby("person")
    kept = by_person[["day", "weeks", "until", "deferred"]].last()
    return kept.join(by_person[["declined", "died", "moved"]].any())
