"""What the kernel can compute of a feature, by number. Apart from it: a plan is made where nothing is compiled."""

from __future__ import annotations

COUNT, EXISTS, TOTAL, DISTINCT, LAST, FIRST, LATEST, SLOPE, EPISODES, DAYS_IN, ACTIVE, SINCE = range(12)

WITHOUT_LOOKBACK = (EPISODES, DAYS_IN, ACTIVE, SINCE)
"""What a row that happened before the lookback can still change: the episode it begins, the period it lasts into."""

IN_ORDER = (EPISODES, DAYS_IN)
"""What is computed of rows in the order of their days."""
