"""References that a person can say aloud: team, number of the case, and a character that catches slips."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_TIMES = (0, 2, 3, 1)
"""Multiplication by one element of the field of four; with doubling modulo 9 it shifts the 36 characters by a place."""

_TYPED = re.compile(r"([A-Z01]{3})-([0-9OIL]{3,})-([0-9A-Z])", re.ASCII)
_ALONE = re.compile(r"[0-9OIL]*[0-9]", re.ASCII)
_FIGURES = 3
_CHECKED = re.compile(r"([0-9OIL]*[0-9][0-9OIL]*)(-?)([0-9A-Z])", re.ASCII)
_PARTED = re.compile(r"[\s\-./_]+")
_DASHES = ("Pd", "Pc")
_AS_LETTERS, _AS_DIGITS = str.maketrans("01", "OI"), str.maketrans("OIL", "011")
_ALIKE = {"O": "0", "0": "O", "I": "1", "1": "I"}


def reference(team_code: str, number: int) -> str:
    """Such as `KIR-007-R`: team, number of its case counted from the team's first, check character."""
    stem = f"{team_code}-{number:03d}"
    return f"{stem}-{check_character(stem)}"


def check_character(stem: str) -> str:
    """The character that must follow `stem`, hyphens aside.

    Any one wrong character and any two swapped neighbours show; ISO 7064 mod 37,36 would miss some swaps of 01 and 10.
    The principle is Damm's (Total anti-symmetrische Quasigruppen, Marburg 2004).
    """
    four, nine = 0, 0
    for character in stem.replace("-", ""):
        value = _CHARACTERS.index(character)
        four, nine = _TIMES[four] ^ value // 9, (2 * nine + value % 9) % 9
    return _CHARACTERS[9 * _TIMES[four] + -2 * nine % 9]


def parse_reference(typed: str) -> str | None:
    """A reference as it is printed, from one as it was typed; None for a text that has not its three parts.

    Small and wide letters, blanks and dashes of every kind are read, and O, I and L among figures as what they look
    like. Whether the check character fits is `is_sound`: only then does the reference say what was meant.
    """
    found = _TYPED.fullmatch(_PARTED.sub("-", _plain(typed)).strip("-'’"))
    if found is None:
        return None
    stem = f"{found[1].translate(_AS_LETTERS)}-{found[2].translate(_AS_DIGITS)}"
    fits = check_character(stem)
    return f"{stem}-{fits if _ALIKE.get(found[3]) == fits else found[3]}"


def list_readings(typed: str, team_code: str, is_known: Callable[[str], bool]) -> list[str]:
    """The references that a text can stand for: `nki 12`, `12`, `0124`, `012-4`; of another team only one typed whole.

    Two where up to three figures are a number as well as a number with its check character: who typed them must say
    which is meant. Any more have their check character, and are a number too only where a case of it is known. A
    check character that does not fit is read where nothing else can be.
    """
    whole = parse_reference(typed)
    if whole is not None:
        return [whole]
    text = _PARTED.sub("-", _plain(typed)).strip("-'’")
    if not text[:3].isdigit() and text[:3].translate(_AS_LETTERS) == team_code:
        text = text[3:].lstrip("-")
    elif text[:3].isalpha():
        return []
    alone = reference(team_code, int(text.translate(_AS_DIGITS))) if _ALONE.fullmatch(text) else ""
    readings = [alone] if alone and len(text) <= _FIGURES else []
    if found := _CHECKED.fullmatch(text):
        read = f"{team_code}-{int(found[1].translate(_AS_DIGITS)):03d}-{found[3]}"
        # With nothing before it the last character may be one of the number's figures, and is not put right.
        read = (parse_reference(read) or read) if found[2] else read
        if is_sound(read):
            return [*readings, read] if readings or not alone or not is_known(alone) else [read, alone]
        return readings or [read]
    return readings


def is_sound(reference: str) -> bool:
    """Whether the check character of a reference fits the rest of it."""
    return check_character(reference[:-2]) == reference[-1]


def _plain(typed: str) -> str:
    """In capitals, with every dash as a hyphen, and without what takes no room."""
    wide = unicodedata.normalize("NFKC", typed).upper()
    kinds = ((one, unicodedata.category(one)) for one in wide)
    return "".join("-" if kind in _DASHES or one == "\u2212" else one for one, kind in kinds if kind != "Cf")
