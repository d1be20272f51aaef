"""One line of the log and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskstrat.storage import compute_digest, format_canonical_json, parse_json

BEGUN, NOT_DONE = "begun", "not done"
"""The line before a deed, and the one that says it never came about."""

ACTIONS = (
    BEGUN,
    NOT_DONE,
    "list published",
    "list withdrawn",
    "pages",
    "trained",
    "promoted",
    "reviews imported",
    "refreshed",
    "replayed",
    "monitored",
    "evidence pack made",
    "trial started",
    "list sealed",
    "trial unsealed",
    "trial closed",
    "impact planned",
    "impact looked at",
    "model exported",
    "looked at",
    "worklist anchored",
    "decisions exported",
    "records exported",
    "digests sent",
    "deleted",
    "named",
    "naming refused",
    "records named",
    "names shown",
    "put forward",
    "key made",
    "pseudonymised",
    "crosswalk",
    "translated",
)
"""Everything that is ever logged."""

BEGINNING = "0" * 64
"""What the first line has as the hash of the line before it."""


@dataclass(frozen=True)
class Line:
    """One thing that was done: its number from 1, when (UTC), by whom, and the hash of the line before."""

    number: int
    at: str
    user: str
    action: str
    details: Mapping[str, Any]
    previous: str

    @property
    def hash(self) -> str:
        """sha256 of the line without its hash, as canonical JSON."""
        return compute_digest(format_canonical_json(self._collect_fields()))

    def written(self) -> bytes:
        """The line as it stands in the file, its end included."""
        return format_canonical_json(self._collect_fields() | {"hash": self.hash}) + b"\n"

    def _collect_fields(self) -> dict[str, Any]:
        fields = ("number", "at", "user", "action", "details", "previous")
        return {name: getattr(self, name) for name in fields}


def parsed(raw: bytes) -> Line | None:
    """The line that `raw` spells, or None if it is not exactly the line it claims to be."""
    try:
        fields = parse_json(raw)
        stated = fields.pop("hash")
        line = Line(**fields)
        whole = line.written() == raw and line.hash == stated
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (line.at, line.user, line.action, line.previous)
    typed = isinstance(line.details, dict) and all(isinstance(text, str) for text in texts)
    return line if whole and typed and type(line.number) is int else None
