"""NHS numbers as people and systems write them."""

from __future__ import annotations

from riskstrat.audit import is_valid, read_digits

_DUMMIES = frozenset({"9876543210", *(str(digit) * 10 for digit in range(10))})

EMPTY, WRONG_LENGTH, WRONG_CHECK, PLACEHOLDER = (
    "empty",
    "not ten digits",
    "the check digit does not fit",
    "a placeholder, not a person's number",
)


def usable(written: object) -> tuple[str | None, str | None]:
    """The ten digits, and why there are none: (number, None) or (None, reason).

    Whatever dress the digits wear is taken off; the check is modulus 11. All ten numbers of one repeated digit pass or
    nearly pass it and stand for nobody, as does 9876543210.
    """
    digits = read_digits(written)
    if digits == "":
        return None, EMPTY
    if digits is None or len(digits) != 10:
        return None, WRONG_LENGTH
    if digits in _DUMMIES:
        return None, PLACEHOLDER
    return (digits, None) if is_valid(digits) else (None, WRONG_CHECK)


def grouped(number: str) -> str:
    """The number as it is printed: 3, 3 and 4 digits."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"
