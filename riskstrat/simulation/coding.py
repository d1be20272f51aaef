"""From stays to provider spells as a hospital would code them: method, source, specialty, diagnoses, transfers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation import codes, frailty
from riskstrat.simulation.activity import Activity
from riskstrat.simulation.conditions import CONDITIONS
from riskstrat.simulation.draws import choose, one_of
from riskstrat.simulation.hospital import Spells, join_pieces
from riskstrat.simulation.state import State

METHODS = ("21", "22", "23", "24", "25", "28", "2A", "2D")
METHOD_SHARES = (77, 9, 0.8, 4, 0.7, 0.5, 5, 3)
THROUGH_A_AND_E = ("21", "2A")
ELECTIVE = ("11", "12", "13")
ELECTIVE_SHARES = (45, 40, 15)
HOME, CARE_HOMES = "19", ("54", "65", "85")
MOST_CODES = 20
KINDS = ("emergency", "transfer", "planned", "maternity", "birth")


@dataclass
class Stays:
    """One row per provider spell: days since 1970-01-01, `reason` an index into the code lists of its kind."""

    who: np.ndarray
    admitted: np.ndarray
    discharged: np.ndarray
    kind: np.ndarray
    reason: np.ndarray
    level: np.ndarray
    died: np.ndarray
    method: np.ndarray
    source: np.ndarray
    patient_class: np.ndarray
    destination: np.ndarray
    specialty: np.ndarray

    def __len__(self) -> int:
        return len(self.who)

    def only(self, kept: np.ndarray) -> Stays:
        """The rows that `kept` selects, in its order."""
        return Stays(**{name: column[kept] for name, column in vars(self).items()})


def held_on(state: State, who: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Conditions (columns) each person (rows) had on a day."""
    return state.onset[who] <= day[:, None]


def emergency_stays(rng: np.random.Generator, state: State, spells: Spells, care_home_from: np.ndarray) -> Stays:
    """Emergency spells as coded, with the transfers to another provider that follow some of them."""
    who, out = join_pieces(spells.who, int).astype(np.int32), join_pieces(spells.discharged)
    out_time = np.minimum(out, state.death_time[who])
    admitted = np.floor(join_pieces(spells.admitted)).astype(np.int32) + 1
    discharged = np.maximum(np.floor(out_time).astype(np.int32) + 1, admitted)
    level = frailty.LEVEL_VALUES[join_pieces(spells.level, int)]
    died = state.death_time[who] <= out
    age = np.clip((admitted - state.people.born[who]) / 365.25, 0, 120)
    reason = choose(rng, codes.reason_weights(age, held_on(state, who, admitted), level))
    method = np.array(METHODS)[one_of(rng, len(who), METHOD_SHARES)]
    from_care_home = care_home_from[who] < admitted
    source = np.where(
        from_care_home, _choose_care_home_code(state, who), np.where(rng.random(len(who)) < 0.012, "29", HOME)
    )
    to_care_home = from_care_home | ((care_home_from[who] >= admitted) & (care_home_from[who] <= discharged + 14))
    destination = np.where(died, "79", np.where(to_care_home, _choose_care_home_code(state, who), HOME))
    old = (age >= 78) & np.isin(codes.SPECIALTIES[reason], ("300", "320", "340", "361")) & (rng.random(len(who)) < 0.6)
    specialty = np.where(age < 16, "420", np.where(old, "430", codes.SPECIALTIES[reason]))
    stays = Stays(
        who, admitted, discharged, np.zeros(len(who), np.int8), reason, level, died, method, source,
        np.full(len(who), "1"), destination, specialty,
    )  # fmt: skip
    return _add_transfers(rng, stays)


def _choose_care_home_code(state: State, who: np.ndarray) -> np.ndarray:
    return np.array(CARE_HOMES)[np.searchsorted((0.06, 0.28), (state.people.number[who] * 0.6180339887) % 1)]


