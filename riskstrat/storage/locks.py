"""One writer at a time, on Linux, macOS and Windows."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.errors import StorageError
from riskstrat.storage.refusals import Refusal, cannot_write, refuse_in_one_line

WAIT_SECONDS = 30.0


@contextmanager
def lock_exclusively(path: Path, wait: float = WAIT_SECONDS, *, refusal: Refusal = cannot_write) -> Iterator[None]:
    """Hold the lock file `path`, made if need be, readable by its owner alone; a killed run holds it no longer.

    Raises StorageError when another run holds it for more than `wait` seconds, or with the message of `refusal` when
    the file cannot be made.
    """
    from filelock import FileLock, Timeout

    with refuse_in_one_line(refusal, path):
        if not path.parent.is_dir():
            # FileLock would make the folder: a lock beside a store that was lost must not look like a store.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            lock = FileLock(path, timeout=wait, mode=0o600)
            lock.acquire()
        except Timeout:
            raise StorageError(
                f"{path.parent.name}/{path.name} is held by another run; wait until that has ended"
            ) from None
    try:
        yield
    finally:
        lock.release()
