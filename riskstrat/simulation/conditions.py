"""Long-term conditions of the simulated borough: how often they arise, what else they bring, what they cost.

Incidence per 1,000 people a year at ages 5, 20, 40, 60 and 80 is chosen so that prevalences come near QOF (see
published.py); effects on emergency admission (`weight`) and on death (`lethal`) are on the log scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KNOTS = (5, 20, 40, 60, 80)


@dataclass(frozen=True)
class SimulatedCondition:
    """One condition: ICD-10 codes it is recorded with, incidence, effects, BNF sections prescribed for it."""

    name: str
    codes: tuple[str, ...]
    incidence: tuple[float, float, float, float, float]
    weight: float
    lethal: float = 0.0
    deprivation: float = 0.04
    female: float = 1.0
    medicines: tuple[str, ...] = ()
    lasts: int | None = None
    """Days until it ends; None for a life-long condition."""


CONDITIONS: tuple[SimulatedCondition, ...] = (
    SimulatedCondition(
        "hypertension",
        ("I10",),
        (0.0217, 0.869, 8.69, 25, 28.2),
        0.02,
        0.0,
        0.02,
        1.0,
        ("0205051", "0206020", "0202010"),
    ),
    SimulatedCondition(
        "coronary",
        ("I259", "I251", "I209", "I252"),
        (0, 0.0332, 0.858, 4.98, 9.98),
        0.28,
        0.2,
        0.05,
        0.55,
        ("0212000", "0209000", "0204000", "0206010"),
    ),
    SimulatedCondition(
        "heart_failure",
        ("I500", "I509", "I501"),
        (0.00585, 0.0117, 0.0878, 0.702, 4.09),
        0.50,
        0.6,
        0.05,
        0.8,
        ("0202020", "0204000", "0205051"),
    ),
    SimulatedCondition(
        "atrial_fibrillation",
        ("I489", "I480", "I482"),
        (0, 0.04, 0.32, 2.8, 12.8),
        0.26,
        0.15,
        0.0,
        0.8,
        ("0208020", "0204000"),
    ),
    SimulatedCondition(
        "stroke",
        ("I639", "I694", "G459"),
        (0.0115, 0.0288, 0.346, 1.84, 6.34),
        0.30,
        0.3,
        0.04,
        0.9,
        ("0209000", "0212000"),
    ),
    SimulatedCondition(
        "peripheral_vascular",
        ("I739", "I702"),
        (0.0, 0.02, 0.25, 1.8, 4.0),
        0.26,
        0.25,
        0.07,
        0.5,
        ("0209000", "0212000"),
    ),
    SimulatedCondition(
        "copd",
        ("J449", "J439", "J441"),
        (0, 0.0232, 1.24, 5.03, 6.58),
        0.46,
        0.35,
        0.13,
        1.0,
        ("0301011", "0302000", "0301040"),
    ),
    SimulatedCondition(
        "asthma", ("J459", "J450"), (4.23, 1.65, 0.94, 1.03, 0.705), 0.20, 0.0, 0.03, 1.15, ("0301011", "0302000")
    ),
    SimulatedCondition("lung_other", ("J841", "J849"), (0.01, 0.02, 0.1, 0.5, 1.5), 0.45, 0.6, 0.02, 0.7, ()),
    SimulatedCondition(
        "diabetes",
        ("E119", "E109", "E118"),
        (0.153, 0.367, 1.95, 5.2, 5.51),
        0.25,
        0.2,
        0.06,
        0.85,
        ("0601022", "0601021", "0601011"),
    ),
    SimulatedCondition("kidney", ("N183", "N184", "N189"), (0.016, 0.08, 0.4, 2.8, 13.6), 0.26, 0.2, 0.02, 1.1, ()),
    SimulatedCondition("liver", ("K746", "K760", "K703"), (0.01, 0.2, 1.2, 1.8, 0.8), 0.45, 0.5, 0.10, 0.7, ()),
    SimulatedCondition(
        "dementia", ("F03", "G309", "F019", "F009"), (0, 0, 0.0176, 0.44, 12.3), 0.35, 0.7, 0.03, 1.15, ("0411000",)
    ),
    SimulatedCondition(
        "depression", ("F329", "F339"), (0.4, 6.5, 5.25, 3, 2.25), 0.24, 0.05, 0.06, 1.6, ("0403030", "0403010")
    ),
    SimulatedCondition(
        "anxiety", ("F411", "F419"), (0.55, 4.95, 3.58, 1.93, 1.38), 0.16, 0.0, 0.05, 1.7, ("0403030", "0401020")
    ),
    SimulatedCondition(
        "severe_mental_illness",
        ("F209", "F319", "F259"),
        (0.0, 0.6, 0.4, 0.2, 0.15),
        0.45,
        0.3,
        0.12,
        0.95,
        ("0402010", "0402030"),
    ),
    SimulatedCondition("alcohol", ("F102", "F101"), (0.0, 1.1, 2.4, 1.6, 0.3), 0.62, 0.4, 0.13, 0.45, ("0906026",)),
    SimulatedCondition("substance", ("F112", "F192"), (0.0, 1.6, 1.0, 0.2, 0.02), 0.55, 0.4, 0.16, 0.45, ("0410030",)),
    SimulatedCondition("learning_disability", ("F700", "F799"), (1.05, 0, 0, 0, 0), 0.40, 0.5, 0.08, 0.7, ()),
    SimulatedCondition(
        "epilepsy", ("G409", "G403"), (0.206, 0.124, 0.104, 0.145, 0.33), 0.50, 0.25, 0.08, 0.95, ("0408010",)
    ),
    SimulatedCondition("parkinson", ("G20",), (0.0, 0.0, 0.03, 0.4, 2.2), 0.38, 0.5, 0.0, 0.7, ("0409010",)),
    SimulatedCondition("multiple_sclerosis", ("G35",), (0.0, 0.1, 0.15, 0.06, 0.01), 0.40, 0.3, 0.0, 2.4, ("1002020",)),
    SimulatedCondition("hemiplegia", ("G819",), (0.02, 0.02, 0.06, 0.2, 0.5), 0.35, 0.3, 0.04, 0.9, ("1002020",)),
    SimulatedCondition(
        "cancer",
        ("C509", "C61", "C189", "C349", "C439", "C679"),
        (0.0734, 0.184, 1.04, 4.28, 8.58),
        0.42,
        0.8,
        0.02,
        1.0,
        (),
    ),
    SimulatedCondition(
        "metastatic_cancer",
        ("C787", "C795", "C800"),
        (0.008, 0.016, 0.2, 1.2, 2.56),
        0.70,
        2.2,
        0.04,
        0.95,
        ("0407020",),
    ),
    SimulatedCondition("rheumatoid", ("M069", "M353"), (0.02, 0.2, 0.45, 0.9, 1.0), 0.22, 0.1, 0.02, 2.3, ("1001030",)),
    SimulatedCondition(
        "osteoarthritis",
        ("M179", "M169", "M199"),
        (0.0, 0.2, 3.0, 11.0, 13.0),
        0.06,
        0.0,
        0.03,
        1.4,
        ("1001010", "0407010"),
    ),
    SimulatedCondition(
        "osteoporosis", ("M819", "M810"), (0.0, 0.02, 0.2, 2.6, 8.0), 0.12, 0.05, 0.0, 4.0, ("0606020", "0906040")
    ),
    SimulatedCondition("obesity", ("E669",), (0.7, 4.5, 7.0, 5.5, 1.5), 0.05, -0.05, 0.06, 1.25, ()),
    SimulatedCondition("anaemia", ("D649", "D509"), (0.5, 2.0, 2.5, 3.0, 9.0), 0.20, 0.25, 0.02, 1.7, ("0901011",)),
    SimulatedCondition("thyroid", ("E039",), (0.1, 0.7, 1.8, 2.8, 3.0), 0.03, 0.0, 0.0, 4.5, ("0602010",)),
    SimulatedCondition("delirium", ("F059",), (0.0, 0.01, 0.05, 0.4, 5.0), 0.30, 0.5, 0.02, 1.0, (), 60),
    SimulatedCondition("incontinence", ("R32", "N393"), (0.1, 0.2, 1.0, 2.2, 8.0), 0.18, 0.15, 0.02, 2.0, ("0704020",)),
    SimulatedCondition(
        "skin_ulcer", ("L899", "L979"), (0.0, 0.05, 0.2, 0.8, 4.0), 0.40, 0.4, 0.06, 1.0, ("1311010",), 240
    ),
    SimulatedCondition(
        "malnutrition", ("R634", "E46"), (0.02, 0.1, 0.2, 0.6, 3.5), 0.35, 0.5, 0.05, 1.1, ("0904020",), 365
    ),
    SimulatedCondition("visual_impairment", ("H547", "H540"), (0.05, 0.1, 0.3, 1.2, 6.5), 0.10, 0.05, 0.03, 1.1, ()),
    SimulatedCondition("hearing_loss", ("H919",), (0.3, 0.3, 0.9, 3.5, 9.0), 0.0, 0.0, 0.02, 0.85, ()),
)

NUMBER = {condition.name: number for number, condition in enumerate(CONDITIONS)}
COUNT = len(CONDITIONS)

BRINGS: tuple[tuple[str, str, float], ...] = (
    ("hypertension", "coronary", 1.7),
    ("hypertension", "stroke", 1.8),
    ("hypertension", "kidney", 2.0),
    ("hypertension", "heart_failure", 1.5),
    ("diabetes", "kidney", 2.2),
    ("diabetes", "coronary", 1.7),
    ("diabetes", "peripheral_vascular", 2.2),
    ("diabetes", "skin_ulcer", 2.5),
    ("diabetes", "visual_impairment", 1.8),
    ("coronary", "heart_failure", 3.5),
    ("coronary", "atrial_fibrillation", 1.6),
    ("atrial_fibrillation", "stroke", 2.2),
    ("atrial_fibrillation", "heart_failure", 2.5),
    ("obesity", "diabetes", 3.2),
    ("obesity", "hypertension", 1.6),
    ("obesity", "osteoarthritis", 1.6),
    ("stroke", "dementia", 2.0),
    ("stroke", "hemiplegia", 9.0),
    ("stroke", "depression", 1.6),
    ("stroke", "epilepsy", 4.0),
    ("copd", "lung_other", 2.0),
    ("copd", "heart_failure", 1.6),
    ("copd", "depression", 1.5),
    ("copd", "osteoporosis", 1.5),
    ("alcohol", "liver", 7.0),
    ("alcohol", "depression", 2.0),
    ("alcohol", "epilepsy", 2.0),
    ("substance", "severe_mental_illness", 3.0),
    ("substance", "alcohol", 3.0),
    ("depression", "anxiety", 4.0),
    ("anxiety", "depression", 3.0),
    ("depression", "alcohol", 1.8),
    ("depression", "dementia", 1.3),
    ("severe_mental_illness", "diabetes", 1.8),
    ("dementia", "delirium", 5.0),
    ("dementia", "incontinence", 3.0),
    ("dementia", "malnutrition", 2.5),
    ("parkinson", "dementia", 3.0),
    ("learning_disability", "epilepsy", 12.0),
    ("cancer", "metastatic_cancer", 12.0),
    ("cancer", "anaemia", 2.0),
    ("kidney", "anaemia", 2.5),
    ("kidney", "heart_failure", 1.5),
    ("rheumatoid", "osteoporosis", 2.0),
    ("hemiplegia", "skin_ulcer", 4.0),
    ("metastatic_cancer", "malnutrition", 5.0),
)

TOGETHER: tuple[tuple[str, str, float], ...] = (
    ("copd", "heart_failure", 0.30),
    ("diabetes", "kidney", 0.20),
    ("alcohol", "depression", 0.25),
    ("alcohol", "severe_mental_illness", 0.20),
    ("dementia", "incontinence", 0.15),
    ("asthma", "anxiety", 0.20),
    ("coronary", "diabetes", 0.12),
)
"""Extra log hazard of emergency admission when two conditions meet."""

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
        rate[held[:, NUMBER[cause]], NUMBER[effect]] *= factor
    rate[held] = 0
    return rate


def burden(held: np.ndarray) -> np.ndarray:
    """Log hazard of emergency admission that the conditions held bring; the tenth adds less than the first."""
    total = held @ WEIGHTS
    for one, other, extra in TOGETHER:
        total = total + np.float32(extra) * (held[:, NUMBER[one]] & held[:, NUMBER[other]])
    total = total + np.float32(MANY_EXTRA) * (held.sum(1) >= MANY_FROM)
    return (SATURATION * np.tanh(total / SATURATION)).astype(np.float32)


def lethality(held: np.ndarray) -> np.ndarray:
    """Log hazard of death that the conditions held bring."""
    total = held @ LETHAL
    return (2.5 * np.tanh(total / 2.5)).astype(np.float32)
