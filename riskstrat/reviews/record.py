"""A review as a record, and the edition of a list that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Edition:
    """One team's published list, as far as reviews need it: `patients` maps each reference to its patient_id."""

    team_code: str
    team: str
    list_date: date
    patients: Mapping[str, str]


@dataclass(frozen=True)
class Review:
    """One outcome of the review of one person; a person has up to three, each with its own owner and due date.

    `decided_by` is who took the decision, `owner` who sees to this outcome by `due_on`; `reason` is the note on all.
    One without an outcome takes back whatever is on record of that person on that list.
    """

    patient_id: str
    list_date: date
    team: str
    outcome: str
    reason: str | None
    agrees: bool | None
    decided_on: date | None
    decided_by: str | None
    due_on: date | None
    owner: str | None = None

    @property
    def takes_back(self) -> bool:
        """Whether it is no outcome, but says that none is on record any more."""
        return not self.outcome

    def sort_key(self) -> tuple[str, ...]:
        """Stable order within one list: person, outcome, then the rest as text."""
        return (self.patient_id, self.outcome, *map(str, (*self.shared().values(), self.owner, self.due_on)))

    def shared(self) -> dict[str, Any]:
        """What all outcomes of one person have in common, by the words of a refusal."""
        return {
            "note": self.reason,
            "agree": self.agrees,
            "decided on": self.decided_on,
            "decided by": self.decided_by,
        }


def build_taking_back(patient_id: str, about: Edition) -> Review:
    """What takes back the review of a person on a list."""
    return Review(patient_id, about.list_date, about.team, "", None, None, None, None, None)


@dataclass(frozen=True)
class Correction:
    """Whose reviews are put right or taken back, who decided so, and why."""

    patients: frozenset[str]
    by: str
    reason: str
