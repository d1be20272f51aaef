"""What a coordinator or a clinician reads is plain English: short words, short sentences, none of the banned ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskstrat.definitions.vocabulary import OUTCOME_WORDS
from riskstrat.documents import NamedColumn, Names, build_people, write_index, write_replay_page
from riskstrat.documents.meeting import FILL_IN
from riskstrat.documents.named import NOT_HELD, WARNING
from riskstrat.identity import naming_page
from riskstrat.naming.judging import OF_ANOTHER_AGE, RESTRICTED
from tests.browser.listed_team import empty_team, replayed, team_list
from tests.browser.reading_back import Reader, page, people_pages
from tests.reading_grade import banned_in, grade, sentences_of, words_of

ROOT = Path(__file__).resolve().parents[2]
HARDEST_DOCUMENT = 6.0
LONGEST_SENTENCE = 32


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
    named = NamedColumn("Name", 20.0), NamedColumn("How to contact safely", 20.0)
    names = Names(named, {team.people[0].reference: ("Ann", "By letter"), team.people[1].reference: (RESTRICTED, "")})
    naming = Reader(naming_page().partition("<script>")[0]).paragraphs()
    texts |= {"named": Reader(build_people(team, names).decode()).paragraphs(), "naming": naming}
    return {**texts, "workbook": [FILL_IN, *OUTCOME_WORDS.values(), WARNING, NOT_HELD, RESTRICTED, OF_ANOTHER_AGE]}


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


def test_no_banned_word_stands_in_a_document(document_texts: dict[str, list[str]]) -> None:
    assert {text: banned_in(text) for texts in document_texts.values() for text in texts if banned_in(text)} == {}


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
