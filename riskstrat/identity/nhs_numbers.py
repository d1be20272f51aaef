"""NHS numbers as people and systems write them."""

from __future__ import annotations

import re
from typing import Any

from stdnum.gb import nhs

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u200b\ufeff]")
_DUMMIES = frozenset({"9876543210", *(str(digit) * 10 for digit in range(10))})

EMPTY, WRONG_LENGTH, WRONG_CHECK, PLACEHOLDER = (
    "empty",
    "not ten digits",
    "the check digit does not fit",
    "a placeholder, not a person's number",
)


def usable(written: Any) -> tuple[str | None, str | None]:
    """The ten digits, and why there are none: (number, None) or (None, reason).

    Spaces and hyphens are taken out; the check is modulus 11 (NHS Data Dictionary, NHS NUMBER). All ten numbers of
    one repeated digit pass or nearly pass it and stand for nobody, as does 9876543210.
    """
    bare = _SEPARATORS.sub("", _convert_to_text(written))
    if not bare:
        return None, EMPTY
    if not re.fullmatch(r"[0-9]{10}", bare):
        return None, WRONG_LENGTH
    if bare in _DUMMIES:
        return None, PLACEHOLDER
    return (bare, None) if nhs.is_valid(bare) else (None, WRONG_CHECK)


def grouped(number: str) -> str:
    """The number as it is printed: 3, 3 and 4 digits."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def _convert_to_text(written: Any) -> str:
    if written is None or written != written:
        return ""
    if isinstance(written, float) and written.is_integer():
        return str(int(written))
    return str(written).strip()
