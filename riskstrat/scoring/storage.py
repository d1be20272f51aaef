"""A model on disk: booster.txt as LightGBM writes it, linear.json of a stack, and model.json. No pickle, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from riskstrat.errors import ModelError, StorageError
from riskstrat.storage import (
    compute_digest,
    format_json,
    make_folder,
    parse_json,
    refuse_in_one_line,
    write_bytes,
    write_text,
)

BOOSTER, LINEAR, MODEL = "booster.txt", "linear.json", "model.json"
FORMAT = 2
READ = (1, FORMAT)
"""Formats that are read: the first had LightGBM alone."""


def write(folder: Path, booster_text: str, linear_text: str | None, facts: Mapping[str, object]) -> None:
    """Write the files; the same contents give the same bytes. Raises StorageError if the folder cannot be written.

    model.json comes last and carries the sha256 of the others, so that a half-written folder never reads. linear_text:
    of a stack's linear member, None where there is none.
    """
    texts = {BOOSTER: booster_text} | ({} if linear_text is None else {LINEAR: linear_text})
    parts = {name: text.encode() for name, text in texts.items()}
    digests = {_name_digest(name): compute_digest(part) for name, part in parts.items()}
    text = format_json({**facts, "format": FORMAT, **digests}, indent=1, strict=True)
    with refuse_in_one_line(_explain_write_failure, folder / MODEL):
        make_folder(folder)
    for name, part in parts.items():
        write_bytes(part, folder / name, refusal=_explain_write_failure)
    write_text(text, folder / MODEL, refusal=_explain_write_failure)


def read(folder: Path) -> tuple[str, str | None, dict[str, Any]]:
    """The booster's text, the linear member's if there is one, and the facts of model.json.

    Raises ModelError if a file is missing, damaged or of another format, StorageError if it may not be read.
    """
    text = _read_file(folder / MODEL)
    try:
        facts = parse_json(text)
    except ValueError:
        raise damaged(folder) from None
    if facts.get("format") not in READ:
        raise _refuse_format(folder, facts)
    booster = _read_part(folder, BOOSTER, facts)
    linear = _read_part(folder, LINEAR, facts) if _name_digest(LINEAR) in facts else None
    return booster, linear, facts


def _read_part(folder: Path, name: str, facts: Mapping[str, object]) -> str:
    """The text of a file whose digest stands in model.json."""
    part = _read_file(folder / name)
    if compute_digest(part) != facts.get(_name_digest(name)):
        raise damaged(folder)
    try:
        return part.decode()
    except UnicodeDecodeError:
        raise damaged(folder) from None


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path.parent} has no {path.name}; restore it from a backup, or train again") from None
    except OSError as failed:
        raise StorageError(f"the model in {path.parent} cannot be read: {failed.strerror}") from None


def _name_digest(name: str) -> str:
    """Where the digest of a file stands in model.json."""
    return f"{Path(name).stem}_sha256"


def _refuse_format(folder: Path, facts: Mapping[str, object]) -> ModelError:
    if not isinstance(facts.get("format"), int):
        return damaged(folder)
    return ModelError(
        f"the model in {folder} is of format {facts['format']}, and this version of riskstrat reads up to {FORMAT}; "
        "train again, or use the version that made it"
    )


def damaged(folder: Path) -> ModelError:
    """What to say of files that do not belong together or cannot be understood."""
    return ModelError(f"the model in {folder} is damaged; restore its files from a backup, or train again")


def _explain_write_failure(path: Path, reason: str) -> str:
    return f"the model cannot be written to {path.parent}: {reason}; make room or allow writing there, and run again"
