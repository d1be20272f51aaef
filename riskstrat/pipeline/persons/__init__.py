"""Each listed person as a page may tell of them: reasons, counts and facts without a trace of anything sensitive."""

from riskstrat.pipeline.persons.facts import person_facts
from riskstrat.pipeline.persons.reasons import discreet_reasons, printed_counts, themes_by_patient
from riskstrat.pipeline.persons.records import Records, discreet_records

__all__ = [
    "Records",
    "discreet_reasons",
    "discreet_records",
    "person_facts",
    "printed_counts",
    "themes_by_patient",
]
