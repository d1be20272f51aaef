"""How hard a text is to read, and which banned words stand in it.

The grade is Flesch and Kincaid's (1975): 0.39 words per sentence + 11.8 syllables per word - 15.59. Syllables are
counted at the hyphenation points of British English, which finds somewhat too few in short words; the bounds of the
tests are for this way of counting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyphen

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
