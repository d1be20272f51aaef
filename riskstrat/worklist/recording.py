"""Agreed codes for the GP record: what a clinician may confirm, what waits to be written, and what leaves to be named.

Nothing here names anybody: the identity install puts NHS numbers beside what leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from riskstrat.definitions.worklist_settings import AgreedCode
from riskstrat.errors import PublicationError
from riskstrat.reviews import ConfirmedEntry
from riskstrat.worklist.finding import FoundCase, find_patient, open_case
from riskstrat.worklist.models import Action, Decision, RecordEntry, User
from riskstrat.worklist.published import KEPT_LISTS, list_dates
from riskstrat.worklist.withholding import UNREADABLE, WaitingEntry, explain_barred, find_listed, judge_entries
from riskstrat.worklist.writing import create_row, update_row

Told = tuple[str, str]
"""The reference of a case and an outcome."""


@dataclass(frozen=True)
class ProposedEntry:
    """An agreed code that a decision calls for and that no entry has.

    was_taken_back: a clinician confirmed it and took it back, so nobody is asked for it again; they may still give it.
    """

    decision: Decision
    agreed: AgreedCode
    was_taken_back: bool = False

    @property
    def name(self) -> str:
        """What a form calls it."""
        return f"{self.decision.list_date.isoformat()} {self.agreed.outcome}"


class NotConfirmedError(Exception):
    """Nothing was confirmed; the message says why, for the page."""


def is_agreed() -> bool:
    """Whether the site has agreed any code with its practices."""
    return bool(settings.RISKSTRAT_RULES.gp_record.codes)


def list_proposed(team_code: str, reference: str = "") -> list[ProposedEntry]:
    """What the decisions of a team's latest lists call for and no entry has; of one case where given.

    Of decisions that call for the same the newest counts, unless a later one is confirmed or it waits to be written.
    """
    agreed = {one.outcome: one for one in settings.RISKSTRAT_RULES.gp_record.codes}
    if not agreed:
        return []
    rows = Action.objects.filter(decision__stands=True, decision__case__team_code=team_code, outcome__in=agreed)
    rows = rows.filter(decision__list_date__in=list_dates()[-KEPT_LISTS:])
    rows = rows.filter(decision__case_id=reference) if reference else rows
    sorted_rows = rows.select_related("decision").order_by("decision__case_id", "decision__list_date")
    newest: dict[Told, Decision] = {(one.decision.case_id, one.outcome): one.decision for one in sorted_rows}
    waiting, written, taken_back = _read_entries(team_code, reference)
    return [
        ProposedEntry(decision, agreed[key[1]], key in taken_back and taken_back[key] >= decision.list_date)
        for key, decision in newest.items()
        if key not in waiting and not (key in written and written[key] >= decision.list_date)
    ]


def confirm(found: FoundCase, proposed: Iterable[ProposedEntry], user: User) -> list[RecordEntry]:
    """Keep that a clinician confirms entries for the GP record of a case. Raises NotConfirmedError, keeping nothing."""
    if why := explain_blocked(found):
        raise NotConfirmedError(why)
    now, practice = timezone.now(), find_practice(found)
    due_on = timezone.localdate(now) + timedelta(days=settings.RISKSTRAT_RULES.gp_record.days)
    made = []
    try:
        with transaction.atomic():
            case = open_case(found)
            for one in proposed:
                told = {"code": one.agreed.code, "term": one.agreed.term, "outcome": one.agreed.outcome}
                about = {"case": case, "list_date": one.decision.list_date, "practice": practice}
                row = RecordEntry(**about, **told, confirmed_by=user, confirmed_at=now, due_on=due_on)
                create_row(row, user, case.reference)
                made.append(row)
    except IntegrityError:
        raise NotConfirmedError("A colleague has confirmed it already. Nothing new was kept.") from None
    return made


def explain_blocked(found: FoundCase) -> str:
    """Why nothing can be confirmed of a case now; blank where it can."""
    try:
        patient = find_patient(found)
    except (PublicationError, OSError):
        return UNREADABLE
    if why := explain_barred({found.reference: patient}).get(found.reference):
        return why
    if not find_practice(found):
        return "No practice is recorded for this person, so that nobody could write it. Tell the practice yourself."
    return ""


def find_practice(found: FoundCase) -> str:
    """The practice of a person by the latest list that they stood on; blank where none is recorded."""
    person = find_listed(found.team.people if found.team else (), found.reference)
    return (person.practice or "") if person else ""


def tick_written(entry: RecordEntry, version: int, user: User, written_by: str, written_on: date) -> None:
    """Keep by whom and on which day it was written in the record. Raises ConflictError as `update_row` does."""
    values = {"written_by": written_by, "written_on": written_on, "ticked_by": user, "ticked_at": timezone.now()}
    update_row(entry, version, user, entry.case_id, **values)


def take_tick_back(entry: RecordEntry, version: int, user: User) -> None:
    """It waits again: it was not written after all. Raises ConflictError as `update_row` does."""
    values = {"written_by": "", "written_on": None, "ticked_by": None, "ticked_at": None}
    update_row(entry, version, user, entry.case_id, **values)


def take_confirmation_back(entry: RecordEntry, version: int, user: User) -> None:
    """Nobody is to write it any more. Raises ConflictError as `update_row` does."""
    update_row(entry, version, user, entry.case_id, taken_back_by=user, taken_back_at=timezone.now())


def select_waiting(team_code: str = "") -> QuerySet[RecordEntry]:
    """Entries that are confirmed and not written, the earliest due first; of every team without a code."""
    found = RecordEntry.objects.filter(taken_back_at=None, written_on=None)
    found = found.filter(case__team_code=team_code) if team_code else found
    return found.select_related("case", "confirmed_by").order_by("due_on", "case_id", "pk")


def list_waiting(team_code: str = "", reference: str = "") -> list[WaitingEntry]:
    """Entries that wait, of one case where given, with what holds each back.

    Whoever has died, moved, opted out or is in question is in no file.
    """
    rows = select_waiting(team_code)
    return judge_entries(list(rows.filter(case_id=reference) if reference else rows))


def tell_records(team_code: str) -> dict[str, Any]:
    """What pages of a team say of GP records: what waits, and which cases wait for a clinician to confirm."""
    waiting = list_waiting(team_code)
    unconfirmed = sorted({one.decision.case_id for one in list_proposed(team_code) if not one.was_taken_back})
    return {"records": waiting, "unconfirmed": unconfirmed, "tells_records": is_agreed() or bool(waiting)}


def gather_confirmed() -> tuple[tuple[ConfirmedEntry, ...], tuple[WaitingEntry, ...]]:
    """What leaves to be named, by reference and code; and what is held back."""
    waiting = list_waiting()
    leaving = [one.leaving for one in waiting if one.leaving]
    leaving.sort(key=lambda one: (one.reference, one.code, one.decided_on))
    return tuple(leaving), tuple(one for one in waiting if one.held_back)


def _read_entries(team_code: str, reference: str) -> tuple[set[Told], dict[Told, date], dict[Told, date]]:
    """By reference and outcome: what waits, and of what was written and of what was taken back the latest list."""
    rows = RecordEntry.objects.filter(case__team_code=team_code)
    rows = rows.filter(case_id=reference) if reference else rows
    waiting: set[Told] = set()
    written: dict[Told, date] = {}
    taken_back: dict[Told, date] = {}
    for case_id, outcome, day, written_on, taken_back_at in rows.order_by("list_date").values_list(
        "case_id", "outcome", "list_date", "written_on", "taken_back_at"
    ):
        key = (case_id, outcome)
        if taken_back_at:
            taken_back[key] = day
        elif written_on:
            written[key] = day
        else:
            waiting.add(key)
    return waiting, written, taken_back
