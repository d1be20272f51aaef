"""A model on disk: booster.txt as LightGBM writes it and model.json. No pickle, no clock."""

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

BOOSTER, MODEL = "booster.txt", "model.json"
FORMAT = 1


def write(folder: Path, booster_text: str, facts: Mapping[str, Any]) -> None:
    """Write both files; the same contents give the same bytes. Raises StorageError if the folder cannot be written.

    model.json comes last and carries the sha256 of booster.txt, so that a half-written folder never reads.
    """
    booster = booster_text.encode()
    text = format_json({**facts, "format": FORMAT, "booster_sha256": compute_digest(booster)}, indent=1, strict=True)
    with refuse_in_one_line(_explain_write_failure, folder / MODEL):
        make_folder(folder)
    write_bytes(booster, folder / BOOSTER, refusal=_explain_write_failure)
    write_text(text, folder / MODEL, refusal=_explain_write_failure)


def read(folder: Path) -> tuple[str, dict[str, Any]]:
    """The booster's text and the facts of model.json.

    Raises ModelError if a file is missing, damaged or of another format, StorageError if it may not be read.
    """
    try:
        booster, text = (folder / BOOSTER).read_bytes(), (folder / MODEL).read_bytes()
    except FileNotFoundError as absent:
        name = Path(str(absent.filename)).name
        raise ModelError(f"{folder} has no {name}; restore {BOOSTER} and {MODEL}, or train again") from None
    except OSError as failed:
        raise StorageError(f"the model in {folder} cannot be read: {failed.strerror}") from None
    try:
        facts = parse_json(text)
    except ValueError:
        raise damaged(folder) from None
    if compute_digest(booster) != facts.get("booster_sha256"):
        raise damaged(folder)
    if facts.get("format") != FORMAT:
        raise ModelError(f"the model in {folder} is not of format {FORMAT}; train again with this version of riskstrat")
    try:
        return booster.decode(), facts
    except UnicodeDecodeError:
        raise damaged(folder) from None


def damaged(folder: Path) -> ModelError:
    """What to say of files that do not belong together or cannot be understood."""
    return ModelError(f"the model in {folder} is damaged; restore {BOOSTER} and {MODEL} from a backup, or train again")


def _explain_write_failure(path: Path, reason: str) -> str:
    return f"the model cannot be written to {path.parent}: {reason}; make room or allow writing there, and run again"
