"""One line of the log and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACTIONS = (
    "list published",
    "list withdrawn",
    "pages",
    "promoted",
    "override",
    "reviews imported",
    "named",
    "naming refused",
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
        return hashlib.sha256(canonical(self._fields())).hexdigest()

    def written(self) -> bytes:
        """The line as it stands in the file, its end included."""
        return canonical(self._fields() | {"hash": self.hash}) + b"\n"

    def _fields(self) -> dict[str, Any]:
        fields = ("number", "at", "user", "action", "details", "previous")
        return {name: getattr(self, name) for name in fields}


def canonical(fields: Mapping[str, Any]) -> bytes:
    """JSON in one spelling only: keys in order, no spaces, ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def parsed(raw: bytes) -> Line | None:
    """The line that `raw` spells, or None if it is not exactly the line it claims to be."""
    try:
        fields = json.loads(raw)
        stated = fields.pop("hash")
        line = Line(**fields)
        return line if line.written() == raw and line.hash == stated else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
