"""What a coordinator or a clinician reads is plain English: short words, short sentences, none of the banned ones.

The grade is Flesch and Kincaid's (1975): 0.39 words per sentence + 11.8 syllables per word - 15.59. Syllables are
counted at the hyphenation points of British English, which finds somewhat too few in short words; the bounds below
are for this way of counting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pyphen
import pytest

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import write_index, write_replay_page
from riskstrat.documents.list_sheet import FILL_IN
from riskstrat.workspace import load
from tests.browser.listed_team import empty_team, replayed, team_list
from tests.browser.reading_back import Reader, page, people_pages

ROOT = Path(__file__).resolve().parents[2]
HARDEST_DOCUMENT = 6.0
HARDEST_FEATURES = 7.0
LONGEST_SENTENCE = 32

BANNED = (
    *("because of", "due to", "causes", "caused by", "leads to admission", "frequent flyer", "frequent attender"),
    *("suffers", "suffering from", "victim", "patient is a", "diabetics", "asthmatics", "the elderly", "addict"),
    *("non-compliant", "refused", "high-risk patient", "e.g.", "i.e.", "etc.", "via", "utilise", "prior to"),
    *("in order to", "A & E", "accident and emergency"),
)
SYLLABLES = pyphen.Pyphen(lang="en_GB")


def sentences_of(texts: Iterable[str]) -> list[str]:
    """The whole sentences in the texts; a label or a lone figure is none."""
    found = [part.strip() for text in texts for part in re.split(r"(?<=[.!?])\s+", text)]
    return sorted({part for part in found if part.endswith((".", "!", "?")) and len(words_of(part)) >= 4})


def words_of(text: str) -> list[str]:
    """The words of a text, without figures and codes."""
    return re.findall(r"[A-Za-z][A-Za-z'’-]*", text)


def syllables(word: str) -> int:
    """At how many places a word can be broken, and one."""
    return sum(len(SYLLABLES.positions(part)) + 1 for part in word.split("-") if part)


def grade(sentences: list[str]) -> float:
    """The Flesch-Kincaid grade of the sentences taken together."""
    words = [word for sentence in sentences for word in words_of(sentence)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def banned_in(text: str) -> list[str]:
    """The banned words that stand in a text."""
    return [word for word in BANNED if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]


@pytest.fixture(scope="module")
def document_texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The paragraphs and items of every page, and what the workbook says beside them."""
    folder = tmp_path_factory.mktemp("pages")
    team = team_list(statuses_as_at=None)
    write_index([team], folder / "index.html")
    write_replay_page(replayed(), folder / "replay.html")
    read = {name: Reader((folder / f"{name}.html").read_text(encoding="utf-8")) for name in ("index", "replay")}
    read |= {"list": page(team, folder), "people": people_pages(team, folder), "nobody": page(empty_team(), folder)}
    texts = {name: reader.paragraphs() for name, reader in read.items()}
    return {**texts, "workbook": [FILL_IN, *OUTCOME_WORDS.values()]}


@pytest.fixture(scope="module")
def feature_texts() -> list[str]:
    """What the features say of a person, and what they say where there is nothing."""
    features = load(ROOT).features.values()
    said = [text for feature in features for text in (feature.wording.says, feature.wording.absent) if text]
    return [re.sub(r"\{s\}", "s", re.sub(r"\{(\w+)\}", r"\1", text)) for text in said]


def test_the_sentences_of_the_documents_are_easy_to_read(document_texts: dict[str, list[str]]) -> None:
    for name, texts in document_texts.items():
        sentences = sentences_of(texts)
        assert sentences, name
        assert grade(sentences) <= HARDEST_DOCUMENT, (name, grade(sentences))


def test_no_sentence_of_the_documents_is_too_long(document_texts: dict[str, list[str]]) -> None:
    # The accounting of a team is one sentence however many reasons there are; the site words the purpose.
    free = ("people in this team were eligible", "multidisciplinary team choose")
    every = [text for texts in document_texts.values() for text in sentences_of(texts)]
    long = [text for text in every if len(words_of(text)) > LONGEST_SENTENCE and not any(one in text for one in free)]
    assert long == []


def test_the_sentences_of_the_features_are_easy_to_read(feature_texts: list[str]) -> None:
    sentences = [f"{text.rstrip('.')}." for text in feature_texts]
    assert grade(sentences) <= HARDEST_FEATURES


def test_no_banned_word_stands_in_a_document(document_texts: dict[str, list[str]]) -> None:
    assert {text: banned_in(text) for texts in document_texts.values() for text in texts if banned_in(text)} == {}


def test_no_banned_word_stands_in_what_a_feature_says(feature_texts: list[str]) -> None:
    assert {text: banned_in(text) for text in feature_texts if banned_in(text)} == {}


def test_no_banned_word_stands_in_a_template() -> None:
    templates = sorted((ROOT / "riskstrat" / "documents" / "templates").glob("*.j2"))
    assert templates
    texts = {path.name: re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", path.read_text(encoding="utf-8")) for path in templates}
    assert {name: banned_in(text) for name, text in texts.items() if banned_in(text)} == {}


def test_a_hard_text_and_a_banned_word_would_be_found() -> None:
    hard = [
        "Multidisciplinary stratification necessitates comprehensive consideration of interdependent comorbidities."
    ]
    assert grade(hard) > HARDEST_DOCUMENT + 5
    assert grade(["The list is for the team.", "It says who may need help soon."]) < 4
    assert banned_in("A frequent flyer who SUFFERS, e.g. from falls") == ["frequent flyer", "suffers", "e.g."]
    assert banned_in("They became causeless in the aviary") == []
