"""Places of which the caseload holds nobody though it ought to: 0 there is no figure, nor is a sum that has it."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.definitions.ages import AGES
from riskstrat.definitions.indicators import Indicator
from riskstrat.indicators.hiding import CANNOT_BE_TOLD, WHOLE, Place, ShownCount
from riskstrat.indicators.places import FIFTH, LOCALITY, PRACTICE, UNKNOWN, name_practice
from riskstrat.indicators.showing import BoroughMonths, ShownMonths
from riskstrat.sources.coverage import SURE

OF_REGISTER = "register_attendances"
"""The measure whose denominator is of the caseload too."""


def list_unheld(borough: BoroughMonths, month: date) -> frozenset[Place]:
    """The localities and practices of which nobody was ever on the caseload, where that is no chance, and every place
    that they are part of.

    As many are expected as are, or were once, on it among people of the same ages elsewhere.
    """
    rows = borough.members[borough.members["month"] == pd.Timestamp(month)]
    ever = rows["person"].isin(borough.records.caseload["person"])
    expected = ever.groupby(np.searchsorted(AGES, rows["years_old"], side="right")).transform("mean")
    sums = pd.DataFrame({"ever": ever, "expected": expected}).groupby([rows[LOCALITY], rows[PRACTICE]]).sum()
    unheld = [_list_silent(sums.groupby(level=0).sum()), _list_silent(sums)]
    localities = {name for name in unheld[0] if name != UNKNOWN}
    practices = {(locality, practice) for locality, practice in unheld[1] if UNKNOWN not in (locality, practice)}
    if not localities and not practices:
        return frozenset()
    inside = {pair for pair in sums.index if pair[0] in localities} | practices
    fifths = {(FIFTH, str(name)) for name in rows[FIFTH].unique()}
    return frozenset(
        {WHOLE, *fifths}
        | {(LOCALITY, str(locality)) for locality in localities | {locality for locality, _ in practices}}
        | {name_practice(str(locality), str(practice)) for locality, practice in inside}
    )


def _list_silent(sums: pd.DataFrame) -> list[Any]:
    return [*sums.index[(sums["ever"] == 0) & (sums["expected"] >= SURE)]]


def withhold_unheld(
    indicator: Indicator, shown: tuple[ShownMonths, ShownMonths], unheld: Set[Place]
) -> tuple[ShownMonths, ShownMonths]:
    """What is shown of an indicator of the caseload, with the figures of these places as what cannot be told."""
    if not unheld:
        return shown
    numerators, denominators = shown
    of_register = indicator.measure == OF_REGISTER
    return _withhold(numerators, unheld), _withhold(denominators, unheld) if of_register else denominators


def _withhold(shown: ShownMonths, unheld: Set[Place]) -> ShownMonths:
    nothing = ShownCount(CANNOT_BE_TOLD, None)
    return {
        month: {place: nothing if place in unheld else count for place, count in counts.items()}
        for month, counts in shown.items()
    }
