"""What happened after each index date: the outcome in its window, deaths and censoring."""

from riskstrat.labels.outcomes import Labels, label, require_complete

__all__ = ["Labels", "label", "require_complete"]
