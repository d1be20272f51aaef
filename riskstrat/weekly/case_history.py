"""What is told of a case's past: when the person was known before and what came of it, and the team's last decision."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
from pandas.api.typing import NaTType

from riskstrat.definitions.table_rows import read_rows
from riskstrat.definitions.vocabulary import NEVER_PRINTED, OUTCOME_WORDS
from riskstrat.documents import long_date
from riskstrat.people.timeline import NO_ENDS, NO_TIMES
from riskstrat.publication import CaseAction, CaseDecision, Rise

_NO_REVIEWS = pd.DataFrame(columns=["patient_id", "team", "outcome", "reason", "owner", "due_on", "day"])


def gather_latest_reviews(reviews: pd.DataFrame | None, patients: Collection[str]) -> dict[str, pd.DataFrame]:
    """By patient_id, of those in `patients`, the rows of each review of theirs, one per outcome, with its `day`.

    reviews: one row per outcome: patient_id, team, list_date, outcome, decided_on, due_on, reason, owner.
    """
    if reviews is None or reviews.empty:
        return {}
    own = reviews[reviews["patient_id"].isin(patients)]
    day = pd.to_datetime(own["decided_on"]).fillna(pd.to_datetime(own["list_date"]))
    return {str(patient): rows for patient, rows in own.assign(day=day).groupby("patient_id", sort=False)}


class ReviewedAction(NamedTuple):
    """What a team decided, who does it and by when."""

    outcome: str
    owner: str | None
    due_on: date | None


def find_last_decision(reviews: pd.DataFrame | None, team: str) -> CaseDecision | None:
    """The last decision of one team about one person, from the rows of their reviews; None without."""
    own = _NO_REVIEWS if reviews is None else reviews[reviews["team"] == team]
    if own.empty:
        return None
    latest = _select_latest(own)
    shown = latest[~latest["outcome"].isin(NEVER_PRINTED)]
    actions = (
        CaseAction(_word_outcome(row.outcome), _clean(row.owner), row.due_on)
        for row in read_rows(shown, ReviewedAction)
    )
    notes = [] if len(shown) < len(latest) else [_clean(note) for note in latest["reason"] if pd.notna(note)]
    return CaseDecision(latest["day"].iloc[0].date(), tuple(actions), next(filter(None, notes), ""))


def describe_known_before(
    row: Mapping[Any, object], reviews: pd.DataFrame | None, quiet_months: int, *, ends_told: bool = True
) -> str:
    """When a listed person was known before and what came of it, in sentences; blank if they were not.

    row: the columns of a listed row (`riskstrat.casefinding.lists.ROW_COLUMNS`). reviews: their reviews, by any team.
    ends_told: whether the caseload says of anybody when it ended.
    """
    return ". ".join(_gather_sentences(row, reviews, quiet_months, ends_told=ends_told))


def find_rise(row: Mapping[Any, Any]) -> Rise | None:
    """The rise of a listed row; None where the estimate has not risen clearly."""
    since = _as_date(row["rising_since"])
    return None if since is None else Rise(since, float(row["risk_before"]))


def _gather_sentences(
    row: Mapping[Any, Any], reviews: pd.DataFrame | None, quiet_months: int, *, ends_told: bool
) -> Iterator[str]:
    held_since, left_on, listed_before = (_as_date(row[name]) for name in ("held_since", "left_on", "listed_before"))
    if held_since:
        began = long_date(held_since)
        held = f"since {began}" if ends_told else f"from {began}{NO_ENDS}"
        yield (
            f"On the caseload of {row['held_by']} {held}; no contact for {quiet_months} months or more, other than "
            "with a GP or as an outpatient"
        )
    decided = None
    if reviews is not None and len(reviews):
        latest = _select_latest(reviews)
        decided = latest["day"].iloc[0].date()
        words = [_word_outcome(outcome) for outcome in latest["outcome"] if outcome not in NEVER_PRINTED]
        came_of_it = f": {', '.join(dict.fromkeys(word[:1].lower() + word[1:] for word in words))}" if words else ""
        yield f"Reviewed on {long_date(decided)}{came_of_it}"
    if left_on:
        until = f"On the caseload of {row['left_team']} until {long_date(left_on)}"
        yield until if ends_told else f"Was on the caseload of {row['left_team']}{NO_TIMES}"
    if listed_before and (decided is None or decided < listed_before):
        yield f"On the list of {long_date(listed_before)}, without a decision on record"


def _select_latest(reviews: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last day, in the order in which a drop-down offers their outcomes."""
    latest = reviews[reviews["day"] == reviews["day"].max()]
    offered = {outcome: place for place, outcome in enumerate(OUTCOME_WORDS)}
    order = latest["outcome"].map(lambda outcome: (offered.get(outcome, len(offered)), str(outcome)))
    return latest.loc[order.sort_values(kind="stable").index]


def _word_outcome(outcome: str) -> str:
    words = OUTCOME_WORDS.get(outcome, str(outcome).replace("_", " "))
    return words[:1].upper() + words[1:]


def _clean(text: str | None) -> str:
    """The text without blanks around it; a reason that another system writes as a code reads as words."""
    said = (text or "").strip()
    return said.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z]+)+", said) else said


def _as_date(day: date | NaTType | None) -> date | None:
    return None if pd.isna(day) else pd.Timestamp(day).date()
