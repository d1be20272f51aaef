"""Urgent care that is not an admission, falls, planned admissions and maternity: drawn from the same latent state."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import codes, frailty
from riskstrat.simulation.calendar import STEPS_A_YEAR
from riskstrat.simulation.conditions import NUMBER
from riskstrat.simulation.draws import Record, choose, days_within, happen, one_of
from riskstrat.simulation.state import State

ATTENDANCE_KNOTS = (0, 2, 5, 12, 20, 28, 40, 55, 70, 80, 95)
ATTENDANCE_RATE = (0.42, 0.42, 0.25, 0.21, 0.26, 0.25, 0.17, 0.125, 0.10, 0.12, 0.14)
"""Attendances a year that do not end in an admission, at zero frailty."""
FALL_KNOTS = (0, 20, 40, 50, 60, 70, 80, 90, 100)
FALL_RATE = (0.0005, 0.002, 0.004, 0.010, 0.022, 0.045, 0.11, 0.19, 0.25)
"""Reported falls a year at zero frailty."""
FALL_RAISED_BY = (
    ("parkinson", 0.8),
    ("dementia", 0.6),
    ("stroke", 0.4),
    ("osteoarthritis", 0.15),
    ("alcohol", 0.6),
    ("visual_impairment", 0.3),
    ("incontinence", 0.3),
)
PLANNED_KNOTS = (0, 16, 30, 45, 60, 75, 88, 100)
PLANNED_RATE = (0.03, 0.03, 0.05, 0.08, 0.12, 0.16, 0.08, 0.03)
PLANNED_RAISED_BY = (
    ("cancer", 1.1),
    ("osteoarthritis", 0.4),
    ("coronary", 0.3),
    ("kidney", 0.25),
    ("diabetes", 0.15),
    ("anaemia", 0.4),
)
MATERNITY_RATE = 0.045

SOURCES = ("ambulance", "emergency_department", "falls_service", "gp", "care_home", "telecare")
SOURCE_SHARES = (0.30, 0.24, 0.14, 0.18, 0.02, 0.12)
SOURCE_SHARES_CARE_HOME = (0.18, 0.12, 0.05, 0.05, 0.60, 0.0)
COMPLAINTS = (
    "INJURY",
    "CHEST_PAIN",
    "ABDOMINAL_PAIN",
    "BREATHLESS",
    "FEVER",
    "MENTAL_HEALTH",
    "INTOXICATED",
    "EYE",
    "WOUND",
    "BACK_PAIN",
    "HEADACHE",
    "OTHER",
    "FALL",
)


@dataclass
class Activity:
    """What happened outside emergency spells. One record per stream; days since 1970-01-01."""

    attendances: Record = field(default_factory=lambda: Record("who", "day", "complaint"))
    falls: Record = field(
        default_factory=lambda: Record("who", "day", "source", "injury", "treated", "faint", "long_lie")
    )
    planned: Record = field(default_factory=lambda: Record("who", "day", "reason", "nights"))
    maternity: Record = field(default_factory=lambda: Record("who", "day", "nights"))


def raised(state: State, by: tuple[tuple[str, float], ...]) -> np.ndarray:
    """Sum of effects of the conditions held: one value per person."""
    total = np.zeros(len(state.people), dtype=np.float32)
    for condition, effect in by:
        total[state.held[:, NUMBER[condition]]] += effect
    return total


def attend(
    rng: np.random.Generator, state: State, activity: Activity, step: int, age: np.ndarray, here: np.ndarray
) -> None:
    """A&E attendances of `step` that do not end in an admission."""
    people = state.people
    log = people.attends + 0.36 * frailty.LEVEL_VALUES[state.level] + 0.045 * (5.5 - people.decile)
    log += raised(state, (("alcohol", 0.5), ("substance", 0.5), ("severe_mental_illness", 0.4), ("anxiety", 0.25)))
    rate = np.interp(age, ATTENDANCE_KNOTS, ATTENDANCE_RATE) * np.exp(log) / STEPS_A_YEAR
    who = happen(rng, rate * here)
    before, last = state.calendar.boundary(step), state.calendar.boundary(step + 1)
    activity.attendances.add(
        who=who, day=days_within(rng, len(who), before, last), complaint=_draw_complaints(rng, state, who, age)
    )


def _draw_complaints(rng: np.random.Generator, state: State, who: np.ndarray, age: np.ndarray) -> np.ndarray:
    weights = np.tile(np.array([22, 8, 10, 6, 6, 3, 2, 4, 9, 5, 5, 20, 0], dtype=float), (len(who), 1))
    at = age[who]
    weights[:, 4] *= np.where(at < 6, 6, 1)
    weights[:, 1] *= np.where(at < 18, 0.1, 1)
    for column, condition, factor in (
        (3, "copd", 4),
        (3, "asthma", 3),
        (5, "severe_mental_illness", 8),
        (5, "depression", 3),
        (6, "alcohol", 12),
        (1, "coronary", 3),
    ):
        weights[:, column] *= np.where(state.held[who, NUMBER[condition]], factor, 1)
    weights[:, 12] = np.where(at >= 65, 14, np.where(at >= 50, 5, 1.5)) * np.exp(
        0.3 * frailty.LEVEL_VALUES[state.level[who]]
    )
    return choose(rng, weights).astype(np.int8)


def fall(
    rng: np.random.Generator,
    state: State,
    activity: Activity,
    step: int,
    age: np.ndarray,
    here: np.ndarray,
    in_care_home: np.ndarray,
) -> None:
    """Reported falls of `step`; one fall in six is reported twice, up to three days apart."""
    people = state.people
    log = (
        0.5 * people.illness
        + 0.55 * frailty.LEVEL_VALUES[state.level]
        + raised(state, FALL_RAISED_BY)
        + 0.5 * in_care_home
    )
    rate = np.interp(age, FALL_KNOTS, FALL_RATE) * np.exp(log) / STEPS_A_YEAR
    who = happen(rng, rate * here)
    before, last = state.calendar.boundary(step), state.calendar.boundary(step + 1)
    day = days_within(rng, len(who), before, last)
    twice = rng.random(len(who)) < 1 / 6
    who = np.concatenate([who, who[twice]])
    day = np.concatenate([day, np.minimum(day[twice] + rng.integers(0, 4, int(twice.sum())), last)])
    injury = rng.random(len(who)) < 0.35
    activity.falls.add(
        who=who,
        day=day,
        source=np.where(
            in_care_home[who], one_of(rng, len(who), SOURCE_SHARES_CARE_HOME), one_of(rng, len(who), SOURCE_SHARES)
        ),
        injury=injury,
        treated=injury & (rng.random(len(who)) < 0.55),
        faint=rng.random(len(who)) < 0.07,
        long_lie=rng.random(len(who)) < np.where(age[who] >= 80, 0.32, 0.16),
    )


def plan(
    rng: np.random.Generator, state: State, activity: Activity, step: int, age: np.ndarray, here: np.ndarray
) -> None:
    """Planned admissions, mostly day cases, and maternity stays of `step`."""
    people, before, last = state.people, state.calendar.boundary(step), state.calendar.boundary(step + 1)
    log = raised(state, PLANNED_RAISED_BY) + 0.3 * people.illness + 0.1 * frailty.LEVEL_VALUES[state.level]
    rate = np.interp(age, PLANNED_KNOTS, PLANNED_RATE) * np.exp(log) / STEPS_A_YEAR
    who = happen(rng, rate * here)
    reason = choose(rng, _weigh_planned(state, who, age[who]))
    usually_day = np.array([care.day_case for care in codes.PLANNED])[reason]
    overnight = rng.random(len(who)) < np.where(usually_day, 0.07, 0.75)
    nights = np.where(overnight, 1 + rng.poisson(1.6, len(who)), 0)
    activity.planned.add(who=who, day=days_within(rng, len(who), before, last), reason=reason, nights=nights)
    fertile = people.female & (age >= 17) & (age < 43)
    shape = np.exp(-(((age - 29.5) / 6.5) ** 2)) * 1.9
    mothers = happen(rng, MATERNITY_RATE / STEPS_A_YEAR * shape * fertile * here)
    days = days_within(rng, len(mothers), before, last)
    activity.maternity.add(who=mothers, day=days, nights=rng.poisson(1.4, len(mothers)))


def _weigh_planned(state: State, who: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Weight of each planned care (columns) for each person (rows); what is for women alone begins after 14."""
    weights = np.tile(np.array([care.weight for care in codes.PLANNED]), (len(who), 1))
    female = state.people.female[who]
    allowed = {"male": ~female, "female": female & (age > 14)}
    for column, care in enumerate(codes.PLANNED):
        if care.condition is not None:
            weights[:, column] *= np.where(state.held[who, care.condition], 8.0, 1.0)
        if care.sex:
            weights[:, column] *= allowed[care.sex]
    return weights
