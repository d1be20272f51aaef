"""NHS numbers made up for tests, in every dress that people, spreadsheets and systems put them in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import strategies as st

SCRIPTS = ("0", "\uff10", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50", "\U0001d7ce")
"""Digits nought of several scripts; nine more follow each."""

PLANES = 0x20000
"""Above these points of Unicode are ideographs alone: to look at each of them takes a second of every worker."""

BLANK = tuple(chr(point) for point in range(PLANES) if unicodedata.category(chr(point)) in ("Zs", "Zl", "Zp", "Pd"))
UNSEEN = ("\u200b", "\u200c", "\u200d", "\u00ad", "\u2060", "\ufeff", "\u200e", "\u202a", "\ufe0f")
SIGNS = (*"./_'\\,:;|*-~ \t\n", "\u2019", "\u00b7", "\u2022", "\uff0e", "\uff0f", "\u2212", " - ", ". ", " / ", "--")
LABELS = (
    "",
    "NHS",
    "NHS ",
    "NHS no: ",
    "NHS No. ",
    "nhs number ",
    "No ",
    "\u2116 ",
    "NHS#",
    "id=",
    "'",
    "\u2018",
    '="',
)


def compute_check(body: str) -> str | None:
    """The tenth digit by modulus 11; None for nine digits that no number has."""
    check = 11 - sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
    return None if check == 10 else str(check % 11)


def _complete(body: str) -> str | None:
    check = compute_check(body)
    return None if check is None else body + check


NUMBERS: st.SearchStrategy[str] = (
    st.integers(400_000_000, 999_999_998).map(str).map(_complete).filter(lambda number: number is not None)  # type: ignore[assignment]
)
"""Numbers that pass; they begin as those of England and of tests do."""


@st.composite
def groupings(draw: st.DrawFn, number: str) -> str:
    """A number in any groups, joined by any signs; a point or a colon never makes a date or a time of it."""
    usual = st.sampled_from([(10,), (3, 3, 4), (5, 5), (2,) * 5, (1,) * 10, (4, 3, 3), (4, 6)])
    cuts = st.lists(st.integers(1, 9), unique=True, max_size=5).map(sorted)
    sizes = draw(usual | cuts.map(_measure))
    joiners = st.sampled_from((*SIGNS, *UNSEEN)) | st.sampled_from(BLANK)
    same = draw(joiners) if draw(st.booleans()) else None
    parts, place = [], 0
    for size in sizes:
        parts.append(number[place : place + size])
        place += size
    text = parts[0]
    for part in parts[1:]:
        text += (same or draw(joiners)) + part
    return text


def _measure(cuts: Iterable[int]) -> tuple[int, ...]:
    places = [0, *cuts, 10]
    return tuple(after - before for before, after in pairwise(places))


@st.composite
def spellings(draw: st.DrawFn, numbers: st.SearchStrategy[str] = NUMBERS) -> tuple[str, str]:
    """A number, and a text that spells it and nothing else."""
    number = draw(numbers)
    plain = st.sampled_from(["{}", "{}.0", "{},00", "0{}", "000{}", "0{}.0"]).map(lambda dress: dress.format(number))
    power = st.just(f"{number[0]}.{number[1:]}e+09") | st.just(f"{number[0]}.{number[1:].rstrip('0') or '0'}E9")
    text = draw(plain | power | groupings(number))
    label = draw(st.sampled_from(LABELS))
    nought = ord(draw(st.sampled_from(SCRIPTS)))
    text = "".join(chr(nought + int(sign)) if sign in "0123456789" else sign for sign in text)
    return number, f"{label}{text}{chr(34) if label.endswith(chr(34)) else ''}"
