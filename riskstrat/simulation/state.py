"""The latent state of one chunk of people, moved on one step at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from riskstrat.simulation import conditions, frailty
from riskstrat.simulation.calendar import NEVER, STEPS_A_YEAR, Calendar
from riskstrat.simulation.draws import Record
from riskstrat.simulation.population import People

CHEST = np.array([conditions.NUMBER[name] for name in ("copd", "asthma", "lung_other")])
FOREVER = float(NEVER)


@dataclass
class State:
    """Everything about the people of a chunk that the future depends on. One row per person."""

    people: People
    calendar: Calendar
    level: np.ndarray
    held: np.ndarray
    onset: np.ndarray
    """Day each condition arose; NEVER if it has not."""
    active: np.ndarray
    """Conditions that arose at least 12 steps ago: only these act on hazards by name."""
    burden: np.ndarray
    lethal: np.ndarray
    chest: np.ndarray
    death_time: np.ndarray
    in_hospital_until: np.ndarray
    discharged_step: np.ndarray
    effect_until: np.ndarray
    """Step from which an MDT action no longer acts."""
    arising: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """Step to (person, condition) of what arose in it."""
    record: Record = field(default_factory=lambda: Record("who", "what", "day"))
    """Every condition that ever arose."""
    incidence: np.ndarray = field(default_factory=lambda: np.empty(0))

    def present(self, step: int) -> np.ndarray:
        """Who is alive and lives here at some time in `step`."""
        before, last = self.calendar.boundary(step), self.calendar.boundary(step + 1)
        people = self.people
        return (people.joined <= last) & (people.leaves > before) & (self.death_time > before)

    def age(self, step: int) -> np.ndarray:
        """Age in whole years when `step` begins, 0 for those not yet born."""
        return np.clip(self.people.age_on(self.calendar.boundary(step)), 0, 120)

    def activate(self, step: int) -> None:
        """Let conditions that arose 12 steps before `step` act from now on."""
        if step - STEPS_A_YEAR not in self.arising:
            return
        who, what = self.arising[step - STEPS_A_YEAR]
        self.active[who, what] = True
        changed = np.unique(who)
        self.burden[changed] = conditions.burden(self.active[changed])
        self.lethal[changed] = conditions.lethality(self.active[changed])
        self.chest[changed] = self.active[np.ix_(changed, CHEST)].any(1)

    def move_frailty(self, rng: np.random.Generator, step: int) -> np.ndarray:
        """Move everybody's frailty level; returns who was lifted by a new illness."""
        age = self.age(step)
        ill = frailty.illness_chance(age, self.people.decile, self.people.illness, self.burden)
        u = rng.random(len(self.people), dtype=np.float32)
        self.level = frailty.move(u, self.level, ill, frailty.recovery(age))
        return u < ill

    def refresh_incidence(self, step: int) -> None:
        """Cumulative incidence over conditions, one row per person; done once a year. Passing conditions may return."""
        people = self.people
        _clear_passed_conditions(self.held, self.onset, np.full(len(people), self.calendar.boundary(step)))
        rate = conditions.rates(self.age(step), people.female, people.decile, people.illness, self.held)
        self.incidence = np.cumsum(rate, axis=1, dtype=np.float32)

    def fall_ill(self, rng: np.random.Generator, step: int, lifted: np.ndarray, present: np.ndarray) -> None:
        """New conditions: likelier in a step whose illness lifted the frailty level, so that they cluster."""
        total = self.incidence[:, -1] / STEPS_A_YEAR * np.where(lifted, 14.0, 0.75)
        u = rng.random(len(total), dtype=np.float32)
        who = np.flatnonzero((u < 1 - np.exp(-total)) & present)
        pick = rng.random(len(who), dtype=np.float32) * self.incidence[who, -1]
        what = (self.incidence[who] <= pick[:, None]).sum(1).clip(0, conditions.COUNT - 1)
        fresh = ~self.held[who, what]
        who, what = who[fresh], what[fresh]
        before, length = self.calendar.boundary(step), self.calendar.length(step)
        day = before + 1 + np.floor(rng.random(len(who)) * length).astype(np.int32)
        self.onset[who, what] = day
        self.record.add(who=who, what=what, day=day)
        self.held[who, what] = True
        self.arising[step] = (who, what)


