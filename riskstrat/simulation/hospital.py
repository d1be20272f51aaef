"""Emergency admissions: who is admitted when, for how long, who dies there, and what further admissions follow."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import frailty, hazard
from riskstrat.simulation.calendar import STEPS_A_YEAR
from riskstrat.simulation.draws import happen
from riskstrat.simulation.state import State

DEATH_KNOTS = (0, 18, 45, 65, 75, 85, 95)
DEATH_CHANCE = (0.0003, 0.001, 0.004, 0.010, 0.018, 0.034, 0.055)
"""Chance of dying in an emergency spell at zero frailty and no lethal condition."""
DECONDITIONING = 0.30
"""Chance that a spell with a night lifts the frailty level by two."""


@dataclass
class Spells:
    """Emergency spells of a chunk as parallel lists of arrays; times are days, with fractions, since 1970-01-01."""

    who: list[np.ndarray] = field(default_factory=list)
    admitted: list[np.ndarray] = field(default_factory=list)
    discharged: list[np.ndarray] = field(default_factory=list)
    level: list[np.ndarray] = field(default_factory=list)
    factor: list[np.ndarray] = field(default_factory=list)
    waiting: dict[int, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)
    """Step to further admissions due in it (person, time)."""

    def since(self, day: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Person, discharge time and offspring factor of every spell discharged after `day`."""
        who, out, factor = join_pieces(self.who, int), join_pieces(self.discharged), join_pieces(self.factor)
        kept = out > day
        return who[kept], out[kept], factor[kept]


def join_pieces(pieces: list[np.ndarray], kind: type = float) -> np.ndarray:
    """All pieces as one array; few people may have had no spell at all."""
    return np.concatenate(pieces) if pieces else np.empty(0, kind)


def admission_rate(state: State, step: int, age: np.ndarray, effect_log: float) -> np.ndarray:
    """Emergency admissions in `step` per person present throughout, further admissions apart."""
    people = state.people
    level = frailty.LEVEL_VALUES[state.level]
    log = hazard.admission_log(age, people.female, people.decile, people.illness)
    log = log + hazard.frailty_log(age, level) + hazard.burden_log(age, state.burden)
    log += hazard.season_log(state.calendar.season(step), state.chest)
    log += np.where(step < state.effect_until, np.float32(effect_log), np.float32(0))
    return np.exp(log) / STEPS_A_YEAR


def death_rate(state: State, step: int, age: np.ndarray) -> np.ndarray:
    """Deaths outside hospital in `step` per person."""
    people = state.people
    level = frailty.LEVEL_VALUES[state.level]
    log = hazard.death_log(age, people.female, people.decile, people.illness)
    log = log + hazard.death_frailty_log(age, level) + state.lethal
    recent = step < state.discharged_step + hazard.RECENT_DISCHARGE_STEPS
    return np.exp(log) * np.where(recent, hazard.RECENT_DISCHARGE_DEATH, 1.0) / STEPS_A_YEAR


def die(rng: np.random.Generator, state: State, step: int, age: np.ndarray, present: np.ndarray) -> None:
    """Deaths outside hospital in `step`, of nobody before the day of joining."""
    rate = death_rate(state, step, age) * present
    who = np.flatnonzero(rng.random(len(rate), dtype=np.float32) < 1 - np.exp(-rate))
    when = state.calendar.boundary(step) + rng.random(len(who)) * state.calendar.length(step)
    joined = when >= state.people.joined[who] - 1
    who, when = who[joined], when[joined]
    state.death_time[who] = np.minimum(state.death_time[who], when)


