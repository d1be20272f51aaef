"""training/pathways.toml: services to consider for a person, by rules that a clinician can read and change.

A rule compares features with numbers. The printed rule is put together from the very comparisons that decide, so the
two cannot drift apart: a condition's words must hold its number, in a phrase that means its comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.codelists import near
from riskstrat.definitions.comparisons import FeatureComparison, Truth
from riskstrat.definitions.declared import Declared
from riskstrat.definitions.vocabulary import NO_ACTION, OUTCOMES

NEVER: Mapping[str, str] = {
    "urgent_community_response": "it answers a crisis within 2 hours, and a risk over 12 months is not a crisis",
    "palliative_care": "end of life is read from recorded facts and never inferred",
    "advance_care_plan": "end of life is read from recorded facts and never inferred",
    "safeguarding": "a concern for safety needs a person's judgement, not a rule over past records",
}
"""Outcomes that no rule may suggest, each with its reason."""

SUGGESTED = tuple(outcome for outcome in OUTCOMES if outcome not in (*NO_ACTION, *NEVER, "other"))
"""Outcomes that a rule may suggest."""


class Condition(FeatureComparison):
    """One comparison of one feature; its words stand in a row with those of others, so no mark of theirs parts them."""

    @model_validator(mode="after")
    def _refuse_separators(self) -> Self:
        for character in ",;.":
            if character in self.says.replace("{n}", ""):
                raise ValueError(f'says of {self.feature} holds "{character}", which parts the conditions of a rule')
        return self


class Pathway(Declared):
    """One service: suggested where all of `all` hold, at least one of `any` (if given), and none of `none`.

    `name` is an outcome of a review, so that what was suggested and what was decided can be compared.
    """

    name: str
    title: str = Field(min_length=1)
    consider: str = Field(min_length=1)
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()

    @field_validator("name")
    @classmethod
    def _check_service(cls, given: str) -> str:
        if given in NEVER:
            raise ValueError(f'"{given}" is never suggested by a rule: {NEVER[given]}')
        if given not in SUGGESTED:
            raise ValueError(f'"{given}" is not a service{near(given, SUGGESTED)}; one of {", ".join(SUGGESTED)}')
        return given

    @model_validator(mode="after")
    def _require_conditions(self) -> Self:
        if not self.all and not self.any:
            raise ValueError(f'"{self.name}" needs conditions under all or any, or it would be suggested to everybody')
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.all, *self.any, *self.none)

    @property
    def rule(self) -> str:
        """The rule as it is printed, made from the conditions: "Aged 65 or over; and any of: ...; and none of: ..."."""
        parts = [condition.words for condition in self.all]
        if self.any:
            parts.append(("any of: " if len(self.any) > 1 else "") + ", ".join(part.words for part in self.any))
        if self.none:
            parts.append("none of: " + ", ".join(part.words for part in self.none))
        sentence = "; and ".join(parts)
        return sentence[0].upper() + sentence[1:] + "."

    def suggests(self, values: pd.DataFrame) -> Truth:
        """One truth per row of `values` (a column per feature). A missing column or NaN never suggests anything."""
        known = np.ones(len(values), dtype=bool)
        for condition in self.none:
            known &= ~np.isnan(_get_condition_values(values, condition)) & ~condition.holds(
                _get_condition_values(values, condition)
            )
        for condition in self.all:
            known &= condition.holds(_get_condition_values(values, condition))
        if self.any:
            known &= np.logical_or.reduce([part.holds(_get_condition_values(values, part)) for part in self.any])
        return known


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
        codes |= pathway.suggests(values).astype(np.int64) << place
    each, where = np.unique(codes, return_inverse=True)
    names = np.empty(len(each), dtype=object)
    for row, code in enumerate(each):
        names[row] = tuple(pathway.name for place, pathway in enumerate(pathways) if code >> place & 1)
    return pd.Series(names[where], index=values.index, dtype=object)


def _get_condition_values(values: pd.DataFrame, condition: Condition) -> npt.NDArray[np.float32]:
    if condition.feature not in values:
        return np.full(len(values), np.nan, dtype=np.float32)
    return values[condition.feature].to_numpy(dtype=np.float32, na_value=np.nan)
