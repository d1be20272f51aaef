"""Long-term conditions of the simulated borough: how often they arise, what else they bring, what they cost.

`tables/conditions.csv` has one row per condition: ICD-10 codes it is recorded with; incidence per 1,000 people a year
at ages 5, 20, 40, 60 and 80, chosen so that prevalences come near QOF (see published.py); effects on emergency
admission (`weight`) and on death (`lethal`), on the log scale; how much incidence rises with each decile of
deprivation, on the log scale; incidence of women over that of men (`female`); BNF sections prescribed for it; and the
days until it ends (`lasts`), empty for a life-long condition. `tables/brings.csv` has the factor on the incidence of
one condition where another is held, `tables/together.csv` the extra log hazard of emergency admission where two meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation.shipped_tables import read_rows

KNOTS = (5, 20, 40, 60, 80)


@dataclass(frozen=True)
class SimulatedCondition:
    """One row of `tables/conditions.csv`; `incidence` has one value for each of `KNOTS`."""

    name: str
    codes: tuple[str, ...]
    incidence: tuple[float, ...]
    weight: float
    lethal: float
    deprivation: float
    female: float
    medicines: tuple[str, ...]
    lasts: int | None


def _read_condition(row: dict[str, str]) -> SimulatedCondition:
    return SimulatedCondition(
        name=row["name"],
        codes=tuple(row["codes"].split()),
        incidence=tuple(float(row[f"incidence_{age}"]) for age in KNOTS),
        weight=float(row["weight"]),
        lethal=float(row["lethal"]),
        deprivation=float(row["deprivation"]),
        female=float(row["female"]),
        medicines=tuple(row["medicines"].split()),
        lasts=int(row["lasts"]) if row["lasts"] else None,
    )


CONDITIONS = tuple(map(_read_condition, read_rows("conditions")))
NUMBER = {condition.name: number for number, condition in enumerate(CONDITIONS)}
COUNT = len(CONDITIONS)
BRINGS = tuple((NUMBER[row["cause"]], NUMBER[row["effect"]], float(row["factor"])) for row in read_rows("brings"))
TOGETHER = tuple((NUMBER[row["one"]], NUMBER[row["other"]], float(row["extra"])) for row in read_rows("together"))

SATURATION = 2.2
MANY_FROM = 4
MANY_EXTRA = 0.35

WEIGHTS = 1.4 * np.array([condition.weight for condition in CONDITIONS], dtype=np.float32)
LETHAL = np.array([condition.lethal for condition in CONDITIONS], dtype=np.float32)
DEPRIVATION = np.array([condition.deprivation for condition in CONDITIONS], dtype=np.float32)
FEMALE = np.array([condition.female for condition in CONDITIONS], dtype=np.float32)


def _interpolate_incidence() -> np.ndarray:
    ages = np.arange(121)
    rates = [np.exp(np.interp(ages, KNOTS, np.log(np.maximum(c.incidence, 1e-4)))) / 1000 for c in CONDITIONS]
    return np.array(rates, dtype=np.float32).T.copy()


BY_AGE = _interpolate_incidence()
"""Incidence a year, one row per year of age and one column per condition."""


def rates(age: np.ndarray, female: np.ndarray, decile: np.ndarray, illness: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Incidence a year: one row per person, one column per condition. `illness` is the log multiplier of the person."""
    rate = BY_AGE[np.clip(age, 0, 120)]
    rate = rate * np.exp(DEPRIVATION * (5.5 - decile[:, None]) + 0.5 * illness[:, None], dtype=np.float32)
    rate *= np.where(female[:, None], FEMALE, 1.0).astype(np.float32) * (2 / (1 + FEMALE))
    for cause, effect, factor in BRINGS:
        rate[held[:, cause], effect] *= factor
    rate[held] = 0
    return rate


def burden(held: np.ndarray) -> np.ndarray:
    """Log hazard of emergency admission that the conditions held bring; the tenth adds less than the first."""
    total = held @ WEIGHTS
    for one, other, extra in TOGETHER:
        total = total + np.float32(extra) * (held[:, one] & held[:, other])
    total = total + np.float32(MANY_EXTRA) * (held.sum(1) >= MANY_FROM)
    return (SATURATION * np.tanh(total / SATURATION)).astype(np.float32)


def lethality(held: np.ndarray) -> np.ndarray:
    """Log hazard of death that the conditions held bring."""
    total = held @ LETHAL
    return (2.5 * np.tanh(total / 2.5)).astype(np.float32)
