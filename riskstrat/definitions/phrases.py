"""Words set at the start or in the middle of a sentence, where names and abbreviations keep their own letters."""

from __future__ import annotations


def capitalise_first(text: str) -> str:
    """The text with a capital at its start, unless its first word has one further in, as eFI and eGFR do."""
    return text if _has_own_letters(text) else text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """The text as it stands in the middle of a sentence: COPD, A&E and Parkinson's disease keep their capitals."""
    first = text.partition(" ")[0]
    return text if _has_own_letters(text) or first.endswith(("'s", "’s")) else text[:1].lower() + text[1:]


def _has_own_letters(text: str) -> bool:
    """Whether the first word is spelled with a capital after its first letter."""
    return any(letter.isupper() for letter in text.partition(" ")[0][1:])
