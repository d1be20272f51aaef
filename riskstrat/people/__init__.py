"""Each listed person as a page may tell of them: reasons, counts and facts without a trace of anything sensitive."""

from riskstrat.people.cohorts import describe_cohorts, gather_everybody, tell_cohorts
from riskstrat.people.details import FOR_CLINICIANS, counts_shown, describe_people
from riskstrat.people.facts import person_facts
from riskstrat.people.in_place import tells_holdings_end
from riskstrat.people.limits import find_day_of_statuses
from riskstrat.people.reasons import explain_printable, printed_counts, themes_by_patient
from riskstrat.people.records import Records, gather_records

__all__ = [
    "FOR_CLINICIANS",
    "Records",
    "counts_shown",
    "describe_cohorts",
    "describe_people",
    "explain_printable",
    "find_day_of_statuses",
    "gather_everybody",
    "gather_records",
    "person_facts",
    "printed_counts",
    "tell_cohorts",
    "tells_holdings_end",
    "themes_by_patient",
]