def admit(rng: np.random.Generator, state: State, spells: Spells, step: int, rate: np.ndarray) -> None:
    """All emergency admissions of `step`, earliest first for each person: none before joining, in hospital or dead."""
    who = happen(rng, rate)
    when = state.calendar.boundary(step) + rng.random(len(who)) * state.calendar.length(step)
    due = spells.waiting.pop(step, [])
    who = np.concatenate([who, *(part[0] for part in due)])
    when = np.concatenate([when, *(part[1] for part in due)])
    age = state.age(step)
    while len(who):
        order = np.lexsort((when, who))
        who, when = who[order], when[order]
        first = np.concatenate([[True], who[1:] != who[:-1]])
        now, at = who[first], when[first]
        free = (at >= state.in_hospital_until[now]) & (at < state.death_time[now])
        free &= (at >= state.people.joined[now] - 1) & (state.people.leaves[now] > at)
        more = _stay(rng, state, spells, step, now[free], at[free], age)
        who = np.concatenate([who[~first], more[0]])
        when = np.concatenate([when[~first], more[1]])


def _stay(
    rng: np.random.Generator, state: State, spells: Spells, step: int, who: np.ndarray, at: np.ndarray, age: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    level = frailty.LEVEL_VALUES[state.level[who]]
    nights = _draw_nights(rng, age[who], level)
    out = np.where(nights == 0, np.minimum(at + 0.3, np.floor(at) + 0.999), np.floor(at) + nights + rng.random(len(at)))
    _simulate_deaths(rng, state, who, out, age[who], level)
    factor = hazard.offspring_factor(age[who], level, state.burden[who])
    state.in_hospital_until[who] = out
    state.discharged_step[who] = step
    for kept, value in (
        (spells.who, who),
        (spells.admitted, at),
        (spells.discharged, out),
        (spells.level, state.level[who]),
        (spells.factor, factor),
    ):
        kept.append(value)
    weaker = (nights > 0) & (rng.random(len(who)) < DECONDITIONING)
    state.level[who[weaker]] = np.minimum(state.level[who[weaker]] + 2, frailty.LEVELS - 1)
    return _draw_further_admissions(rng, state, spells, step, who, out, factor)


def _draw_nights(rng: np.random.Generator, age: np.ndarray, level: np.ndarray) -> np.ndarray:
    same_day = 1 / (1 + np.exp(0.35 + 0.022 * (age - 50) + 0.25 * level))
    long = np.exp(1.10 + 0.0095 * np.maximum(age - 20, 0) + 0.12 * level + rng.normal(0, 1.08, len(age)))
    return np.where(rng.random(len(age)) < same_day, 0, np.clip(np.ceil(long), 1, 180)).astype(np.int32)


def _simulate_deaths(
    rng: np.random.Generator, state: State, who: np.ndarray, out: np.ndarray, age: np.ndarray, level: np.ndarray
) -> None:
    odds = np.interp(age, DEATH_KNOTS, DEATH_CHANCE) * np.exp(0.35 * level + 0.5 * state.lethal[who])
    dies = rng.random(len(who)) < np.minimum(odds, 0.5)
    state.death_time[who[dies]] = np.minimum(state.death_time[who[dies]], out[dies])


def _draw_further_admissions(
    rng: np.random.Generator,
    state: State,
    spells: Spells,
    step: int,
    who: np.ndarray,
    out: np.ndarray,
    factor: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    people, times = [], []
    for begins, ends, mean in hazard.OFFSPRING:
        chosen = np.repeat(np.arange(len(who)), rng.poisson(mean * factor))
        people.append(who[chosen])
        times.append(out[chosen] + begins + rng.random(len(chosen)) * (ends - begins))
    who, when = np.concatenate(people), np.concatenate(times)
    soon = when < state.calendar.boundary(step + 1)
    _wait(state, spells, step + 1, who[~soon], when[~soon])
    return who[soon], when[soon]


def _wait(state: State, spells: Spells, step: int, who: np.ndarray, when: np.ndarray) -> None:
    while len(who):
        due = when < state.calendar.boundary(step + 1)
        if due.any():
            spells.waiting.setdefault(step, []).append((who[due], when[due]))
        who, when, step = who[~due], when[~due], step + 1
