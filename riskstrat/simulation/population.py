"""The people of one chunk: who they are, where they live, when they come and when they would leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation.calendar import NEVER, Calendar
from riskstrat.simulation.places import AGE_BAND_STARTS, Borough

ENTRANTS_A_YEAR = 0.026
"""Births and arrivals a year per person registered at the start."""
BIRTH_SHARE = 0.40
STATIC_SPREAD = 0.45
"""Standard deviation of the lifelong part of log frailty."""
OUTLIER = 1.4
ATTENDANCE_SPREAD = 0.55

FEMALE_BY_AGE = ((0, 0.49), (40, 0.51), (70, 0.53), (85, 0.61), (95, 0.70))
"""Share of women by age: from background knowledge of English mid-year estimates, not sourced."""
LEAVING_BY_AGE = ((0, 0.014), (15, 0.012), (20, 0.034), (30, 0.030), (40, 0.014), (60, 0.007), (80, 0.006), (95, 0.008))
"""Chance a year of moving out of the borough: our assumption, higher in young adults."""
ETHNICITIES = tuple("ABCDEFGHJKLMNPRS")
OTHER_THAN_WHITE_BRITISH = np.array([4, 20, 5, 4, 5, 5, 10, 8, 6, 8, 4, 11, 3, 4, 3], dtype=float)
NOT_STATED = 0.05
OPT_OUT_SHARE = 0.03


@dataclass
class People:
    """One row per person. Days are counted from 1970-01-01; `illness` is the lifelong part of log frailty."""

    number: np.ndarray
    born: np.ndarray
    female: np.ndarray
    sex: np.ndarray
    ethnicity: np.ndarray
    area: np.ndarray
    decile: np.ndarray
    practice: np.ndarray
    joined: np.ndarray
    """First day of registration."""
    leaves: np.ndarray
    """Day of moving out; NEVER for most."""
    second_practice: np.ndarray
    """Practice after a move inside the borough; the same as `practice` for most."""
    changes_practice: np.ndarray
    illness: np.ndarray
    attends: np.ndarray
    """Lifelong part of log A&E use that has nothing to do with frailty."""
    smoking: np.ndarray
    bmi: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def age_on(self, day: int) -> np.ndarray:
        """Age in whole years; negative before birth."""
        return np.floor_divide(day - self.born, 365.25).astype(np.int16)


def draw(rng: np.random.Generator, first: int, count: int, borough: Borough, calendar: Calendar) -> People:
    """`count` people numbered from `first`, of whom about four in five are registered when the calendar starts."""
    joined, age, newborn = _draw_joining(rng, count, borough, calendar)
    born = _find_month_start(np.maximum(joined, calendar.start) - np.floor(age * 365.25).astype(np.int32))
    born = np.where(newborn, joined, born).astype(np.int32)
    joined = np.maximum(joined, born)
    female = rng.random(count) < _interpolate_by_age(FEMALE_BY_AGE, age)
    areas = borough.areas
    area = _draw_areas(rng, age, borough)
    practice, second, changes = _draw_practices(rng, areas.locality[area], borough, joined, calendar)
    illness = _draw_illness(rng, count)
    decile = areas.decile[area].astype(np.float32)
    return People(
        number=np.arange(first, first + count),
        born=born,
        female=female,
        sex=_draw_recorded_sex(rng, female),
        ethnicity=_draw_ethnicity(rng, count, borough),
        area=area,
        decile=decile,
        practice=practice,
        joined=joined,
        leaves=_draw_leaving_day(rng, joined, born, calendar),
        second_practice=second,
        changes_practice=changes,
        illness=illness,
        attends=_draw_attendance_effect(rng, illness),
        smoking=_draw_smoking(rng, decile, illness),
        bmi=np.clip(rng.normal(27.5, 5, count) + 0.2 * (5.5 - decile), 16, 55).astype(np.float32),
    )


def _interpolate_by_age(knots: tuple[tuple[int, float], ...], age: np.ndarray) -> np.ndarray:
    ages, values = zip(*knots, strict=True)
    return np.interp(age, np.array(ages, dtype=float), np.array(values, dtype=float))


def _draw_illness(rng: np.random.Generator, count: int) -> np.ndarray:
    """Mean about zero; one person in fifty stands far out, so that a few have very many admissions."""
    outlier = rng.random(count) < 0.02
    return (rng.normal(-0.02, STATIC_SPREAD, count) + OUTLIER * outlier).astype(np.float32)


def _draw_attendance_effect(rng: np.random.Generator, illness: np.ndarray) -> np.ndarray:
    often = rng.random(len(illness)) < 0.03
    return (0.28 * illness + rng.normal(-0.13, ATTENDANCE_SPREAD, len(illness)) + 2.1 * often).astype(np.float32)


def _draw_joining(
    rng: np.random.Generator, count: int, borough: Borough, calendar: Calendar
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First day of registration, age then or when the calendar starts, and who is born into the borough."""
    present = 1 / (1 + ENTRANTS_A_YEAR * calendar.years)
    kind = rng.random(count)
    later = kind > present
    birth = later & (kind > 1 - (1 - present) * BIRTH_SHARE)
    ages = np.array(borough.ages, dtype=float)
    band = rng.choice(len(ages), count, p=ages / ages.sum())
    width = np.where(band == len(ages) - 1, 7.0, 5.0)
    resident = AGE_BAND_STARTS[band] + rng.random(count) ** np.where(band == len(ages) - 1, 1.8, 1.0) * width
    mover = np.clip(rng.gamma(3.2, 9.5, count), 0.1, 92)
    age = np.where(birth, 0.0, np.where(later, mover, resident))
    span = calendar.until - calendar.start
    entry = calendar.start + 1 + np.floor(rng.random(count) * (span - 1)).astype(np.int32)
    tenure = np.minimum(rng.exponential(11, count), np.maximum(age - 0.01, 0)) * 365.25
    before = calendar.start - np.floor(tenure).astype(np.int32)
    return np.where(later, entry, before).astype(np.int32), age, birth


