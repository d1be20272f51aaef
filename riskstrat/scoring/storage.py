"""A model on disk: booster.txt as LightGBM writes it and model.json. No pickle, no clock."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from riskstrat.errors import ModelError, StorageError

BOOSTER, MODEL = "booster.txt", "model.json"
FORMAT = 1


def write(folder: Path, booster_text: str, facts: Mapping[str, Any]) -> None:
    """Write both files; the same contents give the same bytes. Raises StorageError if the folder cannot be written.

    model.json comes last and carries the sha256 of booster.txt, so that a half-written folder never reads.
    """
    booster = booster_text.encode()
    whole = {**facts, "format": FORMAT, "booster_sha256": hashlib.sha256(booster).hexdigest()}
    text = json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / BOOSTER, booster)
        _replace(folder / MODEL, text.encode())
    except OSError as failed:
        raise StorageError(
            f"the model cannot be written to {folder}: {failed.strerror}; make room or allow "
            "writing there, and run again"
        ) from None


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
    facts = _parsed(text)
    if facts is None or hashlib.sha256(booster).hexdigest() != facts.get("booster_sha256"):
        raise damaged(folder)
    if facts.get("format") != FORMAT:
        raise ModelError(f"the model in {folder} is not of format {FORMAT}; train again with this version of riskstrat")
    return booster.decode(), facts


def damaged(folder: Path) -> ModelError:
    """What to say of files that do not belong together or cannot be understood."""
    return ModelError(f"the model in {folder} is damaged; restore {BOOSTER} and {MODEL} from a backup, or train again")


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(text)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
