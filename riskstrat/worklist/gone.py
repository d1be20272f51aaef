"""Whom the latest list does not have with their team any more, or has as gone or passed on; for pages and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from riskstrat.casefinding import DIED, IN_HOSPITAL, MOVED, NOT_DISCHARGED, PALLIATIVE
from riskstrat.definitions.deaths import DOUBTFUL_DEATH
from riskstrat.worklist.published import CurrentList

BARRING = frozenset({DIED, MOVED, DOUBTFUL_DEATH, IN_HOSPITAL, NOT_DISCHARGED, PALLIATIVE})
"""Reasons of a list, for which nobody is contacted; for others a person is not listed, and no more."""


@dataclass(frozen=True)
class GoneByList:
    """That the list of a day has somebody as gone or passed on, in its words; reason is blank where the person is not
    among those from whom it was made for their team, which it does not say why."""

    day: date
    reason: str


def find_gone(patients: Mapping[str, str], current: CurrentList) -> dict[str, GoneByList]:
    """By reference, for those of whom a list says so; patients: by reference the patient_id.

    Raises PublicationError or OSError where the list's table of everybody cannot be read.
    """
    found, excluded = {}, current.find_excluded()
    for reference, patient in patients.items():
        reason = excluded.get(patient, "")
        if reason in BARRING:
            found[reference] = GoneByList(current.list_date, reason)
        elif patient not in current.find_served(reference[:3]):
            found[reference] = GoneByList(current.list_date, "")
    return found


def is_absence_telling(current: CurrentList) -> bool:
    """Whether a list was made from everybody but those who died, left, objected or are another team's.

    Others are no longer eligible once their discharge is a month ago, a count is reached or a birthday has passed. A
    recipe that is not there any more may have been one or the other: then absence is told.
    """
    recipe = settings.RISKSTRAT_WORKSPACE.recipes.get(current.weekly.model)
    return recipe is None or recipe.cohort.is_lasting
