"""How figures, dates and reasons are worded: one place, so that page, workbook and CSV say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from math import exp, floor
from typing import Any, NamedTuple

import pandas as pd

from riskstrat.definitions.phrases import NOT_IN_DATA, SENDS_NO, capitalise_first, long_date
from riskstrat.publication import (
    A_LITTLE,
    A_LOT,
    OTHER_THEME,
    SMALLEST_SHOWN,
    CountColumn,
    Direction,
    TeamList,
    ThemeReason,
)

SEX = {"F": "Female", "M": "Male", "I": "Indeterminate", "U": "Not known"}

# Source of the order and of showing both directions: NHS content style; the numbers are a choice of layout.
MOST_RAISING, MOST_LOWERING = 5, 3

VERB: dict[Direction, str] = {"raises": "raised", "lowers": "lowered"}

# Themes in which a low count can also mean that somebody is not reached. Social care is none of them: what it tells of
# is in place or was asked for, and where there is none, its own sentence says so.
CONTACT_THEMES = ("hospital use", "urgent care", "community and GP contact")
_NOT_REACHED = "may not be reaching services"
NOT_REACHED = "Few recorded contacts can mean few needs, or that a person may not be reaching services."
NOT_REACHED_BRIEF = "Or the person may not be reaching services."
OWN_THEME = "community and GP contact"
CONTACTS = "Contacts"
"""The lane of the timeline that shows contacts of any kind."""
OTHER_NOT_SET_OUT = (
    "Other information: not set out. Conditions and medicines are counted as far as they may be shown, and some "
    "reasons for hospital stays and A&E visits are not told."
)
OTHER_COUNTS = f"{OTHER_NOT_SET_OUT} This is so for everybody."
"""Said of everybody in the same words, so that it tells nothing about one person."""

NOT_LISTED = "Not being listed does not mean low risk. People below the line have had no human review."
SUPPORTS = "This list supports clinical judgement. It does not replace it."

# Control characters that neither XML nor a page may hold, and halves of a surrogate pair.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def printable(value: Any) -> str:
    """The text of a value without characters that a document cannot hold; null gives an empty text."""
    return "" if pd.isna(value) else _UNPRINTABLE.sub("\ufffd", str(value))


def name_edition(team: TeamList) -> str:
    """Which list a document is of, for a program that reads it back: "NKI 2026-11-16 edition 1"."""
    return f"{printable(team.team_code)} {team.index_date.isoformat()} edition {team.edition}"


def natural_frequency(risk: float) -> str:
    """A probability as a natural frequency: "about 34 in 100".

    Below 1 in 100 it says "fewer than 1 in 100", above 99 in 100 "more than 99 in 100"; halves round up.
    """
    if risk < 0.01:
        return "fewer than 1 in 100"
    if risk > 0.99:
        return "more than 99 in 100"
    return f"about {_round_to_hundredths(risk)} in 100"


def risk_range(low: float, high: float) -> str:
    """A range of probabilities as natural frequencies: "between 25 and 43 in 100"."""
    first, last = _round_to_hundredths(low), _round_to_hundredths(high)
    if first < 1:
        return f"up to {max(last, 1)} in 100"
    if last > 99:
        return f"{min(first, 99)} in 100 or more"
    return f"about {first} in 100" if first == last else f"between {first} and {last} in 100"


def _round_to_hundredths(risk: float) -> int:
    # Rounding to 9 places first keeps 0.345 a half, which in binary it is not quite.
    return floor(round(100 * risk, 9) + 0.5)


def signed(value: float) -> str:
    """A change in log odds with its sign: "+0.42", "−0.10"."""
    text = f"{abs(value):.2f}"
    return text if float(text) == 0 else ("+" if value > 0 else "\u2212") + text


def people(count: int) -> str:
    """A number of people in words: "1 person", "5,003 people"."""
    return "1 person" if count == 1 else f"{count:,} people"


def word_count(count: int, one: str) -> str:
    """So many of something whose plural ends in s: "1 week", "26 weeks"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """A number in numerals with thousands separated, as exact as `round_shown` has it."""
    shown = round_shown(value)
    return f"{shown:,.0f}" if shown.is_integer() else f"{shown:,}"


def round_shown(value: float) -> float:
    """A number as exact as the sentences about it have it: two decimals, one from 10; no negative nought."""
    return round(float(value), 1 if abs(value) >= 10 else 2) + 0.0


def count_heading(count: CountColumn) -> str:
    """A count's heading, with its unit unless the title says it already."""
    said = count.unit.lower() in count.title.lower()
    return count.title if said else f"{count.title} ({count.unit})"


TOO_FEW = 8
"""Fewer people than this, but for none, are not counted outside a team."""


