"""What a published list holds for clinicians alone: sensitive facts that the site's Caldicott guardian allows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from riskstrat.errors import PublicationError

FORMAT = 1
"""Of the file of what clinicians alone are shown."""

SensitiveKind = Literal[
    "condition",
    "emergency stay",
    "other stay",
    "A&E visit",
    "medicine",
    "contact",
    "measurement",
]


@dataclass(frozen=True)
class SensitiveFact:
    """Records of one kind and one group of sensitive.csv: how many, and the days of the first and the latest."""

    group: str
    kind: SensitiveKind
    times: int
    first: date
    latest: date


@dataclass(frozen=True)
class ForClinicians:
    """What clinicians alone are shown of a list's people.

    decisions: by group of sensitive.csv the reference of the decision that allows it. people: by reference the facts of
    each person who is listed or in reserve, in the order of the groups. Whoever is left out was not looked up.
    """

    decisions: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, tuple[SensitiveFact, ...]] = field(default_factory=dict)

    def keep_groups(self, groups: Mapping[str, str]) -> ForClinicians:
        """The same without any group that is not among `groups`: a decision that was taken back counts at once."""
        kept = {group: said for group, said in self.decisions.items() if group in groups}
        people = {name: tuple(one for one in facts if one.group in kept) for name, facts in self.people.items()}
        return ForClinicians(kept, people)


@dataclass(frozen=True)
class _FileForClinicians:
    """The whole file."""

    format: int
    for_clinicians: ForClinicians


def dump_for_clinicians(shown: ForClinicians) -> bytes:
    """The bytes of the file: JSON with its format number, UTF-8, two spaces of indent."""
    return _build_adapter().dump_json(_FileForClinicians(FORMAT, shown), indent=2) + b"\n"


def parse_for_clinicians(content: bytes) -> ForClinicians:
    """What `dump_for_clinicians` wrote. Raises PublicationError for any other content."""
    try:
        found = _build_adapter().validate_json(content)
    except ValidationError:
        found = None
    if found is None or found.format != FORMAT or dump_for_clinicians(found.for_clinicians) != content:
        raise PublicationError("is damaged or of another format; restore it, or withdraw that list")
    return found.for_clinicians


@cache
def _build_adapter() -> TypeAdapter[_FileForClinicians]:
    return TypeAdapter(_FileForClinicians)
