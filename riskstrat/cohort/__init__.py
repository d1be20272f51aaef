"""Who is eligible on each index date, as known then, and which groups they belonged to."""

from riskstrat.cohort.dimensions import groups
from riskstrat.cohort.eligibility import Cohort, at_dates, at_discharges, latest_discharge, still_here

__all__ = ["Cohort", "at_dates", "at_discharges", "groups", "latest_discharge", "still_here"]
