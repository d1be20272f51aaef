"""People in reserve below the line of a list: who may be taken up now, and taking one up when a case falls through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from riskstrat.definitions.vocabulary import NO_ACTION, PUT_OFF
from riskstrat.documents import PrintedPerson, describe_about, long_date
from riskstrat.publication import TeamList
from riskstrat.worklist.models import Decision, TakenUp, User
from riskstrat.worklist.published import CurrentList
from riskstrat.worklist.referring import list_waiting_referrals
from riskstrat.worklist.reporting import select_blocking_reports, select_confirmed_reports
from riskstrat.worklist.standing import find_decisions
from riskstrat.worklist.statuses import find_warnings
from riskstrat.worklist.store import find_or_open_case
from riskstrat.worklist.writing import create_row

IN_QUESTION = "Somebody reported that something is wrong about this person. Contact nobody until it is settled."

KEPT_ON = ("monitor", PUT_OFF)
"""Outcomes by which nothing is done yet, and which keep the case; with any other of them it is closed."""


class NotTakenUpError(Exception):
    """Nobody was taken up, and nothing was kept; the message says why, for the page."""


@dataclass(frozen=True)
class ReserveRow:
    """One person in reserve, and why they cannot be taken up now; blank where they can."""

    person: PrintedPerson
    why_not: str

    @property
    def about(self) -> str:
        """Age, sex and places of the person."""
        return describe_about(self.person)


@dataclass(frozen=True)
class ReserveReason:
    """Why somebody is taken up: the case that fell through, how, and what else is to be said."""

    in_place_of: str
    why: str
    words: str = ""


def build_reserve(current: CurrentList, team_code: str) -> list[ReserveRow]:
    """Those in reserve of a team who were not taken up, in their order."""
    people = current.list_reserve(team_code)
    barred = _find_barred(current, team_code, [one.reference for one in people])
    return [ReserveRow(one, barred.get(one.reference, "")) for one in people]


def list_replaceable(current: CurrentList, team: TeamList) -> list[str]:
    """The references of the listed cases that may have fallen through, by rank.

    Nobody was taken up in place of such a case, and its decision, where there is one, says nothing that the team is
    still to do or to look at again.
    """
    replaced = {one.in_place_of for one in find_taken(current, team.team_code)}
    decisions = find_decisions(current.list_date, team.team_code)
    kept = {reference for reference, decision in decisions.items() if _is_kept_on(decision)}
    return [one.reference for one in team.people if one.reference not in replaced | kept]


def _is_kept_on(decision: Decision) -> bool:
    return any(action.outcome not in NO_ACTION or action.outcome in KEPT_ON for action in decision.actions.all())


def take_up(current: CurrentList, team: TeamList, reference: str, reason: ReserveReason, user: User) -> TakenUp:
    """Take somebody up from the reserve of a team's list: they are listed from now on, under that reference.

    Raises NotTakenUpError where they are not in reserve any more or may not be listed today, and where somebody was
    taken up in place of that case already. Raises PublicationError where the list's files cannot be read.
    """
    rows = {row.person.reference: row for row in build_reserve(current, team.team_code)}
    if reference not in rows:
        raise NotTakenUpError(explain_gone(current.list_date, reference))
    if rows[reference].why_not:
        raise NotTakenUpError(f"{reference} cannot be taken up. {rows[reference].why_not}")
    if reason.in_place_of not in list_replaceable(current, team):
        raise NotTakenUpError(_explain_replaced(current, reason.in_place_of))
    patient, now = current.read_reserve_patients(team.team_code)[reference], timezone.now()
    try:
        with transaction.atomic():
            case = find_or_open_case(reference, patient, timezone.localdate(now))
            row = TakenUp(
                case=case,
                list_date=current.list_date,
                edition=current.edition,
                in_place_of=reason.in_place_of,
                why=reason.why,
                words=reason.words,
                taken_by=user,
                taken_at=now,
            )
            create_row(row, user, reference)
    except IntegrityError:
        # A colleague was faster by a moment: the database holds each of them once.
        gone = TakenUp.objects.filter(list_date=current.list_date, case_id=reference).exists()
        said = explain_gone(current.list_date, reference) if gone else _explain_replaced(current, reason.in_place_of)
        raise NotTakenUpError(said) from None
    return row


def find_taken(current: CurrentList, team_code: str) -> list[TakenUp]:
    """Whom a team took up from the reserve of a list, in that order.

    Whoever was taken up from an edition that was withdrawn since and is not on this one holds no place of it.
    """
    team = current.find_team(team_code)
    listed = [one.reference for one in team.people] if team else []
    rows = TakenUp.objects.filter(list_date=current.list_date, case__in=listed)
    return list(rows.select_related("taken_by").order_by("taken_at", "pk"))


def word_taken(current: CurrentList, team_code: str) -> dict[str, str]:
    """By reference that somebody was taken up from the reserve of a list, and that a case fell through."""
    said: dict[str, str] = {}
    for one in find_taken(current, team_code):
        day, why = long_date(timezone.localdate(one.taken_at)), one.get_why_display()
        taken = f"Taken up from the reserve on {day} in place of {one.in_place_of}."
        how = f"Fell through: {why[:1].lower()}{why[1:]}." if why else "Fell through."
        fell = f"{how} {one.case_id} was taken up in its place on {day}."
        # Whoever was taken up may fall through as well.
        said[one.case_id] = taken
        said[one.in_place_of] = " ".join(filter(None, (said.get(one.in_place_of, ""), fell)))
    return said


def _find_barred(current: CurrentList, team_code: str, references: Sequence[str]) -> Mapping[str, str]:
    """By reference why somebody in reserve cannot be taken up now, by their status of the day and what is told."""
    of_team = current.read_reserve_patients(team_code)
    patients = {reference: of_team[reference] for reference in references}
    told = {}
    for referral in list_waiting_referrals(team_code):
        told[referral.case.patient_id] = f"They were put forward already, as {referral.case_id}."
    # An edition that was withdrawn since may have had them under another reference.
    before = TakenUp.objects.filter(list_date=current.list_date, case__patient_id__in=list(patients.values()))
    for one in before.exclude(case_id__in=references).select_related("case"):
        told[one.case.patient_id] = f"They were taken up already, as {one.case_id}."
    for reports in (select_confirmed_reports(), select_blocking_reports()):
        found = reports.filter(case__patient_id__in=list(patients.values())).select_related("case")
        told |= {report.case.patient_id: IN_QUESTION for report in found}
    barred = {reference: told[patient] for reference, patient in patients.items() if patient in told}
    return barred | find_warnings(patients, patients)


def explain_gone(list_date: date, reference: str) -> str:
    """Why somebody is not in reserve of a list: who has taken them up, or that they never were."""
    taken = TakenUp.objects.filter(list_date=list_date, case_id=reference).select_related("taken_by").first()
    if taken is None:
        return f"{reference} is not in reserve for this team. Look at the reserve again."
    at = f"{timezone.localtime(taken.taken_at):%H:%M}"
    return (
        f"{taken.taken_by.display_name} has taken up {reference} already, at {at} in place of {taken.in_place_of}. "
        "Nothing new was kept."
    )


def _explain_replaced(current: CurrentList, in_place_of: str) -> str:
    rows = TakenUp.objects.filter(list_date=current.list_date, in_place_of=in_place_of)
    taken = rows.select_related("taken_by").order_by("taken_at", "pk").last()
    if taken is None:
        return f"{in_place_of} is not a case of this list, or is decided. Choose a case that fell through."
    return (
        f"{taken.taken_by.display_name} has taken up {taken.case_id} in place of {in_place_of} already. "
        "Nothing new was kept."
    )
