"""Who is eligible on each index date, as known then, and which groups they belonged to."""

from riskstrat.cohort.dimensions import QUINTILES, groups
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

__all__ = [
    "QUINTILES",
    "Cohort",
    "at_dates",
    "at_discharges",
    "find_absences",
    "groups",
    "latest_discharge",
    "mark_opted_out",
    "registration_known_on",
    "set_doubtful_apart",
    "still_here",
    "why_not",
]
