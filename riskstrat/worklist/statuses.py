"""What the last refresh and the latest list say of people who are being worked on: nobody who has died is discussed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from riskstrat.casefinding import DIED, KNOWN, KeptOff, read_kept_off, read_kept_off_patients
from riskstrat.definitions.phrases import long_date
from riskstrat.errors import PublicationError, SourceError
from riskstrat.sources.refreshed import read_refreshed
from riskstrat.worklist.finding import find_latest_days
from riskstrat.worklist.gone import GoneByList, find_gone, is_absence_telling
from riskstrat.worklist.models import Case
from riskstrat.worklist.published import find_list, find_newest, list_dates
from riskstrat.worklist.reporting import word_reports

UNREADABLE = "The statuses of the day cannot be read. Check by other means before any contact."
NO_LIST = "No list stands now that would tell of a death or a move. Check by other means before any contact."
UNTOLD = frozenset({UNREADABLE, NO_LIST})
"""The sentences that say of nobody how they are, but that it cannot be told."""


def find_warnings(references: Iterable[str], patients: Mapping[str, str] | None = None) -> dict[str, str]:
    """By reference a sentence for each case whose person a list of today would leave off, by refresh or latest list, or
    about whom a report says so.

    patients: by reference the patient_id of whoever has no case yet. Where either cannot be read every case is warned
    of that it speaks of. Of the two the refresh is believed, but where the list knows better.
    """
    asked = list(references)
    refreshed, (gone, untold) = find_refreshed(asked, patients), _ask_list(asked, patients or {})
    by_list = {reference: _word_gone(one) for reference, one in gone.items()}
    better = _select_better(gone, refreshed)
    known = untold | by_list | {one: said for one, said in refreshed.items() if one not in better}
    reported = word_reports(asked).items()
    return known | {one: said for one, said in reported if known.get(one, UNREADABLE) in UNTOLD}


def find_refreshed(references: Iterable[str], patients: Mapping[str, str] | None = None) -> dict[str, str]:
    """The same of the last refresh alone.

    A case that no list has held yet is looked for by its person. Where the refresh cannot be read every case is warned
    of.
    """
    asked, root, today = list(references), Path(settings.RISKSTRAT_WORKSPACE.root), timezone.localdate()
    try:
        by_reference, by_patient = read_kept_off(root, today), read_kept_off_patients(root, today)
    except SourceError:
        return dict.fromkeys(asked, UNREADABLE)
    if not by_patient:
        return {}
    found = dict(by_reference)
    opened = Case.objects.filter(reference__in=asked, patient_id__in=list(by_patient))
    # That another team's case is kept off, since a team holds the person, says nothing of that team's own case.
    told = {patient for patient, one in by_patient.items() if one.what != KNOWN or one.reference is None}
    for reference, patient in (*opened.values_list("reference", "patient_id"), *(patients or {}).items()):
        if patient in told:
            found.setdefault(reference, by_patient[patient])
    return {reference: _word(found[reference]) for reference in asked if reference in found}


def _ask_list(references: list[str], patients: Mapping[str, str]) -> tuple[dict[str, GoneByList], dict[str, str]]:
    """What the latest list says of cases that are not on it, of a death that no refresh brought, but an ingest; and a
    sentence for each of which it cannot be told."""
    try:
        current = find_newest()
        if current is None:
            return {}, dict.fromkeys(references, UNREADABLE if list_dates() else NO_LIST)
        others = [one for one in references if not current.find_person(one)]
        people = _find_people(others, patients) if others else {}
        gone = find_gone(people, current) if people else {}
    except (PublicationError, OSError):
        return {}, dict.fromkeys(references, UNREADABLE)
    told = {reference: one for reference, one in gone.items() if one.reason or is_absence_telling(current)}
    return told, {reference: UNREADABLE for reference in others if reference not in people}


def _select_better(gone: Mapping[str, GoneByList], refreshed: Mapping[str, str]) -> set[str]:
    """Cases of which the list knows better than the last refresh: it is later, or that one cannot be read."""
    unread = {reference for reference in gone if refreshed.get(reference) == UNREADABLE}
    both = {reference for reference, one in gone.items() if one.reason and reference in refreshed} - unread
    day = _read_refreshed_on() if both else None
    return unread | {reference for reference in both if day is not None and _is_later(gone[reference], day)}


def _is_later(gone: GoneByList, day: date) -> bool:
    # Which came first on one day is not known: then a death is not hidden.
    return gone.day > day or (gone.day == day and gone.reason == DIED)


def _read_refreshed_on() -> date | None:
    """The day of the last refresh; None where it was removed since, or cannot be read."""
    try:
        found = read_refreshed(Path(settings.RISKSTRAT_WORKSPACE.root))
    except SourceError:
        return None
    return found.as_at if found else None


def _find_people(references: Iterable[str], patients: Mapping[str, str]) -> dict[str, str]:
    """The patient_id of each case, opened or not, that can be found; of one never opened as its last list has it."""
    opened = Case.objects.filter(reference__in=list(references)).values_list("reference", "patient_id")
    found = dict(patients) | dict(opened)
    for reference, day in find_latest_days(set(references) - found.keys()).items():
        # The list may be withdrawn, and published again without the case, since it was asked for its references.
        listing = find_list(day)
        patient = listing.read_patients(reference[:3]).get(reference) if listing else None
        found |= {reference: patient} if patient else {}
    return {reference: found[reference] for reference in references if reference in found}


def find_warning(reference: str) -> str:
    """The sentence of one case; blank where there is none."""
    return find_warnings([reference]).get(reference, "")


def _word(kept_off: KeptOff) -> str:
    since = f" since {long_date(kept_off.since)}" if kept_off.since else ""
    what = kept_off.what[:1].upper() + kept_off.what[1:]
    return f"{what}{since}, as known on {long_date(kept_off.known_on)}. Contact nobody about this case."


def _word_gone(gone: GoneByList) -> str:
    day = long_date(gone.day)
    if not gone.reason:
        return (
            f"Not among the people from whom the list of {day} was made for this team: the person may have died, moved "
            "or objected. Contact nobody about this case before you know."
        )
    return f"{gone.reason[:1].upper()}{gone.reason[1:]}, by the list of {day}. Contact nobody about this case."
