"""One feature compared with one number, and the phrases that mean each comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from riskstrat.definitions.declared import Declared

Truth = npt.NDArray[np.bool_]

SAID: Mapping[str, tuple[str, ...]] = {
    "at_least": ("{n} or more", "{n} or over", "at least {n}"),
    "at_most": ("{n} or fewer", "{n} or less", "at most {n}", "within {n}", "in the last {n}"),
    "more_than": ("more than {n}", "above {n}"),
    "less_than": ("fewer than {n}", "less than {n}", "below {n}", "under {n}"),
}
"""The comparisons with a number, each with the phrases that mean it."""

COMPARISONS = (*SAID, "recorded")

_CONTRARY = ("no", "not", "never", "without")
"""Words that make the phrase after them mean its contrary."""


class FeatureComparison(Declared):
    """One comparison of one feature, as `says` prints it.

    Exactly one is given: a number for at_least, at_most, more_than or less_than, or recorded = true for a yes/no
    feature. Words of a number hold {n} in a phrase of `SAID`, such as "{n} or more falls".
    """

    feature: str
    says: str
    at_least: float | None = None
    at_most: float | None = None
    more_than: float | None = None
    less_than: float | None = None
    recorded: Literal[True] | None = None

    @model_validator(mode="after")
    def _check_comparison_wording(self) -> Self:
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.feature} needs one of {', '.join(COMPARISONS)}; {len(given)} are given")
        if given == ["recorded"]:
            self._refuse_words_of_a_number()
        elif not self._says_none and not self._has_number_phrase(given[0]):
            phrases = ", ".join(f'"{phrase}"' for phrase in SAID[given[0]])
            raise ValueError(f"says of {self.feature} must hold one of {phrases}, which is what {given[0]} means")
        return self

    @property
    def _says_none(self) -> bool:
        """Whether 0 is said as none: at_most = 0 in words such as "No GP contact"."""
        return self.at_most == 0 and "{" not in self.says and self.says.lower().startswith("no ")

    def _has_number_phrase(self, comparison: str) -> bool:
        """Whether the words hold a phrase of the comparison; "no more than 3" is the contrary of "more than 3"."""
        before = [self.says.partition(phrase)[0].lower().split() for phrase in SAID[comparison] if phrase in self.says]
        return self.says.count("{") == 1 and any(not words or words[-1] not in _CONTRARY for words in before)

    def _refuse_words_of_a_number(self) -> None:
        first = self.says.split(" ")[0].lower()
        if "{" in self.says or first in _CONTRARY:
            raise ValueError(f'says of {self.feature}: recorded = true is said without {{n}} and without "{first}"')

    @property
    def comparison(self) -> tuple[str, float]:
        """The name of the comparison and its number; `recorded` compares with 0."""
        for name in SAID:
            number = getattr(self, name)
            if number is not None:
                return name, float(number)
        return "recorded", 0.0

    @property
    def words(self) -> str:
        """`says` with its number."""
        return self.says.replace("{n}", f"{self.comparison[1]:g}")

    def holds(self, values: npt.NDArray[Any]) -> Truth:
        """Where the comparison holds, in the 32-bit numbers of the matrix; never where a value is NaN."""
        name, number = self.comparison
        given, bound = values.astype(np.float32), np.float32(number)
        if name == "at_least":
            return given >= bound
        if name == "at_most":
            return given <= bound
        return given < bound if name == "less_than" else given > bound
