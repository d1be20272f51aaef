"""registry/assurance.toml: what a question must say, and how a framework is answered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from riskstrat.definitions.assurance import Assurance, Framework
from riskstrat.documents.papers.frameworks import answer_framework, write_framework_csv, write_framework_page
from riskstrat.documents.papers.registered import Registered

VERSION = Registered(
    {"title": "Admission", "verdict": "Better on 3 people.", "as_at": "2026-03-01"}, "4", "For a team.", "No."
)


def make_framework(**question: Any) -> Framework:
    asked = {"number": "1", "section": "Design", "topic": "Safe", "draft": "Yes."} | question
    return Framework.model_validate(
        {"name": "rules", "title": "Rules", "edition": "2026", "source": "A paper", "question": [asked]}
    )


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "drafted"),
        ({"for_site": "Who signs."}, "drafted, in part"),
        ({"draft": "", "for_site": "Who signs."}, "for the site"),
        ({"draft": "", "topic": "", "for_site": "The judgement."}, "for the site"),
        ({"for_site": "Who signs.", "statement": "The medical director."}, "stated by the site"),
    ],
)
def test_who_answers_is_told(given: dict[str, str], state: str) -> None:
    framework = make_framework(**given)
    (answer,) = answer_framework(framework, VERSION)
    assert answer.state == state
    assert answer.for_site == (given.get("statement") or given.get("for_site", ""))
    assert state in write_framework_csv(framework, VERSION)


def test_facts_of_the_version_are_filled_in_and_small_counts_are_not() -> None:
    (answer,) = answer_framework(make_framework(draft="{title} {version}, {as_at}: {verdict}"), VERSION)
    assert answer.draft == "Admission 4, 1 March 2026: Better on 1 to 7 people."


def test_a_page_holds_what_a_site_writes_as_words() -> None:
    page = write_framework_page(make_framework(statement="<script>|*"), VERSION)
    assert r"\<script\>\|\*" in page
    assert "Of 1 rows 0 are drafted, 0 in part, 1 are stated by the site, and 0 are for the site to state." in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"draft": "{risk_of_ann}"}, "is no fact of a version"),
        ({"draft": "{title"}, "a brace is not closed"),
        ({"draft": ""}, 'neither "draft" nor "for_site"'),
        ({"topic": ""}, "write its topic"),
        ({"answer": "yes"}, "Extra inputs"),
        ({"number": " "}, "write a sentence"),
    ],
)
def test_a_question_that_says_too_little_or_too_much_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        make_framework(**given)


def test_a_number_and_a_framework_stand_once() -> None:
    one = make_framework().model_dump()
    with pytest.raises(ValidationError, match="stands twice"):
        Assurance.model_validate({"framework": [one, one]})
    with pytest.raises(ValidationError, match="stands twice"):
        Framework.model_validate(one | {"question": one["question"] * 2})
