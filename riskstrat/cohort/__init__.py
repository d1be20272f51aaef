"""Who is eligible on each index date, as known then, and which groups they belonged to."""

from riskstrat.cohort.activity import find_last_activity
from riskstrat.cohort.dimensions import groups
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
    "Cohort",
    "at_dates",
    "at_discharges",
    "find_absences",
    "find_last_activity",
    "groups",
    "latest_discharge",
    "mark_opted_out",
    "registration_known_on",
    "set_doubtful_apart",
    "still_here",
    "why_not",
]
