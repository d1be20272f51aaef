"""Attempts to reach a person: after so many in a row that failed, the case goes back to a clinician."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from riskstrat.casefinding import CASE_WEEKS
from riskstrat.worklist.models import Attempt, Opinion
from riskstrat.worklist.reporting import select_looked_at
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

    A clinician's opinion, or a decision of the team by which it was not put off alone, answers it where it came after
    the last attempt.
    """
    since = timezone.localdate() - timedelta(weeks=CASE_WEEKS)
    return sorted(_find_unreached(Attempt.objects.filter(case__team_code=team_code, tried_on__gte=since)))


def is_unreached(reference: str) -> bool:
    """Whether a case goes back to a clinician, since nobody was reached."""
    return reference in _find_unreached(Attempt.objects.filter(case_id=reference))


def _find_unreached(attempts: Iterable[Attempt]) -> set[str]:
    by_case: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_case.setdefault(attempt.case_id, []).append(attempt)
    failed = {reference: own for reference, own in by_case.items() if count_failed(own) >= FAILED_TO_FLAG}
    answers = _find_answers(failed) if failed else {}
    return {
        reference
        for reference, own in failed.items()
        if not any(answered > max(one.entered_at for one in own) for answered in answers.get(reference, ()))
    }


def _find_answers(references: Iterable[str]) -> dict[str, list[datetime]]:
    """By reference when a clinician last gave an opinion of a case, and when its team last decided."""
    asked, found = list(references), dict[str, list[datetime]]()
    opinions = Opinion.objects.filter(case__in=asked, given_by__role=Role.CLINICIAN).values_list("case_id")
    decisions = select_looked_at().filter(case__in=asked).values_list("case_id")
    for reference, at in (*opinions.annotate(at=Max("given_at")), *decisions.annotate(at=Max("entered_at"))):
        found.setdefault(reference, []).append(at)
    return found
