"""SNOMED CT identifiers, which say nothing of each other in their digits but carry a check digit.

Source: SNOMED CT Release File Specifications, SCTID data type, check-digit by Verhoeff's scheme.
"""

from __future__ import annotations

_TIMES = (
    *((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6)),
    *((3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1)),
    *((6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4)),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_FIRST_SHIFT = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_OF_CONCEPTS = ("00", "10")
"""Partitions, the two digits before the last: international concepts and those of an extension."""


def _build_shifts() -> tuple[tuple[int, ...], ...]:
    shifts = [tuple(range(10))]
    for _ in range(7):
        shifts.append(tuple(shifts[-1][digit] for digit in _FIRST_SHIFT))
    return tuple(shifts)


_SHIFTS = _build_shifts()


def is_concept(text: str) -> bool:
    """Whether the text is a whole identifier of a concept: 6 to 18 digits, its partition, a right check digit."""
    if not (text.isascii() and text.isdigit() and 6 <= len(text) <= 18) or text[0] == "0":
        return False
    if text[-3:-1] not in _OF_CONCEPTS:
        return False
    check = 0
    for place, digit in enumerate(reversed(text)):
        check = _TIMES[check][_SHIFTS[place % 8][int(digit)]]
    return check == 0
