"""training/cohorts.toml: the cohorts of a neighbourhood programme, by rules that a clinician can read and change.

A rule has three answers: in, not in, cannot be told. What is not recorded is "not in" only where the source that would
hold it is there for that person; a frailty score that nobody took says nothing either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from riskstrat.definitions.declared import Declared, refuse_repeated_names
from riskstrat.definitions.falls_rules import Frail
from riskstrat.definitions.rules import Condition, word_rule

RecordName = Literal[
    "housebound", "carer", "palliative_care", "frailty_scale", "care_plan", "respect", "advance_care_plan"
]
"""What a rule may ask of the records that no feature, and so no score, is made of."""

SCALE: RecordName = "frailty_scale"
KEPT_FOR = 365
"""Days for which a clinical frailty scale is one of today, as an eFI is."""


class RecordCondition(Declared):
    """Something on record: a circumstance, a plan, the palliative care register, or a clinical frailty scale.

    at_least: the lowest grade of the scale that counts, 1 to 9; of nothing else.
    """

    record: RecordName
    says: str = Field(min_length=1)
    at_least: int | None = Field(None, ge=1, le=9)

    @model_validator(mode="after")
    def _check_grade(self) -> Self:
        if (self.record == SCALE) != (self.at_least is not None):
            raise ValueError(f"{self.record}: at_least is the grade of {SCALE}, which needs it, and of nothing else")
        if self.at_least is not None and "{n} or more" not in self.says:
            raise ValueError(f'says of {SCALE} must hold "{{n}} or more", which is what at_least means')
        return self

    @property
    def words(self) -> str:
        """`says` with its grade."""
        return self.says.replace("{n}", str(self.at_least))


class BandCondition(Frail):
    """Bands of a frailty score of training/frailty.toml, as of the day."""

    @property
    def words(self) -> str:
        """How it is printed."""
        return self.says


_KINDS = {"feature": "feature", "score": "score", "record": "record"}


def _find_kind(given: object) -> str | None:
    """The kind of a condition by the key that it has: feature, score or record."""
    keys = given if isinstance(given, Mapping) else getattr(given, "__dict__", ())
    return next((kind for kind in _KINDS if kind in keys), None)


CohortCondition = Annotated[
    Annotated[Condition, Tag("feature")]
    | Annotated[BandCondition, Tag("score")]
    | Annotated[RecordCondition, Tag("record")],
    Discriminator(
        _find_kind,
        custom_error_type="condition",
        custom_error_message="a condition asks one of feature, score and record",
    ),
]


class CohortConfirmation(Declared):
    """Where the site's decision to use a rule stands, and of which day it is."""

    reference: str = Field(min_length=1)
    on: date


class CohortRule(Declared):
    """One cohort: all of `all`, at least one of `any`, none of `none`; tag: the few words beside a person.

    any_measures_one_thing: the conditions of `any` tell the same, so that one that can be told says "not in" alone.
    source: where the cohort is taken from; printed as unconfirmed until the site has confirmed the rule.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    tag: str = Field(min_length=1, max_length=40)
    source: str = Field(min_length=1)
    caution: str = ""
    confirmed: CohortConfirmation | None = None
    all: tuple[CohortCondition, ...] = ()
    any: tuple[CohortCondition, ...] = ()
    none: tuple[CohortCondition, ...] = ()
    any_measures_one_thing: bool = False

    @model_validator(mode="after")
    def _require_conditions(self) -> Self:
        if not self.all and not self.any:
            raise ValueError(f'"{self.name}" needs conditions under all or any, or it would hold for everybody')
        return self

    @property
    def conditions(self) -> tuple[CohortCondition, ...]:
        """Every condition, in the order of printing."""
        return (*self.all, *self.any, *self.none)

    @property
    def rule(self) -> str:
        """The rule as it is printed, made from its conditions."""
        return word_rule(self.all, self.any, self.none)


class CohortRules(Declared):
    """Everything training/cohorts.toml may say. high_risk: the bands of lists.bands that are high risk."""

    high_risk: tuple[str, ...] = Field((), min_length=1)
    cohort: Annotated[tuple[CohortRule, ...], AfterValidator(refuse_repeated_names)] = ()

    def list_features(self) -> Iterator[str]:
        """Each feature that a rule compares, as often as it is named."""
        for rule in self.cohort:
            yield from (part.feature for part in rule.conditions if isinstance(part, Condition))
