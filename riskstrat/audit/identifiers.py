"""NHS numbers inside text: what must never enter the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stdnum.gb import nhs

_WRITTEN = re.compile(
    r"(?<!\d)\d{3}[\s\u00a0\u2009\u202f\-\u2010-\u2015]?\d{3}[\s\u00a0\u2009\u202f\-\u2010-\u2015]?\d{4}(?!\d)",
    re.ASCII,
)
_DIGEST = re.compile(r"\b[0-9a-f]{32,}\b")
_NOT_DIGITS = re.compile(r"\D", re.ASCII)
_BETWEEN = re.compile(r"[\s\u00a0\u2009\u202f.\-\u2010-\u2015]")
_TEN = re.compile(r"\d{10}", re.ASCII)


def numbers_in(text: str) -> list[str]:
    """The ten digits of each number in `text` that could be an NHS number as people write them: together, or 3, 3, 4.

    A text that is ten digits spaced in any other way counts; digits inside a sha256 come about by chance and do not.
    """
    bare = _BETWEEN.sub("", text)
    if _TEN.fullmatch(bare):
        return [bare]
    return [_NOT_DIGITS.sub("", found) for found in _WRITTEN.findall(_DIGEST.sub(" ", text))]


def holds_nhs_number(value: Any) -> bool:
    """Whether a number that passes modulus 11 stands in `value`, in any text or number inside it, or in a key."""
    if isinstance(value, Mapping):
        return any(holds_nhs_number(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return any(holds_nhs_number(part) for part in value)
    return any(nhs.is_valid(number) for number in numbers_in(str(value)))
