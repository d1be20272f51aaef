"""What assessors ask, and what is drafted in answer: registry/assurance.toml, which a site completes."""

from __future__ import annotations

import string
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from riskstrat.definitions.declared import Declared

FACTS = frozenset({"title", "version", "outcome", "eligible", "kind", "tested", "sizes", "verdict", "as_at"})
"""What a draft may name in braces: facts of the version that the pack is about."""


def _require_text(text: str) -> str:
    if not text.strip():
        raise ValueError("write a sentence")
    return " ".join(text.split())


def _check_draft(text: str) -> str:
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as fault:
        raise ValueError(f"a brace is not closed: {fault}") from None
    if unknown := sorted(named - FACTS):
        raise ValueError(f"{{{unknown[0]}}} is no fact of a version; allowed are {', '.join(sorted(FACTS))}")
    return " ".join(text.split())


Text = Annotated[str, AfterValidator(_require_text)]
Draft = Annotated[str, AfterValidator(_check_draft)]


class AssessedQuestion(Declared):
    """One question of a framework.

    topic: what is asked, in our own words; empty where its wording may not be given here. draft: what this product or
    the version says to it, empty where nothing does. evidence: files of the pack that bear it out. for_site: what only
    the site can state. statement: what the site states, once it does.
    """

    number: Text
    section: Text
    topic: str = ""
    draft: Draft = ""
    evidence: tuple[Text, ...] = ()
    for_site: str = ""
    statement: str = ""

    @model_validator(mode="after")
    def _check_answered(self) -> Self:
        if not (self.draft or self.for_site or self.statement):
            raise ValueError(f'question {self.number} has neither "draft" nor "for_site"; say who answers it')
        if self.draft and not self.topic:
            raise ValueError(f"question {self.number} is answered, but not what it asks; write its topic")
        return self


def _check_numbers(questions: tuple[AssessedQuestion, ...]) -> tuple[AssessedQuestion, ...]:
    numbers = [question.number for question in questions]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"question {number} stands twice; keep one")
    return questions


class Framework(Declared):
    """One set of questions. name: of its files; edition: which text was read; source: where that stands."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    edition: Text
    source: Text
    note: str = ""
    question: Annotated[tuple[AssessedQuestion, ...], AfterValidator(_check_numbers)]


class Assurance(Declared):
    """The frameworks of a workspace, in the order of its file."""

    framework: tuple[Framework, ...]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [framework.name for framework in self.framework]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'framework "{name}" stands twice; keep one')
        return self
