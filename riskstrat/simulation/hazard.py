"""Hazards of emergency admission and of death, shared by the simulator and by the truth."""

from __future__ import annotations

import numpy as np

ADMISSION_KNOTS = (0, 1, 5, 12, 18, 25, 35, 45, 55, 65, 72, 78, 85, 92, 105)
ADMISSION_LOG = (
    -1.964,
    -2.764,
    -3.464,
    -3.933,
    -3.692,
    -3.758,
    -4.010,
    -4.074,
    -4.046,
    -4.127,
    -3.972,
    -3.609,
    -2.968,
    -2.727,
    -2.627,
)
"""Log emergency admissions a year at zero frailty, no conditions and IMD decile 5.5, fitted to the published rates."""

DEPRIVATION_KNOTS = (0, 10, 28, 45, 60, 80)
DEPRIVATION_LOG = (0.057, 0.055, 0.063, 0.044, 0.018, 0.004)
"""Direct effect per decile towards the most deprived; the rest of the gradient comes through frailty and conditions."""

DEATH_KNOTS = (0, 1, 10, 20, 35, 45, 55, 65, 75, 85, 95, 105)
DEATH_LOG = (-5.131, -7.831, -8.531, -6.931, -7.039, -7.09, -7.042, -5.85, -6.229, -5.413, -3.17, -2.57)
"""Log deaths a year outside hospital at zero frailty and no conditions."""

SEASON = 0.09
SEASON_CHEST = 0.16
"""Amplitude of the winter rise for everybody, and the further rise in people with a chest condition."""

_AGES = np.arange(121)
_ADMISSION = np.interp(_AGES, ADMISSION_KNOTS, ADMISSION_LOG).astype(np.float32)
_DEPRIVATION = np.interp(_AGES, DEPRIVATION_KNOTS, DEPRIVATION_LOG).astype(np.float32)
_ILLNESS = np.interp(_AGES, (18, 32, 55, 80), (1.35, 1.3, 1.05, 0.9)).astype(np.float32)
_BURDEN = np.interp(_AGES, (18, 32, 50, 65, 90), (1.45, 1.45, 1.15, 1.0, 0.8)).astype(np.float32)
_DEATH = np.interp(_AGES, DEATH_KNOTS, DEATH_LOG).astype(np.float32)


def admission_log(age: np.ndarray, female: np.ndarray, decile: np.ndarray, illness: np.ndarray) -> np.ndarray:
    """Log emergency admissions a year apart from frailty level, conditions, season and intervention."""
    at = np.clip(age, 0, 120)
    women = np.where(female, np.where((at >= 16) & (at < 45), 0.08, -0.05), 0).astype(np.float32)
    return _ADMISSION[at] + women + _DEPRIVATION[at] * (5.5 - decile) + _ILLNESS[at] * illness


def frailty_log(age: np.ndarray, level_value: np.ndarray) -> np.ndarray:
    """What the drifting frailty adds: steeper with age, and steeper still above a threshold in people over 70."""
    slope = 0.66 + 0.0025 * np.clip(age - 20.0, 0, 70)
    steep = np.where(age >= 70, 0.35, 0.0)
    return (slope * level_value + steep * np.maximum(level_value - 0.9, 0)).astype(np.float32)


def burden_log(age: np.ndarray, burden: np.ndarray) -> np.ndarray:
    """What conditions add: the same condition tells more about a young person than about an old one."""
    return _BURDEN[np.clip(age, 0, 120)] * burden


def death_log(age: np.ndarray, female: np.ndarray, decile: np.ndarray, illness: np.ndarray) -> np.ndarray:
    """Log deaths a year outside hospital apart from frailty level and conditions."""
    at = np.clip(age, 0, 120)
    return _DEATH[at] + np.where(female, -0.3, 0.0).astype(np.float32) + 0.02 * (5.5 - decile) + 0.5 * illness


def death_frailty_log(age: np.ndarray, level_value: np.ndarray) -> np.ndarray:
    """What the drifting frailty adds to the log hazard of death."""
    return (np.where(age >= 40, 0.9, 0.4) * level_value).astype(np.float32)


def season_log(season: float, chest: np.ndarray) -> np.ndarray:
    """Season's part of the log hazard; `chest` says who has had a chest condition for a year."""
    return (season * (SEASON + SEASON_CHEST * chest)).astype(np.float32)


RECENT_DISCHARGE_STEPS = 3
RECENT_DISCHARGE_DEATH = 2.5
"""For three steps after an emergency discharge the hazard of death is this many times as high."""

OFFSPRING = ((0, 30, 0.044), (30, 90, 0.049), (90, 180, 0.046))
"""Days after discharge and mean number of further admissions that one admission brings there, for a typical person."""


def offspring_factor(age: np.ndarray, level_value: np.ndarray, burden: np.ndarray) -> np.ndarray:
    """How much more, or less, than typical one admission brings further ones."""
    old = np.where(age < 18, -0.5, np.where(age >= 75, 0.05, 0.0))
    return np.minimum(np.exp(0.25 * level_value + 0.35 * (burden - 0.5) + old), 2.8).astype(np.float32)
