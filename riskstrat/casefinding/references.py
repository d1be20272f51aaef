"""References that a person can say aloud: team, list date, place on the list, and a character that catches slips."""

from __future__ import annotations

from datetime import date

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_TIMES = (0, 2, 3, 1)
"""Multiplication by one element of the field of four; with doubling modulo 9 it shifts the 36 characters by a place."""


def reference(team_code: str, list_date: date, number: int) -> str:
    """Such as `KIR-1116-07-Q`: team, month and day of the list, number on it, check character.

    Unique within a year of lists; the list's own date tells the year.
    """
    stem = f"{team_code}-{list_date:%m%d}-{number:02d}"
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
