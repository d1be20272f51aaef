"""A figure beside the goal that the project has set for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class NotMeasuredError(Exception):
    """Why a row cannot be run here or now, in words that follow its name."""


class Held(NamedTuple):
    """A figure and its goal, which is the most it may be, or the least. of: the sizes that the goal is for, if any."""

    work: str
    value: float
    goal: float
    unit: str = ""
    of: tuple[int, ...] = ()
    least: bool = False

    def judge(self, people: int) -> str:
        """Whether the goal is met by a run of so many people; a goal for another number is not judged."""
        if self.of and people not in self.of:
            return f"is for {' and '.join(f'{size:,}' for size in self.of)} people"
        return "met" if (self.value >= self.goal if self.least else self.value <= self.goal) else "not met"


class Section(NamedTuple):
    """What one row of the bench found: lines of the page, and figures beside their goals."""

    lines: list[str]
    held: list[Held]


def tabulate_goals(held: Iterable[Held], people: int) -> list[str]:
    """A table of all figures that have a goal."""
    lines = ["| work | measured | goal | |", "|---|---|---|---|"]
    for one in held:
        bound = "at least" if one.least else "at most"
        unit = f" {one.unit}" if one.unit else ""
        lines.append(f"| {one.work} | {one.value:.2f}{unit} | {bound} {one.goal:g}{unit} | {one.judge(people)} |")
    return [*lines, ""]
