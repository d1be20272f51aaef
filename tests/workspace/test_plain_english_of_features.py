"""What the shipped features say of a person is plain English, as the documents are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskstrat.workspace import load
from tests.reading_grade import banned_in, grade

ROOT = Path(__file__).resolve().parents[2]
HARDEST_FEATURES = 7.0


@pytest.fixture(scope="module")
def feature_texts() -> list[str]:
    """What the features say of a person, what they say where there is nothing, and what rules say could be changed."""
    workspace = load(ROOT)
    worded = [feature.wording for feature in workspace.features.values()]
    given = [(one.says, one.says_negative, one.says_always, one.absent) for one in worded]
    said = [text for texts in given for text in texts if text] + [rule.says for rule in workspace.changeable]
    return [re.sub(r"\{s\}", "s", re.sub(r"\{(\w+)\}", r"\1", text)) for text in said]


def test_the_sentences_of_the_features_are_easy_to_read(feature_texts: list[str]) -> None:
    sentences = [f"{text.rstrip('.')}." for text in feature_texts]
    assert grade(sentences) <= HARDEST_FEATURES


def test_no_banned_word_stands_in_what_a_feature_says(feature_texts: list[str]) -> None:
    assert {text: banned_in(text) for text in feature_texts if banned_in(text)} == {}
