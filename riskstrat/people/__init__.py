"""Each listed person as a page may tell of them: reasons, counts and facts without a trace of anything sensitive."""

from riskstrat.people.details import counts_shown, describe_people
from riskstrat.people.facts import person_facts
from riskstrat.people.limits import find_day_of_statuses
from riskstrat.people.reasons import explain_redacted, printed_counts, themes_by_patient
from riskstrat.people.records import Records, redact_records

__all__ = [
    "Records",
    "counts_shown",
    "describe_people",
    "explain_redacted",
    "find_day_of_statuses",
    "person_facts",
    "printed_counts",
    "redact_records",
    "themes_by_patient",
]
