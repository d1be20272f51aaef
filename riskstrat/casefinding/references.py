"""References that a person can say aloud: team, number of the case, and a character that catches slips."""

from __future__ import annotations

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_TIMES = (0, 2, 3, 1)
"""Multiplication by one element of the field of four; with doubling modulo 9 it shifts the 36 characters by a place."""


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
