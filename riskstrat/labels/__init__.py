"""What happened after each index date: the outcome in its window, deaths and censoring."""

from riskstrat.labels.outcomes import Labels, events_by_provider, label, require_complete

__all__ = ["Labels", "events_by_provider", "label", "require_complete"]
