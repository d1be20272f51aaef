"""An export of a worklist's decisions held against what was published, and against the exports that came before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import find_every_list, open_published
from riskstrat.reviews import (
    Correction,
    Edition,
    ExportedDecisions,
    ListDecisions,
    Notices,
    Review,
    StandingReviews,
    build_taking_back,
)

BY = "the worklist"
"""Who put a review right that an export has otherwise."""


@dataclass(frozen=True)
class ListChange:
    """What an export changes in the record of one team's list; by patient_id. `corrected`: who had another before."""

    edition: tuple[date, str]
    written: tuple[Review, ...]
    correction: Correction | None


def require_newer(root: Path, exported: ExportedDecisions, digest: str, name: str) -> None:
    """Raises PublicationError for an export that is older than the last imported from that worklist, or is of its time
    and says something else; the same once more is none of these."""
    last = audit.find_last_export(root, exported.key)
    if exported.made_at > f"{audit.today() + timedelta(days=1)}T24":
        raise PublicationError(
            f"nothing was imported from {name}: it was made at {exported.made_at}, which has not come yet; put the "
            "clock of the worklist's machine right and export again"
        )
    if last is not None and last != (exported.made_at, digest) and exported.made_at <= last[0]:
        raise PublicationError(
            f"nothing was imported from {name}: it was made at {exported.made_at}, and one of {last[0]} is imported "
            "already; bring the newest"
        )


def read_editions(lists: Path, exported: ExportedDecisions, first_kept: date, name: str) -> list[ListDecisions]:
    """The decisions of an export about lists that are still kept here, each person being on that list.

    first_kept: decisions about lists of before were deleted here, and do not come back. Raises PublicationError where
    somebody is on no list of that date and team that stands or was withdrawn.
    """
    folders: dict[date, list[Path]] = {}
    for day, folder in find_every_list(lists):
        folders.setdefault(day, []).append(folder)
    kept = [one for one in exported.lists if one.list_date >= first_kept]
    for one in kept:
        known = _find_patients(folders.get(one.list_date, []), one.team_code, exported.notices)
        if not {review.patient_id for review in one.reviews} <= known:
            raise PublicationError(
                f"nothing was imported from {name}: it has a decision about somebody who is not on the list of "
                f"{one.list_date} of team {one.team_code} here; the two workspaces must hold the same lists"
            )
        if any((review.list_date != one.list_date) or review.takes_back for review in one.reviews):
            raise PublicationError(f"nothing was imported from {name}: a decision in it is of another list")
    return kept


def find_change(one: ListDecisions, before: StandingReviews, made_at: str) -> ListChange | None:
    """What is to be written so that the record of a list is as an export has it; None where it is already."""
    after: dict[str, tuple[Review, ...]] = {}
    for review in one.reviews:
        after[review.patient_id] = (*after.get(review.patient_id, ()), review)
    changed = {who: reviews for who, reviews in after.items() if set(before.get(who, ())) != set(reviews)}
    gone = sorted(before.keys() - after.keys())
    if not changed and not gone:
        return None
    team = next(iter(before.values()))[0].team if gone else ""
    about = Edition(one.team_code, team, one.list_date, {})
    written = [review for reviews in changed.values() for review in reviews]
    written += [build_taking_back(who, about) for who in gone]
    corrected = frozenset({*gone, *(changed.keys() & before.keys())})
    correction = Correction(corrected, BY, f"As exported on {made_at}") if corrected else None
    return ListChange((one.list_date, one.team_code), tuple(written), correction)


def _find_patients(folders: list[Path], team_code: str, told: Notices) -> set[str]:
    """Whom a team's lists of a date hold, and whom of their reserves it took up since."""
    found: set[str] = set()
    for folder in folders:
        published = open_published(folder)
        taken_up = told.find_taken_up(published.list_date)
        own = [one for one in published.read_reserve() if one.team_code == team_code]
        found |= {*published.read_patients(team_code).values(), *(one.patient_id for one in own if one.key in taken_up)}
    return found
