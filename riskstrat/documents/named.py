"""What a named copy of a workbook says besides the list: who each reference is, and for whom the copy was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskstrat.documents.words import printable

COPY_PROPERTY = "riskstrat_copy"
WARNING = "Names people: keep it where the team keeps patient records"
NOT_HELD = "not named: not held here"


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

    def tell_who(self, reference: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The name of one listed person, or why there is none, and what else is held with its heading."""
        name, *rest = map(printable, self.texts_of(reference))
        titles = (column.title for column in self.columns[1:])
        return name, tuple((title, text) for title, text in zip(titles, rest, strict=True) if text.strip())
