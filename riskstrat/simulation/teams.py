"""MDT teams: whom they take on from their lists, what they decide, and the true effect of what they do."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import frailty
from riskstrat.simulation.calendar import STEPS_A_YEAR
from riskstrat.simulation.draws import Record, one_of
from riskstrat.simulation.state import State

YEARS_OF_TEAMS = 3
TAKEN_A_STEP = 0.0010
"""People reviewed a step per resident: about six a week for a team of 25,000."""
OUTCOMES = (
    "case_management",
    "ltc_review",
    "medication_review",
    "personalised_care_support_plan",
    "falls_service",
    "reablement",
    "social_care_assessment",
    "social_prescribing",
    "monitor",
    "no_action_well_supported",
    "already_known_to_service",
    "declined",
    "could_not_contact",
    "deferred",
)
OUTCOME_SHARES = (22, 8, 9, 8, 7, 4, 5, 5, 12, 8, 5, 4, 2, 1)
ACTING = 8
"""The first eight outcomes are actions; only they can change what happens next, for 12 steps."""
REASONS = (
    "rising_risk",
    "recent_admission",
    "carer_strain",
    "known_to_practice",
    "end_of_life_considered",
    "clinical_judgement",
)
REASON_SHARES = (30, 28, 6, 14, 4, 18)
OWNERS = ("community matron", "care coordinator", "social worker", "practice nurse", "falls nurse")
OWNER_SHARES = (35, 25, 15, 15, 10)


@dataclass
class Teams:
    """Reviews and caseload of a chunk; `reviewed` is the step of each person's latest review."""

    reviewed: np.ndarray
    reviews: Record = field(
        default_factory=lambda: Record("who", "list_date", "outcome", "reason", "agrees", "decided", "owner")
    )
    caseload: Record = field(default_factory=lambda: Record("who", "start", "end", "owner", "referred_in"))


def meet(rng: np.random.Generator, state: State, teams: Teams, step: int, age: np.ndarray, here: np.ndarray) -> None:
    """The reviews of `step`: people with a recent emergency spell, or nominated, whom clinicians think frailest."""
    if step < state.calendar.steps - YEARS_OF_TEAMS * STEPS_A_YEAR:
        return
    recent = state.discharged_step >= step - STEPS_A_YEAR
    nominated = rng.random(len(age), dtype=np.float32) < 0.02
    open_to = here & (age >= 18) & (recent | nominated) & (teams.reviewed < step - 6)
    seen = frailty.LEVEL_VALUES[state.level] + 0.5 * state.burden + rng.gumbel(0, 0.8, len(age)) + 0.01 * age
    candidates = np.flatnonzero(open_to)
    wanted = min(rng.poisson(TAKEN_A_STEP * here.sum()), len(candidates))
    who = candidates[np.argsort(-seen[candidates], kind="stable")[:wanted]]
    _decide(rng, state, teams, step, who, nominated[who])


def _decide(
    rng: np.random.Generator, state: State, teams: Teams, step: int, who: np.ndarray, nominated: np.ndarray
) -> None:
    before, last = state.calendar.boundary(step), state.calendar.boundary(step + 1)
    day = before + 1 + np.floor(rng.random(len(who)) * 21).astype(np.int32)
    monday = day + (-(day + 3)) % 7
    decided = np.minimum(monday + rng.integers(1, 4, len(who)), last)
    outcome = one_of(rng, len(who), OUTCOME_SHARES)
    owner = one_of(rng, len(who), OWNER_SHARES)
    teams.reviews.add(
        who=who,
        list_date=monday,
        outcome=outcome,
        reason=one_of(rng, len(who), REASON_SHARES),
        agrees=rng.random(len(who)) < np.where(outcome < ACTING, 0.9, 0.55),
        decided=decided,
        owner=owner,
    )
    teams.reviewed[who] = step
    acted = outcome < ACTING
    state.effect_until[who[acted]] = step + 1 + STEPS_A_YEAR
    taken = outcome <= 3
    start = decided[taken] + rng.integers(2, 15, int(taken.sum()))
    teams.caseload.add(
        who=who[taken],
        start=start,
        end=start + 45 + np.floor(rng.gamma(2, 55, int(taken.sum()))).astype(np.int32),
        owner=owner[taken],
        referred_in=nominated[taken],
    )
