"""training/pathways.toml: services to consider for a person, by rules that a clinician can read and change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import AfterValidator, Field, field_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.rules import ComparisonRule, word_rule
from riskstrat.definitions.vocabulary import NO_ACTION, OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

NEVER: Mapping[str, str] = {
    "urgent_community_response": "it answers a crisis within 2 hours, and a risk over 12 months is not a crisis",
    "palliative_care": "end of life is read from recorded facts and never inferred",
    "advance_care_plan": "end of life is read from recorded facts and never inferred",
    "safeguarding": "a concern for safety needs a person's judgement, not a rule over past records",
}
"""Outcomes that no rule may suggest, each with its reason."""

SUGGESTED = tuple(outcome for outcome in OUTCOMES if outcome not in (*NO_ACTION, *NEVER, "other"))
"""Outcomes that a rule may suggest."""


class Pathway(ComparisonRule):
    """One service, suggested where its rule holds.

    `name` is an outcome of a review, so that what was suggested and what was decided can be compared.
    """

    title: str = Field(min_length=1)
    consider: str = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _check_service(cls, given: str) -> str:
        if given in NEVER:
            raise ValueError(f'"{given}" is never suggested by a rule: {NEVER[given]}')
        if given not in SUGGESTED:
            raise ValueError(f'"{given}" is not a service{near(given, SUGGESTED)}; one of {", ".join(SUGGESTED)}')
        return given

    @property
    def rule(self) -> str:
        """The rule as it is printed, made from the conditions: "Aged 65 or over; and any of: ...; and none of: ..."."""
        return word_rule(self.all, self.any, self.none)


def _refuse_duplicate_names(pathways: tuple[Pathway, ...]) -> tuple[Pathway, ...]:
    names = [pathway.name for pathway in pathways]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'"{name}" stands {names.count(name)} times; join its rules with any')
    return pathways


class Pathways(Declared):
    """Everything training/pathways.toml may say: one [[pathway]] for each service, in the order of printing."""

    pathway: Annotated[tuple[Pathway, ...], AfterValidator(_refuse_duplicate_names)] = ()


def features_of(pathways: Sequence[Pathway]) -> tuple[str, ...]:
    """Names of the features that the rules read, each once, in order of the alphabet."""
    return tuple(sorted({condition.feature for pathway in pathways for condition in pathway.conditions}))


def suggested(pathways: Sequence[Pathway], values: pd.DataFrame) -> pd.Series:
    """One tuple of pathway names per row of `values` (a column per feature), with its index, in the file's order.

    A missing column or a NaN never suggests anything.
    """
    codes = np.zeros(len(values), dtype=np.int64)
    for place, pathway in enumerate(pathways):
        codes |= pathway.holds(values).astype(np.int64) << place
    each, where = np.unique(codes, return_inverse=True)
    names = np.empty(len(each), dtype=object)
    for row, code in enumerate(each):
        names[row] = tuple(pathway.name for place, pathway in enumerate(pathways) if code >> place & 1)
    import pandas as pd

    return pd.Series(names[where], index=values.index, dtype=object)
