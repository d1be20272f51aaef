"""The last look before rows go out: headings that say who somebody is, and codes that are somebody's number."""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.audit import holds_nhs_number, numbers_in
from riskstrat.errors import IdentityError
from riskstrat.identity.said_names import SaidNames


def require_clean_headings(headings: Sequence[str]) -> None:
    """Raises IdentityError if a heading holds an NHS number, as in a file whose first row is a person."""
    for place, heading in enumerate(headings, start=1):
        if holds_nhs_number(heading):
            _refuse(place, "an NHS number")


def require_nameless_headings(headings: Sequence[str], names: SaidNames) -> None:
    """Raises IdentityError if a heading holds the whole name of somebody who is held or stands in the file."""
    for place, heading in enumerate(headings, start=1):
        if names.has_whole_in(heading):
            _refuse(place, "the name of a person")


def is_number_of(text: str, known: frozenset[str]) -> bool:
    """Whether a text is or holds one of the known numbers. Ten digits of a SNOMED CT identifier may pass modulus 11."""
    return any(number in known for number in numbers_in(text))


def _refuse(place: int, what: str) -> None:
    raise IdentityError(
        f"the heading of column {place} holds {what}; the first row of the file must be its headings, and nothing else"
    )