def suppressed(people: int) -> str:
    """A count fit to leave a team: 0 as it is, 1 to 7 hidden, others to the nearest 5.

    Source: the HES and ECDS small number rule since September 2018.
    """
    if people == 0:
        return "0"
    return "1 to 7" if people < TOO_FEW else f"{round_count(people):,}"


def format_share(part: int, whole: int) -> str:
    """A count with its percentage, both from rounded counts; too small ones are hidden."""
    if 0 < part < TOO_FEW or whole < TOO_FEW:
        return suppressed(part)
    return f"{suppressed(part)} ({100 * round_count(part) / round_count(whole):.0f}%)"


def round_count(count: float) -> int:
    """A count to the nearest 5, halves upwards."""
    return 5 * floor(count / 5 + 0.5)


def joined(parts: Iterable[str], word: str = "and") -> str:
    """A list in words: "admissions, falls and people"."""
    *most, last = parts
    return f"{', '.join(most)} {word} {last}" if most else last


def dates_by_table(as_at: Mapping[str, date]) -> str:
    """Up to when each table is complete, newest first: "14 November 2026: admissions and people. ..."."""
    tables: dict[date, list[str]] = {}
    for table in sorted(as_at):
        tables.setdefault(as_at[table], []).append(spaced(table))
    return " ".join(f"{long_date(day)}: {joined(tables[day])}." for day in sorted(tables, reverse=True))


def spaced(name: str) -> str:
    """A table's or column's name as words."""
    return printable(name).replace("_", " ")


def sentence(text: str) -> str:
    """The text on one line, with a capital at its start (eFI keeps its own letters) and a stop at its end."""
    text = " ".join(printable(text).split())
    return capitalise_first(text) + ("" if text.endswith((".", "!", "?")) else ".")


def strength(log_odds: float) -> str:
    """How much something moved the estimate: "a lot" at twice or half the odds and more, "a little" below a fifth."""
    odds = exp(abs(log_odds))
    if odds >= A_LOT:
        return "a lot"
    return "a little" if odds < A_LITTLE else ""


def shown_reasons(themes: Iterable[ThemeReason], direction: Direction) -> list[ThemeReason]:
    """The reasons printed in one direction, strongest first, else in the order given; never the theme "other"."""
    most = MOST_RAISING if direction == "raises" else MOST_LOWERING
    kept = [
        reason
        for reason in themes
        if reason.direction == direction and reason.theme != OTHER_THEME and abs(reason.contribution) >= SMALLEST_SHOWN
    ]
    return sorted(kept, key=lambda reason: -abs(reason.contribution))[:most]


class ReasonLine(NamedTuple):
    """One reason as printed: "Hospital use", "a lot", ("3 emergency admissions in the last 12 months.",)."""

    theme: str
    strength: str
    sentences: tuple[str, ...]

    @property
    def facts(self) -> str:
        """All its sentences, or that no fact stands out."""
        return self.brief(len(self.sentences))

    def heading(self) -> str:
        """The theme with its strength in brackets."""
        return f"{self.theme} ({self.strength})" if self.strength else self.theme

    def brief(self, most: int) -> str:
        """Its first sentences, at most so many."""
        return " ".join(self.sentences[:most]) or "No single fact stands out."


def reason_lines(themes: Iterable[ThemeReason], direction: Direction) -> list[ReasonLine]:
    """The printed reasons of one person in one direction, largest first; may be empty."""
    return [_build_reason_line(reason) for reason in shown_reasons(themes, direction)]


def _build_reason_line(reason: ThemeReason) -> ReasonLine:
    facts = tuple(sentence(text) for text in reason.sentences if text.strip())
    return ReasonLine(sentence(reason.theme)[:-1], strength(reason.contribution), facts)


def word_reach(lines: Iterable[ReasonLine], untold: Mapping[str, str], words: str) -> str:
    """What follows lowering reasons that could also be an absence of contact, unless one of them says so itself.

    words: that services may not reach the person. untold: by lane of the timeline why it cannot be told. Where none of
    the contacts came their absence says nothing about the person; where a part of them did not, it may.
    """
    themes = {theme.casefold() for theme in CONTACT_THEMES}
    of_contact = [line for line in lines if line.theme.casefold() in themes]
    if not of_contact or any(_NOT_REACHED in line.facts for line in of_contact):
        return ""
    silent = any(line.theme.casefold() == OWN_THEME.casefold() and not line.sentences for line in of_contact)
    why = untold.get(CONTACTS) if silent else None
    if why is None:
        return words
    never_sent = why.endswith(NOT_IN_DATA) or why.startswith(SENDS_NO)
    told = f"Contacts cannot be told: {why}. That may have lowered the estimate."
    return told if never_sent else f"{told} {words}"


def no_reason(direction: Direction) -> str:
    """What stands where no group of facts is large enough to print."""
    return f"No group of facts {VERB[direction]} the estimate clearly."
