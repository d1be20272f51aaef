"""Files that only their owner can read, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.errors import StorageError

OWNER_ONLY = 0o600
_BINARY = getattr(os, "O_BINARY", 0)


def write_private(
    content: bytes, target: Path, mode: int = OWNER_ONLY, before: Callable[[], object] = lambda: None
) -> None:
    """Write the whole content, readable by the owner alone, or leave the path as it was.

    `before` is called when the content is on the disk and has not yet its name: what it logs is logged before anybody
    can read the file, and if it raises there is no file. On Windows the rights of the folder are those of the file.
    Raises StorageError.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with _refusals_of(target):
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(part, mode)
            before()
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _refusals_of(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        reason = refused.strerror or type(refused).__name__
        raise StorageError(f"cannot write {target.name}: {reason}; make room or choose a folder that exists") from None


def read_bytes(path: Path, what: str) -> bytes:
    """The content of a file. Raises StorageError naming `what` it is, never what stands in it."""
    try:
        return path.read_bytes()
    except OSError as refused:
        reason = refused.strerror or type(refused).__name__
        raise StorageError(f"cannot read {what} {path.name}: {reason}; check the path and its permissions") from None
