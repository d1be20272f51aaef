"""Marks of those who read a folder, so that nobody removes it meanwhile; on Linux, macOS and Windows."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize

from riskstrat.storage.beside import remove, reserve_beside

if TYPE_CHECKING:
    from filelock import BaseFileLock

READER = "reader"
"""Role of the files that mark a folder as read."""


class Reading:
    """A mark beside a folder that somebody reads it: until it is forgotten, or the process ends, however it does."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        with reserve_beside(folder, READER) as path:
            # What was begun in one thread may end in another.
            lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
            lock.acquire()
        self._end = finalize(self, _end_reading, lock, path)

    def end(self) -> None:
        """Take the mark away."""
        self._end()


def mark_reading(folder: Path) -> Reading | None:
    """Mark a folder as read by this process; None where nothing may be written beside it."""
    from filelock import Timeout

    try:
        return Reading(folder)
    except (OSError, Timeout, NotImplementedError):
        return None


def is_read(folder: Path) -> bool:
    """Whether any run that has not ended marked the folder as read."""
    return any(map(_is_locked, _list_marks(folder)))


def remove_unread_folder(folder: Path) -> None:
    """Remove a folder unless somebody reads it, as far as the system lets it; nothing is raised.

    Whoever marks it while it goes finds it gone when they then look for what is in it, and never half of it.
    """
    gone = folder.with_name(f"{folder.name}.gone")
    remove(gone)
    if is_read(folder):
        return
    with suppress(OSError):
        os.replace(folder, gone)
        if is_read(folder):
            os.replace(gone, folder)
            return
        remove(gone)
        for mark in _list_marks(folder):
            mark.unlink(missing_ok=True)


def _list_marks(folder: Path) -> list[Path]:
    begins = f"{folder.name}.{READER}-"
    return sorted(path for path in folder.parent.iterdir() if path.name.startswith(begins))


def _is_locked(mark: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(mark, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True


def _end_reading(lock: BaseFileLock, path: Path) -> None:
    lock.release()
    with suppress(OSError):
        path.unlink(missing_ok=True)
