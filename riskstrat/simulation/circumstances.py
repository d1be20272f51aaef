"""Care plans and recorded circumstances of the people who live here on the last day: what no hazard depends on.

The shares are a choice: recorded as unevenly as such things are, and of nobody for sure.
"""

from __future__ import annotations

import numpy as np

from riskstrat.definitions.languages import LANGUAGES
from riskstrat.simulation.calendar import NEVER
from riskstrat.simulation.landing import BoroughLanding
from riskstrat.simulation.writing import Coded

KINDS = ("care_plan", "respect", "advance_care_plan")
LONGEST_AGO = 900
"""Days before the last day within which a plan was made or a circumstance recorded."""
LANGUAGE_SHARE, CARER_SHARE = 0.04, 0.06
DYING, FRAIL_LEVEL = 1.6, 8


def land_circumstances(landing: BoroughLanding, care_home_from: np.ndarray) -> None:
    """care_plans and circumstances."""
    people, until = landing.state.people, landing.until
    who = np.flatnonzero(landing.here(np.arange(len(people)), np.full(len(people), until)) & (people.born < until))
    age = (until - people.born[who]) / 365.25
    home, dying = care_home_from[who] <= until, landing.state.lethal[who] > DYING
    frail = (age >= 75) & (landing.state.level[who] >= FRAIL_LEVEL)
    planned = np.select([home, dying, frail, age >= 65], [0.7, 0.5, 0.35, 0.05], 0.005)
    end_of_life = np.select([dying, home, frail], [0.4, 0.3, 0.08], 0.001)
    _land_plans(landing, who, (planned, end_of_life, 0.6 * end_of_life))
    housebound = np.select([home, frail, age >= 85, age >= 65], [0.0, 0.3, 0.12, 0.01], 0.001)
    _land_recorded(landing, who, landing.rng.random(len(who)) < housebound, age)


def _land_plans(landing: BoroughLanding, who: np.ndarray, shares: tuple[np.ndarray, ...]) -> None:
    drawn = [landing.rng.random(len(who)) < share for share in shares]
    kind = np.concatenate([np.full(int(each.sum()), place) for place, each in enumerate(drawn)])
    mine = np.concatenate([who[each] for each in drawn])
    made = _draw_days(landing, mine)
    ended = np.where(landing.rng.random(len(mine)) < 0.08, made + 180, NEVER)
    columns = {
        "kind": Coded(kind, KINDS),
        "made_on": made,
        "ended_on": np.where(ended <= landing.until, ended, NEVER),
    }
    landing.land("care_plans", mine, made, made, columns)


def _land_recorded(landing: BoroughLanding, who: np.ndarray, housebound: np.ndarray, age: np.ndarray) -> None:
    """One row for each person of whom anything is recorded; a language for few, and of most nothing else."""
    rng = landing.rng
    carer = (age >= 18) & (rng.random(len(who)) < CARER_SHARE)
    language = np.where(rng.random(len(who)) < LANGUAGE_SHARE, rng.integers(1, len(LANGUAGES), len(who)), 0)
    said = housebound | carer | (language > 0)
    mine = who[said]
    recorded = _draw_days(landing, mine)
    columns = {
        "recorded_on": recorded,
        "housebound": housebound[said],
        "carer": carer[said],
        "language": Coded(language[said], tuple(LANGUAGES)),
    }
    landing.land("circumstances", mine, recorded, recorded, columns)


def _draw_days(landing: BoroughLanding, who: np.ndarray) -> np.ndarray:
    """A day for each person, since they are registered here."""
    ago = landing.rng.integers(0, LONGEST_AGO, len(who))
    return np.maximum(landing.until - ago, landing.state.people.joined[who]).astype(np.int32)
