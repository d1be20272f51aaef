"""Hospital codes of the simulated borough: why people are admitted, signs that accompany frailty, planned care.

`tables/reasons.csv` has why people are admitted in an emergency: ICD-10 codes, weight by age group (from 0, 16, 45, 65
and 80 years), specialty, complaint in A&E and external causes; `tables/raised.csv` the factor on a reason's weight
where a condition is held. `tables/signs.csv` has codes that accompany an emergency spell with a night: chance at age 65
and zero frailty, and slope on frailty. `tables/planned.csv` has planned care: primary code, specialty, weight, the
condition that makes it eight times as likely, whether it is usually a day case, and the sex that it is for, if one
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskstrat.simulation.conditions import NUMBER
from riskstrat.simulation.shipped_tables import read_rows

AGE_GROUPS = (16, 45, 65, 80)


@dataclass(frozen=True)
class Reason:
    """Why somebody is admitted in an emergency; `raised_by`: numbers of conditions, each with its factor."""

    name: str
    codes: tuple[str, ...]
    weights: tuple[float, ...]
    specialty: str
    complaint: str
    raised_by: tuple[tuple[int, float], ...]
    causes: tuple[str, ...]


class Sign(NamedTuple):
    """One row of `tables/signs.csv`."""

    code: str
    chance: float
    slope: float


class PlannedCare(NamedTuple):
    """One row of `tables/planned.csv`; `condition` is its number, `sex` empty where it is for both."""

    code: str
    specialty: str
    weight: float
    condition: int | None
    day_case: bool
    sex: str


def _read_reason(row: dict[str, str]) -> Reason:
    raised = [one for one in _RAISED if one["reason"] == row["name"]]
    return Reason(
        name=row["name"],
        codes=tuple(row["codes"].split()),
        weights=tuple(float(row[f"weight_{age}"]) for age in (0, *AGE_GROUPS)),
        specialty=row["specialty"],
        complaint=row["complaint"],
        raised_by=tuple((NUMBER[one["condition"]], float(one["factor"])) for one in raised),
        causes=tuple(row["causes"].split()),
    )


def _read_planned(row: dict[str, str]) -> PlannedCare:
    condition = NUMBER[row["condition"]] if row["condition"] else None
    return PlannedCare(
        row["code"], row["specialty"], float(row["weight"]), condition, row["day_case"] == "yes", row["sex"]
    )


_RAISED = read_rows("raised")
REASONS = tuple(map(_read_reason, read_rows("reasons")))
REASON_NUMBER = {reason.name: number for number, reason in enumerate(REASONS)}
REASON_WEIGHTS = np.array([reason.weights for reason in REASONS]).T.copy()
COMPLAINTS = np.array([reason.complaint for reason in REASONS])
SPECIALTIES = np.array([reason.specialty for reason in REASONS])
SIGNS = tuple(Sign(row["code"], float(row["chance"]), float(row["slope"])) for row in read_rows("signs"))
PLANNED = tuple(map(_read_planned, read_rows("planned")))

MATERNITY = ("O800", "O800", "O342", "O429", "O139", "O471")


def reason_weights(age: np.ndarray, held: np.ndarray, level_value: np.ndarray) -> np.ndarray:
    """Weight of each reason (columns) for each emergency spell (rows)."""
    weights = REASON_WEIGHTS[np.searchsorted(AGE_GROUPS, age, side="right")]
    for number, reason in enumerate(REASONS):
        for condition, factor in reason.raised_by:
            weights[:, number] *= np.where(held[:, condition], factor, 1.0)
    weights[:, REASON_NUMBER["fall"]] *= np.exp(0.15 * level_value)
    return weights
