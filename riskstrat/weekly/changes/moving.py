"""Who entered a list, left it or moved on it since the last one, and why in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.vocabulary import NEVER_PRINTED, OUTCOME_WORDS
from riskstrat.site.opening import Site

MOVES = ("entered", "moved", "left")
COLUMNS = ("team", "reference", "patient_id", "what", "detail")

NOT_AVAILABLE = "Not available"
ABSENT: Mapping[str, str] = {
    "dead": "Died",
    DOUBTFUL_DEATH: "Recorded dead, later activity: check",
    "not registered": "No longer registered",
    "too young": "Below the age limit",
    "too old": "Past the age limit",
    "earlier discharge": "No recent discharge",
    "died since": "Died",
    "left since": "No longer registered",
}
"""What is said of people who are no longer eligible, by the words of a cohort's counts; of anybody else, opted out or
for a reason that nobody gave, only that their record is not available."""

REVIEWED = ("reviewed", "declined", "deferred")
"""Beginnings of the reasons for leaving out people whose review is told instead, with its date."""


def data_moved(before_manifest: Mapping[str, Any], opened: Site) -> bool:
    """Whether any stored row differs from those behind an earlier list, by the manifest of its publication."""
    return bool(before_manifest["inputs"]["data"] != opened.store.fingerprint)


def refresh_moved(before_manifest: Mapping[str, Any], opened: Site) -> bool:
    """Whether a refresh has said more of who is kept off lists than an earlier list knew."""
    refreshed = opened.store.refreshed.digest if opened.store.refreshed is not None else ""
    return bool(before_manifest["inputs"].get("refreshed", "") != refreshed)


def moves(
    before: pd.DataFrame,
    everyone: pd.DataFrame,
    *,
    reviews: pd.DataFrame | None = None,
    why_absent: Callable[[str], str | None] = lambda patient: None,
) -> pd.DataFrame:
    """One row per team and person who entered, moved on or left its list: team, reference, patient_id, what, detail.

    before: one row per person listed last time, `list_date, team, patient_id, reference, rank`. everyone: one row per
    eligible person now, `team, patient_id, place, reason, order, reference, rank`. reviews: `patient_id, list_date,
    outcome, decided_on`. why_absent: of a patient_id that is no longer eligible, the reason in the words of a cohort's
    counts. Sorted by team; those who entered, then who moved, by rank now, then who left, by rank before. The reference
    is this list's, or the last one's for those who left.
    """
    now = everyone.set_index("patient_id")
    listed = now[now["place"] == "listed"]
    earlier = before.set_index("patient_id")
    rows = [_build_move_row(row, earlier) for row in listed.itertuples()]
    stays = {
        patient
        for patient, team in zip(listed.index, listed["team"], strict=True)
        if _is_previously_listed(earlier, patient, team)
    }
    told = _describe_reviews(reviews, before)
    for row in before.itertuples(index=False):
        if row.patient_id not in stays:
            detail = _explain_absence(row, now, told, why_absent)
            rows.append((row.team, "left", int(row.rank), row.reference, row.patient_id, detail))
    made = pd.DataFrame(
        [row for row in rows if row], columns=["team", "what", "rank", "reference", "patient_id", "detail"]
    )
    made["order"] = made["what"].map(MOVES.index)
    return made.sort_values(["team", "order", "rank", "patient_id"], ignore_index=True)[list(COLUMNS)]


def _is_previously_listed(earlier: pd.DataFrame, patient: str, team: str) -> bool:
    return patient in earlier.index and earlier.at[patient, "team"] == team


def _build_move_row(row: Any, earlier: pd.DataFrame) -> tuple[Any, ...] | None:
    """The line of somebody listed now; None where nothing moved."""
    rank = int(row.rank)
    if not _is_previously_listed(earlier, row.Index, row.team):
        from_where = ", from another team" if row.Index in earlier.index else ""
        return row.team, "entered", rank, row.reference, row.Index, f"Enters at rank {rank}{from_where}"
    was = int(earlier.at[row.Index, "rank"])
    if was == rank:
        return None
    detail = f"{'Up' if rank < was else 'Down'} from rank {was} to rank {rank}"
    return row.team, "moved", rank, row.reference, row.Index, detail


def _explain_absence(
    row: Any, now: pd.DataFrame, reviews: Mapping[str, str], why_absent: Callable[[str], str | None]
) -> str:
    """Where somebody is who was listed last time and is not on that team's list now."""
    if row.patient_id not in now.index:
        return ABSENT.get(why_absent(row.patient_id) or "", NOT_AVAILABLE)
    found = now.loc[row.patient_id]
    if found["team"] != row.team:
        return "Now with another team"
    if found["place"] == "known":
        return "Now on the caseload"
    if found["place"] == "excluded":
        reason = str(found["reason"])
        return (
            reviews.get(row.patient_id, _capitalise_initial(reason))
            if reason.startswith(REVIEWED)
            else _capitalise_initial(reason)
        )
    return f"Below the line: {_explain_below(found, now)}"


def _explain_below(found: pd.Series, now: pd.DataFrame) -> str:
    """Why others are listed: their estimates alone do not say it where one of them stands lower."""
    if pd.notna(found["reason"]):
        return str(found["reason"])
    listed = now[(now["team"] == found["team"]) & (now["place"] == "listed")]
    if (listed["order"] > found["order"]).any():
        return "others come first, some of them with a lower estimate"
    return "others have a higher estimate"


def _capitalise_initial(words: str) -> str:
    return words[:1].upper() + words[1:]


def _describe_reviews(reviews: pd.DataFrame | None, before: pd.DataFrame) -> dict[str, str]:
    """For each person listed before who was reviewed: when, as last recorded, and what the review ended in."""
    if reviews is None or reviews.empty:
        return {}
    rows = reviews[reviews["patient_id"].isin(set(before["patient_id"]))]
    day = pd.to_datetime(rows["decided_on"]).fillna(pd.to_datetime(rows["list_date"]))
    rows = rows.assign(day=day)
    latest = rows[rows["day"] == rows.groupby("patient_id")["day"].transform("max")]
    return {str(patient): _describe_review(each) for patient, each in latest.groupby("patient_id", sort=False)}


def _describe_review(rows: pd.DataFrame) -> str:
    """`Reviewed on 12 November 2026: falls service, telecare`."""
    offered = list(OUTCOME_WORDS)
    said = set(rows["outcome"]) - set(NEVER_PRINTED)
    outcomes = sorted(said, key=lambda one: (offered.index(one) if one in offered else 99, one))
    words = [_lower_initial(OUTCOME_WORDS.get(outcome, str(outcome).replace("_", " "))) for outcome in outcomes]
    day = long_date(rows["day"].iloc[0].date())
    return f"Reviewed on {day}: {', '.join(words)}" if words else f"Reviewed on {day}"


def _lower_initial(words: str) -> str:
    return words[:1].lower() + words[1:]
