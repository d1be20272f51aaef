"""What could go wrong for a person, and what holds it: registry/hazards.toml, which a clinician reads and changes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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
)
"""Hazards that every log has a row for. A site may add its own; it may judge one small, and then says so there."""


def _require_sentence(text: str) -> str:
    if not text.strip():
        raise ValueError('write a sentence; where nobody is named yet, "for the site to name"')
    return " ".join(text.split())


Text = Annotated[str, AfterValidator(_require_sentence)]
TestName = Annotated[str, Field(pattern=r"^tests/[\w/]+\.py(::Test\w+)?::test_\w+$")]


class Hazard(Declared):
    """One row of the log.

    name: small letters, once in the file. tests: each as path::name in the source of riskstrat; an empty list says that
    no test holds the hazard yet. evidence: the part of a version's evidence that bears on it and is printed beside it.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    hazard: Text
    cause: Text
    effect: Text
    control: Text
    tests: tuple[TestName, ...]
    owner: Text
    residual_risk: Text
    evidence: Literal["nothing", "calibration", "fairness", "freshness", "intervened", "leakage"] = "nothing"


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
