"""One chunk of people lived through, step by step, and landed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskstrat.simulation import (
    activity,
    circumstances,
    hospital,
    landing,
    population,
    primary_care,
    social_care,
    state,
    teams,
    truth,
)
from riskstrat.simulation.calendar import NEVER, STEPS_A_YEAR, Calendar
from riskstrat.simulation.coding import emergency_stays, joined, planned_stays
from riskstrat.simulation.places import Borough
from riskstrat.simulation.writing import Writer

TruthSink = Callable[[np.ndarray, int, np.ndarray], None]
"""Receives persons (row numbers in the chunk), the index date as a day, and their true risks."""


@dataclass
class Lives:
    """Everything that happened to a chunk of people."""

    state: state.State
    spells: hospital.Spells
    activity: activity.Activity
    care: primary_care.PrimaryCare
    social: social_care.SocialCare
    teams: teams.Teams


def live(
    rng: np.random.Generator,
    people: population.People,
    calendar: Calendar,
    effect: float,
    truths: TruthSink,
    tick: Callable[[], None],
) -> Lives:
    """Live all steps of `calendar`, handing over the truth at each of its index dates."""
    now = state.begin(rng, people, calendar)
    lives = Lives(
        now,
        hospital.Spells(),
        activity.Activity(),
        primary_care.PrimaryCare(),
        social_care.begin(rng, now),
        teams.Teams(np.full(len(people), -99, dtype=np.int16)),
    )
    effect_log = float(np.log1p(-effect))
    for step in range(calendar.steps):
        if step in calendar.truth_steps:
            truths(*_compute_true_risk(lives, step, effect_log))
        _simulate_step(rng, lives, step, effect_log)
        tick()
    truths(*_compute_true_risk(lives, calendar.steps, effect_log))
    return lives


def _compute_true_risk(lives: Lives, step: int, effect_log: float) -> tuple[np.ndarray, int, np.ndarray]:
    who, risk = truth.true_risk(lives.state, lives.spells, step, effect_log)
    return who, lives.state.calendar.boundary(step), risk


def _simulate_step(rng: np.random.Generator, lives: Lives, step: int, effect_log: float) -> None:
    now = lives.state
    now.activate(step)
    if step % STEPS_A_YEAR == 0:
        now.refresh_incidence(step)
    age, here = now.age(step), now.present(step)
    if step % primary_care.STEPS_A_QUARTER == 0:
        primary_care.quarter(rng, now, lives.care, step, age, here)
    activity.attend(rng, now, lives.activity, step, age, here)
    activity.fall(rng, now, lives.activity, step, age, here, lives.social.in_care_home(now.calendar.boundary(step)))
    activity.plan(rng, now, lives.activity, step, age, here)
    hospital.die(rng, now, step, age, here)
    begun = len(lives.spells.who)
    hospital.admit(rng, now, lives.spells, step, hospital.admission_rate(now, step, age, effect_log) * here)
    social_care.provide(rng, now, lives.social, step, age, here, _find_long_stayers(lives.spells, begun))
    teams.meet(rng, now, lives.teams, step, age, now.present(step + 1) & here)
    lifted = now.move_frailty(rng, step)
    now.fall_ill(rng, step, lifted, here)


def _find_long_stayers(spells: hospital.Spells, begun: int) -> np.ndarray:
    """People whose emergency spell of this step lasts three nights or more."""
    fresh = range(begun, len(spells.who))
    long = [spells.who[i][spells.discharged[i] - spells.admitted[i] >= 3] for i in fresh]
    return np.unique(np.concatenate(long)) if long else np.empty(0, dtype=np.int64)


def land(rng: np.random.Generator, lives: Lives, borough: Borough, ids: np.ndarray, chunk: int, writer: Writer) -> int:
    """Write every table of the chunk; returns how many people are alive and registered on the last day."""
    target = landing.BoroughLanding(rng, lives.state, borough, ids, chunk, writer)
    urgent = emergency_stays(rng, lives.state, lives.spells, lives.social.care_home_from)
    stays = joined(urgent, planned_stays(lives.state, rng, lives.activity, urgent))
    landing.land_people(target, lives.social.care_home_from)
    landing.land_hospital(target, stays)
    landing.land_attendances(target, lives.activity, urgent)
    landing.land_falls(target, lives.activity, urgent)
    landing.land_conditions(target)
    landing.land_primary_care(target, lives.care)
    landing.land_social_care(target, lives.social)
    landing.land_teams(target, lives.teams)
    landing.land_statuses(target, stays)
    circumstances.land_circumstances(target, lives.social.care_home_from)
    last = np.full(len(ids), lives.state.calendar.until, dtype=np.int32)
    return int((target.here(np.arange(len(ids)), last) & (target.death_day == NEVER)).sum())
