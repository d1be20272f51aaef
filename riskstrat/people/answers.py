"""Three answers to a question about each of some people: yes, no, or that it cannot be told and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.features.telling import Reasons

Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """One entry per person: holds, fails, or neither, and then `why` says in words why it cannot be told."""

    holds: Truths
    fails: Truths
    why: Reasons

    @property
    def unknown(self) -> Truths:
        """Of whom it cannot be told."""
        return ~self.holds & ~self.fails

    def negate(self) -> Answers:
        """The answers to the opposite."""
        return Answers(self.fails, self.holds, self.why)


def make_answers(holds: Truths, unknown: Truths, why: Reasons) -> Answers:
    """What holds is known; of the others it cannot be told where `unknown` is."""
    return Answers(holds, ~holds & ~unknown, why)


def require_all(parts: Sequence[Answers], people: int) -> Answers:
    """Whether every part holds: one that fails decides; where none does, the first unknown one says why."""
    holds, fails = np.ones(people, np.bool_), np.zeros(people, np.bool_)
    for part in parts:
        holds, fails = holds & part.holds, fails | part.fails
    return Answers(holds, fails, _take_first_why(parts, people))


def require_any(parts: Sequence[Answers], people: int, *, one_tells: bool) -> Answers:
    """Whether some part holds. It fails where every part does or, with `one_tells`, one that can be told."""
    holds = np.logical_or.reduce([part.holds for part in parts])
    failing = [part.fails for part in parts]
    fails = np.logical_or.reduce(failing) if one_tells else np.logical_and.reduce(failing)
    return Answers(holds, fails & ~holds, _take_first_why(parts, people))


def _take_first_why(parts: Sequence[Answers], people: int) -> Reasons:
    why = np.full(people, None, object)
    for part in parts:
        first = part.unknown & (why == np.array(None))
        why[first] = part.why[first]
    return why
