"""The true risk of each person against replicates of that person's next 12 months from the same latent state."""

from __future__ import annotations

import copy
from datetime import date

import numpy as np
import pytest

from riskstrat.simulation import chunk, hazard, hospital, population, truth
from riskstrat.simulation.calendar import NEVER, STEPS_A_YEAR, Calendar
from riskstrat.simulation.places import borough_named

REPLICATES = 200


@pytest.mark.parametrize("effect", [pytest.param(0.0, marks=pytest.mark.exhaustive), 0.5])
def test_the_closed_form_agrees_with_replicates_person_by_person(effect: float) -> None:
    rng = np.random.default_rng(8)
    calendar = Calendar.ending(date(2026, 11, 16), 2)
    people = population.draw(rng, 0, 1_000, borough_named("knowsley"), calendar)
    people.leaves[:] = NEVER
    lives = chunk.live(rng, people, calendar, effect, lambda who, day, risk: None, lambda: None)
    step = calendar.steps
    lives.state.effect_until[::3] = step + 7
    who, risk = truth.true_risk(lives.state, lives.spells, step, float(np.log1p(-effect)))
    admitted = np.zeros(len(people))
    for _ in range(REPLICATES):
        admitted += _one_future(rng, lives, step, float(np.log1p(-effect)))
    expected = REPLICATES * risk.astype(float)
    departure = (admitted[who] - expected) / np.sqrt(np.maximum(expected * (1 - risk), 0.05))
    print(f"\nmean true risk {risk.mean():.4f}, replicates {admitted[who].mean() / REPLICATES:.4f}")
    print(f"mean squared departure {np.mean(departure**2):.3f} (1 if every person's risk is right)")
    assert abs(departure.sum()) / np.sqrt(len(who)) < 3.5
    assert abs(np.mean(departure**2) - 1) < 4 * np.sqrt(2 / len(who))


def _one_future(rng: np.random.Generator, lives: chunk.Lives, step: int, effect_log: float) -> np.ndarray:
    """Who has an emergency admission in the 12 steps from `step`; new conditions cannot act before those are over."""
    state, spells = copy.deepcopy(lives.state), copy.deepcopy(lives.spells)
    begun = len(spells.who)
    spells.waiting = _further_admissions(rng, lives, step)
    for at in range(step, step + STEPS_A_YEAR):
        state.activate(at)
        age, here = state.age(at), state.present(at)
        hospital.die(rng, state, at, age, here)
        hospital.admit(rng, state, spells, at, hospital.admission_rate(state, at, age, effect_log) * here)
        state.move_frailty(rng, at)
    who = np.concatenate([np.empty(0, dtype=int), *spells.who[begun:]])
    return np.bincount(who, minlength=len(state.people)) > 0


def _further_admissions(
    rng: np.random.Generator, lives: chunk.Lives, step: int
) -> dict[int, list[tuple[np.ndarray, np.ndarray]]]:
    """Further admissions that earlier spells may still bring, drawn anew: the truth does not know the draws."""
    calendar = lives.state.calendar
    now = calendar.boundary(step)
    who, out, factor = lives.spells.since(now - 180)
    waiting: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for low, high, mean in hazard.OFFSPRING:
        chosen = np.repeat(np.arange(len(who)), rng.poisson(mean * factor))
        when = out[chosen] + rng.uniform(low, high, len(chosen))
        for at in range(step, step + STEPS_A_YEAR):
            due = (when >= calendar.boundary(at)) & (when < calendar.boundary(at + 1))
            waiting.setdefault(at, []).append((who[chosen[due]], when[due]))
    return waiting
