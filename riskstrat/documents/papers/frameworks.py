"""Each framework of registry/assurance.toml, answered for one version: drafted here, or left to the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from riskstrat.definitions.assurance import FACTS, AssessedQuestion, Framework
from riskstrat.documents.papers.markdown import csv_text, plain, table, tidy
from riskstrat.documents.papers.registered import Registered
from riskstrat.documents.papers.wording import FOR_THE_SITE, fit_to_leave

NOT_GIVEN = "Not given here: read it in the source."
HEADINGS = ("Number", "Part", "What is asked", "Draft", "Evidence in this pack", "For the site")
BY_VERSION, IN_PART, BY_SITE, STATED = "drafted", "drafted, in part", "for the site", "stated by the site"


class Answer(NamedTuple):
    """One row: the question with what is said to it. state: one of the four above."""

    number: str
    section: str
    topic: str
    draft: str
    evidence: str
    for_site: str
    state: str


def answer_framework(framework: Framework, version: Registered) -> list[Answer]:
    """One row for each question, in the order of the file."""
    facts = gather_facts(version)
    return [_answer(question, facts) for question in framework.question]


def gather_facts(version: Registered) -> dict[str, str]:
    """What a draft may name, as sentences or parts of one; counts follow the small number rule."""
    said = {
        "verdict": fit_to_leave(version.part("verdict") or "No verdict: it was not compared with logistic regression."),
        "version": version.number,
    }
    return {name: said[name] if name in said else str(getattr(version, name)) for name in sorted(FACTS)}


def _answer(question: AssessedQuestion, facts: Mapping[str, str]) -> Answer:
    draft = " ".join(question.draft.format_map(facts).replace("..", ".").split())
    told = question.statement or question.for_site
    if question.statement:
        state = STATED
    elif not draft:
        state = BY_SITE
    else:
        state = IN_PART if question.for_site else BY_VERSION
    evidence = ", ".join(question.evidence)
    topic = question.topic or NOT_GIVEN
    return Answer(question.number, question.section, topic, draft, evidence, told, state)


def write_framework_page(framework: Framework, version: Registered) -> str:
    """The framework as a page in Markdown."""
    rows = answer_framework(framework, version)
    states = [row.state for row in rows]
    counted = (
        f"Of {len(rows)} rows {states.count(BY_VERSION)} are drafted, {states.count(IN_PART)} in part, "
        f"{states.count(STATED)} are stated by the site, and {states.count(BY_SITE)} are {FOR_THE_SITE}"
    )
    return tidy(
        "\n\n".join(
            (
                f"# {plain(framework.title)}: {plain(version.title)}, version {plain(version.number)}",
                f"A draft. {plain(framework.title)}, {plain(framework.edition)}: {plain(framework.source)}. Topics are "
                "in our own words. It shows conformity with nothing until somebody who answers for it has checked it.",
                plain(framework.note),
                counted,
                table(HEADINGS, [tuple(map(plain, row[:-1])) for row in rows], words=len(HEADINGS)),
            )
        )
    )


def write_framework_csv(framework: Framework, version: Registered) -> str:
    """The framework as CSV, with the state of each row."""
    return csv_text(Answer._fields, answer_framework(framework, version))