def _find_month_start(days: np.ndarray) -> np.ndarray:
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int32)


def _draw_areas(rng: np.random.Generator, age: np.ndarray, borough: Borough) -> np.ndarray:
    decile = borough.areas.decile
    picked = np.empty(len(age), dtype=np.int32)
    group = np.minimum(age // 10, 9).astype(int)
    for decade in range(10):
        weight = np.exp(borough.older_per_decile * (decade - 4) * (decile - 5.5))
        chosen = np.flatnonzero(group == decade)
        picked[chosen] = rng.choice(len(decile), len(chosen), p=weight / weight.sum())
    return picked


def _draw_practices(
    rng: np.random.Generator, locality: np.ndarray, borough: Borough, joined: np.ndarray, calendar: Calendar
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    areas = borough.areas
    per = np.bincount(areas.practice_locality, minlength=len(borough.localities))
    first = np.cumsum(per) - per
    strays = rng.random(len(locality)) < 0.06
    where = np.where(strays, rng.integers(0, len(per), len(locality)), locality)
    one = first[where] + np.floor(rng.random(len(where)) ** 1.3 * per[where]).astype(int)
    other = first[where] + np.floor(rng.random(len(where)) * per[where]).astype(int)
    start = np.maximum(joined, calendar.start) + 30
    when = start + np.floor(rng.random(len(where)) * np.maximum(calendar.until - start, 1)).astype(np.int32)
    moves = (rng.random(len(where)) < 0.08) & (other != one) & (when < calendar.until)
    return (
        one.astype(np.int16),
        np.where(moves, other, one).astype(np.int16),
        np.where(moves, when, NEVER).astype(np.int32),
    )


def _draw_leaving_day(rng: np.random.Generator, joined: np.ndarray, born: np.ndarray, calendar: Calendar) -> np.ndarray:
    start = np.maximum(joined, calendar.start)
    age = (start - born) / 365.25
    rate = _interpolate_by_age(LEAVING_BY_AGE, age + 3)
    day = start + np.floor(rng.exponential(1, len(joined)) / rate * 365.25)
    return np.where(day < calendar.until, day, NEVER).astype(np.int32)


def _draw_recorded_sex(rng: np.random.Generator, female: np.ndarray) -> np.ndarray:
    sex = np.where(female, "F", "M").astype("U1")
    odd = rng.random(len(female))
    sex[odd < 0.0003] = "I"
    sex[odd > 0.9995] = "U"
    return sex


def _draw_ethnicity(rng: np.random.Generator, count: int, borough: Borough) -> np.ndarray:
    others = OTHER_THAN_WHITE_BRITISH / OTHER_THAN_WHITE_BRITISH.sum() * (1 - borough.white_british)
    weights = np.array([borough.white_british, *others])
    letters = np.array(ETHNICITIES)[rng.choice(len(weights), count, p=weights / weights.sum())]
    return np.where(rng.random(count) < NOT_STATED, "Z", letters)


def _draw_smoking(rng: np.random.Generator, decile: np.ndarray, illness: np.ndarray) -> np.ndarray:
    """0 never, 1 ex, 2 current."""
    current = np.clip(0.05 + 0.02 * (10.5 - decile) * np.exp(0.4 * illness), 0.02, 0.6)
    u = rng.random(len(decile))
    return np.where(u < current, 2, np.where(u < current + 0.27, 1, 0)).astype(np.int8)
