"""Who is eligible on each index date, as known then."""

from riskstrat.cohort.eligibility import Cohort, at_dates, at_discharges, latest_discharge, still_here

__all__ = ["Cohort", "at_dates", "at_discharges", "latest_discharge", "still_here"]
