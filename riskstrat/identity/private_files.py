"""Files that only their owner can read."""

from __future__ import annotations

from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.storage import clear_abandoned, find_reason, write_bytes

OWNER_ONLY = 0o600


def write_private(content: bytes, target: Path, mode: int = OWNER_ONLY) -> None:
    """Write the whole content, readable by the owner alone, or leave the path as it was.

    What a killed run left beside it goes too, for it may hold names. On Windows the rights of the folder are those of
    the file. Raises StorageError.
    """
    clear_abandoned(target.parent)
    write_bytes(content, target, mode=mode, refusal=_word_write_failure)


def _word_write_failure(path: Path, reason: str) -> str:
    return f"cannot write {path.name}: {reason}; make room or choose a folder that exists"


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file. Raises StorageError naming `what` it is, never what stands in it."""
    try:
        return path.read_bytes()
    except OSError as refused:
        reason = find_reason(refused)
        raise StorageError(f"cannot read {what} {path.name}: {reason}; check the path and its permissions") from None
