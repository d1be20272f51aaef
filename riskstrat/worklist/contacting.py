"""Attempts to reach a person: after so many in a row that failed, the case goes back to a clinician."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from riskstrat.casefinding import CASE_WEEKS
from riskstrat.worklist.models import Attempt, Decision, Opinion
from riskstrat.worklist.roles import Role

FAILED_TO_FLAG = 2
"""Attempts in a row after which somebody who cannot be reached goes back to a clinician."""

HOW = {
    "telephone": "By telephone",
    "visit": "By a visit",
    "letter": "By letter",
    "message": "By text message or e-mail",
    "carer": "Through a carer or family",
}


def count_failed(attempts: Iterable[Attempt]) -> int:
    """How many of the latest attempts failed in a row."""
    failed = 0
    for attempt in sorted(attempts, key=lambda one: (one.tried_on, one.pk), reverse=True):
        if attempt.reached:
            break
        failed += 1
    return failed


def list_unreached(team_code: str) -> list[str]:
    """The references of a team's cases that go back to a clinician, since nobody was reached; in their order.

    A clinician's opinion or a decision of the team that came after the last attempt answers it.
    """
    since = timezone.localdate() - timedelta(weeks=CASE_WEEKS)
    by_case: dict[str, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(case__team_code=team_code, tried_on__gte=since):
        by_case.setdefault(attempt.case_id, []).append(attempt)
    return sorted(reference for reference, attempts in by_case.items() if _must_go_back(reference, attempts))


def is_unreached(reference: str) -> bool:
    """Whether a case goes back to a clinician, since nobody was reached."""
    return _must_go_back(reference, list(Attempt.objects.filter(case_id=reference)))


def _must_go_back(reference: str, attempts: list[Attempt]) -> bool:
    if count_failed(attempts) < FAILED_TO_FLAG:
        return False
    last = max(attempt.entered_at for attempt in attempts)
    return not any(answered and answered > last for answered in _find_answers(reference))


def _find_answers(reference: str) -> tuple[datetime | None, datetime | None]:
    """When a clinician last gave an opinion of a case, and when its team last decided."""
    opinions = Opinion.objects.filter(case_id=reference, given_by__role=Role.CLINICIAN)
    decisions = Decision.objects.filter(case_id=reference, stands=True)
    return opinions.aggregate(at=Max("given_at"))["at"], decisions.aggregate(at=Max("entered_at"))["at"]
