"""What teams decided in a worklist on another machine, signed by its workspace, as one file of pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from riskstrat import audit
from riskstrat.errors import PublicationError
from riskstrat.reviews.notices import Notices
from riskstrat.reviews.record import Review
from riskstrat.storage import format_json

FORMAT = 1
EXPORTED = "exported.json"
"""In the folder of reviews: the last export that was imported, as it came."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True)
class ListDecisions:
    """Everything that stands of one team's list; nobody's reviews where all were taken back."""

    list_date: date
    team_code: str
    reviews: tuple[Review, ...]


@dataclass(frozen=True)
class ExportedDecisions:
    """Everything that a worklist tells the next lists; lists by date and team.

    `made_at`: as of when, in UTC to the second, such as 2026-11-16T08:30:00Z, so that the later one sorts last.
    `seal` is the signature of the workspace whose worklist it is, over all the rest.
    """

    made_at: str
    lists: tuple[ListDecisions, ...]
    notices: Notices
    seal: Mapping[str, str]
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """When it was made. Raises ValueError for a time that no day has."""
        return datetime.fromisoformat(self.made_at)

    def find_later_days(self) -> list[date]:
        """The days after its own, and after the list, of which it says what was decided or asked; the latest first.

        Not of somebody put forward or taken up: the worklist's own clock dates these, nobody could put them right, and
        a list counts them from their day on.
        """
        # In summer London is an hour ahead, and so a day around midnight.
        own = (self.moment + timedelta(hours=1)).date()
        days = [day for one in self.lists for each in one.reviews if (day := each.decided_on) and day > one.list_date]
        days += [one.since for one in self.notices.in_question]
        return sorted({day for day in days if day > own}, reverse=True)

    @property
    def key(self) -> str:
        """The public key that it says it is signed by."""
        return str(self.seal.get("key", ""))

    @property
    def sealed_bytes(self) -> bytes:
        """What the seal is of."""
        return format_json({name: value for name, value in self._describe().items() if name != "seal"}).encode("utf-8")

    def dump(self) -> bytes:
        """The file as it travels."""
        return format_json(self._describe()).encode("utf-8")

    def _describe(self) -> dict[str, Any]:
        return asdict(self) | {"notices": self.notices.describe()}


def parse_export(content: bytes, name: str) -> ExportedDecisions:
    """The export that `ExportedDecisions.dump` wrote; whose it is must still be asked. Raises PublicationError."""
    try:
        found = TypeAdapter(ExportedDecisions).validate_json(content)
        timed = _MOMENT.fullmatch(found.made_at) is not None and found.moment is not None
    except ValueError:
        found = None
    readable = found is not None and found.format == FORMAT and timed
    if found is None or not readable or found.dump() != content:
        raise PublicationError(
            f"{name} is no export of decisions that this version reads, or was changed on its way; make it again with "
            "riskstrat worklist export-decisions, by the same version on both sides"
        )
    return found


def require_sealed(exported: ExportedDecisions, keys: Collection[str], name: str) -> None:
    """Raises PublicationError unless an export was signed, as it stands, with one of the public keys."""
    if exported.key not in keys:
        raise PublicationError(
            f"nothing was imported from {name}: it is signed by a workspace that riskstrat.toml does not name; if it "
            "is your worklist's, write the key in its audit/publisher.pub into reviews.exports_from"
        )
    if not audit.is_sealed_by(keys, exported.sealed_bytes, exported.seal):
        raise PublicationError(
            f"nothing was imported from {name}: it is not as it was signed; copy it again, and tell the IG lead if it "
            "is refused once more"
        )
