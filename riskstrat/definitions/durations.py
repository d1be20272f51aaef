"""Lengths of time as definitions write them: `30d`, `365d`, `ever`."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from riskstrat.errors import DefinitionError

EVER = 200_000
"""Days of the lookback `ever`: longer than any record, so one rule serves all lookbacks."""

_WORDS = {
    7: "7 days",
    30: "30 days",
    90: "3 months",
    180: "6 months",
    182: "6 months",
    183: "6 months",
    456: "15 months",
}


def days(text: str) -> int:
    """Days in `text` (`"90d"`, `"ever"`). Raises DefinitionError for any other form, and for more days than `ever`."""
    if text == "ever":
        return EVER
    match = re.fullmatch(r"([1-9]\d*)d", text)
    if match is None:
        raise DefinitionError(f'"{text}" is not a length of time; write days such as "90d", or "ever"')
    if len(match.group(1)) > len(str(EVER)) or int(match.group(1)) >= EVER:
        raise DefinitionError(f'"{text[:20]}" is longer than any record; write fewer days, or "ever"')
    return int(match.group(1))


def in_words(lookback: int) -> str:
    """The lookback as a sentence says it: `3 months`, `12 months`, `2 years`, `on record`."""
    if lookback >= EVER:
        return "on record"
    if lookback in _WORDS:
        return _WORDS[lookback]
    if lookback == 365:
        return "12 months"
    if lookback % 365 == 0:
        return f"{lookback // 365} years"
    return f"{lookback} days"


def age_in_years(born: npt.NDArray[np.datetime64], on: npt.NDArray[np.datetime64]) -> npt.NDArray[np.float64]:
    """Completed years from `born` to `on`, element by element; NaN where a date is missing."""
    months = on.astype("datetime64[M]").astype(np.int64) - born.astype("datetime64[M]").astype(np.int64)
    day = (on.astype("datetime64[D]") - on.astype("datetime64[M]")).astype(np.int64)
    birthday = (born.astype("datetime64[D]") - born.astype("datetime64[M]")).astype(np.int64)
    years = np.floor_divide(months - (day < birthday), 12).astype(np.float64)
    return np.where(np.isnat(born) | np.isnat(on), np.nan, years)
