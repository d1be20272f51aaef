"""Who is eligible on each index date, as known then, and which groups they belonged to."""

from riskstrat.cohort.dimensions import NOT_RECORDED, QUINTILES, groups
from riskstrat.cohort.eligibility import (
    Cohort,
    at_dates,
    at_discharges,
    find_absences,
    latest_discharge,
    mark_opted_out,
    registration_known_on,
    set_doubtful_apart,
    still_here,
    why_not,
)
from riskstrat.cohort.listed import find_listed

__all__ = [
    "NOT_RECORDED",
    "QUINTILES",
    "Cohort",
    "at_dates",
    "at_discharges",
    "find_absences",
    "find_listed",
    "groups",
    "latest_discharge",
    "mark_opted_out",
    "registration_known_on",
    "set_doubtful_apart",
    "still_here",
    "why_not",
]
