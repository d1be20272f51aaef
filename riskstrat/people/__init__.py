"""Each listed person as a page may tell of them: reasons, counts and facts without a trace of anything sensitive."""

from riskstrat.people.details import counts_shown, describe_people
from riskstrat.people.facts import person_facts
from riskstrat.people.reasons import discreet_reasons, printed_counts, themes_by_patient
from riskstrat.people.records import Records, discreet_records

__all__ = [
    "Records",
    "counts_shown",
    "describe_people",
    "discreet_reasons",
    "discreet_records",
    "person_facts",
    "printed_counts",
    "themes_by_patient",
]