def begin(rng: np.random.Generator, people: People, calendar: Calendar) -> State:
    """The state when the calendar starts: conditions grown from birth in five-year strides, frailty run in."""
    count = len(people)
    age = np.clip(people.age_on(calendar.start), 0, 120)
    held, onset = _draw_past_conditions(rng, people, calendar)
    active = onset <= calendar.start - 365
    state = State(
        people=people,
        calendar=calendar,
        level=np.full(count, frailty.ZERO_LEVEL, dtype=np.int8),
        held=held,
        onset=onset,
        active=active,
        burden=conditions.burden(active),
        lethal=conditions.lethality(active),
        chest=np.asarray(active[:, CHEST].any(1)),
        death_time=np.full(count, FOREVER),
        in_hospital_until=np.full(count, -FOREVER),
        discharged_step=np.full(count, -99, dtype=np.int16),
        effect_until=np.full(count, -99, dtype=np.int16),
    )
    _schedule_recent_conditions(state)
    who, what = np.nonzero(held)
    state.record.add(who=who, what=what, day=onset[who, what])
    ill = frailty.illness_chance(age, people.decile, people.illness, state.burden)
    for _ in range(frailty.BURN_IN):
        u = rng.random(count, dtype=np.float32)
        state.level = frailty.move(u, state.level, ill, frailty.recovery(age))
    return state


def _draw_past_conditions(
    rng: np.random.Generator, people: People, calendar: Calendar
) -> tuple[np.ndarray, np.ndarray]:
    reference = np.maximum(calendar.start, people.joined)
    lifetime = (reference - people.born) / 365.25
    held = np.zeros((len(people), conditions.COUNT), dtype=bool)
    onset = np.full((len(people), conditions.COUNT), NEVER, dtype=np.int32)
    for begins in range(0, 105, 5):
        who = np.flatnonzero(lifetime > begins)
        if not len(who):
            break
        years = np.minimum(lifetime[who] - begins, 5).astype(np.float32)
        age = np.full(len(who), begins + 2)
        rate = conditions.rates(age, people.female[who], people.decile[who], people.illness[who], held[who])
        u = rng.random(rate.shape, dtype=np.float32)
        arises = u < 1 - np.exp(-rate * years[:, None])
        row, what = np.nonzero(arises)
        when = people.born[who[row]] + 365.25 * (begins + rng.random(len(row)) * years[row])
        held[who[row], what] = True
        onset[who[row], what] = np.minimum(when.astype(np.int32), reference[who[row]])
    _clear_passed_conditions(held, onset, reference)
    return held, onset


def _clear_passed_conditions(held: np.ndarray, onset: np.ndarray, today: np.ndarray) -> None:
    for number, condition in enumerate(conditions.CONDITIONS):
        if condition.lasts is not None:
            over = held[:, number] & (onset[:, number] + condition.lasts < today)
            held[over, number] = False
            onset[over, number] = NEVER


def _schedule_recent_conditions(state: State) -> None:
    """Conditions of the year before the start act a year after they arose, like all later ones."""
    calendar = state.calendar
    later = state.held & ~state.active
    for back in range(1, STEPS_A_YEAR + 1):
        inside = later & (state.onset > calendar.boundary(-back)) & (state.onset <= calendar.boundary(1 - back))
        who, what = np.nonzero(inside)
        state.arising[-back] = (who, what)
    beyond = later & (state.onset > calendar.start)
    who, what = np.nonzero(beyond)
    state.active[who, what] = True
