"""A case by its reference: the latest list that it stood on, its page there, and the row that is written about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404

from riskstrat.casefinding import is_sound, parse_reference
from riskstrat.documents import PrintedPerson
from riskstrat.errors import PublicationError
from riskstrat.publication import TeamList, compute_manifest_digest, open_published
from riskstrat.worklist.fetching import list_taken_up
from riskstrat.worklist.models import Case
from riskstrat.worklist.published import CurrentList, find_current, find_list, list_dates
from riskstrat.worklist.store import find_or_open_case


@dataclass(frozen=True)
class FoundCase:
    """A case, the latest list that it stood on and its page there; both None where it has stood on no list yet.

    `is_current` says whether that is the list that stands now.
    """

    reference: str
    listing: CurrentList | None
    person: PrintedPerson | None
    is_current: bool

    @property
    def team_code(self) -> str:
        """The code of the team whose case it is."""
        return self.reference[:3]

    @property
    def team(self) -> TeamList | None:
        """The list of the team as it then was."""
        return self.listing.find_team(self.team_code) if self.listing else None


def find_case(reference: str) -> FoundCase:
    """The case of a reference as it is printed. Raises Http404 where no list and no clinician gave it."""
    if parse_reference(reference) != reference or not is_sound(reference):
        raise Http404
    current = find_current()
    person = current.find_person(reference) if current else None
    if current and person:
        return FoundCase(reference, current, person, is_current=True)
    if latest := find_latest_days([reference]):
        earlier = find_list(latest[reference])
        person = earlier.find_person(reference) if earlier else None
        return FoundCase(reference, earlier, person, is_current=False)
    if not Case.objects.filter(reference=reference).exists():
        raise Http404
    return FoundCase(reference, None, None, is_current=False)


def has_case(reference: str) -> bool:
    """Whether a case has that reference: it stands on a list that can be read, or something is kept about it."""
    return bool(find_latest_days([reference])) or Case.objects.filter(pk=reference).exists()


def find_latest_days(references: Iterable[str]) -> dict[str, date]:
    """By reference the date of the latest list that it stood on and that can be read; each list is asked once."""
    left, found = set(references), dict[str, date]()
    for day in reversed(list_dates()):
        codes = sorted({reference[:3] for reference in left})
        found |= {one: day for code in codes for one in left & read_references(day, code)}
        left -= found.keys()
    return found


def find_patient(found: FoundCase) -> str:
    """Whose case it is. Raises PublicationError where nothing was written about it and its list cannot be read."""
    case = Case.objects.filter(reference=found.reference).first()
    if case or found.listing is None:
        return case.patient_id if case else ""
    return found.listing.read_patients(found.team_code).get(found.reference, "")


def open_case(found: FoundCase) -> Case:
    """The row of a case, made where nobody has written anything about it so far.

    Raises PublicationError where the list's references cannot be read, or say that it is another person's.
    """
    if found.listing is None or found.team is None:
        return Case.objects.get(reference=found.reference)
    patient = found.listing.read_patients(found.team_code)[found.reference]
    opened_on = next(one.opened_on for one in found.team.people if one.reference == found.reference)
    return find_or_open_case(found.reference, patient, opened_on)


def read_references(day: date, team_code: str) -> frozenset[str]:
    """The references of a team on the list of a date, those taken up from its reserve too.

    None of them where that list cannot be read any more.
    """
    return find_references(day, team_code) or frozenset()


def find_references(day: date, team_code: str) -> frozenset[str] | None:
    """The same; None where they cannot be told, as the list cannot be read."""
    folder = Path(settings.RISKSTRAT_LISTS) / day.isoformat()
    try:
        digest = compute_manifest_digest(folder)
    except OSError:
        return None
    found = _read_references(folder, digest, team_code)
    if found is None:
        return None
    listed, reserve = found
    return listed.union(reserve.intersection(list_taken_up(day))) if reserve else listed


@lru_cache(maxsize=1024)
def _read_references(folder: Path, digest: str, team_code: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The references of a team on the list with that manifest, and in its reserve; None if it cannot be read."""
    try:
        published = open_published(folder)
        if not published.holds_data or team_code not in published.team_names:
            return frozenset(), frozenset()
        own = (one.reference for one in published.read_reserve() if one.team_code == team_code)
        return frozenset(published.read_patients(team_code)), frozenset(own)
    except PublicationError:
        return None
