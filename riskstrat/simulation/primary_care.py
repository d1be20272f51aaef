"""Contacts, prescriptions and measurements: drawn a quarter at a time from the state when the quarter begins."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import frailty
from riskstrat.simulation.activity import raised
from riskstrat.simulation.conditions import CONDITIONS, NUMBER
from riskstrat.simulation.draws import Record, days_within, happen
from riskstrat.simulation.state import State

STEPS_A_QUARTER = 3
SERVICES = ("gp", "district_nursing", "community_matron", "mental_health", "outpatient", "physiotherapy")
GP_KNOTS = (0, 4, 12, 20, 40, 60, 75, 90)
GP_RATE = (3.6, 2.6, 1.2, 1.9, 2.3, 3.0, 4.0, 4.4)
OUTPATIENT_RATE = (0.5, 0.3, 0.3, 0.4, 0.6, 0.9, 1.2, 0.9)
"""Contacts a year at zero frailty and no conditions, by age at the knots above."""
MEASURES = (("bmi", "kg/m2"), ("efi", "score"), ("egfr", "mL/min/1.73m2"), ("smoking", "status"), ("systolic", "mmHg"))

MEDICINES = tuple(sorted({code for condition in CONDITIONS for code in condition.medicines}))
ACUTE = (
    "0501013",
    "0501080",
    "0407010",
    "0407020",
    "0103050",
    "0106020",
    "0304010",
    "1001010",
    "0401010",
    "0603020",
    "0902012",
)
BNF = np.array([*MEDICINES, *ACUTE])
ACUTE_WEIGHTS = (18, 10, 14, 9, 16, 7, 9, 10, 5, 5, 4)
_PRESCRIBED = np.zeros((len(CONDITIONS), 4), dtype=np.int16)
_NUMBER_PRESCRIBED = np.array([len(condition.medicines) for condition in CONDITIONS])
for _row, _condition in enumerate(CONDITIONS):
    for _column, _code in enumerate(_condition.medicines):
        _PRESCRIBED[_row, _column] = MEDICINES.index(_code)


@dataclass
class PrimaryCare:
    """One record per stream; days since 1970-01-01."""

    contacts: Record = field(default_factory=lambda: Record("who", "day", "service", "attended"))
    prescriptions: Record = field(default_factory=lambda: Record("who", "day", "medicine"))
    measurements: Record = field(default_factory=lambda: Record("who", "day", "measure", "value"))


def quarter(
    rng: np.random.Generator, state: State, care: PrimaryCare, step: int, age: np.ndarray, here: np.ndarray
) -> None:
    """Three steps of contacts, prescriptions and measurements, beginning with `step`."""
    before, last = state.calendar.boundary(step), state.calendar.boundary(step + STEPS_A_QUARTER)
    level = frailty.LEVEL_VALUES[state.level]
    _add_contacts(rng, state, care, (before, last), age, here, level)
    _add_repeat_prescriptions(rng, state, care, (before, last), here)
    _add_acute_prescriptions(rng, state, care, (before, last), age, here, level)
    _measure(rng, state, care, (before, last), age, here, level)


def _add_contacts(
    rng: np.random.Generator,
    state: State,
    care: PrimaryCare,
    days: tuple[int, int],
    age: np.ndarray,
    here: np.ndarray,
    level: np.ndarray,
) -> None:
    illness, held = state.people.illness, state.held
    number = held.sum(1)
    shared = np.exp(0.42 * illness + 0.36 * level + 0.05 * np.minimum(number, 8))
    mental = (
        0.05
        + 4.0 * held[:, NUMBER["severe_mental_illness"]]
        + 0.35 * held[:, NUMBER["depression"]]
        + 0.6 * held[:, NUMBER["dementia"]]
    )
    nursing = np.where(age >= 50, 0.03 * np.exp(0.055 * (age - 50) + 0.95 * level + 0.3 * illness), 0.004)
    nursing = (
        nursing
        * np.where(rng.random(len(age), dtype=np.float32) < 0.25, 3.4, 0.2)
        * (1 + 3 * held[:, NUMBER["skin_ulcer"]])
    )
    long_term = held[:, NUMBER["copd"]] | held[:, NUMBER["heart_failure"]]
    rates = (
        np.interp(age, GP_KNOTS, GP_RATE) * shared,
        np.minimum(nursing, 40.0),
        np.where((age >= 55) & long_term, 0.25, 0.004) * np.exp(0.9 * level),
        mental * np.exp(0.2 * level) * (age >= 12),
        np.interp(age, GP_KNOTS, OUTPATIENT_RATE)
        * shared
        * np.exp(raised(state, (("cancer", 0.9), ("rheumatoid", 0.6), ("kidney", 0.3)))),
        0.06 * np.exp(raised(state, (("osteoarthritis", 1.0), ("stroke", 0.6), ("hemiplegia", 1.2)))) * shared,
    )
    missed = np.clip(0.03 + 0.012 * (10 - state.people.decile), 0.02, 0.2)
    for service, rate in enumerate(rates):
        who = happen(rng, rate * here / 4)
        care.contacts.add(
            who=who,
            day=days_within(rng, len(who), *days),
            service=np.full(len(who), service, dtype=np.int8),
            attended=rng.random(len(who), dtype=np.float32) >= missed[who],
        )


def _add_repeat_prescriptions(
    rng: np.random.Generator, state: State, care: PrimaryCare, days: tuple[int, int], here: np.ndarray
) -> None:
    who, what = np.nonzero(state.held & (_NUMBER_PRESCRIBED > 0) & here[:, None])
    person, first, count = np.unique(who, return_index=True, return_counts=True)
    steady = 0.55 + 0.9 * ((person * 0.618) % 1)
    rate = (1.9 + 2.3 * np.minimum(count, 9)) * steady / 4
    who_issue = happen(rng, rate)
    pick = first[who_issue] + np.floor(rng.random(len(who_issue), dtype=np.float32) * count[who_issue]).astype(np.int64)
    condition = what[np.minimum(pick, len(what) - 1)] if len(what) else np.empty(0, dtype=int)
    usual = (person[who_issue] * 7 + condition * 3 + (rng.random(len(who_issue)) < 0.35)) % _NUMBER_PRESCRIBED[
        condition
    ]
    care.prescriptions.add(
        who=person[who_issue].astype(np.int32),
        day=days_within(rng, len(who_issue), *days),
        medicine=_PRESCRIBED[condition, usual],
    )


def _add_acute_prescriptions(
    rng: np.random.Generator,
    state: State,
    care: PrimaryCare,
    days: tuple[int, int],
    age: np.ndarray,
    here: np.ndarray,
    level: np.ndarray,
) -> None:
    rate = np.interp(age, (0, 5, 20, 50, 80), (0.7, 0.45, 0.6, 1.1, 2.1)) * np.exp(
        0.3 * state.people.illness + 0.35 * level
    )
    who = happen(rng, rate * here / 4)
    weights = np.cumsum(ACUTE_WEIGHTS) / np.sum(ACUTE_WEIGHTS)
    pick = np.searchsorted(weights, rng.random(len(who)), side="right").clip(0, len(ACUTE) - 1)
    care.prescriptions.add(
        who=who, day=days_within(rng, len(who), *days), medicine=(len(MEDICINES) + pick).astype(np.int16)
    )


def _measure(
    rng: np.random.Generator,
    state: State,
    care: PrimaryCare,
    days: tuple[int, int],
    age: np.ndarray,
    here: np.ndarray,
    level: np.ndarray,
) -> None:
    people, held = state.people, state.held
    ill = held[:, [NUMBER[name] for name in ("diabetes", "kidney", "hypertension", "coronary", "heart_failure")]].any(1)
    adult = age >= 18
    rates = (
        np.where(adult, np.where(ill, 0.6, 0.18), 0.02),
        np.where(age >= 65, 0.8, 0.0),
        np.where(ill, 0.9, np.where(age >= 60, 0.3, 0.03)) * adult,
        np.where(adult, np.where(ill, 0.5, 0.2), 0.0),
        np.where(adult, np.where(ill, 1.1, 0.2), 0.0),
    )
    count = held.sum(1)
    truths = (
        people.bmi + 2.5 * held[:, NUMBER["obesity"]] - 3 * held[:, NUMBER["malnutrition"]] - 0.6 * level,
        np.clip(0.02 + 0.022 * count + 0.035 * level + 0.03 * people.illness + 0.0012 * (age - 65.0), 0.0, 0.8),
        np.clip(112 - 0.55 * age - 24 * held[:, NUMBER["kidney"]] - 2.0 * level, 8, 125),
        people.smoking.astype(float),
        118 + 0.25 * age + 7 * held[:, NUMBER["hypertension"]] - 2.5 * level,
    )
    noises = (0.7, 0.03, 8.0, 0.0, 13.0)
    for measure, (rate, value, noise) in enumerate(zip(rates, truths, noises, strict=True)):
        who = happen(rng, rate * here / 4)
        care.measurements.add(
            who=who,
            day=days_within(rng, len(who), *days),
            measure=np.full(len(who), measure, dtype=np.int8),
            value=_round_measure(measure, value[who] + rng.normal(0, 1, len(who)) * noise),
        )


def _round_measure(measure: int, value: np.ndarray) -> np.ndarray:
    low, high, digits = ((12, 70, 1), (0.0, 0.9, 2), (5, 130, 0), (0, 2, 0), (75, 230, 0))[measure]
    return np.round(np.clip(value, low, high), digits)
