"""Files that only their owner can read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.storage import find_reason, write_bytes

OWNER_ONLY = 0o600


def write_private(
    content: bytes, target: Path, mode: int = OWNER_ONLY, before: Callable[[], object] = lambda: None
) -> None:
    """Write the whole content, readable by the owner alone, or leave the path as it was.

    `before` is called when the content is on the disk and has not yet its name: what it logs is logged before anybody
    can read the file, and if it raises there is no file. On Windows the rights of the folder are those of the file.
    Raises StorageError.
    """
    write_bytes(content, target, mode=mode, before=before, refusal=_word_write_failure)


def _word_write_failure(path: Path, reason: str) -> str:
    return f"cannot write {path.name}: {reason}; make room or choose a folder that exists"


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file. Raises StorageError naming `what` it is, never what stands in it."""
    try:
        return path.read_bytes()
    except OSError as refused:
        reason = find_reason(refused)
        raise StorageError(f"cannot read {what} {path.name}: {reason}; check the path and its permissions") from None
