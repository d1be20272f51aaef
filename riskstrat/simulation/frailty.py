"""The drifting part of log frailty: a chain on sixteen levels that the simulator walks and the truth sums over.

A new illness lifts a person three levels at once, small changes go one level either way, and recovery pulls back; old
people recover more slowly. Moves depend only on age, sex, place, the lifelong part and conditions more than 12 months
old, so over the 12 months after any index date the chain is Markov and its expectation is exact.
"""

from __future__ import annotations

import numpy as np

LEVELS = 16
STEP = 0.3
ZERO_LEVEL = 5
KICK = 3
LEVEL_VALUES = (STEP * (np.arange(LEVELS) - ZERO_LEVEL)).astype(np.float32)
CHANCE_UP = (0.045 * np.exp(-0.8 * LEVEL_VALUES)).astype(np.float32)
CHANCE_DOWN = (0.055 * np.exp(0.8 * LEVEL_VALUES)).astype(np.float32)
CHANCE_UP[-1] = 0
CHANCE_DOWN[0] = 0
BURN_IN = 48


def illness_chance(age: np.ndarray, decile: np.ndarray, illness: np.ndarray, burden: np.ndarray) -> np.ndarray:
    """Chance that a new illness lifts the level in one step: one value per person."""
    log = 0.016 * (age - 50) + 0.05 * (5.5 - decile) + 0.45 * illness + 0.30 * burden
    return np.minimum(0.009 * np.exp(log), 0.12).astype(np.float32)


def recovery(age: np.ndarray) -> np.ndarray:
    """Factor on the chance of coming down a level: 1.1 at 20, 0.75 at 85."""
    return np.clip(1.1 - 0.0054 * (age - 20.0), 0.6, 1.2).astype(np.float32)


def move(u: np.ndarray, level: np.ndarray, ill: np.ndarray, recover: np.ndarray) -> np.ndarray:
    """The next level of each person, given a uniform draw `u`."""
    up = (u >= ill) & (u < ill + CHANCE_UP[level])
    down = u >= 1 - CHANCE_DOWN[level] * recover
    return np.minimum(level + KICK * (u < ill) + up - down, LEVELS - 1).astype(np.int8)


def expect(value: np.ndarray, ill: np.ndarray, recover: np.ndarray) -> np.ndarray:
    """Mean of `value` after one step, for every level (rows) and person (columns)."""
    lifted = np.concatenate([value[KICK:], np.repeat(value[-1:], KICK, axis=0)])
    above = np.concatenate([value[1:], value[-1:]])
    below = np.concatenate([value[:1], value[:-1]])
    mean = value + ill * (lifted - value)
    mean += CHANCE_UP[:, None] * (above - value)
    mean += (CHANCE_DOWN[:, None] * recover) * (below - value)
    return mean
