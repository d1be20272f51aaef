"""One writer at a time, on Linux, macOS and Windows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.errors import StorageError

WAIT_SECONDS = 30.0
_PAUSE = 0.05


@contextmanager
def locked(path: Path, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Holds the lock file `path`, which is made if need be. Raises StorageError when another holds it for too long."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(handle, path, wait)
        try:
            yield
        finally:
            _release(handle)
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path, wait: float) -> None:
    for _ in range(max(1, int(wait / _PAUSE))):
        if _take(handle):
            return
        time.sleep(_PAUSE)
    raise StorageError(f"{path.parent.name}/{path.name} is held by another run; wait until that has ended")


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
