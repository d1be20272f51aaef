"""Whom a lot leaves off a list: newcomers near its line, at random, by a setting that is off unless it was approved."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.definitions.hold_out_settings import HoldOutSettings
from riskstrat.storage import compute_digest

LEFT_OFF = "left off by lot, for research"
"""Why somebody above the line is below it."""

IN_LOT = "listed, though a lot might have left them off"
"""Of somebody listed: whom those who were left off are held against."""

_DIGITS = 13
"""Hexadecimal digits of a digest that a float holds exactly."""


class Lot(NamedTuple):
    """For each person of one team: whether a lot decides should they be about to come onto the list, and whether it
    then leaves them off."""

    decides: npt.NDArray[np.bool_]
    leaves_off: npt.NDArray[np.bool_]


def draw_lot(
    people: pd.DataFrame, told: pd.DataFrame, line: float | None, rules: HoldOutSettings | None, day: date
) -> Lot:
    """The lot of a day for the people of one team, whose list has its line at a margin; None where it takes nobody new.

    It decides only of newcomers: of nobody who was put forward, is on a list or was on one within a year (withdrawn or
    not, by whatever model), has objected to any use of their records, has a risk above `never_above` or stands farther
    above the line than `within`. A person's lot is the same on every list of one approval, so that whoever was left
    off stays so while all of this holds, and is listed once it does not.
    """
    if rules is None or line is None or not rules.holds_on(day):
        return Lot(np.zeros(len(people), bool), np.zeros(len(people), bool))
    spared = told["nominated"] | told["on_last"] | told["keeps_place"] | told["objecting"] | told["has_case"]
    newcomers = ~spared & told["listed_before"].isna()
    near = (people["risk"] <= rules.never_above) & (people["margin"] <= line + rules.within)
    decides = newcomers.to_numpy(bool) & near.to_numpy(bool)
    leaves_off = decides.copy()
    for row in np.flatnonzero(decides):
        leaves_off[row] = _draw_number(rules, str(people["patient_id"].iloc[row])) < rules.share
    return Lot(decides, leaves_off)


def _draw_number(rules: HoldOutSettings, patient: str) -> float:
    """From 0 to below 1, by the approval, its first day and the person."""
    digest = compute_digest(f"{rules.approval}\n{rules.begins}\n{patient}")
    return float(int(digest[:_DIGITS], 16)) / 16**_DIGITS
