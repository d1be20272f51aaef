"""training/baselines.toml: counts and published scores that a model is held against, each of one feature."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from riskstrat.definitions.declared import Declared, refuse_repeated_names

LOGISTIC, AGE_AND_SEX, CHAMPION = "logistic_regression", "age_and_sex", "champion"
BUILT_IN = (LOGISTIC, AGE_AND_SEX, CHAMPION)
"""What every model is compared with, whatever features there are."""

LIGHTGBM, STACK, TRANSFERRED = "lightgbm", "stack", "transferred"
"""What a model is called among its baselines: LightGBM alone, the stack that LightGBM is a member of, or another site's
model, beside which stands what the recipe learned here."""

RESERVED = (*BUILT_IN, LIGHTGBM, STACK, TRANSFERRED, "everybody")
"""Names that stand for something else in a version's evidence."""


def find_own(models: Container[str]) -> str:
    """The name of the model itself among the models that were measured: another site's, or what was learned here."""
    return TRANSFERRED if TRANSFERRED in models else find_learned(models)


def find_learned(models: Container[str]) -> str:
    """The name of what the recipe learned here among the models that were measured: the stack, if there is one."""
    return STACK if STACK in models else LIGHTGBM


class Baseline(Declared):
    """One baseline by the name it has in the evidence: the feature it is made of, and how that enters.

    added: features that count with it where they are built. scale: "count" enters as log(1 + sum), "log odds" as it
    stands. index, outcome: the only index dates, or rows of training/outcomes.py, it is for, with the reason
    `otherwise` for leaving it out.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    feature: str
    added: tuple[str, ...] = ()
    scale: Literal["count", "log odds"]
    index: Literal["calendar", "live_discharge"] | None = None
    outcome: str | None = None
    otherwise: str = ""

    @field_validator("name")
    @classmethod
    def _is_free(cls, given: str) -> str:
        if given in RESERVED:
            raise ValueError(f'"{given}" stands for something else in the evidence; give another name')
        return given

    @model_validator(mode="after")
    def _check_index_and_added(self) -> Self:
        if bool(self.index or self.outcome) != bool(self.otherwise):
            raise ValueError(f"{self.name}: index or outcome and otherwise belong together; give both or neither")
        if self.added and self.scale != "count":
            raise ValueError(f'{self.name}: only counts can be added up; take added out, or set scale = "count"')
        return self

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature named."""
        return (self.feature, *self.added)


class ReplayOrder(Declared):
    """One order that `replay` makes lists by beside the model's: largest value of a feature first."""

    title: str = Field(min_length=1)
    feature: str


class Baselines(Declared):
    """Everything training/baselines.toml may say: one [[baseline]] for each, in the order of the evidence.

    replay: one for each order that replayed lists are held against, in the order of the page.
    """

    baseline: Annotated[tuple[Baseline, ...], AfterValidator(refuse_repeated_names)] = ()
    replay: tuple[ReplayOrder, ...] = ()
