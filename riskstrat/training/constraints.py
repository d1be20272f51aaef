"""Directions owed to clinical sense: features whose higher values may only raise, or only lower, the risk."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from riskstrat.definitions.codelists import near
from riskstrat.definitions.recipes import LearnerRecipe
from riskstrat.errors import TrainingError


def directions(learner: LearnerRecipe, columns: Sequence[str]) -> list[int]:
    """1 (may only raise), -1 (may only lower) or 0 for each column; names that are no column have no part in it."""
    return [(name in learner.increasing) - (name in learner.decreasing) for name in columns]


def set_aside(learner: LearnerRecipe, columns: Sequence[str], declared: Collection[str]) -> tuple[str, ...]:
    """The names of the recipe's directions that the model has no column for, in order.

    columns: those of the model. declared: every feature there could be; one of these may be absent, because its source
    was not landed or the recipe excludes it. Raises TrainingError for any other name, and for one given both ways.
    """
    both = sorted(set(learner.increasing) & set(learner.decreasing))
    if both:
        raise TrainingError(
            f"{', '.join(both)} stands under increasing and under decreasing in [learner]; take it out of one of them"
        )
    known = {*columns, *declared}
    for name in (*learner.increasing, *learner.decreasing):
        if name not in known:
            raise TrainingError(
                f'increasing and decreasing in [learner] name "{name}", which is no feature'
                f"{near(name, tuple(sorted(known)))}; correct the name or take it out"
            )
    return tuple(name for name in (*learner.increasing, *learner.decreasing) if name not in set(columns))