def _add_transfers(rng: np.random.Generator, stays: Stays) -> Stays:
    nights = stays.discharged - stays.admitted
    moved = np.flatnonzero((nights >= 3) & (rng.random(len(stays)) < 0.05))
    second = stays.only(moved)
    day = second.admitted + 1 + np.floor(rng.random(len(moved)) * (nights[moved] - 1)).astype(np.int32)
    second.admitted, second.kind = day, np.ones(len(moved), np.int8)
    second.method = np.where(rng.random(len(moved)) < 0.7, "2B", "81")
    second.source = np.full(len(moved), "51")
    stays.discharged[moved] = day
    stays.died[moved] = False
    stays.destination[moved] = "51"
    return joined(stays, second)


def joined(*parts: Stays) -> Stays:
    """All rows of all parts."""
    return Stays(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def planned_stays(state: State, rng: np.random.Generator, activity: Activity, emergency: Stays) -> Stays:
    """Planned, maternity and birth spells, without those that would overlap an emergency spell."""
    plan, mothers = activity.planned.rows(), activity.maternity.rows()
    born = np.flatnonzero(state.people.joined == state.people.born)
    who = np.concatenate([plan["who"], mothers["who"], born]).astype(np.int32)
    sizes = [len(plan["who"]), len(mothers["who"]), len(born)]
    kind = np.repeat(np.array([2, 3, 4], np.int8), sizes)
    admitted = np.concatenate([plan["day"], mothers["day"], state.people.born[born]]).astype(np.int32)
    nights = np.concatenate([plan["nights"], mothers["nights"], rng.poisson(1.2, len(born))]).astype(np.int32)
    reason = np.concatenate([plan["reason"], np.zeros(sizes[1] + sizes[2], int)]).astype(np.int64)
    at_home = kind == 4
    at_home &= rng.random(len(who)) < 0.02
    maternity = np.where(rng.random(len(who)) < 0.93, "31", "32")
    method = np.select(
        [kind == 2, kind == 3, at_home],
        [np.array(ELECTIVE)[one_of(rng, len(who), ELECTIVE_SHARES)], maternity, "2C"],
        "82",
    )
    specialties = np.array([care.specialty for care in codes.PLANNED])
    midwife = np.where(rng.random(len(who)) < 0.4, "560", "501")
    stays = Stays(
        who=who,
        admitted=admitted,
        discharged=admitted + nights,
        kind=kind,
        reason=reason,
        level=np.zeros(len(who), np.float32),
        died=np.zeros(len(who), bool),
        method=method,
        source=np.where(kind == 4, "79", HOME),
        patient_class=np.where((kind == 2) & (nights == 0), "2", "1"),
        destination=np.full(len(who), HOME),
        specialty=np.select([kind == 2, kind == 3], [specialties[reason], midwife], "424"),
    )
    return stays.only(np.flatnonzero(_clear(stays, emergency) & (stays.discharged < state.death_time[who])))


def _clear(stays: Stays, emergency: Stays) -> np.ndarray:
    """Which stays touch neither an emergency spell nor an earlier one of their own kind."""
    everything = joined(stays, emergency)
    planned = np.arange(len(everything)) < len(stays)
    order = np.lexsort((planned, everything.admitted, everything.who))
    who, start, end = everything.who[order], everything.admitted[order], everything.discharged[order]
    far = who.astype(np.int64) * 10**6
    latest = np.maximum.accumulate(far + end)
    before = np.concatenate([[-1], latest[:-1]])
    earliest = np.minimum.accumulate((far + start + np.where(planned[order], 10**12, 0))[::-1])[::-1]
    after = np.concatenate([earliest[1:], [10**13]])
    free = (far + start > before) & (far + end < after)
    clear = np.empty(len(order), dtype=bool)
    clear[order] = free
    return clear[: len(stays)]


def diagnoses(rng: np.random.Generator, state: State, stays: Stays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stay number, position (1 = primary) and ICD-10 code of every diagnosis, in that order."""
    stay, rank, code = [np.arange(len(stays))], [np.full(len(stays), -2.0)], [_draw_primary_codes(rng, stays)]
    for part in (_draw_causes(rng, stays), _draw_comorbidities(rng, state, stays), _draw_signs(rng, state, stays)):
        stay.append(part[0])
        code.append(part[1])
        rank.append(np.full(len(part[0]), -1.0) if len(stay) == 2 else rng.random(len(part[0])))
    which, order_key, codes_ = np.concatenate(stay), np.concatenate(rank), np.concatenate(code)
    order = np.lexsort((order_key, which))
    which, codes_ = which[order], codes_[order]
    start = np.concatenate([[True], which[1:] != which[:-1]])
    position = np.arange(len(which)) - np.flatnonzero(start)[np.cumsum(start) - 1] + 1
    kept = position <= MOST_CODES
    return which[kept], position[kept].astype(np.int32), codes_[kept]


def _pick(rng: np.random.Generator, lists: list[tuple[str, ...]], which: np.ndarray) -> np.ndarray:
    width = max(len(one) for one in lists)
    table = np.array([[one[i % len(one)] if one else "" for i in range(width)] for one in lists])
    size = np.array([max(len(one), 1) for one in lists])
    return table[which, np.floor(rng.random(len(which)) * size[which]).astype(int)]


def _draw_primary_codes(rng: np.random.Generator, stays: Stays) -> np.ndarray:
    urgent = _pick(rng, [reason.codes for reason in codes.REASONS], np.where(stays.kind <= 1, stays.reason, 0))
    planned = np.array([care.code for care in codes.PLANNED])[np.where(stays.kind == 2, stays.reason, 0)]
    mother = np.array(codes.MATERNITY)[np.floor(rng.random(len(stays)) * len(codes.MATERNITY)).astype(int)]
    return np.select([stays.kind <= 1, stays.kind == 2, stays.kind == 3], [urgent, planned, mother], "Z380")


def _draw_causes(rng: np.random.Generator, stays: Stays) -> tuple[np.ndarray, np.ndarray]:
    lists = [reason.causes for reason in codes.REASONS]
    has = np.array([bool(one) for one in lists])
    rows = np.flatnonzero((stays.kind <= 1) & has[np.where(stays.kind <= 1, stays.reason, 0)])
    return rows, _pick(rng, lists, stays.reason[rows])


def _draw_comorbidities(rng: np.random.Generator, state: State, stays: Stays) -> tuple[np.ndarray, np.ndarray]:
    held = held_on(state, stays.who, stays.admitted)
    seldom = np.array([0.45 if c.name in SELDOM_CODED else 0.72 for c in CONDITIONS], dtype=np.float32)
    chance = seldom * np.where(stays.kind == 2, 0.7, np.where(stays.kind >= 3, 0.3, 1.0)).astype(np.float32)[:, None]
    row, what = np.nonzero(held & (rng.random(held.shape, dtype=np.float32) < chance))
    return row, condition_codes(state, stays.who[row], what)


SELDOM_CODED = frozenset({"hearing_loss", "visual_impairment", "anxiety", "obesity", "osteoarthritis", "incontinence"})


def condition_codes(state: State, who: np.ndarray, what: np.ndarray) -> np.ndarray:
    """The ICD-10 code a person's condition is recorded with: always the same one."""
    width = max(len(condition.codes) for condition in CONDITIONS)
    table = np.array([[c.codes[i % len(c.codes)] for i in range(width)] for c in CONDITIONS])
    size = np.array([len(c.codes) for c in CONDITIONS])
    share = (state.people.number[who] * 0.6180339887 + what * 0.7548776662) % 1
    return table[what, np.floor(share**1.6 * size[what]).astype(int)]


def _draw_signs(rng: np.random.Generator, state: State, stays: Stays) -> tuple[np.ndarray, np.ndarray]:
    age = (stays.admitted - state.people.born[stays.who]) / 365.25
    night = (stays.discharged > stays.admitted) & (stays.kind <= 1)
    rows = np.flatnonzero(night & (age >= 18))
    base = np.array([sign.chance for sign in codes.SIGNS], dtype=np.float32)
    slope = np.array([sign.slope for sign in codes.SIGNS], dtype=np.float32)
    by_age = np.where(slope > 0, 0.03, -0.01) * (age[rows, None] - 65)
    chance = base * np.exp(slope * stays.level[rows, None] + by_age)
    row, what = np.nonzero(rng.random(chance.shape, dtype=np.float32) < chance)
    return rows[row], np.array([sign.code for sign in codes.SIGNS])[what]
