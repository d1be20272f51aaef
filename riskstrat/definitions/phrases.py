"""Days as people read them, and words at the start or in the middle of a sentence, whose names keep their letters."""

from __future__ import annotations

from datetime import date

# Not by the system's locale: the same list has the same words everywhere.
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

NOT_IN_DATA, SENDS_NO = "are not in these data", "this practice sends no"
"""How a reason ends that says that a source was not landed, and how one begins of a practice that never sends it."""


def long_date(day: date) -> str:
    """A date as people read it: 4 March 2026."""
    return f"{day.day} {word_month(day)}"


def word_month(day: date) -> str:
    """A month as people read it: March 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def word_short_month(day: date) -> str:
    """A month where there is little room: Mar 2026."""
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


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
