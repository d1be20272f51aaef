"""A rule that a clinician can read: comparisons of features that must all hold, some of which, or none of which.

The printed rule is put together from the very comparisons that decide, so the two cannot drift apart: a condition's
words must hold its number, in a phrase that means its comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from riskstrat.definitions.comparisons import FeatureComparison, Truth
from riskstrat.definitions.declared import Declared

if TYPE_CHECKING:
    import pandas as pd


class Condition(FeatureComparison):
    """One comparison of one feature; its words stand in a row with those of others, so no mark of theirs parts them."""

    @model_validator(mode="after")
    def _refuse_separators(self) -> Self:
        for character in ",;.":
            if character in self.says.replace("{n}", ""):
                raise ValueError(f'says of {self.feature} holds "{character}", which parts the conditions of a rule')
        return self


class _Worded(Protocol):
    """What a rule is made of: a condition that says itself."""

    @property
    def words(self) -> str:
        """The condition as it is printed."""


def word_rule(whole: Sequence[_Worded], some: Sequence[_Worded], none: Sequence[_Worded]) -> str:
    """A rule as it is printed: "Aged 65 or over; and any of: ...; and none of: ..."."""
    parts = [part.words for part in whole]
    if some:
        parts.append(("any of: " if len(some) > 1 else "") + ", ".join(part.words for part in some))
    if none:
        parts.append("none of: " + ", ".join(part.words for part in none))
    sentence = "; and ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


class ComparisonRule(Declared):
    """Holds where all of `all` hold, at least one of `any` (if given), and none of `none`."""

    name: str
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _require_conditions(self) -> Self:
        if not self.all and not self.any:
            raise ValueError(f'"{self.name}" needs conditions under all or any, or it would hold for everybody')
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.all, *self.any, *self.none)

    def holds(self, values: pd.DataFrame) -> Truth:
        """One truth per row of `values` (a column per feature). With a missing column or NaN a rule never holds."""
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

    def may_hold(self, values: pd.DataFrame, untold: Mapping[str, Truth]) -> Truth:
        """One truth per row: whether the rule holds, or would by some value of what cannot be told.

        untold: by feature the rows of which its value cannot be told.
        """
        nobody = np.zeros(len(values), dtype=bool)

        def may_be(condition: Condition) -> Truth:
            return condition.holds(_get_condition_values(values, condition)) | untold.get(condition.feature, nobody)

        possible = ~nobody
        for condition in self.none:
            given = _get_condition_values(values, condition)
            possible &= ~np.isnan(given) & ~condition.holds(given) | untold.get(condition.feature, nobody)
        for condition in self.all:
            possible &= may_be(condition)
        return possible & np.logical_or.reduce([may_be(part) for part in self.any]) if self.any else possible

    def find_met(self, values: Mapping[str, float]) -> tuple[Condition, ...]:
        """The conditions of `all` and `any` that hold for one person; a feature that is not in `values` never does."""
        return tuple(
            condition
            for condition in (*self.all, *self.any)
            if condition.holds(np.array([values.get(condition.feature, np.nan)]))[0]
        )


def _get_condition_values(values: pd.DataFrame, condition: Condition) -> npt.NDArray[np.float32]:
    if condition.feature not in values:
        return np.full(len(values), np.nan, dtype=np.float32)
    return values[condition.feature].to_numpy(dtype=np.float32, na_value=np.nan)
