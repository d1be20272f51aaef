"""Which entries of one row do not go together: a filled-in list that holds them is asked about before it is taken."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.vocabulary import OUTCOMES

ACTION, ANY, DUE, DISAGREE = "action", "any other", "due date", "disagree"
"""Every outcome by which something is done, every other outcome, a due date, and "No" under "Agree"."""


def _check_terms(given: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    for term in given:
        if term not in known:
            raise ValueError(f'"{term}" is neither an outcome nor a word for several{near(term, known)}')
    return given


Outcomes = Annotated[
    tuple[str, ...], Field(min_length=1), AfterValidator(lambda given: _check_terms(given, (ACTION, *OUTCOMES)))
]
Beside = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    AfterValidator(lambda given: _check_terms(given, (ACTION, ANY, DUE, DISAGREE, *OUTCOMES))),
]


class Contradiction(Declared):
    """Outcomes that do not go with what stands beside them in one row."""

    outcomes: Outcomes
    beside: Beside


CONTRADICTIONS = (
    Contradiction(outcomes=("died", "moved", "data_error"), beside=(ANY, DUE)),
    Contradiction(outcomes=("declined", "no_action_well_supported"), beside=(ACTION,)),
    Contradiction(outcomes=(ACTION,), beside=(DISAGREE,)),
)
"""What is asked about where riskstrat.toml says nothing else."""


class ReviewSettings(Declared):
    """What comes back from the teams."""

    contradictions: tuple[Contradiction, ...] = CONTRADICTIONS
    exports_from: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()
    """The public keys (audit/publisher.pub) of the workspaces whose worklist decides, on another machine."""
