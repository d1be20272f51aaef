"""training/changeable.toml: what a team could act on for a person, by rules that a clinician can read and change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from riskstrat.definitions.comparisons import Truth
from riskstrat.definitions.declared import Declared, refuse_repeated_names
from riskstrat.definitions.rules import ComparisonRule

if TYPE_CHECKING:
    import pandas as pd


class Opportunity(ComparisonRule):
    """One thing that a team could act on: its conditions hold, and nothing of `not_recorded` is recorded.

    not_recorded: features that count what would answer the need, such as contacts with a service. Where none of them
    can be told of a person, their absence says nothing, and the rule does not hold. Nor is it said of anybody of whom
    the source of one of them did not come.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str = Field(min_length=1)
    not_recorded: tuple[str, ...] = ()

    def applies(self, values: pd.DataFrame) -> Truth:
        """One truth per row of `values` (a column per feature, NaN for what cannot be told)."""
        if not self.not_recorded:
            return self.holds(values)
        asked = values.reindex(columns=list(self.not_recorded))
        lacking = asked.notna().any(axis=1) & ~(asked > 0).any(axis=1)
        return self.holds(values) & lacking.to_numpy(dtype=bool)


class Opportunities(Declared):
    """Everything training/changeable.toml may say: one [[opportunity]] for each, in the order of printing."""

    opportunity: Annotated[tuple[Opportunity, ...], AfterValidator(refuse_repeated_names)] = ()
