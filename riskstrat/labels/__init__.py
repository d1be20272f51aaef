"""What happened after each index date: the outcome in its window, deaths, censoring and actions of the MDTs."""

from riskstrat.labels.actions import Intervened, intervened
from riskstrat.labels.outcomes import Labels, events_by_provider, label, require_complete

__all__ = ["Intervened", "Labels", "events_by_provider", "intervened", "label", "require_complete"]
