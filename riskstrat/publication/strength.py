"""How much something moved an estimate, in a few steps: what is published of a contribution in place of its size."""

from __future__ import annotations

from math import copysign, log

SMALLEST_SHOWN = 0.05
A_LOT, A_LITTLE = 2.0, 1.2
"""Times the odds: from the one up "a lot", below the other "a little". Numbers are a choice of layout."""

LITTLE, SOME, LOT = 0.1, 0.4, 1.0
"""What stands for each step: log odds that lie well inside it."""


def round_strength(log_odds: float) -> float:
    """The step of a contribution with its sign; 0 where it is too small to be shown."""
    size = abs(log_odds)
    if size < SMALLEST_SHOWN:
        return 0.0
    step = LOT if size >= log(A_LOT) else LITTLE if size < log(A_LITTLE) else SOME
    return copysign(step, log_odds)
