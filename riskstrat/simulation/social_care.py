"""Adult social care: assessments, equipment, care at home, reablement after a stay, and care homes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import frailty
from riskstrat.simulation.activity import raised
from riskstrat.simulation.calendar import NEVER, STEPS_A_YEAR
from riskstrat.simulation.draws import Record, days_within, happen
from riskstrat.simulation.state import State

SERVICES = (
    "home_care",
    "reablement",
    "residential",
    "nursing",
    "telecare",
    "day_care",
    "equipment",
    "carer_support",
    "assessment",
)
NUMBER = {service: number for number, service in enumerate(SERVICES)}
AGE_KNOTS = (18, 50, 65, 75, 85, 95)
STARTS = {
    "assessment": ((0.003, 0.006, 0.018, 0.045, 0.12, 0.2), 1),
    "equipment": ((0.001, 0.004, 0.012, 0.035, 0.08, 0.1), 400),
    "telecare": ((0.0, 0.001, 0.004, 0.018, 0.06, 0.08), 1400),
    "home_care": ((0.0008, 0.0015, 0.004, 0.013, 0.05, 0.08), 500),
    "day_care": ((0.0005, 0.0005, 0.001, 0.004, 0.01, 0.012), 500),
    "carer_support": ((0.0005, 0.001, 0.003, 0.006, 0.01, 0.008), 700),
}
"""Service: starts a year at zero frailty by age at the knots, and mean days it lasts."""
CARE_HOME = (0.0001, 0.0002, 0.0004, 0.0015, 0.007, 0.018)
DISABLING = (
    ("dementia", 1.0),
    ("stroke", 0.4),
    ("parkinson", 0.7),
    ("hemiplegia", 1.0),
    ("learning_disability", 1.6),
    ("multiple_sclerosis", 1.3),
    ("incontinence", 0.4),
)


@dataclass
class SocialCare:
    """Service spells, and the day each person moved into a care home (NEVER if not)."""

    care_home_from: np.ndarray
    spells: Record = field(default_factory=lambda: Record("who", "service", "start", "end"))

    def in_care_home(self, day: int) -> np.ndarray:
        """Who lives in a care home on `day`."""
        return self.care_home_from <= day


def begin(rng: np.random.Generator, state: State) -> SocialCare:
    """Social care when the calendar starts: services already running and people already in care homes."""
    people, start = state.people, state.calendar.start
    care = SocialCare(np.full(len(people), NEVER, dtype=np.int32))
    age = np.clip(people.age_on(start), 0, 120)
    here = (people.joined <= start) & (people.leaves > start)
    log = _estimate_need(state)
    for service, (starts, lasts) in STARTS.items():
        years = lasts / 365
        chance = 1 - np.exp(-np.interp(age, AGE_KNOTS, starts) * np.exp(log) * years)
        who = np.flatnonzero((rng.random(len(people)) < chance) & here & (age >= 18))
        since = start - np.floor(rng.exponential(lasts, len(who))).astype(np.int32)
        _open(rng, care, who, service, since, lasts, start + 1)
    chance = 1 - np.exp(-np.interp(age, AGE_KNOTS, CARE_HOME) * np.exp(log) * 2.2)
    who = np.flatnonzero((rng.random(len(people)) < chance) & here & (age >= 18))
    _enter_care_home(rng, care, who, start - np.floor(rng.exponential(500, len(who))).astype(np.int32))
    return care


def provide(
    rng: np.random.Generator,
    state: State,
    care: SocialCare,
    step: int,
    age: np.ndarray,
    here: np.ndarray,
    stayed: np.ndarray,
) -> None:
    """Services starting in `step`; `stayed` are people whose emergency spell of three nights or more ended in it."""
    before, last = state.calendar.boundary(step), state.calendar.boundary(step + 1)
    at_home = here & (age >= 18) & ~care.in_care_home(last)
    scale = np.exp(_estimate_need(state)) * at_home / STEPS_A_YEAR
    for service, (starts, lasts) in STARTS.items():
        who = happen(rng, np.interp(age, AGE_KNOTS, starts) * scale)
        _open(rng, care, who, service, days_within(rng, len(who), before, last), lasts, None)
    leaving = stayed[(age[stayed] >= 65) & at_home[stayed]]
    leaving = leaving[rng.random(len(leaving)) < 0.16]
    _open(rng, care, leaving, "reablement", np.full(len(leaving), last, dtype=np.int32), 40, None)
    who = np.unique(happen(rng, np.interp(age, AGE_KNOTS, CARE_HOME) * scale))
    _enter_care_home(rng, care, who, days_within(rng, len(who), before, last))


def _estimate_need(state: State) -> np.ndarray:
    return 0.4 * state.people.illness + 0.6 * frailty.LEVEL_VALUES[state.level] + raised(state, DISABLING)


def _open(
    rng: np.random.Generator,
    care: SocialCare,
    who: np.ndarray,
    service: str,
    start: np.ndarray,
    lasts: float,
    at_least: int | None,
) -> None:
    end = start + np.ceil(rng.exponential(lasts, len(who))).astype(np.int32)
    if service == "assessment":
        end = start
    elif at_least is not None:
        end = np.maximum(end, at_least + rng.integers(0, max(int(lasts), 1), len(who)))
    care.spells.add(who=who, service=np.full(len(who), NUMBER[service], dtype=np.int8), start=start, end=end)


def _enter_care_home(rng: np.random.Generator, care: SocialCare, who: np.ndarray, day: np.ndarray) -> None:
    care.care_home_from[who] = day
    kind = np.where(rng.random(len(who)) < 0.6, NUMBER["residential"], NUMBER["nursing"]).astype(np.int8)
    care.spells.add(who=who, service=kind, start=day, end=np.full(len(who), NEVER, dtype=np.int32))
