"""The true 12-month risk of an emergency admission, summed over every path the latent state can take.

One row per person alive and registered on each index date. Exact for the simulated process (standard error 0): before
the first admission the hazard depends on age, place, conditions that arose before the index date, season, further
admissions still to come from earlier ones, MDT actions already taken and a 16-level Markov chain; the sum over the
chain's paths is done backwards in 12 steps, with death competing. Nobody moves away and no later MDT action is taken.
The length and ending of a spell open on the index date belong to the state. Within a step, deaths and admissions
compete at constant rates.
"""

from __future__ import annotations

import numpy as np

from riskstrat.simulation import frailty, hazard
from riskstrat.simulation.calendar import STEPS_A_YEAR
from riskstrat.simulation.hospital import Spells
from riskstrat.simulation.state import State

PEOPLE_AT_A_TIME = 8_192
"""Small enough for the chain's sixteen rows to stay in the processor's cache."""


def true_risk(state: State, spells: Spells, step: int, effect_log: float) -> tuple[np.ndarray, np.ndarray]:
    """Persons eligible when `step` begins and the true risk of each over its next 12 steps."""
    day = state.calendar.boundary(step)
    people = state.people
    eligible = (people.joined <= day) & (people.leaves > day) & (state.death_time > day) & (people.born <= day)
    who = np.flatnonzero(eligible)
    future = _Future(state, spells, step, effect_log)
    parts = [future.risk(who[at : at + PEOPLE_AT_A_TIME]) for at in range(0, len(who), PEOPLE_AT_A_TIME)]
    risk = np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
    risk[state.death_time[who] < state.in_hospital_until[who] + 1e-6] = 0
    return who, risk


class _Future:
    """What is already settled about the 12 steps ahead, for all people of a chunk."""

    def __init__(self, state: State, spells: Spells, step: int, effect_log: float) -> None:
        self.state, self.step = state, step
        self.effect_log = np.float32(effect_log)
        self.extra = _project_further_admissions(state, spells, step)
        self.burden, self.lethal, self.chest = _project_conditions(state, step)

    def risk(self, who: np.ndarray) -> np.ndarray:
        """True risk of `who`, all of them eligible."""
        value = np.zeros((frailty.LEVELS, len(who)), dtype=np.float32)
        for ahead in reversed(range(STEPS_A_YEAR)):
            value = self._compute_step_risk(who, ahead, value)
        return value[self.state.level[who], np.arange(len(who))]

    def _compute_step_risk(self, who: np.ndarray, ahead: int, after: np.ndarray) -> np.ndarray:
        state, people, step = self.state, self.state.people, self.step + ahead
        age = np.clip(people.born[who] * -1 + state.calendar.boundary(step), 0, None)
        age = np.clip(np.floor_divide(age, 365.25).astype(np.int16), 0, 120)
        decile, illness, female = people.decile[who], people.illness[who], people.female[who]
        level = frailty.LEVEL_VALUES[:, None]
        log = hazard.admission_log(age, female, decile, illness)
        log = log + hazard.burden_log(age, self.burden[ahead][who])
        log += hazard.season_log(state.calendar.season(step), self.chest[ahead][who])
        log += np.where(step < state.effect_until[who], self.effect_log, np.float32(0))
        admission = np.exp(log + hazard.frailty_log(age, level)) * (
            self._measure_share_outside(who, step) / STEPS_A_YEAR
        )
        admission += self.extra[ahead][who]
        fatal = hazard.death_log(age, female, decile, illness) + self.lethal[ahead][who]
        recent = step < state.discharged_step[who] + hazard.RECENT_DISCHARGE_STEPS
        fatal += np.where(recent, np.log(hazard.RECENT_DISCHARGE_DEATH), 0.0).astype(np.float32)
        death = np.exp(fatal + hazard.death_frailty_log(age, level)) / STEPS_A_YEAR
        both = admission + death
        stays = np.exp(-both)
        ill = frailty.illness_chance(age, decile, illness, self.burden[ahead][who])
        later = frailty.expect(after, ill, frailty.recovery(age)) if ahead < STEPS_A_YEAR - 1 else after
        return (admission / np.maximum(both, 1e-12) * (1 - stays) + stays * later).astype(np.float32)

    def _measure_share_outside(self, who: np.ndarray, step: int) -> np.ndarray:
        ends = self.state.calendar.boundary(step + 1)
        share = (ends - self.state.in_hospital_until[who]) / self.state.calendar.length(step)
        return np.clip(share, 0, 1).astype(np.float32)


def _project_further_admissions(state: State, spells: Spells, step: int) -> np.ndarray:
    """Mean number of further admissions due in each of the 12 steps, from spells already begun."""
    calendar, people, inside = state.calendar, len(state.people), state.in_hospital_until
    longest = hazard.OFFSPRING[-1][1]
    who, out, factor = spells.since(calendar.boundary(step) - longest)
    expected = np.zeros((STEPS_A_YEAR, people), dtype=np.float32)
    for ahead in range(STEPS_A_YEAR):
        begins, ends = calendar.boundary(step + ahead), calendar.boundary(step + ahead + 1)
        for low, high, mean in hazard.OFFSPRING:
            # Nobody is admitted anew who is in hospital by a later spell than the one that brings it.
            overlap = np.minimum(out + high, ends) - np.maximum(np.maximum(out + low, begins), inside[who])
            share = np.clip(overlap, 0, None) / (high - low) * mean * factor
            expected[ahead] += np.bincount(who, share, people).astype(np.float32)
    return expected


def _project_conditions(state: State, step: int) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Burden, lethality and chest conditions in each of the 12 steps: conditions act 12 steps after they arise."""
    burden, lethal, chest = [], [], []
    kept = state.active.copy(), state.burden.copy(), state.lethal.copy(), state.chest.copy()
    for ahead in range(STEPS_A_YEAR):
        state.activate(step + ahead)
        burden.append(state.burden.copy())
        lethal.append(state.lethal.copy())
        chest.append(state.chest.copy())
    state.active, state.burden, state.lethal, state.chest = kept
    return burden, lethal, chest
