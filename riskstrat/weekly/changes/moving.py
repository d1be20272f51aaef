"""Who entered a list, left it or moved on it since the last one, and why in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.definitions.phrases import long_date
from riskstrat.definitions.table_rows import read_rows
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
    concerned = everyone[(everyone["place"] == "listed") | everyone["patient_id"].isin(before["patient_id"])]
    now = {person.patient_id: person for person in read_rows(concerned, PersonNow)}
    earlier = {person.patient_id: person for person in read_rows(before, PersonBefore)}
    listed = [person for person in now.values() if person.place == "listed"]
    rows = [row for person in listed if (row := _tell_move(person, earlier.get(person.patient_id)))]
    stays = {person.patient_id for person in listed if _is_on_same_list(person, earlier.get(person.patient_id))}
    told = _describe_reviews(reviews, before)
    for person in earlier.values():
        if person.patient_id not in stays:
            detail = _explain_absence(person, now, told, why_absent)
            rows.append(MoveRow(person.team, "left", person.rank, person.reference, person.patient_id, detail))
    rows.sort(key=lambda row: (row.team, MOVES.index(row.what), row.rank, row.patient_id))
    return pd.DataFrame(rows, columns=list(MoveRow._fields))[list(COLUMNS)]


class PersonNow(NamedTuple):
    """An eligible person with a team; reference and rank are None of whoever is not listed."""

    team: str
    patient_id: str
    place: str
    reason: str | None
    order: float
    reference: str | None
    rank: int | None


class PersonBefore(NamedTuple):
    """A person on the list before."""

    team: str
    patient_id: str
    reference: str
    rank: int


class MoveRow(NamedTuple):
    """What moved of one person and team; rank is that of now, or the one before of whoever left."""

    team: str
    what: str
    rank: int
    reference: str | None
    patient_id: str
    detail: str


def _is_on_same_list(now: PersonNow, before: PersonBefore | None) -> bool:
    return before is not None and before.team == now.team


def _tell_move(now: PersonNow, before: PersonBefore | None) -> MoveRow | None:
    """The line of somebody listed now; None where nothing moved."""
    assert now.rank is not None  # everybody who is listed has a rank
    if before is None or before.team != now.team:
        detail = f"Enters at rank {now.rank}{', from another team' if before else ''}"
        return MoveRow(now.team, "entered", now.rank, now.reference, now.patient_id, detail)
    if before.rank == now.rank:
        return None
    detail = f"{'Up' if now.rank < before.rank else 'Down'} from rank {before.rank} to rank {now.rank}"
    return MoveRow(now.team, "moved", now.rank, now.reference, now.patient_id, detail)


def _explain_absence(
    before: PersonBefore,
    now: Mapping[str, PersonNow],
    reviews: Mapping[str, str],
    why_absent: Callable[[str], str | None],
) -> str:
    """Where somebody is who was listed last time and is not on that team's list now."""
    found = now.get(before.patient_id)
    if found is None:
        return ABSENT.get(why_absent(before.patient_id) or "", NOT_AVAILABLE)
    if found.team != before.team:
        return "Now with another team"
    if found.place == "known":
        return "Now on the caseload"
    if found.place == "excluded":
        reason = str(found.reason)
        words = _capitalise_initial(reason)
        return reviews.get(before.patient_id, words) if reason.startswith(REVIEWED) else words
    return f"Below the line: {_explain_below(found, now.values())}"


def _explain_below(found: PersonNow, now: Iterable[PersonNow]) -> str:
    """Why others are listed: their estimates alone do not say it where one of them stands lower."""
    if found.reason is not None:
        return found.reason
    if any(one.team == found.team and one.place == "listed" and one.order > found.order for one in now):
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
