"""What could go wrong for a person, and what holds it: registry/hazards.toml, which a clinician reads and changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from riskstrat.definitions.declared import Declared

ALWAYS = (
    "wrong_person",
    "dead_person_listed",
    "stale_list",
    "false_reassurance",
    "anchoring",
    "stigma",
    "sensitive_disclosure",
    "silent_non_review",
    "wrong_input",
    "learned_from_intervened_people",
    "unfair_list",
    "leakage_of_the_future",
    "deprivation_as_a_reason",
    "understated_facts",
    "lost_named_copy",
    "overloaded_service",
    "end_of_life_swept_in",
)
"""Hazards that every log has a row for. A site may add its own; it may judge one small, and then says so there."""

Severity = Literal["minor", "significant", "considerable", "major", "catastrophic"]
Likelihood = Literal["very low", "low", "medium", "high", "very high"]
Status = Literal["open", "transferred", "closed"]

RISKS: Mapping[Likelihood, tuple[int, ...]] = {
    "very high": (3, 4, 4, 5, 5),
    "high": (2, 3, 3, 4, 5),
    "medium": (2, 2, 3, 3, 4),
    "low": (1, 2, 2, 3, 4),
    "very low": (1, 1, 2, 2, 3),
}
"""Risk from 1 to 5 by likelihood, one number for each severity in its order.

The matrix of DCB0129, version 4.2, as NHS England prints it in the hazard log of UK Core.
"""

RISK_MEANS: Mapping[int, str] = {
    5: "not acceptable",
    4: "must be removed or brought down",
    3: "not wanted: bring it down, and accept it only where that cannot be done",
    2: "acceptable where bringing it down would cost more than it is worth",
    1: "acceptable as it is",
}
HIGHEST_CLOSED = 2
"""The highest residual risk of a hazard on which no more need be done."""


def _require_sentence(text: str) -> str:
    if not text.strip():
        raise ValueError('write a sentence; where nobody is named yet, "for the site to name"')
    return " ".join(text.split())


Text = Annotated[str, AfterValidator(_require_sentence)]
TestName = Annotated[str, Field(pattern=r"^tests/[\w/]+\.py(::Test\w+)?::test_\w+$")]


class Rating(Declared):
    """How bad the harm would be, and how likely it is that it comes to a person."""

    severity: Severity
    likelihood: Likelihood

    @property
    def risk(self) -> int:
        """1 to 5, by the matrix."""
        return RISKS[self.likelihood][get_args(Severity).index(self.severity)]


class Hazard(Declared):
    """One row of the log.

    name: small letters, once in the file. initial: without the control. residual: with it, as it is now. status: "open"
    while more is to be done here, "transferred" where what is left is the deployer's, "closed". tests: each as
    path::name in the source of riskstrat; an empty list says that no test holds the hazard yet, so that its risk is the
    initial one. evidence: the part of a version's evidence that bears on it and is printed beside it.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    hazard: Text
    cause: Text
    effect: Text
    initial: Rating
    control: Text
    residual: Rating
    status: Status
    tests: tuple[TestName, ...]
    owner: Text
    residual_risk: Text
    evidence: Literal["nothing", "calibration", "fairness", "freshness", "intervened", "leakage"] = "nothing"

    @model_validator(mode="after")
    def _check_ratings(self) -> Self:
        if self.residual.risk > self.initial.risk:
            raise ValueError(f'"{self.name}": the residual risk is above the initial one; a control brings none')
        if self.residual != self.initial and not self.tests:
            raise ValueError(f'"{self.name}": no test holds the control, so the residual risk is the initial one')
        if self.status == "closed" and self.residual.risk > HIGHEST_CLOSED:
            raise ValueError(f'"{self.name}": a residual risk above {HIGHEST_CLOSED} cannot be closed; leave it open')
        return self


def _check_hazards_complete(rows: tuple[Hazard, ...]) -> tuple[Hazard, ...]:
    names = [row.name for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'"{name}" stands twice; join the two rows or name one otherwise')
    absent = [name for name in ALWAYS if name not in names]
    if absent:
        raise ValueError(f"there is no row for {', '.join(absent)}; a hazard may be judged small, but not left out")
    return rows


class Hazards(Declared):
    """The hazard log of a workspace, in the order of its file."""

    hazards: Annotated[tuple[Hazard, ...], AfterValidator(_check_hazards_complete)]
