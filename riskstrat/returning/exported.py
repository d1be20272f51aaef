"""An export of a worklist's decisions held against what was published, and against the exports that came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.publication import compute_manifest_digest, find_every_list, open_published
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
    and says something else; the same once more is none of these. Nor is one taken that is dated ahead, since every true
    one would be older, or that speaks of a day after its own."""
    last = audit.find_last_export(root, exported.key)
    if ahead := audit.describe_ahead(exported.made_at, audit.now()):
        raise PublicationError(f"nothing was imported from {name}: it was {ahead}")
    if last is not None and last != (exported.made_at, digest) and exported.made_at <= last[0]:
        raise PublicationError(
            f"nothing was imported from {name}: it was made at {exported.made_at}, and one of {last[0]} is imported "
            "already; bring the newest"
        )
    if later := exported.find_later_days():
        raise PublicationError(
            f"nothing was imported from {name}: it was made at {exported.made_at}, and says of {later[0]} what was "
            "decided or told; put that day right in the worklist, see to the clock of its machine, and export again"
        )


def read_editions(
    root: Path, lists: Path, exported: ExportedDecisions, first_kept: date, name: str
) -> list[ListDecisions]:
    """The decisions of an export about lists that are still kept here, each person being on that list.

    first_kept: decisions about lists of before were deleted here, and do not come back. Raises PublicationError where
    somebody is on no list of that date and team that stands or was withdrawn; AuditError as `require_as_published`.
    """
    folders: dict[date, list[Path]] = {}
    for day, folder in find_every_list(lists):
        folders.setdefault(day, []).append(folder)
    kept = [one for one in exported.lists if one.list_date >= first_kept]
    lines = audit.read(root)
    for day in sorted({one.list_date for one in kept}):
        require_as_published(lines, lists, day, folders.get(day, []))
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


def require_as_published(lines: Sequence[audit.Line], lists: Path, day: date, folders: Sequence[Path]) -> None:
    """Raises AuditError where a list of a date was deleted, put there or changed since the log speaks of it.

    lines: those of the log; folders: of every list of that date, the withdrawn ones too.
    """
    withdrawn = [compute_manifest_digest(folder) for folder in folders if folder.parent != lists]
    standing = compute_manifest_digest(lists / day.isoformat())
    audit.require_list_as_logged(lines, day.isoformat(), standing, withdrawn)


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
