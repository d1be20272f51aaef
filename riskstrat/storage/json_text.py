"""JSON: one way to write it for people, one for digests, and one reader."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskstrat.errors import RiskstratError
from riskstrat.storage.atomic import write_text
from riskstrat.storage.refusals import Refusal, cannot_write


def format_json(value: object, *, indent: int = 2, strict: bool = False) -> str:
    """JSON with its keys in order and a newline at its end; dates and paths as text.

    strict: raise TypeError for anything that JSON has no type for and ValueError for NaN, instead of writing it.
    """
    told: dict[str, Any] = {"allow_nan": False} if strict else {"default": str}
    return json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False, **told) + "\n"


def format_canonical_json(value: object) -> bytes:
    """JSON in one spelling only, for digests: keys in order, no spaces, ASCII. Raises TypeError and ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def write_json(
    value: object, target: Path, *, indent: int = 2, strict: bool = False, refusal: Refusal = cannot_write
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


EACH = "*"
"""In a shape: the shape of every value of a mapping, whatever its keys are."""

Shape = Mapping[str, Any] | Sequence[Any] | type | tuple[type, ...]
"""What JSON must hold: a type, or one of several; a mapping, with the shape of each key that must be there, or of every
value under `EACH`; a list, with the shape of each of its items. Whole numbers are floats too, and true is no number."""


def find_misfit(value: object, shape: Shape, where: str = "") -> str | None:
    """The first place in a JSON value that has not the shape, such as `models.lightgbm.events`; None where all has.

    Keys that the shape does not name are passed over.
    """
    if isinstance(shape, list):
        return _find_first(enumerate(value), shape[0], where) if isinstance(value, list) else where or "it"
    if not isinstance(shape, Mapping):
        return None if _is_of_type(value, shape) else where or "it"
    if not isinstance(value, dict):
        return where or "it"
    named = {key: each for key, each in shape.items() if key != EACH}
    lacking = next((key for key in named if key not in value), None)
    if lacking is not None:
        return f"{where}.{lacking}" if where else lacking
    misfits = (find_misfit(value[key], each, f"{where}.{key}" if where else key) for key, each in named.items())
    misfit = next((place for place in misfits if place), None)
    if misfit or EACH not in shape:
        return misfit
    return _find_first(value.items(), shape[EACH], where)


def _find_first(items: Iterable[tuple[object, object]], shape: Shape, where: str) -> str | None:
    places = (find_misfit(one, shape, f"{where}.{key}" if where else str(key)) for key, one in items)
    return next((place for place in places if place), None)


def _is_of_type(value: object, shape: object) -> bool:
    types = shape if isinstance(shape, tuple) else (shape,)
    if isinstance(value, bool):
        return bool in types
    return isinstance(value, types) or (float in types and isinstance(value, int))


def read_json(path: Path, refusal: RiskstratError) -> dict[str, Any]:
    """The JSON object in a file. Raises `refusal` if the file is missing, cannot be read or holds anything else."""
    try:
        return parse_json(path.read_bytes())
    except (OSError, ValueError):
        raise refusal from None
