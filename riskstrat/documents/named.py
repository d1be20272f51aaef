"""What a named copy of a workbook says besides the list: who each reference is, and for whom the copy was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COPY_PROPERTY = "riskstrat_copy"
WARNING = "Names people: keep it where the team keeps patient records"
NOT_HELD = "not held here"


@dataclass(frozen=True)
class NamedColumn:
    """One identifier as a column before the list's own: heading and width in characters."""

    title: str
    width: float


@dataclass(frozen=True)
class Names:
    """`people`: by reference, one text for each column; a reference that is not there is not held.

    `notice`: label and text of each line that says for whom and why the copy was made.
    """

    columns: tuple[NamedColumn, ...]
    people: Mapping[str, tuple[str, ...]]
    notice: tuple[tuple[str, str], ...] = ()

    def texts_of(self, reference: str) -> tuple[str, ...]:
        """The cells of one listed person, one for each column."""
        return self.people.get(reference, (NOT_HELD, *("",) * (len(self.columns) - 1)))
