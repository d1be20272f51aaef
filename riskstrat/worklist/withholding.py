"""Why an entry for the GP record is in no file now: what is known of the person, the decision and the lists.

Whatever cannot be read holds an entry back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from riskstrat.definitions.phrases import long_date
from riskstrat.errors import PublicationError
from riskstrat.publication import ListedPerson
from riskstrat.reviews import ConfirmedEntry
from riskstrat.worklist.finding import find_latest_days
from riskstrat.worklist.gone import GoneByList, find_gone
from riskstrat.worklist.models import Decision, RecordEntry
from riskstrat.worklist.published import CurrentList, find_current, find_list
from riskstrat.worklist.reporting import find_disputed
from riskstrat.worklist.statuses import find_refreshed

CHANGED = "the decision has changed since it was confirmed: take it back, and confirm what stands"
NO_LIST = "the list that it is about stands no more, or cannot be read"
MOVED_ON = "a later list gives another practice: take it back, and confirm it anew"
REPEATED = "the same is confirmed after a later decision: take this one back"
IN_QUESTION = (
    "Somebody reported that something is wrong about this person. Nothing leaves until it is settled, or once it was "
    "found right."
)
UNREADABLE = (
    "Who this team serves now cannot be told: no list stands, or it cannot be read. Tell the practice yourself."
)
NOT_SERVED = (
    "Not among the people from whom the list of {day} was made for this team. They may have died, moved or "
    "objected, or its model is not for them any more. Check, and tell the practice yourself."
)
NOT_LISTED_NOW = "{reason}, by the list of {day}. Tell the practice yourself what it still needs."


@dataclass(frozen=True)
class WaitingEntry:
    """An entry that is to be written, and what leaves of it, or why nothing does meanwhile: one of the two."""

    entry: RecordEntry
    held_back: str
    leaving: ConfirmedEntry | None = None

    @property
    def overdue(self) -> bool:
        """Whether it should have been written before today."""
        return self.entry.due_on < timezone.localdate()


@dataclass(frozen=True)
class _Standing:
    """What entries are held against, asked once for all of them.

    barred: words by reference. decided: days by reference, list and outcome. latest: by reference the list that it
    stood on last. lists: by date; None where one cannot be read. newest: the last list by reference and code.
    """

    barred: Mapping[str, str]
    decided: Mapping[tuple[str, date, str], date]
    latest: Mapping[str, date]
    lists: Mapping[date, CurrentList | None]
    newest: Mapping[tuple[str, str], date]


def explain_barred(patients: Mapping[str, str]) -> dict[str, str]:
    """By reference a sentence for each case about whose person nothing may leave; patients: by reference whose it is.

    The statuses of the day come first, then reports that nobody has settled, then the latest list.
    """
    return _explain_barred(patients, _read_current())


def judge_entries(entries: Sequence[RecordEntry]) -> list[WaitingEntry]:
    """Entries that wait, in their order, with what leaves of each or why nothing does."""
    if not entries:
        return []
    patients = {entry.case_id: entry.case.patient_id for entry in entries}
    current = _read_current()
    listed = {one: current.list_date for one in patients if current.find_person(one)} if current else {}
    latest = listed | find_latest_days(patients.keys() - listed)
    lists = {current.list_date: current} if current else {}
    days = {entry.list_date for entry in entries} | set(latest.values())
    read = {day: _read_list(day) for day in sorted(days - lists.keys())}
    newest: dict[tuple[str, str], date] = {}
    for one in entries:
        key = (one.case_id, one.code)
        newest[key] = max(one.list_date, newest.get(key, one.list_date))
    barred, decided = _explain_barred(patients, current), _read_decided(patients)
    standing = _Standing(barred, decided, latest, lists | read, newest)
    return [_judge(entry, standing) for entry in entries]


def find_listed(people: Iterable[ListedPerson], reference: str) -> ListedPerson | None:
    """The person of a reference among those of a list; None without."""
    return next((one for one in people if one.reference == reference), None)


def _judge(entry: RecordEntry, standing: _Standing) -> WaitingEntry:
    if entry.case_id in standing.barred:
        return WaitingEntry(entry, standing.barred[entry.case_id])
    decided_on = standing.decided.get((entry.case_id, entry.list_date, entry.outcome))
    if decided_on is None:
        return WaitingEntry(entry, CHANGED)
    if standing.newest[entry.case_id, entry.code] > entry.list_date:
        return WaitingEntry(entry, REPEATED)
    day = standing.latest.get(entry.case_id)
    then = _find_own(entry, standing.lists.get(entry.list_date))
    last = _find_own(entry, standing.lists.get(day)) if day else None
    if then is None or last is None or day is None:
        return WaitingEntry(entry, NO_LIST)
    if (last.practice or "") != entry.practice:
        return WaitingEntry(entry, MOVED_ON)
    return WaitingEntry(entry, "", _describe(entry, decided_on, then, day))


def _explain_barred(patients: Mapping[str, str], current: CurrentList | None) -> dict[str, str]:
    in_question = dict.fromkeys(find_disputed(patients), IN_QUESTION)
    return _explain_by_list(patients, current) | in_question | find_refreshed(sorted(patients))


def _explain_by_list(patients: Mapping[str, str], current: CurrentList | None) -> dict[str, str]:
    """By reference a sentence for each whom the latest list has not with their team, or has as gone or passed on."""
    if current is None:
        return dict.fromkeys(patients, UNREADABLE)
    try:
        return {reference: _word_gone(gone) for reference, gone in find_gone(patients, current).items()}
    except (PublicationError, OSError):
        return dict.fromkeys(patients, UNREADABLE)


def _word_gone(gone: GoneByList) -> str:
    words, day = gone.reason, long_date(gone.day)
    if not words:
        return NOT_SERVED.format(day=day)
    return NOT_LISTED_NOW.format(reason=words[:1].upper() + words[1:], day=day)


def _read_decided(references: Collection[str]) -> dict[tuple[str, date, str], date]:
    """The day of each decision that stands, by reference, list and outcome."""
    rows = Decision.objects.filter(case__in=list(references), stands=True, actions__isnull=False)
    told = rows.values_list("case_id", "list_date", "actions__outcome", "decided_on")
    return {(reference, day, outcome): decided_on or day for reference, day, outcome, decided_on in told}


def _read_current() -> CurrentList | None:
    """The latest list; None where none stands or it cannot be read."""
    try:
        return find_current()
    except (PublicationError, OSError):
        return None


def _read_list(day: date) -> CurrentList | None:
    try:
        return find_list(day)
    except (PublicationError, OSError):
        return None


def _find_own(entry: RecordEntry, found: CurrentList | None) -> ListedPerson | None:
    """The person of an entry on a list; None where it cannot be read, or gives the reference to somebody else."""
    team = found.find_team(entry.case.team_code) if found else None
    try:
        patient = found.read_patients(entry.case.team_code).get(entry.case_id) if found else None
    except (PublicationError, OSError):
        return None
    return find_listed(team.people, entry.case_id) if team and patient == entry.case.patient_id else None


def _describe(entry: RecordEntry, decided_on: date, then: ListedPerson, practice_as_at: date) -> ConfirmedEntry:
    return ConfirmedEntry(
        reference=entry.case_id,
        patient_id=entry.case.patient_id,
        team_code=entry.case.team_code,
        practice=entry.practice,
        practice_as_at=practice_as_at,
        outcome=entry.outcome,
        code=entry.code,
        term=entry.term,
        decided_on=decided_on,
        confirmed_on=timezone.localdate(entry.confirmed_at),
        confirmed_by=entry.confirmed_by.display_name,
        due_on=entry.due_on,
        age_band=then.age_band,
        age_on=then.index_date or entry.list_date,
    )
