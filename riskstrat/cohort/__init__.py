"""Who is eligible on each index date, as known then, and which groups they belonged to."""

from riskstrat.cohort.dimensions import groups
from riskstrat.cohort.eligibility import (
    Cohort,
    at_dates,
    at_discharges,
    latest_discharge,
    mark_opted_out,
    registration_known_on,
    still_here,
    why_not,
)

__all__ = [
    "Cohort",
    "at_dates",
    "at_discharges",
    "groups",
    "latest_discharge",
    "mark_opted_out",
    "registration_known_on",
    "still_here",
    "why_not",
]
