"""What a team tells the next list besides decisions: whom it put forward or took up, and who is in question."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from riskstrat.errors import PublicationError
from riskstrat.storage import format_json


@dataclass(frozen=True)
class PutForward:
    """Somebody whom a clinician asked the team to discuss, the day of it, and the reference that their case was given.

    Whether the person is listed is decided as for any nomination.
    """

    patient_id: str
    team_code: str
    number: int
    put_on: date


@dataclass(frozen=True)
class InQuestion:
    """Somebody about whom a report says that something is wrong: off lists from one day to another, both included."""

    patient_id: str
    since: date
    until: date


@dataclass(frozen=True)
class FromReserve:
    """Somebody in reserve below the line of a list whom the team took up when a case of it fell through.

    They count as listed on that list from that day, under the case whose number stands here.
    """

    patient_id: str
    team_code: str
    number: int
    list_date: date
    taken_on: date


@dataclass(frozen=True)
class Notices:
    """What stands on the day of a list, in stable order."""

    put_forward: tuple[PutForward, ...] = ()
    in_question: tuple[InQuestion, ...] = ()
    taken_up: tuple[FromReserve, ...] = ()

    def describe(self) -> dict[str, Any]:
        """As JSON has it; nobody taken up is not said, so that lists and exports of before read as they were."""
        told = asdict(self)
        return told if self.taken_up else {name: told[name] for name in ("put_forward", "in_question")}

    def dump(self) -> bytes:
        """The notices as JSON, kept with the list that read them."""
        return format_json(self.describe()).encode("utf-8")

    @property
    def said(self) -> bool:
        """Whether there is any."""
        return bool(self.put_forward or self.in_question or self.taken_up)

    def find_taken_up(self, list_date: date) -> dict[tuple[str, str, int], date]:
        """By patient_id, team code and number of the case the day on which somebody in reserve at a list was taken up.

        Another edition of that list may have them in reserve under another number, and of that nobody took them up.
        """
        told = (one for one in self.taken_up if one.list_date == list_date)
        return {(one.patient_id, one.team_code, one.number): one.taken_on for one in told}


def parse_notices(content: bytes) -> Notices:
    """The notices that `Notices.dump` wrote. Raises PublicationError for anything else."""
    try:
        found = TypeAdapter(Notices).validate_json(content)
    except ValidationError:
        found = None
    if found is None or found.dump() != content:
        raise PublicationError("the notices kept with the list cannot be read; restore it, or withdraw it")
    return found
