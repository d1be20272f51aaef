"""What clinicians confirmed for GP records in a worklist, signed by its workspace, for the identity install."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from pydantic import TypeAdapter

from riskstrat.errors import PublicationError
from riskstrat.storage import format_json

FORMAT = 1

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True)
class ConfirmedEntry:
    """One agreed code for the GP record of one person that is not known to be written yet. By case, list and outcome.

    `practice` is as the list of `practice_as_at` gives it, the latest that the person stood on; no later move is seen.
    `age_band` is as the list gives it on the day `age_on`, so that the identity install can tell another person apart.
    """

    reference: str
    patient_id: str
    team_code: str
    practice: str
    practice_as_at: date
    outcome: str
    code: str
    term: str
    decided_on: date
    confirmed_on: date
    confirmed_by: str
    due_on: date
    age_band: str
    age_on: date


@dataclass(frozen=True)
class ConfirmedEntries:
    """Everything that waits to be written, as of `made_at` in UTC to the second, by reference and code.

    `seal` is the signature of the workspace whose worklist it is, over all the rest.
    """

    made_at: str
    entries: tuple[ConfirmedEntry, ...]
    seal: Mapping[str, str]
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """When it was made. Raises ValueError for a time that no day has."""
        return datetime.fromisoformat(self.made_at)

    @property
    def key(self) -> str:
        """The public key that it says it is signed by."""
        return str(self.seal.get("key", ""))

    @property
    def sealed_bytes(self) -> bytes:
        """What the seal is of."""
        return format_json({name: value for name, value in asdict(self).items() if name != "seal"}).encode("utf-8")

    def dump(self) -> bytes:
        """The file as it travels."""
        return format_json(asdict(self)).encode("utf-8")


def parse_confirmed(content: bytes, name: str) -> ConfirmedEntries:
    """What `ConfirmedEntries.dump` wrote; whose it is must still be asked. Raises PublicationError."""
    try:
        found = TypeAdapter(ConfirmedEntries).validate_json(content)
        timed = _MOMENT.fullmatch(found.made_at) is not None and found.moment is not None
    except ValueError:
        found = None
    if found is None or not timed or found.format != FORMAT or found.dump() != content:
        raise PublicationError(
            f"{name} holds no entries for GP records that this version reads, or was changed on its way; make it again "
            "with riskstrat worklist export-records, by the same version on both sides"
        )
    return found
