"""Time in the simulator: days since 1970-01-01, and steps of a twelfth of 365 days counted back from the last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

STEPS_A_YEAR = 12
EPOCH = date(1970, 1, 1)
NEVER = np.int32(10**6)
"""A day after every calendar: "has not happened"."""


@dataclass(frozen=True)
class Calendar:
    """`until` is the last day of data; `years` years of 365 days lie before it: yearly index dates are boundaries."""

    until: int
    years: int

    @classmethod
    def ending(cls, until: date, years: int) -> Calendar:
        """The calendar whose last day is `until`."""
        return cls((until - EPOCH).days, years)

    @property
    def steps(self) -> int:
        """Number of steps simulated."""
        return self.years * STEPS_A_YEAR

    @property
    def start(self) -> int:
        """The day before the first simulated day."""
        return self.until - 365 * self.years

    def boundary(self, step: int) -> int:
        """The last day before `step` begins; step s covers the days (boundary(s), boundary(s + 1)]."""
        year, month = divmod(step, STEPS_A_YEAR)
        return self.start + 365 * year + round(365 / STEPS_A_YEAR * month)

    def length(self, step: int) -> int:
        """Days in `step`."""
        return self.boundary(step + 1) - self.boundary(step)

    def season(self, step: int) -> float:
        """Log multiplier of the season before amplitude: 1 in mid-January, -1 in mid-July."""
        middle = (self.boundary(step) + self.boundary(step + 1)) / 2
        return float(np.cos(2 * np.pi * (middle % 365.25 - 15) / 365.25))

    @property
    def truth_steps(self) -> list[int]:
        """Steps whose boundary is an index date with a truth.

        Yearly, counted back from the last day, and again from the latest date whose 12 months ended 91 days before it.
        """
        yearly = range(0, self.steps + 1, STEPS_A_YEAR)
        settled = range(STEPS_A_YEAR - 3, self.steps - STEPS_A_YEAR, STEPS_A_YEAR)
        return sorted({*yearly, *settled} - {0})
