"""Age in bands of completed years: how an age is printed, and a group that evidence is told by."""

from __future__ import annotations

from bisect import bisect_right

AGES = (18, 40, 50, 65, 75, 85)
AGE_BANDS = ("under 18", "18 to 39", "40 to 49", "50 to 64", "65 to 74", "75 to 84", "85 and over")
"""Ages in completed years at the index date."""


def name_age_band(age: float) -> str:
    """The band of an age in completed years; empty where the age is not known (NaN)."""
    return "" if age != age else AGE_BANDS[bisect_right(AGES, age)]
