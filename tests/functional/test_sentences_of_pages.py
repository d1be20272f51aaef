"""No sentence of a person's page is of a kind that was once printed and is untrue, doubled or not plain English."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.reading_grade import banned_in, grade, sentences_of

KINDS = {
    "a sex that is several": r"indeterminate or not known",
    "an exact age": r"\bAged \d+\.",
    "the day of a registration": r"[Rr]egistered with this practice[^.]* on \d",
    "a registration counted in days": r"[Rr]egistered with this practice \d+ days? ago",
    "days without a practice by their dates": r"no practice from",
    "EFI for eFI": r"\bEFI\b",
    "frailty unrecorded beside a frailty": r"not recorded: frailty(?=.*\(eFI)",
    "a score without its plain words": r"\bHFRS\b|Charlson comorbidity index \d|diagnosis codes? in",
    "a trivial change": r"changed by|body mass index (?:fell|rose) by 0\.\d+ a year",
    "a change with a sign": r"(?<!\w)[-−]\d",
    "a whole year in days": r"\b36[56] days of",
    "the same said of two lookbacks": r"(\d+ [a-z -]+ recorded)\. \1\b",
    "one thing said twice": r"There is no earlier estimate|(No earlier list to compare with\.)(?=.*\1)",
    "an unknown status said twice": r"Status today: unknown|Status on the day of this list: unknown",
    "a test that was too small": r"too few were tested|Too few people with an estimate",
    "what cannot be changed": r"Cannot be changed",
    "a contact without its service": r"other health contact",
    "a capital after a date": r"20\d\d: [A-Z](?![A-Z&])",
    "a measure that nobody has": r"(?:HbA1c\)?|Haemoglobin|haemoglobin) is not recorded",
    "a prescription count as something to change": r"What could be changed\W+\d+ (?:prescriptions|GP contacts)",
    "a rule without what met it": r"Rule: ",
}
"""Each kind with what would give it away on the page of one person."""

HARDEST_PAGE = 8.0


@pytest.fixture(scope="module")
def pages(demo_workspace: Path, monday: str) -> list[str]:
    """The words of each person's page, on one line."""
    found = []
    for path in sorted((demo_workspace / "lists" / monday).glob("*/*-people.html")):
        whole = re.sub(r"<style.*?</style>|<svg.*?</svg>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for article in re.findall(r"<article.*?</article>", whole, flags=re.DOTALL):
            words = html.unescape(re.sub(r"<[^>]+>", " ", article))
            found.append(re.sub(r"\s+([.,])", r"\1", " ".join(words.split())))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_holds_a_sentence_of_this_kind(pages: list[str], kind: str) -> None:
    assert len(pages) > 30
    assert [page[:20] for page in pages if re.search(KINDS[kind], page)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("an exact age", "Aged 71. Recorded sex: female."),
        ("the day of a registration", "Registered with this practice 4 years ago, on 3 May 2022."),
        (
            "the same said of two lookbacks",
            "8 long-term conditions recorded. 8 long-term conditions recorded in the last",
        ),
        ("one thing said twice", "No earlier list to compare with. There is no earlier estimate to compare with."),
        ("a capital after a date", "16 November 2024 to 16 November 2026: Telecare."),
        ("a change with a sign", "Body mass index changed by -0.13 a year"),
        ("frailty unrecorded beside a frailty", "Cannot tell: not recorded: frailty. Frailty: mild (eFI 0.22)."),
    ],
)
def test_a_sentence_of_the_kind_would_be_found(kind: str, text: str) -> None:
    assert re.search(KINDS[kind], text)


def test_every_page_says_the_recorded_sex_the_age_band_and_each_kind_of_reliability_first_of_lists(
    pages: list[str],
) -> None:
    assert [page[:20] for page in pages if not re.search(r"Sex: (?:Female|Male|Indeterminate|Not known)\.", page)] == []
    assert [page[:20] for page in pages if not re.search(r"Age: (?:\d+ to \d+|85 and over)\.", page)] == []
    named = r"How reliable for people like this one (?:Lists of \d+ people|Of 100|For )"
    assert [page[:20] for page in pages if not re.search(named, page)] == []


def test_what_the_feed_does_not_hold_is_told_once_and_of_nobody(pages: list[str]) -> None:
    told = "Not held in the records sent here, of anybody: average blood sugar (HbA1c) and haemoglobin."
    assert {page.count(told) for page in pages} == {1}


def test_pages_are_plain_english(pages: list[str]) -> None:
    assert {page[:20]: banned_in(page) for page in pages if banned_in(page)} == {}
    assert grade(sentences_of(pages)) <= HARDEST_PAGE
