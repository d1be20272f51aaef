"""Everything that is on record about one case, under its one reference, the latest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone

from riskstrat.documents import PrintedPerson, long_date, sentence
from riskstrat.worklist.holding import Held, find_held_of_case
from riskstrat.worklist.models import (
    Action,
    Attempt,
    Case,
    Decision,
    FaultReport,
    Objection,
    Opinion,
    RecordEntry,
    Referral,
    Release,
    TakenUp,
)
from riskstrat.worklist.published import CurrentList, find_list, list_dates
from riskstrat.worklist.rendering import word_outcome
from riskstrat.worklist.standing import word_action, word_decision

FROM_WORKBOOK = "from a workbook"
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Event:
    """One thing that happened to a case: when, what, in detail, and who entered it; `at` orders events of one day."""

    on: date
    at: datetime
    what: str
    detail: str
    by: str = ""


@dataclass(frozen=True)
class ListStanding:
    """A list on which a case stood, and the person as printed on it."""

    current: CurrentList
    person: PrintedPerson


def find_standings(reference: str) -> list[ListStanding]:
    """The lists that stand and hold a case, the latest first.

    Only those since the case was opened are opened and read, as the latest list that holds it says.
    """
    found: list[ListStanding] = []
    opened_on = date.min
    for day in reversed(list_dates()):
        if day < opened_on:
            break
        current = find_list(day)
        person = current.find_person(reference) if current else None
        if current and person:
            found.append(ListStanding(current, person))
            team = current.weekly.team(reference[:3])
            opened_on = next(one.opened_on for one in team.people if one.reference == reference)
    return found


def gather_events(reference: str, standings: list[ListStanding]) -> list[Event]:
    """What happened to a case, the latest first."""
    case, held = Case.objects.filter(pk=reference).first(), find_held_of_case(reference)
    events = [*map(_tell_standing, standings), *_tell_departures(reference, standings)]
    events += _gather_rows(case, held) if case else ()
    if TakenUp in held:
        replaced = TakenUp.objects.filter(in_place_of=reference).select_related("taken_by")
        events += [_tell_fallen_through(one) for one in replaced]
    return sorted(events, key=lambda event: (event.on, event.at), reverse=True)


def _tell_standing(standing: ListStanding) -> Event:
    day, person = standing.current.list_date, standing.person
    said = (f"Rank {person.rank}, {person.arrival.lower()}. Risk {person.risk}.", person.escalation, person.change)
    return Event(day, _find_start(day), f"Stood on the list of {long_date(day)}", " ".join(filter(None, said)))


def _tell_departures(reference: str, standings: list[ListStanding]) -> Iterator[Event]:
    """Each list that a case left, and where that list says the person is: nobody vanishes without a word."""
    first = min((one.current.list_date for one in standings), default=date.max)
    for day in list_dates():
        current = find_list(day) if day > first else None
        team = current.find_team(reference[:3]) if current else None
        # Whoever was taken up from the reserve is on the list again.
        if team and reference in [one.reference for one in team.people]:
            continue
        left = [move for move in team.moves if (move.reference, move.what) == (reference, "left")] if team else []
        reserve = " In reserve." if team and reference in [one.reference for one in team.reserve] else ""
        for move in left:
            detail = f"{sentence(move.detail)}{reserve}"
            yield Event(day, _find_start(day), f"Not on the list of {long_date(day)} any more", detail)


def _find_start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _gather_rows(case: Case, held: Held) -> Iterator[Event]:
    for decision in case.decisions.select_related("entered_by").prefetch_related("actions__done_by"):
        yield from _tell_decision(decision)
    for opinion in _select(Opinion, case, held, "given_by"):
        yield _tell_opinion(opinion)
    for report in _select(FaultReport, case, held, "reported_by", "settled_by"):
        yield from _tell_report(report)
    for release in _select(Release, case, held, "released_by", "ended_by"):
        yield from _tell_release(release)
    for attempt in _select(Attempt, case, held, "entered_by"):
        yield _tell_attempt(attempt)
    for referral in _select(Referral, case, held, "referred_by"):
        yield from _tell_referral(referral)
    for taken in _select(TakenUp, case, held, "taken_by"):
        yield _tell_taken(taken)
    for entry in _select(RecordEntry, case, held, "confirmed_by", "ticked_by", "taken_back_by"):
        yield from _tell_entry(entry)
    for objection in _select(Objection, case, held, "recorded_by"):
        yield from _tell_objection(objection)


def _select(table: type[Row], case: Case, held: Held, *people: str) -> Iterable[Row]:
    """The rows about a case, with who entered them."""
    return table._default_manager.filter(case=case).select_related(*people) if table in held else ()


def _tell_moment(at: datetime, what: str, detail: str, by: object) -> Event:
    return Event(timezone.localtime(at).date(), at, what, detail, str(by))


def _tell_decision(decision: Decision) -> Iterator[Event]:
    """The decision, on the day on which it was taken; where it took the place of one, why; and what was done of it."""
    words = word_decision(decision)
    what = "Decision" if words else "Decision taken back"
    if not decision.stands:
        what += ", replaced since"
    agrees = {True: "The team agrees.", False: "The team does not agree.", None: ""}[decision.agrees]
    decided_by = f"Decided by {decision.decided_by}." if decision.decided_by else ""
    changed = f"Changed by {decision.corrected_by}: {decision.correction_reason}" if decision.corrected_by else ""
    of_list = f"About the list of {long_date(decision.list_date)}."
    detail = " ".join(filter(None, (words, agrees, decided_by, of_list, changed)))
    yield _tell_moment(decision.entered_at, what, detail, decision.entered_by or FROM_WORKBOOK)
    if decision.stands:
        yield from (_tell_done(action) for action in decision.actions.all() if action.done_on)


def _tell_done(action: Action) -> Event:
    done_on: Any = action.done_on
    return Event(
        done_on, _find_start(done_on), "Action done", f"{word_action(action)}. {action.done_note}", str(action.done_by)
    )


def _tell_opinion(opinion: Opinion) -> Event:
    agrees = {True: "Agrees.", False: "Does not agree.", None: "No view."}[opinion.agrees]
    proposed = f"Proposes: {word_outcome(opinion.outcome)}." if opinion.outcome else ""
    detail = " ".join(filter(None, (agrees, opinion.reason, proposed, opinion.note)))
    return _tell_moment(opinion.given_at, "Opinion", detail, opinion.given_by)


def _tell_report(report: FaultReport) -> Iterator[Event]:
    told = f"{report.get_kind_display()}. {report.words} For {report.owner}, by {long_date(report.due_on)}."
    yield _tell_moment(report.reported_at, "Reported as wrong", told, report.reported_by)
    if report.settled_at:
        found = {True: "It was right.", False: "It was not right.", None: ""}[report.was_right]
        detail = " ".join(filter(None, (found, report.settlement)))
        yield _tell_moment(report.settled_at, "Report settled", detail, report.settled_by)


def _tell_release(release: Release) -> Iterator[Event]:
    yield _tell_moment(release.released_at, "Released to social care", release.basis, release.released_by)
    if release.ended_at:
        yield _tell_moment(release.ended_at, "Release ended", "", release.ended_by)


def _tell_attempt(attempt: Attempt) -> Event:
    reached = "Reached" if attempt.reached else "Not reached"
    detail = f"{reached}. {attempt.how}, by {attempt.tried_by}."
    return Event(attempt.tried_on, attempt.entered_at, "Attempt to contact", detail, str(attempt.entered_by))


def _tell_referral(referral: Referral) -> Iterator[Event]:
    yield _tell_moment(referral.referred_at, "Put forward", referral.reason, referral.referred_by)
    if referral.taken_back_at:
        yield _tell_moment(referral.taken_back_at, "Putting forward taken back", "", "")


def _tell_taken(taken: TakenUp) -> Event:
    why = f"{taken.get_why_display()}." if taken.why else ""
    said = " ".join(filter(None, (f"In place of {taken.in_place_of}.", why, taken.words)))
    return _tell_moment(taken.taken_at, "Taken up from the reserve", said, taken.taken_by)


def _tell_fallen_through(taken: TakenUp) -> Event:
    said = f"{taken.get_why_display()}. {taken.case_id} was taken up in its place. {taken.words}".strip()
    return _tell_moment(taken.taken_at, "Fell through", said, taken.taken_by)


def _tell_entry(entry: RecordEntry) -> Iterator[Event]:
    what, said = f"{entry.term} ({entry.code})", f"For {entry.practice}, by {long_date(entry.due_on)}."
    yield _tell_moment(entry.confirmed_at, "Confirmed for the GP record", f"{what}. {said}", entry.confirmed_by)
    if entry.written_on and entry.ticked_at:
        told = f"{what}. By {entry.written_by} on {long_date(entry.written_on)}."
        yield _tell_moment(entry.ticked_at, "Written in the GP record", told, entry.ticked_by)
    if entry.taken_back_at:
        yield _tell_moment(entry.taken_back_at, "Confirmation for the GP record taken back", what, entry.taken_back_by)


def _tell_objection(objection: Objection) -> Iterator[Event]:
    yield _tell_moment(objection.recorded_at, "Objection to sharing", objection.words, objection.recorded_by)
    if objection.withdrawn_at:
        yield _tell_moment(objection.withdrawn_at, "Objection withdrawn", "", "")
