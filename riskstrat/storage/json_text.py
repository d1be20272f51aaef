"""JSON: one way to write it for people, one for digests, and one reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from riskstrat.errors import RiskstratError
from riskstrat.storage.atomic import write_text
from riskstrat.storage.refusals import Refusal, cannot_write


def format_json(value: Any, *, indent: int = 2, strict: bool = False) -> str:
    """JSON with its keys in order and a newline at its end; dates and paths as text.

    strict: raise TypeError for anything that JSON has no type for and ValueError for NaN, instead of writing it.
    """
    told: dict[str, Any] = {"allow_nan": False} if strict else {"default": str}
    return json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, **told) + "\n"


def format_canonical_json(value: Any) -> bytes:
    """JSON in one spelling only, for digests: keys in order, no spaces, ASCII. Raises TypeError and ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def write_json(
    value: Any, target: Path, *, indent: int = 2, strict: bool = False, refusal: Refusal = cannot_write
) -> None:
    """Write `format_json` of a value, whole or not at all. Raises StorageError."""
    write_text(format_json(value, indent=indent, strict=strict), target, refusal=refusal)


def parse_json(content: bytes | str) -> dict[str, Any]:
    """The JSON object in `content`. Raises ValueError for anything else, however damaged."""
    try:
        value = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def read_json(path: Path, refusal: RiskstratError) -> dict[str, Any]:
    """The JSON object in a file. Raises `refusal` if the file is missing, cannot be read or holds anything else."""
    try:
        return parse_json(path.read_bytes())
    except (OSError, ValueError):
        raise refusal from None
