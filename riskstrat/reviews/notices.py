"""What a team tells the next list besides decisions: whom a clinician put forward, and who is in question."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

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
class Notices:
    """What stands on the day of a list, in stable order."""

    put_forward: tuple[PutForward, ...] = ()
    in_question: tuple[InQuestion, ...] = ()

    def dump(self) -> bytes:
        """The notices as JSON, kept with the list that read them."""
        return format_json(asdict(self)).encode("utf-8")

    @property
    def said(self) -> bool:
        """Whether there is any."""
        return bool(self.put_forward or self.in_question)


def parse_notices(content: bytes) -> Notices:
    """The notices that `Notices.dump` wrote. Raises PublicationError for anything else."""
    try:
        found = TypeAdapter(Notices).validate_json(content)
    except ValidationError:
        found = None
    if found is None or found.dump() != content:
        raise PublicationError("the notices kept with the list cannot be read; restore it, or withdraw it")
    return found
