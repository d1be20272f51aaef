"""The one way in which documents are written: whole or not at all."""

from __future__ import annotations

from pathlib import Path

from riskstrat import storage


def write_bytes(content: bytes, path: Path) -> None:
    """Write the whole content or leave the path as it was.

    Raises StorageError if the folder is missing, full or not writable.
    """
    storage.write_bytes(content, path, refusal=_describe_write_failure)


def _describe_write_failure(path: Path, reason: str) -> str:
    return f"cannot write {path}: {reason}; free space or choose a folder that exists"
