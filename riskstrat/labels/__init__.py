"""What happened after each index date: the outcome in its window, deaths, censoring and actions of the MDTs."""

from riskstrat.labels.actions import Intervened, intervened
from riskstrat.labels.outcomes import Labels, events_by_provider, find_deaths, label, require_complete
from riskstrat.labels.registration import registered_until

__all__ = [
    "Intervened",
    "Labels",
    "events_by_provider",
    "find_deaths",
    "intervened",
    "label",
    "registered_until",
    "require_complete",
]
