"""People whom a clinician puts forward: whether the team serves them, and the reference that they get at once."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from riskstrat.casefinding import CASE_WEEKS, REFERRED
from riskstrat.casefinding import reference as build_reference
from riskstrat.publication import CASES
from riskstrat.worklist.finding import read_references
from riskstrat.worklist.models import Case, Referral, User
from riskstrat.worklist.published import CurrentList, find_current, list_dates
from riskstrat.worklist.writing import create_row, describe_row, log_edit

MOST_TRIES = 50
"""How often a number is asked for again where somebody else took it in the same moment."""

_YEAR = timedelta(weeks=CASE_WEEKS)


@dataclass(frozen=True)
class GivenReference:
    """What came of putting somebody forward: their reference, and whether that is a new referral.

    It is not where they are on the list that stands, or are put forward already: then nothing was kept.
    """

    reference: str
    is_new: bool


def put_forward(
    current: CurrentList, team_code: str, patient_id: str, reason: str, user: User, proof: str = ""
) -> GivenReference | None:
    """Put somebody forward for a team's next list; None where the team does not serve them, whatever the cause.

    A person who has a case with the team keeps its reference; another gets the next one of `REFERRED`. proof: what came
    with the pseudonym from the identity install, by which it names them later.
    """
    if patient_id not in current.find_served(team_code):
        return None
    listed = {patient: reference for reference, patient in current.read_patients(team_code).items()}
    if patient_id in listed:
        return GivenReference(listed[patient_id], is_new=False)
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic():
                given = _keep(current, team_code, patient_id, reason, user)
                if proof:
                    Case.objects.filter(pk=given.reference).update(proof=proof)
                return given
        except IntegrityError:
            continue
    raise IntegrityError(f"no free number was found in {MOST_TRIES} tries")


def take_back(referral: Referral, user: User) -> None:
    """Take a referral back; the case keeps its reference."""
    _change(referral, user, taken_back_at=timezone.now())


def list_waiting_referrals(team_code: str) -> list[Referral]:
    """The referrals of a team that no list has held since they were made, the oldest first."""
    since = timezone.now() - _YEAR
    found = Referral.objects.filter(case__team_code=team_code, taken_back_at__isnull=True, referred_at__gte=since)
    waiting = found.select_related("case", "referred_by").order_by("referred_at", "pk")
    return [referral for referral in waiting if is_waiting(referral)]


def is_waiting(referral: Referral) -> bool:
    """Whether a referral stands and no list has held the case since."""
    made_on = timezone.localdate(referral.referred_at)
    current = find_current()
    days = [day for day in list_dates() if day >= made_on or (current and day == current.list_date)]
    held = any(referral.case_id in read_references(day, referral.case.team_code) for day in days)
    return referral.taken_back_at is None and not held


def _keep(current: CurrentList, team_code: str, patient_id: str, reason: str, user: User) -> GivenReference:
    # The number is read before the person's case is: whoever takes the same number meanwhile makes this try fail,
    # so that one person put forward twice in the same moment gets one case.
    number = _find_next_number(current, team_code)
    case = _find_case(current, team_code, patient_id)
    if case is None:
        case = Case(
            reference=build_reference(team_code, number),
            team_code=team_code,
            patient_id=patient_id,
            opened_on=timezone.localdate(),
        )
        case.save(force_insert=True)
    earlier = Referral.objects.filter(case=case).first()
    if earlier is None:
        now = timezone.now()
        create_row(Referral(case=case, reason=reason, referred_by=user, referred_at=now), user, case.reference)
    elif is_waiting(earlier):
        return GivenReference(case.reference, is_new=False)
    else:
        _change(earlier, user, reason=reason, referred_by=user, referred_at=timezone.now(), taken_back_at=None)
    return GivenReference(case.reference, is_new=True)


def _change(referral: Referral, user: User, **values: object) -> None:
    with transaction.atomic():
        before = describe_row(referral)
        for name, value in values.items():
            setattr(referral, name, value)
        referral.save(update_fields=list(values))
        log_edit(referral, user, referral.case_id, before, describe_row(referral))


def _find_next_number(current: CurrentList, team_code: str) -> int:
    """The number after the highest that anybody put forward for a team has had."""
    given = Case.objects.filter(team_code=team_code).values_list("reference", flat=True)
    numbers = [int(reference.split("-")[1]) for reference in given]
    numbers += [number for number, _ in _read_cases(current, team_code)]
    return max((number for number in numbers if number in REFERRED), default=REFERRED.start - 1) + 1


def _find_case(current: CurrentList, team_code: str, patient_id: str) -> Case | None:
    """The latest case that a person has with a team, by the worklist or else by earlier lists; None without."""
    own = Case.objects.filter(team_code=team_code, patient_id=patient_id)
    found = own.filter(opened_on__gt=current.list_date - _YEAR).order_by("-opened_on", "-reference").first()
    if found is not None:
        return found
    numbers = [number for number, patient in _read_cases(current, team_code) if patient == patient_id]
    if not numbers:
        return None
    reference = build_reference(team_code, max(numbers))
    case, _ = Case.objects.get_or_create(
        reference=reference,
        defaults={"team_code": team_code, "patient_id": patient_id, "opened_on": current.list_date},
    )
    return case


def _read_cases(current: CurrentList, team_code: str) -> list[tuple[int, str]]:
    """Number and patient_id of each case of a team that the current list hands on; one that is over has no patient."""
    text = current.published.read_file(CASES).decode("utf-8")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [(int(row["number"]), row["patient_id"]) for row in rows if row["team_code"] == team_code]
